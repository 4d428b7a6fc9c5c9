"""Who is called when, as a task's clock runs out: the steps, by what its team says in teams.yaml. Pure.

Reminder, then at the clock's end the deputy, then up to the head, all in the team's own working time. Another team is called only
while nobody has answered: what somebody has accepted is her team's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from hub.teams import HEAD, CalledNext
from hub.working_time import WorkingTime

__all__ = ["ACCOUNT", "DEADLINE", "HEAD", "OWN", "REMINDER", "TEAM", "Ladder", "Step", "TeamLadder"]

REMINDER: Final = "reminder"
DEADLINE: Final = "deadline"
_CHAIN: Final = "chain-"
OWN: Final = "own"
"""The addressee of a reminder: whoever has the task, else everybody of its team."""
TEAM: Final = "team:"
ACCOUNT: Final = "account:"


@dataclass(frozen=True, slots=True)
class Step:
    """One call: from when on (a UTC instant, in working time), its name (stable: kept with the task), and whom.

    `to`: `own`, `head` (of the task's team), `team:` and a code, or `account:` and an id.
    """

    at: datetime
    name: str
    to: str


class TeamLadder(Protocol):
    """What is asked of a team here; `hub.installation.Team` is the real one."""

    @property
    def working_time(self) -> WorkingTime:
        """When it is at work."""
        ...

    @property
    def remind_before_days(self) -> int:
        """Working days before the clock's end at which it is reminded; 0: never."""
        ...

    @property
    def deputy(self) -> str | tuple[str, ...] | None:
        """Who is called at the clock's end."""
        ...

    @property
    def escalation(self) -> tuple[CalledNext, ...]:
        """Who is called after it."""
        ...


class Ladder:
    """Over the teams of teams.yaml, by code; a team that is not there has no steps."""

    def __init__(self, teams: Mapping[str, TeamLadder]) -> None:
        self._teams = teams

    def steps(self, team: str, *, since: datetime, due_by: datetime, answered: bool, place: bool = False) -> list[Step]:
        """The calls for a clock that runs from `since` until `due_by`, in order of time; `answered`: the one to follow up by.

        A reminder that would come as the clock starts is none. Of a `place` the team and its head alone are called: nobody waits
        there, and its week is over then.
        """
        known = self._teams.get(team)
        if known is None:
            return []
        found = []
        reminder = known.working_time.earlier(due_by, known.remind_before_days)
        if known.remind_before_days and reminder > since:
            found.append(Step(known.working_time.at_work(reminder), REMINDER, OWN))
        if known.deputy is not None:
            at = known.working_time.at_work(due_by)
            found += [Step(at, DEADLINE, to) for to in _addressees(known.deputy)]
        for number, one in enumerate(known.escalation, 1):
            at = known.working_time.later(due_by, one.after_days)
            found += [Step(at, f"{_CHAIN}{number}", to) for to in _addressees(one.to)]
        if place:
            found = [one for one in found if one.to in {OWN, HEAD}]
        return sorted((one for one in found if not (answered and one.to.startswith(TEAM))), key=lambda step: step.at)


def _addressees(to: str | Iterable[str]) -> list[str]:
    if isinstance(to, str):
        return [HEAD if to == HEAD else f"{TEAM}{to}"]
    return [f"{ACCOUNT}{account}" for account in to]
