"""The fixed job in the vocabulary of the worker's pipeline."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from hub.kafka import Outgoing
from hub.runtime.effects import Emission, Quiet, Read, Step
from tests.bench.correlate.job import Consents, Decoder, State, apply, dump, load, new_state, referral_key

__all__ = ["FixedJob"]


class FixedJob:
    """The job in the pipeline's vocabulary. Its states change in place: it awaits no consent and leaves no dead letter, and only
    for those is a batch folded again.
    """

    def __init__(self, topic: str, referrals: str, partitions: int, given: Consents, decode: Decoder) -> None:
        self.task_topics: tuple[str, ...] = ()
        self.topics = (topic,)
        self.began: tuple[float, float] | None = None
        self._referrals = referrals
        self._partitions = partitions
        self._given = given

        def read(key: bytes | None, value: bytes | None) -> tuple[str, Any]:
            return (key or b"").decode("ascii"), (decode(value or b""), value)

        self._read = read

    def reader(self, topic: str) -> Read:
        """The same for its one topic; the first call is the beginning of the run."""
        del topic
        if self.began is None:
            self.began = (time.perf_counter(), time.process_time())
        return self._read

    def load(self, key: str, value: bytes | None) -> object | None:
        """State from its bytes."""
        del key
        return new_state() if value is None else load(value)

    def dump(self, state: object) -> bytes:
        """State to its bytes."""
        assert isinstance(state, State)
        return dump(state)

    def step(self, key: str, state: Any, message: Any, rules: object, now: datetime) -> Step | Quiet:
        """Fold one event."""
        del rules, now
        event, value = message
        due = None if event is None else apply(state, event, self._given)
        if due is None:
            return Step(state, None, changed=False, outcome="refused", reason="dropped")
        if not due:
            return state, None, 0
        raw = referral_key(key.encode("ascii"), event.event_id)
        place = int.from_bytes(raw[:4], "big") % self._partitions
        return Step(state, emissions=(Emission(Outgoing(self._referrals, raw, value, (), place)),))

    def wake(self, key: str, state: object, rules: object, now: datetime) -> Step:
        """Time changes nothing."""
        del key, rules, now
        return Step(state, changed=False)

    def resume(self, key: str, state: object, known: object, rules: object, now: datetime) -> Step:
        """Nothing is rebuilt."""
        del key, known, rules, now
        return Step(state, changed=False)
