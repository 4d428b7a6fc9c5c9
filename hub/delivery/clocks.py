"""By when a team is to answer, and to follow up: counted in the team's own working days. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hub.clock import stockholm_date
from hub.working_time import OFFICE_HOURS, WorkingTime

__all__ = ["Clocks", "TeamClock"]


class TeamClock(Protocol):
    """What the clocks need of a team; `hub.installation.Team` is the real one."""

    @property
    def working_time(self) -> WorkingTime:
        """When it is at work."""
        ...

    @property
    def follow_up_within_days(self) -> int:
        """Working days from accepting a task until it is to be followed up."""
        ...


class Clocks:
    """Of every team of teams.yaml; one that is not there (any more) has office hours and no follow-up."""

    def __init__(self, teams: Mapping[str, TeamClock]) -> None:
        self._teams = teams

    def working_time(self, team: str) -> WorkingTime:
        """When the team is at work."""
        known = self._teams.get(team)
        return OFFICE_HOURS if known is None else known.working_time

    def respond(self, team: str, created_at: datetime, respond_by: datetime) -> datetime:
        """By when to answer: as many working days after `created_at` as the rule gives days; a UTC instant."""
        days = (stockholm_date(respond_by) - stockholm_date(created_at)).days
        return self.working_time(team).later(created_at, max(days, 0))

    def follow_up(self, team: str, accepted_at: datetime) -> datetime | None:
        """By when to follow up what was accepted then; None for an unknown team."""
        known = self._teams.get(team)
        return None if known is None else known.working_time.later(accepted_at, known.follow_up_within_days)
