"""Place events folded per area into presence tasks. Never tied to a person, and never a ground for a person's task.

A rule holds while the incidents of its categories within (now - window, now] suffice, of those that occurred while the area was
marked exposed. The event
with which they first suffice (by `occurred_at`) gives the task's ISO week (Stockholm); there is one task per area, rule and
week, and never one for an earlier week than has been proposed already: a late report does not send anybody to last week.
So, where reports lie on both sides of a week's end, the week depends on which of them had been told when they first sufficed.

A week has ground while one of its reports suffices together with those before it. A correction that takes a week's ground
recalls its task, and if another week has ground and no task, that is proposed; age recalls none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate

from hub.contract.ids import task_id
from hub.contract.models import Action, PlaceCategory, PlaceEvent, PresenceTask
from hub.core.fold import Outcome
from hub.core.instants import DAY, from_ms, next_midnight, stockholm_week, to_ms
from hub.core.place_state import PlaceState, Proposal, Report, new_place_state, place_from_bytes, place_to_bytes
from hub.core.resume import Known
from hub.core.rules import CompiledPlaceRule, CompiledRules
from hub.core.state import MAX_HELD, opened_as
from hub.core.step import Drop

__all__ = [
    "PlaceState",
    "PlaceStep",
    "new_place_state",
    "place_from_bytes",
    "place_resume",
    "place_step",
    "place_to_bytes",
    "place_wake",
]

_REMEMBERED_MS = 366 * DAY
"""The longest window that a rule may have: what occurred before it counts under no rule, and no task is of its week."""


@dataclass(frozen=True, slots=True)
class PlaceStep:
    """As `hub.core.step.Step`, for an area: the very same state object when nothing changed."""

    state: PlaceState
    tasks: tuple[PresenceTask, ...] = ()
    drops: tuple[Drop, ...] = ()
    outcome: Outcome = "processed"
    wake_at: datetime | None = None


def place_step(state: PlaceState, event: PlaceEvent, rules: CompiledRules, now: datetime) -> PlaceStep:
    """Apply one place event at `now` (aware); due wakes run first. Refused: `too_old`, `state_full`.

    Raises ValueError for an event of another area: the caller has mixed up its keys and must stop.
    """
    if event.area != state.area:
        raise ValueError("an event of another area")
    now_ms = to_ms(now)
    current, tasks = _catch_up(state, rules, now)
    held = current.reports.get(event.event_id)
    if held is not None and held.revision >= event.revision:
        return _stepped(current, tasks, outcome="duplicate")
    report = _report(event)
    too_old = report.keep_ms <= now_ms - rules.place_longest_ms
    if held is None and (too_old or len(current.reports) >= MAX_HELD):
        drop = Drop("too_old", intentional=True) if too_old else Drop("state_full", intentional=False)
        return _stepped(current, tasks, (drop,), "refused")
    changed = replace(current, reports={**current.reports, event.event_id: report})
    settled, more = _settle(changed, rules, now_ms, now, before=current)
    return _stepped(settled, [*tasks, *more])


def place_wake(state: PlaceState, rules: CompiledRules, now: datetime) -> PlaceStep:
    """Let time pass up to `now` (aware)."""
    current, tasks = _catch_up(state, rules, now)
    settled, more = _settle(current, rules, to_ms(now), now)
    return _stepped(settled, [*tasks, *more])


def place_resume(state: PlaceState, known: Known, rules: CompiledRules, now: datetime) -> PlaceStep:
    """Bring a rebuilt state up to `now` (aware), take over what was said, and say the week's task that holds and was never said.

    What was said decides, as it did in the state that was lost: every week's task that was not taken back stands, though its
    reports be gone by now, and no week's task gets an id that one has had. But a week that was taken back while nobody was told
    (in silence, by the same reports) has lost its ground. Again on its own result, with what it said heard, it says nothing more.
    """
    current, at_ms, spans = place_wake(state, rules, now).state, to_ms(now), rules.exposed_areas.get(state.area, ())
    work = _Work(current, rules.version, at_ms, now, {}, {})
    work.take_over(known)
    for rule in rules.place_rules if spans else ():
        members = _members(rule, current.reports, at_ms, spans)
        taken_back = current.recalled.get(rule.id, {})
        lost = [one for one in work.without_ground(rule, members) if one.week in taken_back and work.counts_still(rule, one)]
        work.recall(rule, lost, members)
        work.propose(rule, members)
    resumed = replace(current, proposals=work.proposals, recalled=work.recalled)
    return _stepped(state if resumed == state else resumed, work.tasks)


def _report(event: PlaceEvent) -> Report:
    occurred_ms = to_ms(event.occurred_at)
    keep_ms = occurred_ms if event.revision == 1 else max(occurred_ms, to_ms(event.recorded_at))
    if event.retracted:
        return Report(event.revision, 0, keep_ms, "", 0)
    return Report(event.revision, occurred_ms, keep_ms, event.category.value, event.incidents)


def _catch_up(state: PlaceState, rules: CompiledRules, now: datetime) -> tuple[PlaceState, list[PresenceTask]]:
    now_ms, current, emitted = to_ms(now), state, list[PresenceTask]()
    while current.wake_ms is not None and current.wake_ms <= now_ms:
        due = current.wake_ms
        current, tasks = _settle(current, rules, due, now)
        assert current.wake_ms is None or current.wake_ms > due, "time passes"
        emitted += tasks
    present = {proposal.task_id for proposal in current.proposals.values()}
    return current, [task for task in emitted if task.task_id in present]


def _settle(
    state: PlaceState, rules: CompiledRules, at_ms: int, now: datetime, *, before: PlaceState | None = None
) -> tuple[PlaceState, list[PresenceTask]]:
    """Forget, recall, propose, set the next wake. `before` is the state without the event at hand (None: time alone passes)."""
    edge = at_ms - rules.place_longest_ms
    reports = {event_id: report for event_id, report in state.reports.items() if report.keep_ms > edge}
    kept = {place: one for place, one in state.proposals.items() if one.week >= _first_week(at_ms)}
    work = _Work(replace(state, reports=reports), rules.version, at_ms, now, kept, dict(state.recalled))
    spans = rules.exposed_areas.get(state.area, ())
    for rule in rules.place_rules if spans else ():
        members = _members(rule, reports, at_ms, spans)
        if before is not None and (lost := work.without_ground(rule, members)):
            had = _weeks(rule, _members(rule, before.reports, at_ms, spans))
            work.recall(rule, [one for one in lost if one.week in had], members)
        work.propose(rule, members)
    if reports:
        work.wakes.append(next_midnight(min(report.keep_ms for report in reports.values()) + rules.place_longest_ms))
        work.wakes += [report.occurred_ms for report in reports.values() if report.occurred_ms > at_ms]
    settled = PlaceState(state.area, reports, work.proposals, work.recalled, min(work.wakes, default=None))
    return (state if settled == state else settled), work.tasks


@dataclass(slots=True)
class _Work:
    """One settling of one area: the proposals it changes and the tasks it emits."""

    state: PlaceState
    rules_version: str
    at_ms: int
    now: datetime
    proposals: dict[str, Proposal]
    recalled: dict[str, Mapping[str, int]]
    tasks: list[PresenceTask] = field(default_factory=list)
    wakes: list[int] = field(default_factory=list)

    def propose(self, rule: CompiledPlaceRule, members: Sequence[Report]) -> None:
        """Open the week's task in which the incidents first suffice, if they do, unless it was said or a later one was."""
        weeks = _weeks(rule, members)
        if not weeks:
            return
        # As the oldest leaves, another event may be the one with which they suffice, perhaps in another week.
        self.wakes.append(members[0].occurred_ms + rule.window_ms)
        week = weeks[0]
        if any(one.week >= week for one in self._said(rule)):
            return
        times = self.recalled.get(rule.id, {}).get(week, 0)
        identity = task_id(self.state.area, rule.id, opened_as(week, times))
        proposal = Proposal(week, identity, self.rules_version, members[0].occurred_ms, members[-1].occurred_ms)
        self.proposals[f"{rule.id}|{week}"] = proposal
        self._emit(Action.OPEN, rule, proposal, members)

    def without_ground(self, rule: CompiledPlaceRule, members: Sequence[Report]) -> list[Proposal]:
        """What was said of weeks that have no ground."""
        said = self._said(rule)
        weeks = _weeks(rule, members) if said else ()
        return [one for one in said if one.week not in weeks]

    def counts_still(self, rule: CompiledPlaceRule, proposal: Proposal) -> bool:
        """Whether all that it was opened on would count now, had nothing been taken back: it has not gone by itself."""
        return proposal.rules_version == self.rules_version and self.at_ms < proposal.first_ms + rule.window_ms

    def recall(self, rule: CompiledPlaceRule, lost: Sequence[Proposal], members: Sequence[Report]) -> None:
        """Take back what was said of weeks that have lost their ground."""
        for proposal in lost:
            del self.proposals[f"{rule.id}|{proposal.week}"]
            weeks, first = self.recalled.get(rule.id, {}), _first_week(self.at_ms)
            counted = {**weeks, proposal.week: weeks.get(proposal.week, 0) + 1}
            self.recalled[rule.id] = {week: times for week, times in sorted(counted.items()) if week >= first}
            left = [report for report in members if stockholm_week(report.occurred_ms) <= proposal.week]
            self._emit(Action.GROUND_LOST, rule, proposal, left)

    def take_over(self, known: Known) -> None:
        """What was said: every week's task that stands, and of every week how many were taken back."""
        first = _first_week(self.at_ms)
        for place, said in sorted(known.weeks.items()):
            rule_id, week, standing, times = said.rule_id, said.week, known.open_said(place), 0
            if week < first:
                continue
            while (identity := task_id(self.state.area, rule_id, opened_as(week, times))) in known.used and identity != standing:
                times += 1
            if times:
                self.recalled[rule_id] = {**self.recalled.get(rule_id, {}), week: times}
            if standing is not None:
                bounds = to_ms(said.first_at), to_ms(said.last_at)
                self.proposals[place] = Proposal(week, standing, said.rules_version, *bounds)

    def _said(self, rule: CompiledPlaceRule) -> list[Proposal]:
        return [one for place, one in self.proposals.items() if place.startswith(f"{rule.id}|")]

    def _emit(self, action: Action, rule: CompiledPlaceRule, proposal: Proposal, members: Sequence[Report]) -> None:
        first_ms = members[0].occurred_ms if members else proposal.first_ms
        last_ms = members[-1].occurred_ms if members else proposal.last_ms
        self.tasks.append(
            PresenceTask(
                action=action,
                task_id=proposal.task_id,
                area=self.state.area,
                rule_id=rule.id,
                rules_version=proposal.rules_version,
                week=proposal.week,
                created_at=self.now,
                incidents=sum(report.incidents for report in members),
                at_least=rule.at_least,
                window_days=rule.window_days,
                categories=tuple(PlaceCategory(code) for code in sorted({report.category for report in members})),
                first_at=from_ms(first_ms),
                last_at=from_ms(last_ms),
            )
        )


def _members(
    rule: CompiledPlaceRule, reports: Mapping[str, Report], at_ms: int, spans: Sequence[tuple[int, int]]
) -> list[Report]:
    """The reports that count at an instant, oldest first. `spans`: when the area was exposed."""
    edge = at_ms - rule.window_ms
    found = [
        report
        for report in reports.values()
        if edge < report.occurred_ms <= at_ms
        and report.category in rule.categories
        and any(start <= report.occurred_ms < end for start, end in spans)
    ]
    return sorted(found, key=lambda report: (report.occurred_ms, report.category, report.incidents))


def _weeks(rule: CompiledPlaceRule, members: Sequence[Report]) -> list[str]:
    """The weeks that have ground, in order: of the first report with which the incidents suffice, and of those after it."""
    sums = accumulate(report.incidents for report in members)
    suffice = {report.occurred_ms for report, total in zip(members, sums, strict=True) if total >= rule.at_least}
    return sorted({stockholm_week(occurred_ms) for occurred_ms in suffice})


def _first_week(at_ms: int) -> str:
    """The earliest of which something may still count."""
    return stockholm_week(at_ms - _REMEMBERED_MS)


def _stepped(
    state: PlaceState, tasks: list[PresenceTask], drops: tuple[Drop, ...] = (), outcome: Outcome = "processed"
) -> PlaceStep:
    return PlaceStep(state, tuple(tasks), drops, outcome, None if state.wake_ms is None else from_ms(state.wake_ms))
