"""Reconciles what the rules want with what has been proposed: opens, keeps and ends episodes.

An episode opens once, when its rule holds and a team may be told enough of it now. It keeps its task's id while its ground
changes, and ends
* by an event, a correction or a retraction: the team gets `ground_lost`;
* by time, an answer or a change of rules: silently;
* by a consent that takes events away, or ends: told, and opened anew where the rest suffices, because the task tells of what is
  gone. Delivery cancels by consent itself, but may have read consents that came later before it reads the task.
A SIG rule without a consent to SIG asks the rule's fallback to seek one; nothing reaches SIG.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from hub.contract.models import Action, Evidence, ReferralTask
from hub.contract.trusted import trusted
from hub.core.clocks import due_of, lapse_of, last_met
from hub.core.consent import Purpose, decide
from hub.core.courses import fits_case
from hub.core.coverage import Coverage
from hub.core.instants import from_ms, respond_by, stockholm_date, to_ms
from hub.core.look import TOO_LITTLE_COVERED, Cause, Instant, Said, Untold
from hub.core.measure import Counted, evidence_of
from hub.core.reach import Reach
from hub.core.rules import CompiledRule, CompiledRules, Route
from hub.core.spent import end_episode, next_opening
from hub.core.state import Episode, YouthState, opened_by

__all__ = ["Reconciler", "stirs"]


# Looked up once: on Python 3.11 a member of an enumeration costs a call each time it is named.
_EVENT: Final = Cause.EVENT


class Found(NamedTuple):
    """Who is asked, and what counts of what she may be told, at the instant at which that was last enough."""

    route: Route
    told: Counted


class Reconciler:
    """One reconciliation of a state with its events as they are now. `episodes`, `spent` and `due` are, with `said`, its
    results: the state's own where nothing of them changed.
    """

    __slots__ = (
        "_answers",
        "_counted",
        "_courses",
        "_reach",
        "_ref",
        "_rules",
        "_told",
        "_when",
        "due",
        "episodes",
        "said",
        "spent",
    )

    def __init__(
        self,
        state: YouthState,
        rules: CompiledRules,
        when: Instant,
        *,
        reach: Reach,
        counted: Counted,
        answers: dict[str, int],
    ) -> None:
        self._ref = state.youth_ref
        self._courses = state.courses
        self._reach = reach
        self._rules = rules
        self._when = when
        self._answers = answers
        self._counted = counted
        self._told: dict[tuple[int, tuple[str, ...]], tuple[Coverage, Counted]] = {}
        self.episodes = state.episodes
        self.spent = state.spent
        self.due = state.due
        self.said: list[Said] = []

    def run(self) -> None:
        """Bring every rule's episode in line with the events."""
        touched = self._when.touched
        for rule in self._rules.rules if touched is None else touched:
            stands = self._stands(rule)
            holds = stands and (self._counted.holds(rule) or rule.lingers_ms > 0)
            found = self._find(rule) if holds else None
            if holds and found is None and (not rule.lingers_ms or self._counted.holds(rule)):
                self.said.append(Untold(rule.id, self._denial(rule)))
            answered = None if found is None else self._answers.get(f"{rule.id}|{found.route.team}")
            asked = found is not None and (answered is None or self._is_new(rule, found, answered))
            if asked or rule.id in self.episodes:
                self._reconcile(rule, found, asked=asked)
            if holds or not rule.plain or rule.id in self.due or not stands:
                lapse = lapse_of(rule, found.told) if found is not None and rule.plain else None
                rests = None if answered is None else answered + rule.rest_ms
                self._set_due(rule, due_of(rule, self._counted, self._reach, stands=stands, holds=holds, possible=(lapse, rests)))
        if touched is None:
            self._forget()

    def _stands(self, rule: CompiledRule) -> bool:
        """Whether, events apart, the rule may hold now: its sunset, the case that it asks for, and the age."""
        at_ms = self._when.at_ms
        if rule.ends_ms is not None and at_ms >= rule.ends_ms:
            return False
        if rule.in_case is not None and not fits_case(rule.in_case, self._courses, self._reach.consent, at_ms):
            return False
        if rule.ages is None:
            return True
        age = self._reach.age(at_ms)
        return age is not None and rule.ages[0] <= age <= rule.ages[1]

    def _find(self, rule: CompiledRule) -> Found | None:
        """The first team that may be told enough for the rule to hold, and what it may be told."""
        routes = [(route, coverage) for route in rule.routes if (coverage := self._coverage(route)).scopes]
        if rule.lingers_ms:
            met = last_met(rule, self._counted, [coverage for _, coverage in routes])
            return None if met is None else Found(routes[met[0]][0], met[1])
        for route, coverage in routes:
            told = self._told_to(rule, coverage)
            if told is self._counted or told.holds(rule):
                return Found(route, told)
        return None

    def _denial(self, rule: CompiledRule) -> str:
        """What consent answers to telling the rule's own team."""
        route = rule.routes[0]
        decision = decide(
            self._reach.consent, purpose=Purpose.DELIVER, source=None, recipient=route.team, kind=None,
            at=from_ms(self._when.at_ms), cooperation=route.cooperation,
        )  # fmt: skip
        return TOO_LITTLE_COVERED if decision.permit else decision.rule

    def _is_new(self, rule: CompiledRule, found: Found, answered: int) -> bool:
        """Whether the team may be asked again: it has rested from its answer, and something has happened since."""
        if self._when.at_ms < answered + rule.rest_ms:
            return False
        return any(held.occurred_ms > answered for held in found.told.all_members(rule))

    def _reconcile(self, rule: CompiledRule, found: Found | None, *, asked: bool) -> None:
        """`asked`: whether the team that is found may be asked again, as far as its answers go."""
        episode = self.episodes.get(rule.id)
        told = self._when.cause is _EVENT
        taken = episode is not None and self._has_lost(rule, episode)
        moves = episode is not None and found is not None and episode.team != found.route.team
        if episode is not None and (taken or moves or not asked):
            # Consent to SIG has come: the request to seek it has lost its ground. The other way round, age or consent ended it,
            # or a correction of what SIG could be told of, while SSPF can be told of more.
            passes = moves and found is not None and not found.route.fallback
            self._end(rule, episode, told=told or taken or passes)
            episode = None
        if found is not None and asked and episode is None:
            self._open(rule, found.route, found.told)

    def _set_due(self, rule: CompiledRule, due: int | None) -> None:
        if self.due.get(rule.id) != due:
            changed = {**self.due}
            if due is None:
                del changed[rule.id]
            else:
                changed[rule.id] = due
            self.due = changed

    def _forget(self) -> None:
        """Drop what belongs to rules that are gone."""
        known = {rule.id for rule in self._rules.rules}
        for gone in self.episodes.keys() - known:
            self._spend(gone)
        if self.due.keys() - known:
            self.due = {rule_id: instant for rule_id, instant in self.due.items() if rule_id in known}

    def _open(self, rule: CompiledRule, route: Route, told: Counted) -> None:
        opener = self._opener(rule, told) + ("?" + route.team if route.fallback else "")
        identity, self.spent = next_opening(self.spent, self._ref, rule.id, opener, self._spent_until())
        episode = Episode(
            task_id=identity,
            opened_by=opener,
            team=route.team,
            function=route.function,
            cooperation=route.cooperation,
            rules_version=self._rules.version,
            opened_ms=to_ms(self._when.now),
        )
        self.episodes = {**self.episodes, rule.id: episode}
        self._emit(Action.OPEN, rule, episode, told)

    def _end(self, rule: CompiledRule, episode: Episode, *, told: bool) -> None:
        self._spend(rule.id)
        coverage = self._coverage(episode)
        if told and (coverage.scopes or self._earlier(episode).scopes):
            self._emit(Action.GROUND_LOST, rule, episode, self._told_to(rule, coverage))

    def _spend(self, rule_id: str) -> None:
        self.episodes, self.spent = end_episode(self.episodes, self.spent, rule_id, self._spent_until())

    def _spent_until(self) -> int:
        return self._when.at_ms + self._rules.longest_ms

    def _emit(self, action: Action, rule: CompiledRule, episode: Episode, told: Counted) -> None:
        now, consent, coverage = from_ms(to_ms(self._when.now)), self._reach.consent, self._coverage(episode)
        # Whom nothing may be told any more gets the bare word, under the scope by which she was told before.
        covered = bool(coverage.scopes)
        current = covered and (consent.age_valid_until is None or stockholm_date(now) < consent.age_valid_until)
        shown = [(condition, found) for condition in rule.conditions if (found := told.shown_by_kind(condition))]
        rests = (evidence_of(condition, told, found, rule.not_shown) for condition, found in shown)
        evidence: tuple[Evidence, ...] = tuple(one for one in rests if one is not None)
        events = [(kind, held.agency, held.occurred_ms) for _, found in shown for kind, held in found]
        self.said.append(
            trusted(
                ReferralTask,
                action=action,
                task_id=episode.task_id,
                youth_ref=self._ref,
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
                scope_id=(coverage if covered else self._earlier(episode)).scope_id(events),
                area=consent.area if covered else None,
                age_years=consent.age_years if current else None,
                at_least_agencies=rule.at_least_agencies if rule.at_least_agencies > 1 else None,
                agencies_withheld=any(agency in rule.not_shown for _, agency, _ in events),
            )
        )

    def _opener(self, rule: CompiledRule, told: Counted) -> str:
        """The event at hand when it counts, else the newest that does (a wake or a consent opened the episode)."""
        counting = {id(held) for condition in rule.conditions for held in told.shown(condition)}
        found = [
            (event_id == self._when.trigger, held.occurred_ms, opened_by(event_id, held.revision))
            for rows in told.events.values()
            for event_id, held in rows.items()
            if id(held) in counting
        ]
        return max(found)[2]

    def _coverage(self, to: Route | Episode) -> Coverage:
        return self._reach.coverage(to.team, to.cooperation, self._when.at_ms)

    def _told_to(self, rule: CompiledRule, coverage: Coverage) -> Counted:
        key = id(coverage), rule.kinds
        found = self._told.get(key)
        if found is None:  # the coverage is kept with it: no other object gets its identity meanwhile
            found = self._told[key] = coverage, self._counted.told(rule, coverage)
        return found[1]

    def _earlier(self, episode: Episode) -> Coverage:
        """What the episode's team could be told until a moment ago: what it can be told now, where consent is the same."""
        before = self._when.before
        if before is None:
            return self._coverage(episode)
        reach = self._reach if before.consent is self._reach.consent else Reach(before.consent)
        return reach.coverage(episode.team, episode.cooperation, before.at_ms)

    def _has_lost(self, rule: CompiledRule, episode: Episode) -> bool:
        """Whether consent has taken from the team some of what its task rests on, of what it could be told until a moment ago."""
        before = self._when.before
        if before is None:
            return False
        earlier, present = self._earlier(episode), self._coverage(episode)
        if earlier is present:
            return False
        if not present.scopes:
            return bool(earlier.scopes)
        held = self._counted if before.events is None else Counted(before.events, self._when.at_ms)
        then, now = held.told(rule, earlier), self._told_to(rule, present)
        if then is now:
            return False
        left = {id(held) for held in now.rests_on(rule)}
        return any(id(held) not in left for held in then.rests_on(rule))


def stirs(touched: Iterable[CompiledRule], state: YouthState, counted: Counted) -> bool:
    """Whether rules that an event may have changed need more than a look: most that do not hold did not before, either."""
    for rule in touched:
        if rule.id in state.episodes or rule.id in state.due or not rule.plain or rule.ages is not None or counted.holds(rule):
            return True
    return False
