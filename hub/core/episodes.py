"""Reconciling what the events ask for with what has been proposed.

An episode opens when all conditions of a rule hold for events that its team may be told of: each of them covered, by its own
source, kind and time, by a scope that permits delivery to the team now. It keeps its task's id while its ground changes, and ends
* by correction: the team gets `ground_lost`;
* by age, by a change of rules, or by consent: silently (delivery cancels by consent itself);
* by a consent that takes events away: told, and opened anew where the rest suffices, because the task tells of what is gone.
A SIG rule without a consent to SIG asks the rule's fallback to seek one; nothing reaches SIG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from hub.contract.ids import task_id
from hub.contract.models import Action, ConsentRecord, Cooperation, Evidence, ReferralTask
from hub.core.coverage import Coverage
from hub.core.instants import from_ms, respond_by, stockholm_date, to_ms
from hub.core.measure import Counted, Members, evidence_of, lapse_of
from hub.core.rules import CompiledRule, CompiledRules, Route
from hub.core.state import Episode, Events

__all__ = ["Before", "Cause", "Instant", "Reconciler"]


class Cause(Enum):
    """Why the events are looked at again."""

    TIME = auto()
    """A wake, a new rule set, a consent: what no longer holds ends silently."""
    EVENT = auto()
    CORRECTION = auto()
    """An earlier revision was displaced: lost ground is told."""


class Before(NamedTuple):
    """The consent that held until a moment ago, and when that was."""

    consent: ConsentRecord
    at_ms: int


@dataclass(frozen=True, slots=True)
class Instant:
    """When and why. `at_ms` decides membership; `now` is the real present, which a task's clock starts from.

    `touched` are the rules that can have changed (None: any), `trigger` the event at hand, `reopened` the rules whose ground
    a consent has taken events from. `before`, where consent or its periods may have changed: what a team could be told then
    and cannot now is taken from its ground too.
    """

    at_ms: int
    now: datetime
    cause: Cause = Cause.TIME
    trigger: str | None = None
    touched: frozenset[str] | None = None
    reopened: frozenset[str] = frozenset()
    before: Before | None = None


@dataclass(slots=True)
class Reconciler:
    """One reconciliation. `episodes`, `spent` and `due` are its own copies and, with `tasks`, its results."""

    youth_ref: str
    consent: ConsentRecord
    events: Events
    rules: CompiledRules
    when: Instant
    at: datetime
    episodes: dict[str, Episode]
    spent: dict[str, int]
    due: dict[str, int]
    tasks: list[ReferralTask] = field(default_factory=list)
    _coverages: dict[tuple[str, Cooperation], Coverage] = field(default_factory=dict)

    def run(self) -> None:
        """Bring every rule's episode in line with the events."""
        counted = Counted(self.events, self.rules, self.when.at_ms)
        touched = self.when.touched
        for rule in self.rules.rules:
            if touched is not None and rule.id not in touched:
                continue
            self.due.pop(rule.id, None)
            holds = counted.holding(rule)
            self._reconcile(rule, counted, self._route(rule, counted) if holds else None)
            if holds and (edges := self._consent_boundaries()):
                self.due[rule.id] = min(self.due.get(rule.id, edges[0]), *edges)
        if touched is None:
            self._forget()

    def _forget(self) -> None:
        """Drop what belongs to rules that are gone, and spent openings of events that are."""
        known = {rule.id for rule in self.rules.rules}
        for gone in self.episodes.keys() - known:
            self._spend(gone)
        self.due = {rule_id: instant for rule_id, instant in self.due.items() if rule_id in known}
        if self.spent:
            held = {event_id for rows in self.events.values() for event_id in rows}
            self.spent = {key: times for key, times in self.spent.items() if _event_of(key) in held}

    def _route(self, rule: CompiledRule, counted: Counted) -> tuple[Route, list[Members]] | None:
        """The first team that may be told enough for the rule to hold, and what it may be told."""
        for route in rule.routes:
            members = counted.tellable(rule, self._coverage(route))
            if counted.suffices(rule, members):
                return route, members
        return None

    def _reconcile(self, rule: CompiledRule, counted: Counted, found: tuple[Route, list[Members]] | None) -> None:
        episode = self.episodes.get(rule.id)
        corrected = self.when.cause is Cause.CORRECTION
        taken = episode is not None and (rule.id in self.when.reopened or self._has_lost(rule, episode, counted))
        if found is None:
            if episode is not None:
                self._end(rule, episode, counted, told=taken or corrected)
            return
        route, members = found
        if episode is not None and taken:
            self._end(rule, episode, counted, told=True)
            episode = None
        if episode is not None and episode.team != route.team:
            # Consent to SIG has come: the request to seek it has lost its ground. The other way round, age or consent ended it,
            # or a correction of what SIG could be told of, while SSPF can be told of more.
            self._end(rule, episode, counted, told=corrected or not route.fallback)
            episode = None
        if episode is None:
            self._open(rule, route, members)
        self.due[rule.id] = min(map(lapse_of, rule.conditions, members))

    def _open(self, rule: CompiledRule, route: Route, members: Sequence[Members]) -> None:
        opener = self._opener(rule, members) + ("?" + route.team if route.fallback else "")
        times = self.spent.get(f"{rule.id}|{opener}", 0)
        episode = Episode(
            task_id=task_id(self.youth_ref, rule.id, f"{opener}#{times + 1}" if times else opener),
            opened_by=opener,
            team=route.team,
            function=route.function,
            cooperation=route.cooperation,
            rules_version=self.rules.version,
            opened_ms=to_ms(self.when.now),
        )
        self.episodes[rule.id] = episode
        self._emit(Action.OPEN, rule, episode, members)

    def _end(self, rule: CompiledRule, episode: Episode, counted: Counted, *, told: bool) -> None:
        self._spend(rule.id)
        coverage = self._coverage(episode)
        if told and coverage.scopes:
            self._emit(Action.GROUND_LOST, rule, episode, counted.tellable(rule, coverage))

    def _spend(self, rule_id: str) -> None:
        key = f"{rule_id}|{self.episodes.pop(rule_id).opened_by}"
        self.spent[key] = self.spent.get(key, 0) + 1

    def _emit(self, action: Action, rule: CompiledRule, episode: Episode, members: Sequence[Members]) -> None:
        now, consent = self.when.now, self.consent
        current = consent.age_valid_until is None or stockholm_date(now) < consent.age_valid_until
        told = [(condition, counted) for condition, counted in zip(rule.conditions, members, strict=True) if counted]
        evidence: tuple[Evidence, ...] = tuple(evidence_of(condition, counted) for condition, counted in told)
        events = ((condition.kind, held.agency, held.occurred_ms) for condition, counted in told for held in counted)
        self.tasks.append(
            ReferralTask(
                action=action,
                task_id=episode.task_id,
                youth_ref=self.youth_ref,
                rule_id=rule.id,
                rules_version=episode.rules_version,
                team=episode.team,
                function=episode.function,
                cooperation=episode.cooperation,
                priority=rule.priority,
                created_at=now,
                respond_by=respond_by(now, rule.respond_within_days),
                evidence=evidence,
                consent_version=consent.version,
                scope_id=self._coverage(episode).scope_id(events),
                area=consent.area,
                age_years=consent.age_years if current else None,
            )
        )

    def _opener(self, rule: CompiledRule, members: Sequence[Members]) -> str:
        """The event at hand when it counts, else the newest that does (a wake or a consent opened the episode)."""
        counting = {id(held) for some in members for held in some}
        kinds = {condition.kind for condition in rule.conditions}
        found = [
            (event_id == self.when.trigger, held.occurred_ms, event_id)
            for kind in kinds
            for event_id, held in self.events.get(kind, {}).items()
            if id(held) in counting
        ]
        return max(found)[2]

    def _coverage(self, to: Route | Episode) -> Coverage:
        found = self._coverages.get((to.team, to.cooperation))
        if found is None:
            found = Coverage.of(self.consent, to.team, to.cooperation, self.at)
            self._coverages[to.team, to.cooperation] = found
        return found

    def _has_lost(self, rule: CompiledRule, episode: Episode, counted: Counted) -> bool:
        """Whether consent has taken from the team some of what it could be told until a moment ago."""
        before = self.when.before
        if before is None:
            return False
        earlier = Coverage.of(before.consent, episode.team, episode.cooperation, from_ms(before.at_ms))
        then, now = counted.tellable(rule, earlier), counted.tellable(rule, self._coverage(episode))
        return any({id(held) for held in some} - {id(held) for held in left} for some, left in zip(then, now, strict=True))

    def _consent_boundaries(self) -> list[int]:
        edges = (edge for scope in self.consent.scopes for edge in (scope.valid_from, scope.valid_to, scope.withdrawn_at))
        return [instant for edge in edges if edge is not None and (instant := to_ms(edge)) > self.when.at_ms]


def _event_of(spent: str) -> str:
    return spent.partition("|")[2].partition("?")[0]
