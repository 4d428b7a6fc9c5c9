"""What is being read, before its entry is written."""

from __future__ import annotations

from dataclasses import replace

from hub.audit.entries import Entry, Outcome, Subject

__all__ = ["Draft"]


class Draft:
    """What is being read under `AuditLog.recorded`: the block says of it what it learns only by reading."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def about(self, *, subject: Subject | None = None, item: Subject | None = None) -> None:
        """Whom it turned out to be about."""
        self.entry = replace(self.entry, subject=subject or self.entry.subject, item=item or self.entry.item)

    def permitted(self, rule: str) -> None:
        """The rule that permitted it."""
        self.entry = replace(self.entry, rule=rule)

    def denied(self, rule: str) -> None:
        """It is refused, or shown without its content, by this rule."""
        self.entry = replace(self.entry, outcome=Outcome.DENY, rule=rule)
