"""Which of the held events a condition looks at, at an instant. Equal selections share their answer within one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeAlias

from hub.core.instants import SchoolDays, stockholm_day, stockholm_minute
from hub.core.state import Held, Rows

__all__ = ["Between", "Members", "Selection"]

Members: TypeAlias = Sequence[Held]


class Between(NamedTuple):
    """Times of day in Stockholm, minutes since midnight, `[begin, end)`; over midnight when `end` is not after `begin`."""

    begin: int
    end: int

    @classmethod
    def parse(cls, begin: str, end: str) -> Self:
        """From `22:00` and `06:00`."""
        return cls(*(int(text[:2]) * 60 + int(text[3:]) for text in (begin, end)))

    def has(self, minute: int) -> bool:
        """Whether a time of day lies in it."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True)
class Selection:
    """Events of one kind, by code, in (now - window, now], narrowed by time of day and school days."""

    kind: str
    codes: frozenset[str]
    window_ms: int
    between: Between | None
    on_school_days: bool
    within_school_days: int | None
    school: SchoolDays | None = field(compare=False)

    def choose(self, rows: Rows, now_ms: int) -> Members:
        """Those of the rows that count at `now_ms`, in the order in which they occurred."""
        edge, codes = now_ms - self.window_ms, self.codes
        found: list[Held] = []
        for held in reversed(rows.values()):  # what lies before the window is not looked at
            at_ms = held.occurred_ms
            if at_ms <= edge:
                break
            if held.code in codes and at_ms <= now_ms:
                found.append(held)
        found.reverse()
        if found and (self.between is not None or self.on_school_days or self.within_school_days is not None):
            return self._narrowed(found, now_ms)
        return found

    def _narrowed(self, found: Iterable[Held], now_ms: int) -> Members:
        begins = None
        if self.within_school_days is not None and self.school is not None:
            begins = self.school.edge(self.within_school_days, now_ms)
        return [held for held in found if self._fits(held.occurred_ms) and (begins is None or begins <= held.occurred_ms)]

    def _fits(self, at_ms: int) -> bool:
        if self.between is not None and not self.between.has(stockholm_minute(at_ms)):
            return False
        return not self.on_school_days or (self.school is not None and stockholm_day(at_ms) in self.school)

    def leaves(self, at_ms: int) -> int:
        """The instant from which what occurred at `at_ms` no longer counts."""
        leaves = at_ms + self.window_ms
        if self.within_school_days is not None and self.school is not None:
            earlier = self.school.leaves(self.within_school_days, at_ms)
            return leaves if earlier is None else min(leaves, earlier)
        return leaves
