"""One event, or the passing of time, applied to one youth's state. Pure: no I/O, no clock, no logger.

At quiescence (all due wakes run) the open episodes, their evidence and the state's body are a function of the consent, the
set of events and `now`: not of the order in which they came, nor of where the process was stopped and started.
Commit order is the caller's: tasks first, then the state, then the source; a repeat of the same event on the older state
gives the same tasks under the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    PoliceNotice,
    ReferralTask,
    RiskEvent,
    SchoolAbsence,
    TaskEvent,
)
from hub.core.episodes import Before, Cause, Instant, Reconciler
from hub.core.fold import Outcome, fold_event, prune, rejudge
from hub.core.instants import from_ms, to_ms
from hub.core.rules import CompiledRules
from hub.core.state import YouthState

__all__ = ["Drop", "Outcome", "Step", "YouthEvent", "erase", "erase_scope", "step", "wake"]

YouthEvent: TypeAlias = ConsentRecord | SchoolAbsence | PoliceNotice | RiskEvent | TaskEvent
PersonFact: TypeAlias = SchoolAbsence | PoliceNotice | RiskEvent


@dataclass(frozen=True, slots=True)
class Drop:
    """An event that was not kept: a countable reason, and whether that is as it should be."""

    reason: str
    intentional: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What became of it. `state` is the very object that was given when nothing changed (write nothing). `wake_at`: call `wake`
    then, and not before; None: only an event can change this.
    """

    state: YouthState
    tasks: tuple[ReferralTask, ...] = ()
    drops: tuple[Drop, ...] = ()
    outcome: Outcome = "processed"
    wake_at: datetime | None = None


def step(state: YouthState, event: YouthEvent, rules: CompiledRules, now: datetime) -> Step:
    """Apply one event at `now` (aware). Due wakes run first, at their own instants.

    A refused event's reason stands in `drops`: a code of `hub.core.consent.DENIALS` (read newer consents, then decide again),
    `too_old` or `state_full`. A withdrawn consent erases, for ever. Raises ValueError for an event of another reference: the
    caller has mixed up its keys and must stop.
    """
    if event.youth_ref != state.youth_ref:
        raise ValueError("an event of another reference")
    if isinstance(event, ConsentRecord):
        if state.withdrawn:
            return _after_withdrawal(state, event)
        if event.status is ConsentStatus.WITHDRAWN:
            return erase(state, event)
    current, tasks = _catch_up(state, rules, now)
    match event:
        case ConsentRecord():
            return _consent(current, tasks, event, rules, now)
        case TaskEvent():
            return _stepped(current, tasks)
        case _:
            return _fact(current, tasks, event, rules, now)


def erase(state: YouthState, withdrawal: ConsentRecord) -> Step:
    """Forget all but that the reference is withdrawn, under the highest version met: no replay can resurrect anyone."""
    known = 0 if state.consent is None else state.consent.version
    if state.withdrawn and known >= withdrawal.version:
        return Step(state)
    return Step(YouthState(state.youth_ref, withdrawal.model_copy(update={"version": max(known, withdrawal.version)})))


def erase_scope(state: YouthState, scope_id: str, at: datetime, rules: CompiledRules, now: datetime) -> Step:
    """Forget what the scope, withdrawn at the instant `at`, alone covered, also before the record that says so has come.

    What was proposed on that ground is taken back (`ground_lost`), and proposed anew where the rest suffices.
    """
    consent = state.consent
    if consent is None or all(scope.scope_id != scope_id or scope.withdrawn_at is not None for scope in consent.scopes):
        return _stepped(state, [])
    scopes = tuple(
        scope.model_copy(update={"withdrawn_at": at}) if scope.scope_id == scope_id and scope.withdrawn_at is None else scope
        for scope in consent.scopes
    )
    current, tasks = _catch_up(state, rules, now)
    return _under(current, tasks, consent.model_copy(update={"scopes": scopes}), rules, now)


def _after_withdrawal(state: YouthState, consent: ConsentRecord) -> Step:
    """A later grant gets a new reference, so a record that says otherwise is a repeat, or false."""
    assert state.consent is not None, "it is withdrawn"
    if consent.version <= state.consent.version:
        return Step(state, outcome="duplicate")
    if consent.status is ConsentStatus.WITHDRAWN:
        return erase(state, consent)
    return Step(state, drops=(Drop("withdrawn", intentional=False),), outcome="refused")


def wake(state: YouthState, rules: CompiledRules, now: datetime) -> Step:
    """Let time pass up to `now` (aware): what has become due opens, ends, or is forgotten. Early calls do no harm."""
    current, tasks = _catch_up(state, rules, now)
    current, more = _settle(current, rules, Instant(to_ms(now), now))
    return _stepped(current, [*tasks, *more])


def _consent(state: YouthState, tasks: list[ReferralTask], consent: ConsentRecord, rules: CompiledRules, now: datetime) -> Step:
    if state.consent is not None and state.consent.version >= consent.version:
        return _stepped(state, tasks, outcome="duplicate")
    return _under(state, tasks, consent, rules, now)


def _under(state: YouthState, tasks: list[ReferralTask], consent: ConsentRecord, rules: CompiledRules, now: datetime) -> Step:
    """The state under another consent: without the events that it does not cover, and without what was proposed on them."""
    events = rejudge(state.events, consent)
    gone = {
        (kind, held.code)
        for kind, event_id, held in state.held()
        if held.code and not ((kept := events.get(kind, {}).get(event_id)) and kept.code)
    }
    reopened = frozenset[str]().union(*(rules.touched.get(code, ()) for code in gone))
    changed = replace(state, consent=consent, events=events)
    now_ms = to_ms(now)
    before = None if state.consent is None else Before(state.consent, now_ms)
    settled, more = _settle(changed, rules, Instant(now_ms, now, reopened=reopened, before=before))
    return _stepped(settled, [*tasks, *more])


def _fact(state: YouthState, tasks: list[ReferralTask], event: PersonFact, rules: CompiledRules, now: datetime) -> Step:
    now_ms = to_ms(now)
    folded = fold_event(state, event, now_ms, rules.longest_ms)
    drops = (Drop(folded.reason, folded.intentional),) if folded.reason else ()
    if folded.events is state.events:
        return _stepped(state, tasks, drops, folded.outcome)
    cause = Cause.CORRECTION if folded.corrected else Cause.EVENT
    changed = replace(state, events=folded.events)
    touched = frozenset[str]().union(*(rules.touched.get(code, ()) for code in folded.touches))
    settled, more = _settle(changed, rules, Instant(now_ms, now, cause, event.event_id, touched))
    return _stepped(settled, [*tasks, *more], drops, folded.outcome)


def _catch_up(state: YouthState, rules: CompiledRules, now: datetime) -> tuple[YouthState, list[ReferralTask]]:
    """Run the wakes that are due, each at its own instant, so that a late wake ends what an early one would have ended.

    Of what opened on the way only that which is still open now is proposed: consent and ground are those of now.
    """
    now_ms = to_ms(now)
    current, emitted = state, list[ReferralTask]()
    while current.wake_ms is not None and current.wake_ms <= now_ms:
        due = current.wake_ms
        until = None if current.consent is None else Before(current.consent, due - 1)
        current, tasks = _settle(current, rules, Instant(due, now, before=until))
        assert current.wake_ms is None or current.wake_ms > due, "time passes"
        emitted += tasks
    if current.consent is not None and current.rules_digest != rules.sha256[:16]:
        current, tasks = _settle(current, rules, Instant(now_ms, now))
        emitted += tasks
    before = {episode.task_id for episode in state.episodes.values()}
    present = {episode.task_id for episode in current.episodes.values()}
    return current, [task for task in emitted if task.task_id in (present if task.action is Action.OPEN else before)]


def _settle(state: YouthState, rules: CompiledRules, when: Instant) -> tuple[YouthState, list[ReferralTask]]:
    """Forget what is too old, reconcile, and set the next wake; the same object when nothing changed."""
    if state.consent is None:
        return state, []
    events, wakes = prune(state.events, when.at_ms, rules.longest_ms)
    work = Reconciler(
        youth_ref=state.youth_ref,
        consent=state.consent,
        events=events,
        rules=rules,
        when=when,
        episodes=dict(state.episodes),
        spent=dict(state.spent),
        due=dict(state.due),
        at=from_ms(when.at_ms),
    )
    if when.touched is None or when.touched:
        work.run()
    settled = YouthState(
        youth_ref=state.youth_ref,
        consent=state.consent,
        events=events,
        episodes=work.episodes,
        spent=work.spent,
        due=work.due,
        rules_digest=rules.sha256[:16],
        wake_ms=min((*wakes, *work.due.values()), default=None),
    )
    return (state if events is state.events and settled == state else settled), work.tasks


def _stepped(state: YouthState, tasks: list[ReferralTask], drops: tuple[Drop, ...] = (), outcome: Outcome = "processed") -> Step:
    return Step(state, tuple(tasks), drops, outcome, None if state.wake_ms is None else from_ms(state.wake_ms))
