"""Why a rule has proposed nothing for a youth: what it waits for, and which of its conditions lacks how much.

Pure, as a step is: it looks at a state that is given, and proposes nothing. What is held is told as a task would tell it: only
what the rule's team may be told under the consents of now. A youth is told nothing at all of a rule that counts notices from
the police, whether there are any or none, released or not: a number below the threshold would say which. A unit is told the same
of its rules whatever else the reference has: that another's lets a rule propose there, or an event that stops one be held,
or that it has a case, is that unit's secret (OSL 8:1). So what is open is said only where nothing hidden can have a say in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from hub.contract.models import InfoKind
from hub.core.asked import Asked
from hub.core.explain import Audience
from hub.core.instants import from_ms, stockholm_date, to_ms
from hub.core.measure import Counted
from hub.core.narrowing import narrowing_of
from hub.core.reach import Reach
from hub.core.rules import CompiledCondition, CompiledRule, CompiledRules, Route
from hub.core.state import YouthState
from hub.core.step import wake

__all__ = ["Lack", "RuleStanding", "Standing", "why_not"]


class Standing(StrEnum):
    """What a rule waits for; the first of these that applies, in this order; but without a consent nothing is said of an age."""

    UNTOLD = "untold"
    """It counts notices from the police, and a youth asks."""
    SUNSET = "sunset"
    """It no longer applies."""
    AGE = "age"
    """It is for other ages, or the age is not known."""
    OPEN = "open"
    """It has proposed something, which is open: not said where that could depend on what is hidden."""
    NO_CONSENT = "no_consent"
    """No consent in force lets its team be told of anything."""
    RESTS = "rests"
    """Its team has declined or completed a task, and it rests."""
    LACKS = "lacks"
    """A condition is not met, or too few agencies have told."""
    ANSWERED = "answered"
    """Its conditions are met, by nothing that has occurred since its team answered: something new must."""
    HOLDS = "holds"
    """It will propose something as soon as the worker looks at it."""
    SHARED = "shared"
    """Its conditions are met. Whether it turns to this team or to another unit, and whether that has answered, is not said."""
    POSSIBLE = "possible"
    """Its conditions are met by what its team may be told. An event more can stop it: whether it has proposed is not said."""
    CASE = "case"
    """Its conditions are met. It asks for a case too, or for none: whether there is one, and so a proposal, is not said."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One condition: what was found, and what had to be, in its unit. `met` None: no lesson's length is known. `unfallen`: so
    much had to be before, and too much of it is left, or too few school days have begun since.
    """

    asked: Asked
    met: int | None
    needed: int
    unfallen: bool = False

    @property
    def missing(self) -> int:
        """How much is wanting; 0: it is met."""
        return max(0, self.needed - (self.met or 0))


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """Where one rule stands. `until`: when its rest is over, or the last date on which it applied. `agencies`: (told, asked).

    What the standing does not need is left empty; conditions are there while the team could be told of something.
    """

    rule_id: str
    standing: Standing
    team: str = ""
    task_id: str | None = None
    until: datetime | date | None = None
    ages: tuple[int, int] | None = None
    conditions: tuple[Lack, ...] = ()
    agencies: tuple[int, int] | None = None


def why_not(
    state: YouthState, rules: CompiledRules, now: datetime, *, audience: Audience = "team", teams: Collection[str] | None = None
) -> tuple[RuleStanding, ...]:
    """Every rule of the set about persons, in the order of their ids, as of `now` (aware).

    With `teams` only the rules that may propose to one of these, as far as these may be told: what a rule does elsewhere shows
    in nothing.
    """
    current = wake(state, rules, now).state
    looking = _Looking(current, to_ms(now))
    proposed = {episode.task_id for episode in state.episodes.values()}
    theirs = ((rule, tuple(one for one in rule.routes if teams is None or one.team in teams)) for rule in rules.rules)
    return tuple(
        RuleStanding(rule.id, Standing.UNTOLD, routes[0].team)
        if audience == "youth" and _counts_notices(rule)
        else looking.at(rule, routes, proposed)
        for rule, routes in theirs
        if routes
    )


def _counts_notices(rule: CompiledRule) -> bool:
    kinds = {kind for one in rule.conditions for kind in (one.kind, None if one.then is None else one.then.kind)}
    return InfoKind.POLICE_NOTICE in kinds


def _depends_on_hers(rule: CompiledRule, routes: Sequence[Route]) -> bool:
    """Whether what the rule proposes by these of its routes depends on nothing but what these may be told.

    They are all that it has, or the first, which is asked whenever it may be told enough; of a rule that lingers, another one may
    be told more until later.
    """
    return (
        rule.in_case is None
        and _only_grows(rule)
        and (len(routes) == len(rule.routes) or (routes[0] is rule.routes[0] and not rule.lingers_ms))
    )


def _only_grows(rule: CompiledRule) -> bool:
    """Whether events more can only help the rule to hold, so that what is hidden cannot stop it."""
    return all(one.earlier is None and one.offered is None and (one.then is None or one.then.happens) for one in rule.conditions)


class _Looking:
    """At one state, at one instant."""

    def __init__(self, state: YouthState, now_ms: int) -> None:
        self._state = state
        self._reach = None if state.consent is None else Reach(state.consent)
        self._counted = Counted(state.events, now_ms)
        self._now_ms = now_ms

    def at(self, rule: CompiledRule, routes: Sequence[Route], proposed: set[str]) -> RuleStanding:
        """Where a rule stands, as far as it proposes by these routes (at least one)."""
        bare = RuleStanding(rule.id, Standing.NO_CONSENT, routes[0].team)
        if rule.ends_ms is not None and self._now_ms >= rule.ends_ms:
            return replace(bare, standing=Standing.SUNSET, until=stockholm_date(from_ms(rule.ends_ms)) - timedelta(days=1))
        covered = [] if self._reach is None else list(self._covered(rule, routes))
        if not covered:  # before her age, which no unit that has no consent of hers is to read in another's record
            return bare
        if rule.ages is not None and not self._fits(rule.ages):
            return replace(bare, standing=Standing.AGE, ages=rule.ages)
        episode = self._state.episodes.get(rule.id) if _depends_on_hers(rule, routes) else None
        if episode is not None and episode.team in {route.team for route in routes}:
            standing, task_id = (Standing.OPEN, episode.task_id) if episode.task_id in proposed else (Standing.HOLDS, None)
            return replace(bare, standing=standing, team=episode.team, task_id=task_id)
        # Where nobody may be told enough, what the first could be told says what is lacking.
        route, told = next(((route, told) for route, told in covered if told.holds(rule)), covered[0])
        return self._of(rule, route, told)

    def _of(self, rule: CompiledRule, route: Route, told: Counted) -> RuleStanding:
        found = RuleStanding(
            rule.id,
            Standing.LACKS,
            route.team,
            conditions=tuple(_lack(condition, told) for condition in rule.conditions),
            agencies=None
            if rule.at_least_agencies == 1
            else (len({one.agency for one in told.all_members(rule)}), rule.at_least_agencies),
        )
        answered = self._state.answers.get(f"{rule.id}|{route.team}")
        if answered is not None and self._now_ms < answered + rule.rest_ms:
            return replace(found, standing=Standing.RESTS, until=from_ms(answered + rule.rest_ms))
        if not told.holds(rule):
            return found
        if answered is not None and all(held.occurred_ms <= answered for held in told.all_members(rule)):
            return replace(found, standing=Standing.ANSWERED)
        if rule.in_case is not None:
            return replace(found, standing=Standing.CASE)
        return replace(found, standing=Standing.SHARED if _only_grows(rule) else Standing.POSSIBLE)

    def _fits(self, ages: tuple[int, int]) -> bool:
        age = None if self._reach is None else self._reach.age(self._now_ms)
        return age is not None and ages[0] <= age <= ages[1]

    def _covered(self, rule: CompiledRule, routes: Sequence[Route]) -> Iterator[tuple[Route, Counted]]:
        assert self._reach is not None, "a consent is known"
        for route in routes:
            coverage = self._reach.coverage(route.team, route.cooperation, self._now_ms)
            if coverage.scopes:
                yield route, self._counted.told(rule, coverage)


def _lack(condition: CompiledCondition, told: Counted) -> Lack:
    compared = told.compared(condition)
    needed = condition.at_least
    if compared is not None and condition.falls is None:
        # The least whole number v of v x days x 100 >= percent x compared x window.
        needed = max(needed, -(-condition.percent * compared * condition.window_days // (condition.earlier_days * 100)))
    window_days = condition.window_days if condition.falls is None else condition.earlier_days
    asked = Asked(
        condition.id, condition.kind, condition.unit, condition.at_least, window_days, narrowing_of(condition, compared)
    )
    return Lack(asked, told.value(condition), needed, not told.has_fallen(condition))
