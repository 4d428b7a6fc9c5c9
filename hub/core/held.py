"""One event as a worker holds it, and the rows of a kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Events", "Held", "Rows", "in_order", "make_marker"]


@dataclass(slots=True)
class Held:
    """One event at its highest revision; never changed once made (not frozen: making one would take thrice as long).

    `code` is empty for a marker: a retracted or no longer permitted event, of which only the identity and revision are
    remembered, so that an earlier revision that comes late cannot raise it again; its `occurred_ms` is its `keep_ms`.
    What occurred a longest window ago is forgotten, but remembered as a marker until `keep_ms` is so long ago.
    `may_tell` is false only for police notices not released. `offered`: the lesson's minutes, 0 if unknown.
    """

    revision: int
    occurred_ms: int
    keep_ms: int
    code: str
    minutes: int
    agency: str
    may_tell: bool
    offered: int = 0

    def marker(self) -> Held:
        """The same identity without its content."""
        return make_marker(self.revision, self.keep_ms)

    def row(self) -> list[Any]:
        """Its fields, as they are written."""
        return [
            self.revision, self.occurred_ms, self.keep_ms, self.code, self.minutes, self.agency, self.may_tell, self.offered,
        ]  # fmt: skip


def make_marker(revision: int, keep_ms: int) -> Held:
    """What is remembered of an event without content."""
    return Held(revision, keep_ms, keep_ms, "", 0, "", may_tell=False)


def in_order(rows: Iterable[tuple[str, Held]]) -> Rows:
    """Rows of one kind, by event id, in the order in which they occurred."""
    return dict(sorted(rows, key=lambda row: row[1].occurred_ms))


Rows: TypeAlias = dict[str, Held]
"""By event id, in the order in which they occurred. Never changed once in a state."""

Events: TypeAlias = dict[str, Rows]
"""By kind of information; never changed either. What leaves a window is found at one end of the rows, and what is still to come
at the other.
"""
