"""The fixed job in a bare loop of confluent-kafka: `python -m tests.bench.correlate.loop_engine --help`.

No framework: consume up to five thousand records, fold them, write each changed state once to RocksDB and to the changelog,
and commit every second behind a flush. No rebalance is looked after; what others add on top of this, they add for a reason.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import rocksdict
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tests.bench.correlate.decode import decoder
from tests.bench.correlate.engine import COMMIT_SECONDS, Meter, Run, parse, seek_cycles_seldom
from tests.bench.correlate.job import State, apply, dump, load, new_state, referral_key

__all__ = ["Loop", "check"]

S = TypeVar("S")

_A_TIME = 5_000
_WAIT_SECONDS = 0.2
_CACHED = 50_000


class Loop(ABC, Generic[S]):
    """Everything but the job: `fold` and `dump` are a job's."""

    def __init__(self, run: Run) -> None:
        self._run = run
        servers = {"bootstrap.servers": run.broker}
        self._consumer = Consumer(servers | {
            "group.id": run.name, "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.auto.offset.store": False,
        })  # fmt: skip
        self.producer = Producer(servers | {"linger.ms": 5, "acks": "all", "queue.buffering.max.messages": 500_000})
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        self.store = rocksdict.Rdict(str(run.folder / "state"), options=options)
        self.states: dict[bytes, S] = {}
        self._positions: dict[tuple[str, int], int] = {}
        self._meter = Meter(run)
        self._committed = time.monotonic()

    @abstractmethod
    def fold(self, messages: Sequence[Message]) -> Mapping[bytes, tuple[S, int]]:
        """The states that change, each with its partition; what is to be told is handed to the producer."""

    @abstractmethod
    def dump(self, state: S) -> bytes:
        """A state's bytes in store and changelog."""

    def work(self) -> None:
        """Until killed."""
        self._consumer.subscribe(list(self._run.topics))
        seek_cycles_seldom()
        while True:
            messages = self._consumer.consume(_A_TIME, _WAIT_SECONDS)
            if messages:
                self._meter.begin()
                self.write(self.fold(messages))
                self._look_at(messages)
            if self._positions and time.monotonic() - self._committed > COMMIT_SECONDS:
                self._commit()
            self._meter.done(len(messages))

    def write(self, changed: Mapping[bytes, tuple[S, int]]) -> None:
        """States to changelog and store."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, (state, partition) in changed.items():
            value = self.dump(state)
            self.producer.produce(self._run.changelog, value, key, partition, on_delivery=check)
            batch.put(key, value)
        self.store.write(batch)
        self.producer.poll(0)
        if len(self.states) > _CACHED:
            self.states.clear()  # everything in it stands in the store by now

    def _look_at(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.error() is not None:
                raise RuntimeError(message.error().str())
            self._positions[message.topic(), message.partition()] = message.offset() + 1

    def _commit(self) -> None:
        self.producer.flush()
        at = [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._positions.items()]
        self._consumer.commit(offsets=at, asynchronous=False)
        self._committed = time.monotonic()


def check(error: KafkaError | None, _: Message) -> None:
    """Of a record that was produced: one that is not acknowledged ends the process."""
    if error is not None:
        raise RuntimeError(error.str())


class _FixedLoop(Loop[State]):
    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._decode = decoder(run.decoder)
        self._consents = run.consents()

    def fold(self, messages: Sequence[Message]) -> Mapping[bytes, tuple[State, int]]:
        states, decode, given = self.states, self._decode, self._consents
        changed: dict[bytes, tuple[State, int]] = {}
        for message in messages:
            value = message.value()
            event = decode(value)
            if event is None:
                continue
            key = message.key()
            state = states.get(key)
            if state is None:
                stored = self.store.get(key)
                state = states[key] = new_state() if stored is None else load(stored)
            due = apply(state, event, given)
            if due is not None:
                changed[key] = state, message.partition()
                if due:
                    self.producer.produce(self._run.referrals, value, referral_key(key, event.event_id), on_delivery=check)
        return changed

    def dump(self, state: State) -> bytes:
        return dump(state)


if __name__ == "__main__":
    _FixedLoop(parse()).work()
