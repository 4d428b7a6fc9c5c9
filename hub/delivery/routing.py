"""Which team gets a task whose function several of them take: by area and age, and only where the consent names that team. Pure.

A rule names a team, and the worker decides with the consent to that one. Another team that is there for this area and age gets
the task instead, if a consent in force names it too (OSL 8:1-2: from unit to unit). Nothing is lost: what fits no team goes to
the fallback, or stays with the team that the rule names, and its head sees that it fits nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from hub.contract.models import Cooperation, ReferralTask
from hub.teams import AgeSpan

__all__ = ["PRESENCE_TEAM", "Place", "Routed", "Routing", "TakesPresence", "TakesTasks", "presence_place"]

PRESENCE_TEAM: Final = "outreach"
"""Who is asked to be present in an area, of several teams that could be: a presence task names no team."""
_PRESENCE: Final = "event_presence"


class Routed(StrEnum):
    """Why a task lies where it does. The values are kept with it: none is ever renamed."""

    NAMED = "named"
    """The rule names the team, and no other fits better."""
    FITS = "fits"
    """Another team is there for this area and age."""
    FALLBACK = "fallback"
    """It fits no team: the fallback has it."""
    UNFIT = "unfit"
    """It fits no team, and there is no fallback that may have it: the team that the rule names has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A team by its code, and why it is that one."""

    team: str
    why: Routed


class TakesPresence(Protocol):
    """What is asked of a team to know whether presence is its own."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions it takes."""
        ...

    @property
    def fallback(self) -> bool:
        """Whether it gets what fits no team."""
        ...


class TakesTasks(TakesPresence, Protocol):
    """What is asked of a team here; `hub.installation.Team` is the real one."""

    @property
    def cooperation(self) -> Cooperation:
        """The cooperation it stands under."""
        ...

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas it is there for; none: all."""
        ...

    @property
    def ages(self) -> AgeSpan | None:
        """The ages it is there for; None: all."""
        ...


class Routing:
    """Over the teams of teams.yaml, by code."""

    def __init__(self, teams: Mapping[str, TakesTasks]) -> None:
        self._teams = teams
        self._fallback = _fallback_of(teams)
        self.presence = presence_place(teams)
        """Where presence tasks go."""

    @property
    def teams(self) -> Collection[str]:
        """The codes of all."""
        return self._teams.keys()

    def place(self, task: ReferralTask, permits: Callable[[str], bool]) -> Place:
        """Where a task goes. `permits`: whether consent, as it is known now, lets a team have it; the named one always may.

        Of several teams that fit, the one that says most about whom it is there for, then the named one, then by the file.
        """
        fitting = [code for code in self._takers(task) if _fits(self._teams[code], task)]
        fitting = [code for code in fitting if code == task.team or permits(code)]
        if fitting:
            best = max(fitting, key=lambda code: (_narrowness(self._teams[code]), code == task.team))
            return Place(best, Routed.NAMED if best == task.team else Routed.FITS)
        # To a team that nobody can be of, a task would be lost: then the fallback sees that there is one, and no more than that.
        if self._fallback is not None and (permits(self._fallback) or task.team not in self._teams):
            return Place(self._fallback, Routed.FALLBACK)
        return Place(task.team, Routed.UNFIT)

    def _takers(self, task: ReferralTask) -> list[str]:
        return [
            code
            for code, team in self._teams.items()
            if not team.fallback or code == task.team
            if task.function in team.functions and team.cooperation is task.cooperation
        ]


def presence_place(teams: Mapping[str, TakesPresence]) -> Place:
    """Who is present in areas: of the teams that take the function the outreach team, else the first of the file.

    Where none takes it the outreach team has it all the same, and where that is gone the fallback.
    """
    takers = [code for code, team in teams.items() if _PRESENCE in team.functions]
    if PRESENCE_TEAM in takers or (not takers and PRESENCE_TEAM in teams):
        return Place(PRESENCE_TEAM, Routed.NAMED)
    if takers:
        return Place(takers[0], Routed.FITS)
    fallback = _fallback_of(teams)
    return Place(PRESENCE_TEAM, Routed.UNFIT) if fallback is None else Place(fallback, Routed.FALLBACK)


def _fallback_of(teams: Mapping[str, TakesPresence]) -> str | None:
    return next((code for code, team in teams.items() if team.fallback), None)


def _fits(team: TakesTasks, task: ReferralTask) -> bool:
    """What is not known of a youth fits no team that asks for it: somebody looks at it, instead of the hub guessing."""
    if team.areas and task.area not in team.areas:
        return False
    return team.ages is None or (task.age_years is not None and team.ages.holds(task.age_years))


def _narrowness(team: TakesTasks) -> int:
    return bool(team.areas) + (team.ages is not None)
