"""The three outcomes of SSPF, before and after, of one youth and of all of a team and year. Pure.

SSPF measures itself by attendance, what occurs with the police, and worry (DOMAIN §1). Of each this says what it was before the
cooperation began and before it ended, and which way it went; a human says why. What is not known is unknown, never nothing: a
time in which a source could not be heard counts for neither side. The cases of a cooperation show it (`hub.cases`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import NamedTuple, TypeAlias

from hub.contract.models import AbsenceKind, InfoKind, PersonEvent, PoliceCategory, PoliceNotice, SchoolAbsence
from hub.core.instants import stockholm_date
from hub.core.suppression import FEWEST, Band, protect, small

__all__ = [
    "OCCURRENCES",
    "Compared",
    "Course",
    "Direction",
    "Ended",
    "Measured",
    "Outcomes",
    "Spans",
    "Summary",
    "Tallied",
    "closing_suggested",
    "compared",
    "measured",
    "outcomes_of",
    "summarised",
]

OCCURRENCES = frozenset(PoliceCategory) - {PoliceCategory.VIOLENCE_VICTIM}
"""The notices that are counted: not those in which the youth is the victim."""

Spans: TypeAlias = Sequence[tuple[datetime, datetime]]
"""Half-open times, aware."""

_WEEK = 7
_NO_COURSE = "a course has a start, a later end, and spans of at least a day"


class Direction(StrEnum):
    """Where a number went. Of all three outcomes less is better."""

    DOWN = "down"
    SAME = "same"
    UP = "up"
    UNKNOWN = "unknown"


class Compared(NamedTuple):
    """A number before the start and before the end; None where it is not known."""

    before: Fraction | int | None
    after: Fraction | int | None

    @property
    def direction(self) -> Direction:
        """Unknown as soon as one of them is."""
        if self.before is None or self.after is None:
            return Direction.UNKNOWN
        if self.before == self.after:
            return Direction.SAME
        return Direction.DOWN if self.after < self.before else Direction.UP


class Course(NamedTuple):
    """One youth's time in the cooperation: from `start` to `end` (aware instants), each seen by the `span_days` (of 24 hours)
    before it, and the worry that the coordinator set at either, on a scale on which more is more; None where it was not set.
    """

    start: datetime
    end: datetime
    span_days: int
    worry_at_start: int | None = None
    worry_at_end: int | None = None


class Measured(NamedTuple):
    """The numbers of the span before one instant, as in `Outcomes`; None where it is not known."""

    absence: Fraction | None = None
    absence_rate: Fraction | None = None
    notices: int | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`absence`: unexcused minutes per week of seven days. `absence_rate`: percent of the offered minutes of the lessons told of;
    unknown without any. `notices`: how many. `worry`: as it was set.
    """

    absence: Compared
    absence_rate: Compared
    notices: Compared
    worry: Compared


def outcomes_of(events: Iterable[PersonEvent], course: Course, heard: Mapping[InfoKind, Spans]) -> Outcomes:
    """What became of one youth. `events`: hers, each at its highest revision. `heard`: when each kind could be told of at all, by
    consent and by a source that spoke; a span that does not lie in it wholly is unknown, and a kind that is missing always.

    The number at the end is of a time within the cooperation: where that was shorter than the span, all but worry is unknown.
    Raises ValueError for a span of no days and for an end that is not after the start.
    """
    standing = list(events)
    if course.span_days < 1:
        raise ValueError(_NO_COURSE)
    before, after = (measured(standing, edge, course.span_days, heard) for edge in (course.start, course.end))
    return compared(before, after, course)


def measured(events: Iterable[PersonEvent], edge: datetime, span_days: int, heard: Mapping[InfoKind, Spans]) -> Measured:
    """The numbers of the `span_days` before the instant `edge`; the rest as of `outcomes_of`. Who measures at the start, while
    what came before it is still held, can compare at the end.
    """
    seen = _Seen([event for event in events if not event.retracted], heard, edge, span_days)
    return Measured(seen.absence(), seen.absence_rate(), seen.notices())


def compared(before: Measured, after: Measured, course: Course) -> Outcomes:
    """What became of one youth, by what was measured before the start and before the end; short courses as of `outcomes_of`.

    Raises ValueError as that does.
    """
    if course.span_days < 1 or course.end <= course.start:
        raise ValueError(_NO_COURSE)
    if course.end - timedelta(days=course.span_days) < course.start:
        before = after = Measured()
    return Outcomes(
        Compared(before.absence, after.absence),
        Compared(before.absence_rate, after.absence_rate),
        Compared(before.notices, after.notices),
        Compared(course.worry_at_start, course.worry_at_end),
    )


class _Seen:
    """The span before one instant."""

    def __init__(self, events: Iterable[PersonEvent], heard: Mapping[InfoKind, Spans], edge: datetime, span_days: int) -> None:
        length = timedelta(days=span_days)
        self._days = span_days
        self._known = {kind for kind, spans in heard.items() if _within(edge - length, edge, spans)}
        events = [event for event in events if edge - length <= event.occurred_at < edge]
        self._lessons = [one for one in events if isinstance(one, SchoolAbsence)]
        self._notices = [one for one in events if isinstance(one, PoliceNotice) and one.category in OCCURRENCES]

    def absence(self) -> Fraction | None:
        if InfoKind.SCHOOL_ABSENCE not in self._known:
            return None
        return Fraction(sum(one.minutes for one in self._lessons if one.kind is AbsenceKind.UNEXCUSED) * _WEEK, self._days)

    def absence_rate(self) -> Fraction | None:
        lessons = [one for one in self._lessons if one.offered_minutes]
        if InfoKind.SCHOOL_ABSENCE not in self._known or not lessons:
            return None
        missed = sum(one.minutes for one in lessons if one.kind is AbsenceKind.UNEXCUSED)
        return Fraction(100 * missed, sum(one.offered_minutes or 0 for one in lessons))

    def notices(self) -> int | None:
        return len(self._notices) if InfoKind.POLICE_NOTICE in self._known else None


def _within(start: datetime, end: datetime, spans: Spans) -> bool:
    """Whether all of a time lies in the spans together."""
    for first, last in sorted(spans):
        if first <= start < last:
            start = last
    return start >= end


def closing_suggested(outcomes: Outcomes) -> bool:
    """Whether all three hold, so that a coordinator may be asked whether to close: attendance is better or nothing was missed, no
    occurrence with the police in the span, and worry not up. What is unknown holds nothing; closing is decided by a human.
    """
    absence = outcomes.absence
    attends = absence.after == 0 or absence.direction is Direction.DOWN
    worried = outcomes.worry.direction
    return attends and outcomes.notices.after == 0 and worried in {Direction.DOWN, Direction.SAME}


class Ended(NamedTuple):
    """One youth's cooperation that has ended: with which team, when (aware), and its outcomes."""

    team: str
    end: datetime
    outcomes: Outcomes


class Tallied(NamedTuple):
    """How many went which way, and the medians of those known; the medians only where every number of `directions` is shown,
    and are of at least five youths.
    """

    directions: Mapping[Direction, Band]
    before: Fraction | int | None
    after: Fraction | int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A team's year. Of fewer than five youths nothing is shown but that: `outcomes` is empty. Else by outcome."""

    youths: Band
    outcomes: Mapping[str, Tallied]


_OUTCOMES = ("absence", "notices", "worry")


def summarised(ended: Iterable[Ended], today: date) -> dict[tuple[str, int], Summary]:
    """By team and Stockholm year of the end; only years that were over on the Stockholm date `today`.

    A year that still grows would tell, by what it was yesterday, of the one youth who came to it. In a breakdown every small
    number has company (`suppression`); its total is the year's number of youths, the same in each. Totals over teams or years
    must not be published beside it.
    """
    found: dict[tuple[str, int], list[Outcomes]] = {}
    for one in ended:
        year = stockholm_date(one.end).year
        if year < today.year:
            found.setdefault((one.team, year), []).append(one.outcomes)
    return {key: _summary(found[key]) for key in sorted(found)}


def _summary(found: Sequence[Outcomes]) -> Summary:
    if small(len(found)):
        return Summary(Band(1, FEWEST - 1), {})
    return Summary(Band(len(found), len(found)), {name: _tallied([getattr(one, name) for one in found]) for name in _OUTCOMES})


def _tallied(found: Sequence[Compared]) -> Tallied:
    counts = Counter(one.direction for one in found)
    bands = protect({direction: counts[direction] for direction in Direction})[1]
    known = list(_known(found))
    if len(known) < FEWEST or any(band.exact is None for band in bands.values()):
        return Tallied(bands, None, None)
    return Tallied(bands, *(median(numbers) for numbers in zip(*known, strict=True)))


def _known(found: Iterable[Compared]) -> Iterator[tuple[Fraction | int, Fraction | int]]:
    for before, after in found:
        if before is not None and after is not None:
            yield before, after
