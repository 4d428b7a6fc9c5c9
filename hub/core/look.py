"""When and why a youth's events are looked at, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from hub.contract.models import ConsentRecord, ReferralTask
from hub.core.fold import Outcome
from hub.core.instants import from_ms
from hub.core.rules import CompiledRule
from hub.core.state import Events, YouthState

__all__ = ["TOO_LITTLE_COVERED", "Before", "Cause", "Drop", "Instant", "Said", "Step", "Untold"]

TOO_LITTLE_COVERED = "too_little_covered"
"""Why nobody is told where a consent stands: what it covers by source, kind and time is not enough for the rule to hold."""


class Cause(Enum):
    """Why the events are looked at again."""

    TIME = auto()
    """A wake, an answer, a new rule set, a consent: what no longer holds ends silently."""
    EVENT = auto()
    """One came, or was corrected: lost ground is told."""


class Before(NamedTuple):
    """The consent that held until a moment ago, when that was, and the events that were held then (None: those of now)."""

    consent: ConsentRecord
    at_ms: int
    events: Events | None = None


@dataclass(slots=True)
class Instant:
    """When and why. `at_ms` decides membership; `now` is the real present, which a task's clock starts from.

    `touched` are the rules that can have changed (None: any), `trigger` the event at hand. `before`, where consent or its periods
    may have changed: what a team could be told then and cannot now is taken from its ground.
    """

    at_ms: int
    now: datetime
    cause: Cause = Cause.TIME
    trigger: str | None = None
    touched: Iterable[CompiledRule] | None = None
    before: Before | None = None


class Untold(NamedTuple):
    """A rule held, and nobody may be told: by the code of the consent's decision, or TOO_LITTLE_COVERED."""

    rule_id: str
    reason: str


Said: TypeAlias = ReferralTask | Untold
"""What comes of looking: a task's message, or why there is none."""


@dataclass(frozen=True, slots=True)
class Drop:
    """An event that was not kept: a countable reason, and whether that is as it should be."""

    reason: str
    intentional: bool


@dataclass(slots=True)
class Step:
    """What became of it, not to be changed. `state` is the very object that was given when nothing changed: write nothing.

    `untold`: by code, why nobody may be told of a rule that holds; each time that it is looked at.
    """

    state: YouthState
    tasks: tuple[ReferralTask, ...] = ()
    drops: tuple[Drop, ...] = ()
    outcome: Outcome = "processed"
    untold: tuple[str, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        """Call `wake` then, and not before; None: only an event can change the state."""
        return None if self.state.wake_ms is None else from_ms(self.state.wake_ms)
