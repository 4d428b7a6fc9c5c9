"""What a task rests on: each condition with its number, how it is narrowed, and when the events that counted occurred."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.contract.codes import InfoKind
from hub.contract.fields import Agency, Code, Count, Instant, Message

__all__ = ["MOST_EVENTS", "Between", "Earlier", "Evidence", "EvidenceEvent", "Fallen", "Followed", "Narrowing"]

MOST_EVENTS = 50
"""Events listed of one condition at most, the newest. A task is so bounded, whatever is held of a youth."""

Minute = Annotated[int, Field(ge=0, le=24 * 60 - 1)]


class EvidenceEvent(Message):
    """One event that counted, or that made one count by following it: what kind, when, and on whose word. Never which."""

    kind: InfoKind
    occurred_at: Instant
    agency: Agency


class Between(Message):
    """Times of day in Stockholm, in minutes since midnight, `[from, to)`; over midnight when `to` is not after `from`."""

    from_minute: Minute
    to_minute: Minute


class Earlier(Message):
    """The time before the window, in days, the percent of its average that was asked, and its value in the condition's unit."""

    days: Count
    percent: Count
    compared: Count


class Fallen(Message):
    """The days up to now in which at most so much was left, with the number found there; the evidence's own number is of the days
    before them. `school_days`: how many school days had to begin in them, where that was asked.
    """

    within_days: Count
    at_most: Count
    left: Count
    school_days: Count | None = None


class Followed(Message):
    """What had to occur (or not to occur) in so many hours after an event; `condition` and `kind` word it as in Evidence."""

    condition: Code
    kind: InfoKind
    within_hours: Count
    happens: bool


class Narrowing(Message):
    """What besides the window an event had to be to count; null where the condition does not ask it."""

    on_school_days: bool
    within_school_days: Count | None = None
    between: Between | None = None
    against_earlier: Earlier | None = None
    then: Followed | None = None
    fallen: Fallen | None = None


class Evidence(Message):
    """One condition of a rule and the number that met it; `first_at`/`last_at` bound the events that counted.

    `events`: the newest, oldest of them first, at most MOST_EVENTS; `older_events`: how many more there were. Null in what
    was written before they were told. `narrowing` is null where there is none.
    """

    condition: Code
    kind: InfoKind
    measure: Code
    at_least: Count
    met: Count
    unit: Code
    window_days: Count
    first_at: Instant
    last_at: Instant
    agencies: tuple[Agency, ...]
    may_tell_youth: bool
    narrowing: Narrowing | None = None
    events: Annotated[tuple[EvidenceEvent, ...], Field(max_length=MOST_EVENTS)] | None = None
    older_events: Count | None = None
