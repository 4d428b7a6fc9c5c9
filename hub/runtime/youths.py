"""Correlation per youth, in the pipeline's vocabulary: consents, facts and erasure requests in, tasks and receipts out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.claims import Claims
from hub.contract.codec import Codec
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    CooperationRecord,
    Erasure,
    ErasureKind,
    PoliceNotice,
    ReferralTask,
    RiskEvent,
    SchoolAbsence,
    TaskEvent,
    TaskState,
)
from hub.contract.topics import ERASURES, TASK_EVENTS, TASKS_OUTREACH, TASKS_SIG, YOUTH_TOPICS
from hub.core import resume as resuming
from hub.core import state as states
from hub.core import step as core
from hub.core.consent import DENIALS, PERMITTED, with_scope_withdrawn
from hub.core.courses import Forgotten
from hub.core.rules import CompiledRules
from hub.errors import FatalError
from hub.kafka import outgoing
from hub.runtime.effects import SOURCE, Drop, Emission, Quiet, Read, Step
from hub.runtime.lateness import days_late
from hub.runtime.reading import readers

__all__ = ["COMPONENT", "YouthProgram"]

COMPONENT = "worker"
_SIG = "sig"
# By exact type: to ask whether a pydantic model is an instance of another one costs more than all else that is asked of it here.
_FACTS = frozenset({SchoolAbsence, PoliceNotice, RiskEvent})


class YouthProgram:
    """Steps one youth. The erasure requests are read too: a receipt must carry the id of the request it answers."""

    topics = (*(topic.name for topic in YOUTH_TOPICS), ERASURES.name)
    task_topics = (TASKS_OUTREACH.name, TASKS_SIG.name, TASK_EVENTS.name)

    def __init__(self, codec: Codec, claims: Claims) -> None:
        self._codec = codec
        self._claims = claims
        self._readers = readers(codec, (*self.topics, *self.task_topics))

    def reader(self, topic: str) -> Read:
        """Messages of the catalogue."""
        return self._readers[topic]

    def load(self, key: str, value: bytes | None) -> object | None:
        """Raises FatalError for bytes that are no state: guessing would lose or double a task."""
        try:
            return states.new_state(key) if value is None else states.from_bytes(value)
        except states.StateError:
            raise FatalError("a stored state cannot be read by this version of the hub", code="unknown_state_form") from None

    def dump(self, state: object) -> bytes:
        """Canonical bytes."""
        return states.to_bytes(_state(state))

    def step(self, key: str, state: object | None, message: Any, rules: CompiledRules, now: datetime) -> Step | Quiet:
        """Fold one event; a request to erase removes whatever is held, and is always answered."""
        before = states.new_state(key) if state is None else _state(state)
        kind = type(message)
        if kind in _FACTS:
            claim = self._claims.refusal(message)
            if claim:
                return Step(state, outcome="refused", reason=claim, drops=(Drop(claim, intentional=False),), changed=False)
            return self._fact(before, message, rules, now)
        if kind is ConsentRecord:
            # Newer consents cannot help a consent that is refused itself.
            return self._translated(before, core.step(before, message, rules, now))._replace(awaits_consent=False)
        if kind is TaskEvent:
            return self._told(before, message, rules, now)
        if kind is CooperationRecord or kind is Forgotten:
            heard = self._translated(before, core.step(before, message, rules, now))
            return heard._replace(awaits_consent=any(drop.reason in DENIALS for drop in heard.drops))
        if kind is Erasure:
            return self._erase(before, message, rules, now)
        raise FatalError(f"no step for a {kind.__name__}", code="unexpected_message")

    def _fact(self, before: states.YouthState, message: core.PersonFact, rules: CompiledRules, now: datetime) -> Step | Quiet:
        done = core.step(before, message, rules, now)
        if done.outcome != "processed":
            return self._translated(before, done)
        state, late = done.state, days_late(message.occurred_at, now)
        if state is before or state.consent is None or done.tasks or done.drops or done.untold:
            return self._translated(before, done, late)
        return state, state.wake_ms, late

    def _told(self, before: states.YouthState, message: TaskEvent, rules: CompiledRules, now: datetime) -> Step:
        """What a team made of a task. Of a place's task, and of a youth of whom nothing is held, there is nothing to keep.

        What delivery cancels, a consent has ended. It is read before the task is proposed anew: delivery would refuse that too.
        """
        if message.youth_ref is None or before.empty:
            return Step(None, changed=False)
        step = self._translated(before, core.step(before, message, rules, now))
        return step._replace(awaits_consent=True) if message.state is TaskState.CANCELLED else step

    def wake(self, key: str, state: object, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one youth."""
        del key
        return self._translated(_state(state), core.wake(_state(state), rules, now))

    def resume(self, key: str, state: object, known: resuming.Known, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one youth of a rebuilt partition, and say what the teams lack."""
        del key
        return self._translated(_state(state), resuming.resume(_state(state), known, rules, now))

    def _translated(self, before: states.YouthState, done: core.Step, late: int = 0) -> Step:
        reason = done.drops[0].reason if done.outcome == "refused" and done.drops else ""
        return Step(
            state=None if done.state.consent is None else done.state,
            emissions=tuple([self._emission(task) for task in done.tasks]),
            outcome=done.outcome,
            reason=reason,
            drops=tuple([Drop(drop.reason, drop.intentional) for drop in done.drops]),
            wake_ms=done.state.wake_ms,
            changed=done.state is not before,
            awaits_consent=done.outcome == "refused" and reason in DENIALS,
            decisions=(*[PERMITTED for task in done.tasks if task.action is Action.OPEN], *done.untold),
            days_late=late,
        )

    def _emission(self, task: ReferralTask) -> Emission:
        topic = TASKS_SIG if task.team == _SIG else TASKS_OUTREACH
        identity = f"{task.task_id}:{task.action}"
        record = outgoing(self._codec, topic, task.youth_ref, task, id=identity, source=SOURCE, time=task.created_at)
        return Emission(record, (task.team, task.rule_id, task.action))

    def _erase(self, before: states.YouthState, message: Erasure, rules: CompiledRules, now: datetime) -> Step:
        if message.kind is not ErasureKind.REQUEST:
            return Step(None, changed=False)
        if message.scope_id is not None:
            return self._erase_scope(before, message, message.scope_id, rules, now)
        # Its withdrawal is on another topic: whatever comes before that one must find the door closed already.
        erased = core.erase(before, _withdrawal(message)).state
        receipt, removal = self._receipts(message, now)
        return Step(erased, receipts=(receipt,), removals=(removal,))

    def _erase_scope(
        self, before: states.YouthState, message: Erasure, scope_id: str, rules: CompiledRules, now: datetime
    ) -> Step:
        """What another scope covers stays. When the record that withdraws the scope has not been read, it is looked for first."""
        consent = before.consent
        known = consent is not None and with_scope_withdrawn(consent, scope_id, message.occurred_at) is consent
        step = self._translated(before, core.erase_scope(before, scope_id, message.occurred_at, rules, now))
        receipt, removal = self._receipts(message, now)
        return step._replace(receipts=(receipt,), removals=(removal,), awaits_consent=not known)

    def _receipts(self, message: Erasure, now: datetime) -> tuple[Emission, Emission]:
        """That it is erased, and that the local files hold nothing of it any more."""
        return self._receipt(message, COMPONENT, now), self._receipt(message, f"{COMPONENT}-store", now)

    def _receipt(self, message: Erasure, component: str, now: datetime) -> Emission:
        receipt = Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=message.erasure_id,
            youth_ref=message.youth_ref,
            component=component,
            occurred_at=now,
            scope_id=message.scope_id,
        )
        identity = f"{message.erasure_id}:{component}"
        return Emission(outgoing(self._codec, ERASURES, message.youth_ref, receipt, id=identity, source=SOURCE, time=now))


def _withdrawal(request: Erasure) -> ConsentRecord:
    """What the withdrawal's own record says, as far as it is known before that comes."""
    return ConsentRecord(
        youth_ref=request.youth_ref,
        version=1,
        status=ConsentStatus.WITHDRAWN,
        age_years=None,
        age_valid_until=None,
        area=None,
        legal_basis="consent",
        scopes=(),
        recorded_at=request.occurred_at,
    )


def _state(state: object) -> states.YouthState:
    if not isinstance(state, states.YouthState):
        raise FatalError("a state of another program", code="unexpected_state")
    return state
