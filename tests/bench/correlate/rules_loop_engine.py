"""The shipped rules in the bare loop: `python -m tests.bench.correlate.rules_loop_engine --help`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confluent_kafka import Message

from tests.bench.correlate.engine import Run, parse
from tests.bench.correlate.kafka_io import partition_of
from tests.bench.correlate.loop_engine import Loop, check
from tests.bench.correlate.rules_job import RulesJob, Youth

__all__: list[str] = []


class _RulesLoop(Loop[Youth]):
    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._job = RulesJob(run)
        self.write({key: (youth, partition_of(key, run.partitions)) for key, youth in self._job.consented()})
        self.producer.flush()

    def fold(self, messages: Sequence[Message]) -> Mapping[bytes, tuple[Youth, int]]:
        states, job = self.states, self._job
        changed: dict[bytes, tuple[Youth, int]] = {}
        for message in messages:
            key = message.key()
            youth = states.get(key)
            if youth is None:
                youth = job.load(key, self.store.get(key))
            folded = job.fold(message.topic(), key, message.value(), youth)
            if folded.youth is not None:
                states[key] = folded.youth
                changed[key] = folded.youth, message.partition()
            for one in folded.told:
                self.producer.produce(one.topic, one.value, one.key, message.partition(), check, headers=list(one.headers))
        return changed

    def dump(self, state: Youth) -> bytes:
        return self._job.dump(state)


if __name__ == "__main__":
    _RulesLoop(parse()).work()
