"""One event, or the passing of time, applied to one youth's state. Pure: no I/O, no clock, no logger.

At quiescence (all due wakes run) the open episodes, their evidence and the state's body are a function of the consent, the
set of events and `now`: not of the order in which they came, nor of where the process was stopped and started.
Commit order is the caller's: the state together with what it says, then the tasks, then the source. A repeat of the same event
on the same state gives the same tasks under the same ids; another event on it may open the same episode under another id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias, cast

from hub.contract.models import Action, ConsentRecord, ConsentStatus, PoliceNotice, RiskEvent, SchoolAbsence, TaskEvent, TaskState
from hub.core.consent import still_withdrawn, with_scope_withdrawn
from hub.core.courses import still_carried
from hub.core.episodes import Reconciler, stirs
from hub.core.fold import Folded, Outcome, first_gone, fold_event, prune, rejudge
from hub.core.hearing import CASE_WORDS, CaseWord, hear_of_case
from hub.core.instants import next_midnight, to_ms
from hub.core.look import Before, Cause, Drop, Instant, Said, Step, Untold
from hub.core.measure import Counted
from hub.core.reach import Reach
from hub.core.rules import CompiledRule, CompiledRules
from hub.core.spent import end_episode, first_over, over_before, still_said, still_spent
from hub.core.state import Events, YouthState, first_move
from hub.core.withdrawn import after_withdrawal, erase

__all__ = ["Drop", "Outcome", "PersonFact", "Step", "YouthEvent", "erase", "erase_scope", "step", "wake"]

YouthEvent: TypeAlias = ConsentRecord | SchoolAbsence | PoliceNotice | RiskEvent | TaskEvent | CaseWord
PersonFact: TypeAlias = SchoolAbsence | PoliceNotice | RiskEvent
# Looked up once: on Python 3.11 a member of an enumeration costs a call each time it is named.
_WITHDRAWN: Final = ConsentStatus.WITHDRAWN
_EVENT: Final = Cause.EVENT
_TIME: Final = Cause.TIME
_OPEN: Final = Action.OPEN
_ANSWERS = frozenset({TaskState.REJECTED, TaskState.COMPLETED})
"""What a team says when it is done with a task, one way or the other."""
_TAKEN_BACK = frozenset({TaskState.CANCELLED, TaskState.RECALLED})
"""What delivery says when it ends a task itself: consent no longer covers all that the task told when it opened."""
_OVER = _ANSWERS | _TAKEN_BACK


def step(state: YouthState, event: YouthEvent, rules: CompiledRules, now: datetime) -> Step:
    """Apply one event at `now` (aware). Due wakes run first, at their own instants.

    A refused event's reason stands in `drops`: a code of `hub.core.consent.DENIALS` (read newer consents, then decide again),
    `too_old` or `state_full`. A withdrawn consent erases, for ever. Raises ValueError for an event of another reference: the
    caller has mixed up its keys and must stop.
    """
    if event.youth_ref != state.youth_ref:
        raise ValueError("an event of another reference")
    # By exact type: what asks whether a pydantic model is an instance of another one costs more than the rest of this.
    kind = type(event)
    if kind is ConsentRecord:
        consent = cast("ConsentRecord", event)
        if state.withdrawn:
            return after_withdrawal(state, consent)
        if consent.status is _WITHDRAWN:
            return erase(state, consent)
    now_ms = to_ms(now)
    current, said = _catch_up(state, rules, now, now_ms)
    if kind is ConsentRecord:
        return _consent(current, said, cast("ConsentRecord", event), rules, now)
    if kind is TaskEvent:
        return _answer(current, said, cast("TaskEvent", event), rules, now)
    if kind in CASE_WORDS:
        return _case(current, said, cast("CaseWord", event), rules, now)
    return _fact(current, said, cast("PersonFact", event), rules, now, now_ms=now_ms)


def erase_scope(state: YouthState, scope_id: str, at: datetime, rules: CompiledRules, now: datetime) -> Step:
    """Forget what the scope, withdrawn at the instant `at`, alone covered, also before the record that says so has come.

    What was proposed on that ground is taken back (`ground_lost`), and proposed anew where the rest suffices.
    """
    consent = state.consent
    closed = None if consent is None else with_scope_withdrawn(consent, scope_id, at)
    if closed is None or closed is consent:
        return _stepped(state, [])
    current, said = _catch_up(state, rules, now, to_ms(now))
    return _under(current, said, closed, rules, now)


def wake(state: YouthState, rules: CompiledRules, now: datetime) -> Step:
    """Let time pass up to `now` (aware): what has become due opens, ends, or is forgotten. Early calls do no harm."""
    now_ms = to_ms(now)
    current, said = _catch_up(state, rules, now, now_ms)
    current, more = _settle(current, rules, Instant(now_ms, now))
    return _stepped(current, (*said, *more))


def _consent(state: YouthState, said: Sequence[Said], consent: ConsentRecord, rules: CompiledRules, now: datetime) -> Step:
    if state.consent is not None and state.consent.version >= consent.version:
        return _stepped(state, said, outcome="duplicate")
    return _under(state, said, still_withdrawn(consent, state.consent), rules, now)


def _under(state: YouthState, said: Sequence[Said], consent: ConsentRecord, rules: CompiledRules, now: datetime) -> Step:
    """The state under another consent: without the events that it does not cover, and without what was proposed on them."""
    courses, events = still_carried(state.courses, consent), rejudge(state.events, consent)
    changed = replace(state, consent=consent, events=events, reach=Reach(consent), courses=courses)
    now_ms = to_ms(now)
    before = None if state.consent is None else Before(state.consent, now_ms, state.events)
    settled, more = _settle(changed, rules, Instant(now_ms, now, before=before))
    return _stepped(settled, (*said, *more))


def _answer(state: YouthState, said: Sequence[Said], event: TaskEvent, rules: CompiledRules, now: datetime) -> Step:
    """What became of a task: a decline and a completion end the episode and let the rule rest. The latest one counts; but
    the task that it names is over in any case: what has happened since, though it was read before, is a task of its own. So it is
    when delivery took the task back, and what still suffices is proposed anew: nobody has answered.

    An answer to another task of the rule ends the episode too, and that is told: its own task may be on its way meanwhile.
    """
    if event.state not in _OVER or state.consent is None or state.withdrawn:
        return _stepped(state, said)
    now_ms = to_ms(now)
    until_ms = now_ms + rules.longest_ms
    episode = state.episodes.get(event.rule_id)
    answers, episodes, spent = state.answers, state.episodes, state.spent
    other = episode is not None and episode.task_id != event.task_id
    if episode is not None and not other:
        episodes, spent = end_episode(episodes, spent, event.rule_id, until_ms)
    else:
        spent = over_before(spent, state.youth_ref, event.rule_id, event.task_id, until_ms)
    ended_before = spent is state.spent
    if event.state in _ANSWERS:
        answered, to_whom = to_ms(event.occurred_at), f"{event.rule_id}|{event.team}"
        known = answers.get(to_whom)
        if ended_before and known is not None and known >= answered:
            return _stepped(state, said, outcome="duplicate")
        answers = {**answers, to_whom: answered if known is None else max(known, answered)}
    elif ended_before:
        return _stepped(state, said)
    changed = replace(state, answers=answers, episodes=episodes, spent=spent)
    rule = rules.by_id.get(event.rule_id)
    when = Instant(now_ms, now, _EVENT if ended_before or other else _TIME, touched=() if rule is None else (rule,))
    settled, more = _settle(changed, rules, when)
    return _stepped(settled, (*said, *more))


def _case(state: YouthState, said: Sequence[Said], word: CaseWord, rules: CompiledRules, now: datetime) -> Step:
    """A case was opened, or has ended. What was proposed to those in another standing ends silently: a case may be opened from
    such a task, and a word on another unit's case would tell of it.
    """
    changed, outcome, reason = hear_of_case(state, word)
    if changed is not state:
        changed, more = _settle(changed, rules, Instant(to_ms(now), now, _TIME, touched=rules.asking_for_cases))
        said = (*said, *more)
    return _stepped(changed, said, (Drop(reason, intentional=True),) if reason else (), outcome)


def _fact(
    state: YouthState, said: Sequence[Said], event: PersonFact, rules: CompiledRules, now: datetime, *, now_ms: int
) -> Step:
    kept = prune(state.events, now_ms, rules.longest_ms)
    folded = fold_event(state, kept, event, now_ms, rules.longest_ms)
    events, drops = folded.events, (Drop(folded.reason, folded.intentional),) if folded.reason else ()
    if events is state.events:
        return _stepped(state, said, drops, folded.outcome)
    entry, touched = folded.entry, () if events is kept else _touched(rules, folded)
    comes_now = folded.displaced is None and entry is not None and entry.occurred_ms <= now_ms
    if touched:
        counted = Counted(events, now_ms)
        if stirs(touched, state, counted):
            when = Instant(now_ms, now, _EVENT, event.event_id, touched)
            settled, more = _settle(state, rules, when, counted, comes_now=comes_now)
            return _stepped(settled, (*said, *more), drops, folded.outcome)
    return _stepped(_with_events(state, events, rules, now_ms, comes_now=comes_now), said, drops, folded.outcome)


def _touched(rules: CompiledRules, folded: Folded) -> Sequence[CompiledRule]:
    """The rules that the event can change, as it is now and as it was."""
    entry, displaced = folded.entry, folded.displaced
    now = rules.touched.get((folded.kind, entry.code), ()) if entry is not None else ()
    if displaced is None or not displaced.code or (entry is not None and displaced.code == entry.code):
        return now
    return tuple({rule.id: rule for rule in (*now, *rules.touched.get((folded.kind, displaced.code), ()))}.values())


def _catch_up(state: YouthState, rules: CompiledRules, now: datetime, now_ms: int) -> tuple[YouthState, Sequence[Said]]:
    """Run the wakes that are due, each at its own instant, so that a late wake ends what an early one would have ended.

    Of what opened on the way only that which is still open now is proposed: consent and ground are those of now. A wake that
    would only forget waits: whatever comes next forgets too.
    """
    if state.rules_digest == rules.digest and (state.move_ms is None or state.move_ms > now_ms):
        return state, ()
    current, emitted = state, list[Said]()
    while (due := current.move_ms if current.rules_digest == rules.digest else current.wake_ms) is not None and due <= now_ms:
        until = None if current.consent is None else Before(current.consent, due - 1)
        current, said = _settle(current, rules, Instant(due, now, touched=_moved(current, rules, due), before=until))
        emitted += said
    if current.consent is not None and current.rules_digest != rules.digest:
        current, said = _settle(current, rules, Instant(now_ms, now))
        emitted += said
    if not emitted:
        return current, ()
    before = {episode.task_id for episode in state.episodes.values()}
    present = {episode.task_id for episode in current.episodes.values()}

    def stands(one: Said) -> bool:
        return isinstance(one, Untold) or one.task_id in (present if one.action is _OPEN else before)

    return current, [one for one in emitted if stands(one)]


def _moved(state: YouthState, rules: CompiledRules, due: int) -> Sequence[CompiledRule] | None:
    """The rules whose outcome may change at a wake; None: any, because an event begins to count, or they are other rules."""
    if state.rules_digest != rules.digest or first_move(state.events, {}, due - 1) == due:
        return None
    return [rule for rule in rules.rules if state.due.get(rule.id, due + 1) <= due]


def _settle(
    state: YouthState, rules: CompiledRules, when: Instant, counted: Counted | None = None, *, comes_now: bool = False
) -> tuple[YouthState, Sequence[Said]]:
    """Forget what is too old, reconcile, and set the next wake; the same object when nothing changed.

    `counted`: the events as they are now, where they are not the state's. `comes_now`: see `_with_events`.
    """
    consent = state.consent
    if consent is None or consent.status is _WITHDRAWN:
        return state, ()
    if counted is None:
        counted = Counted(prune(state.events, when.at_ms, rules.longest_ms), when.at_ms)
    if when.touched is not None and not stirs(when.touched, state, counted):
        return _with_events(state, counted.events, rules, when.at_ms, comes_now=comes_now), ()
    # An answer that says nothing any more says nothing here either: it is forgotten with the rest.
    work = Reconciler(state, rules, when, reach=state.reach or Reach(consent), counted=counted, answers=state.answers)
    work.run()
    return _with_events(state, counted.events, rules, when.at_ms, comes_now=comes_now, work=work), work.said


def _with_events(
    state: YouthState,
    events: Events,
    rules: CompiledRules,
    at_ms: int,
    *,
    comes_now: bool = False,
    work: Reconciler | None = None,
) -> YouthState:
    """The state of these events, as `work` has reconciled it (None: no rule's outcome can have changed), with its next wake; the
    same object when nothing changed.

    `comes_now`: all that they have more is an event that counts already, so that nothing is to come but what was.
    """
    answers = state.answers
    episodes, spent, due = (state.episodes, state.spent, state.due) if work is None else (work.episodes, work.spent, work.due)
    over_ms = first_over(answers, spent, rules) if answers or spent else None
    if over_ms is not None and over_ms <= at_ms:
        answers, spent = still_said(answers, rules, at_ms), still_spent(spent, at_ms)
        over_ms = first_over(answers, spent, rules)
    move_ms = state.move_ms if comes_now and due is state.due else first_move(events, due, at_ms)
    gone_ms = first_gone(events, rules.longest_ms)
    if over_ms is not None and (gone_ms is None or over_ms < gone_ms):
        gone_ms = over_ms
    # What says nothing any more is never asked, so its forgetting may wait for midnight (UTC): one wake a day, not one an event.
    wake_ms = None if gone_ms is None else next_midnight(gone_ms)
    if move_ms is not None and (wake_ms is None or move_ms < wake_ms):
        wake_ms = move_ms
    if (
        events is state.events and answers is state.answers and episodes is state.episodes and due is state.due
        and spent is state.spent and wake_ms == state.wake_ms and rules.digest == state.rules_digest
    ):  # fmt: skip
        return state
    return YouthState(
        state.youth_ref,
        state.consent,
        events,
        episodes,
        spent,
        due,
        rules.digest,
        wake_ms,
        answers,
        move_ms,
        state.reach,
        state.courses,
    )


def _stepped(state: YouthState, said: Sequence[Said], drops: tuple[Drop, ...] = (), outcome: Outcome = "processed") -> Step:
    if not said:
        return Step(state, (), drops, outcome)
    tasks = tuple(one for one in said if not isinstance(one, Untold))
    return Step(state, tasks, drops, outcome, tuple(one.reason for one in said if isinstance(one, Untold)))
