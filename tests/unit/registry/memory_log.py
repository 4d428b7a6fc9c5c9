"""A twin of the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from hub.audit.entries import Entry
from hub.errors import RetriableError


class MemoryLog:
    """The audit log as the subject service sees it; `broken` as long as it cannot be written."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.broken = False

    def append_many(self, entries: Sequence[Entry]) -> int:
        if self.broken:
            raise RetriableError("no space", code="audit")
        self.entries.extend(entries)
        return len(self.entries)

    def told(self) -> list[tuple[str, str, str, str, str]]:
        """(account, unit, outcome, purpose, rule) of each."""
        return [(one.actor.account, one.actor.unit, one.outcome.value, one.purpose, one.rule) for one in self.entries]
