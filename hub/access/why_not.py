"""Who is told why nothing is proposed for a youth: a consent officer, of the rules of her own teams, the log first.

The command and the page ask here, so that both permit the same and write the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.access.roles import Action, Principal, own_teams
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.core.explain import Audience
from hub.core.lacking import RuleStanding, why_not
from hub.core.rules import CompiledRules
from hub.core.state import YouthState

__all__ = ["Holding", "OwnStandings", "look_entry", "own_standings"]


class Holding(Protocol):
    """What the worker holds of one youth, and the rules that it steps her with."""

    @property
    def state(self) -> YouthState:
        """Everything that counts for her."""
        ...

    @property
    def rules(self) -> CompiledRules:
        """Those in force in her partition."""
        ...


@dataclass(frozen=True, slots=True)
class OwnStandings:
    """The rules of somebody's own teams, in the order of their ids; `others`: how many belong to other units.

    `entries` are to be in the audit log before any of it is told: one for each team that something is told of.
    """

    mine: tuple[RuleStanding, ...]
    others: int
    entries: tuple[Entry, ...]


def look_entry(who: Principal) -> Entry:
    """Of the look itself: the reader adds whom it is about, or why it is refused."""
    return Entry(actor_of(who, Action.EXTRACT_RELEASE), Logged.CASE_SHOWN, purpose="why_not")


def own_standings(held: Holding, who: Principal, now: datetime, audience: Audience) -> OwnStandings:
    """Where each rule of the principal's own teams stands, as of `now` (aware): each unit answers for what it may tell."""
    mine = why_not(held.state, held.rules, now, audience=audience, teams=own_teams(who, Action.EXTRACT_RELEASE))
    subject = Subject(SubjectKind.REFERENCE, held.state.youth_ref)
    entries = tuple(
        Entry(actor_of(who, Action.EXTRACT_RELEASE, team), Logged.CASE_SHOWN, subject=subject, purpose=f"why_not:{audience}")
        for team in sorted({one.team for one in mine})
    )
    return OwnStandings(mine, len(held.rules.rules) - len(mine), entries)
