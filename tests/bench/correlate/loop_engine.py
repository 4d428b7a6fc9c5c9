"""The fixed job in a bare loop of confluent-kafka: `python -m tests.bench.correlate.loop_engine --help`.

No framework: consume up to five thousand records, fold them, write each changed state once to RocksDB and to the changelog,
and commit every second behind a flush. No rebalance is looked after; what others add on top of this, they add for a reason.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import rocksdict
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tests.bench.correlate.decode import decoder
from tests.bench.correlate.engine import COMMIT_SECONDS, Meter, Run, parse, seek_cycles_seldom
from tests.bench.correlate.job import State, apply, dump, load, new_state, referral_key

__all__: list[str] = []

_A_TIME = 5_000
_WAIT_SECONDS = 0.2
_CACHED = 50_000


class _Loop:
    def __init__(self, run: Run) -> None:
        self._run = run
        servers = {"bootstrap.servers": run.broker}
        self._consumer = Consumer(servers | {
            "group.id": run.name, "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.auto.offset.store": False,
        })  # fmt: skip
        self._producer = Producer(servers | {"linger.ms": 5, "acks": "all", "queue.buffering.max.messages": 500_000})
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        self._store = rocksdict.Rdict(str(run.folder / "state"), options=options)
        self._states: dict[bytes, State] = {}
        self._positions: dict[int, int] = {}
        self._decode = decoder(run.decoder)
        self._consents = run.consents()
        self._meter = Meter(run)
        self._committed = time.monotonic()

    def work(self) -> None:
        self._consumer.subscribe([self._run.topic])
        seek_cycles_seldom()
        while True:
            messages = self._consumer.consume(_A_TIME, _WAIT_SECONDS)
            if messages:
                self._meter.begin()
                self._write(self._fold(messages))
            if self._positions and time.monotonic() - self._committed > COMMIT_SECONDS:
                self._commit()
            self._meter.done(len(messages))

    def _fold(self, messages: Sequence[Message]) -> dict[bytes, tuple[State, int]]:
        """The states that change, each with its partition; the referrals are handed to the producer."""
        states, decode, given = self._states, self._decode, self._consents
        changed: dict[bytes, tuple[State, int]] = {}
        for message in messages:
            if message.error() is not None:
                raise RuntimeError(message.error().str())
            value, partition = message.value(), message.partition()
            self._positions[partition] = message.offset() + 1
            event = decode(value)
            if event is None:
                continue
            key = message.key()
            state = states.get(key)
            if state is None:
                stored = self._store.get(key)
                state = states[key] = new_state() if stored is None else load(stored)
            due = apply(state, event, given)
            if due is not None:
                changed[key] = state, partition
                if due:
                    self._producer.produce(self._run.referrals, value, referral_key(key, event.event_id), on_delivery=_check)
        return changed

    def _write(self, changed: dict[bytes, tuple[State, int]]) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, (state, partition) in changed.items():
            value = dump(state)
            self._producer.produce(self._run.changelog, value, key, partition, on_delivery=_check)
            batch.put(key, value)
        self._store.write(batch)
        self._producer.poll(0)
        if len(self._states) > _CACHED:
            self._states.clear()  # everything in it stands in the store by now

    def _commit(self) -> None:
        self._producer.flush()
        at = [TopicPartition(self._run.topic, partition, offset) for partition, offset in self._positions.items()]
        self._consumer.commit(offsets=at, asynchronous=False)
        self._committed = time.monotonic()


def _check(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise RuntimeError(error.str())


if __name__ == "__main__":
    _Loop(parse()).work()
