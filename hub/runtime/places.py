"""Correlation per area: place events in, presence tasks out. No person is in it, so no consent either."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.claims import Claims
from hub.contract.codec import Codec
from hub.contract.models import PlaceEvent, PresenceTask
from hub.contract.topics import PLACE_EVENTS, PRESENCE_TASKS
from hub.core import place as core
from hub.core.resume import Known
from hub.core.rules import CompiledRules
from hub.core.state import StateError
from hub.errors import FatalError
from hub.kafka import outgoing
from hub.runtime.effects import SOURCE, Drop, Emission, Read, Step
from hub.runtime.reading import readers

__all__ = ["PlaceProgram"]

_TEAM = "outreach"  # presence is the outreach team's work; their topic has no team in it


class PlaceProgram:
    """Steps one area."""

    topics = (PLACE_EVENTS.name,)
    task_topics = (PRESENCE_TASKS.name,)

    def __init__(self, codec: Codec, claims: Claims) -> None:
        self._codec = codec
        self._claims = claims
        self._readers = readers(codec, (*self.topics, *self.task_topics))

    def reader(self, topic: str) -> Read:
        """Messages of the catalogue."""
        return self._readers[topic]

    def load(self, key: str, value: bytes | None) -> object | None:
        """Raises FatalError for bytes that are no state."""
        try:
            return core.new_place_state(key) if value is None else core.place_from_bytes(value)
        except StateError:
            raise FatalError("a stored state cannot be read by this version of the hub", code="unknown_state_form") from None

    def dump(self, state: object) -> bytes:
        """Canonical bytes."""
        return core.place_to_bytes(_state(state))

    def step(self, key: str, state: object | None, message: Any, rules: CompiledRules, now: datetime) -> Step:
        """Fold one place event."""
        if not isinstance(message, PlaceEvent):
            raise FatalError(f"no step for a {type(message).__name__}", code="unexpected_message")
        claim = self._claims.refusal(message)
        if claim:
            return Step(state, outcome="refused", reason=claim, drops=(Drop(claim, intentional=False),), changed=False)
        before = core.new_place_state(key) if state is None else _state(state)
        return self._translated(before, core.place_step(before, message, rules, now))

    def wake(self, key: str, state: object, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one area."""
        del key
        return self._translated(_state(state), core.place_wake(_state(state), rules, now))

    def resume(self, key: str, state: object, known: Known, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one area of a rebuilt partition, and say what the team lacks."""
        del key
        return self._translated(_state(state), core.place_resume(_state(state), known, rules, now))

    def _translated(self, before: core.PlaceState, done: core.PlaceStep) -> Step:
        return Step(
            state=done.state,
            emissions=tuple(self._emission(task) for task in done.tasks),
            outcome=done.outcome,
            reason=done.drops[0].reason if done.outcome == "refused" and done.drops else "",
            drops=tuple(Drop(drop.reason, drop.intentional) for drop in done.drops),
            wake_ms=done.state.wake_ms,
            changed=done.state is not before,
        )

    def _emission(self, task: PresenceTask) -> Emission:
        identity = f"{task.task_id}:{task.action}"
        record = outgoing(self._codec, PRESENCE_TASKS, task.area, task, id=identity, source=SOURCE, time=task.created_at)
        return Emission(record, (_TEAM, task.rule_id, task.action))


def _state(state: object) -> core.PlaceState:
    if not isinstance(state, core.PlaceState):
        raise FatalError("a state of another program", code="unexpected_state")
    return state
