"""Batches that unpack to far more than they weigh: the broker refuses them and lives, and whoever reads stays small."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from hub.contract.topics import SCHOOL_ABSENCES, TASKS_OUTREACH
from hub.errors import ContractError
from hub.kafka import Outgoing, Publisher
from hub.kafka_admin import LARGEST_BATCH
from hub.settings import Settings
from tests.integration.bad_input.test_bad_input import DeliverProcess, running, task_for
from tests.integration.runtime.town import Town, WorkerProcess, absence_of, consent_of, make_youth

_GZIP, _SNAPPY, _LZ4, _ZSTD = 1, 2, 3, 4
_ATTRIBUTES, _CHECKSUM = 21, 17  # where they stand in a batch (KIP-98)
_MOST_GROWTH = 8 * 2**20
YOUTH = make_youth(1)


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


def packed(megabytes: int, codec: int = _GZIP) -> bytes:
    """A gzip batch of records of 64 KiB of zeros; for another codec it merely says that it is one."""
    builder = DefaultRecordBatchBuilder(2, _GZIP, 0, -1, -1, -1, 2**30)
    for number in range(megabytes * 16):
        builder.append(number, 0, YOUTH.encode(), bytes(2**16), [])
    batch = bytearray(builder.build())
    batch[_ATTRIBUTES + 1] = batch[_ATTRIBUTES + 1] & ~7 | codec
    batch[_CHECKSUM:_ATTRIBUTES] = calc_crc32c(bytes(batch[_ATTRIBUTES:])).to_bytes(4, "big")
    return bytes(batch)


def offer(servers: str, topic: str, batch: bytes) -> int:
    """The broker's answer to a batch that no client library would send: Kafka's error code, 0 when it took it."""

    async def story() -> int:
        client = AIOKafkaClient(bootstrap_servers=servers, request_timeout_ms=60_000)
        await client.bootstrap()
        try:
            answer = await client.send(client.get_random_node(), ProduceRequest(None, -1, 60_000, [(topic, [(0, batch)])]))
            return int(answer.topics[0][1][0][1])
        finally:
            await client.close()

    return asyncio.run(story())


def broker_process(servers: str) -> psutil.Process:
    port = int(servers.rpartition(":")[2])
    mine = psutil.Process().children(recursive=True)
    return next(one for one in mine if any(each.laddr.port == port for each in one.net_connections() if each.status == "LISTEN"))


@pytest.mark.parametrize("topic", [SCHOOL_ABSENCES.name, TASKS_OUTREACH.name])
def test_the_broker_refuses_what_would_unpack_to_much_and_lives(
    fresh_kafka: str, topic: str, report: Callable[[str], None]
) -> None:
    process = broker_process(fresh_kafka)
    before = process.memory_info().rss
    near = next(batch for size in range(64, 0, -2) if len(batch := packed(size)) < LARGEST_BATCH)
    answers = {}
    for name, batch in {
        "gzip of 200 MiB": packed(200),
        "gzip near the limit": near,
        "said to be zstd": packed(20, _ZSTD),
        "said to be lz4": packed(20, _LZ4),
        "said to be snappy": packed(20, _SNAPPY),
    }.items():
        code = offer(fresh_kafka, topic, batch)
        answers[name] = f"{name} ({len(batch) / 1024:.0f} KiB): error {code}"
        assert code, name
    after = process.memory_info().rss
    report("; ".join(answers.values()) + f"; broker {before / 2**20:.0f} MiB resident before, {after / 2**20:.0f} after")
    publisher = Publisher(fresh_kafka, "test")
    assert publisher.publish([Outgoing(topic, b"k", b"v", partition=0)]) == [(0, 0)]  # nothing of them stands on the topic
    publisher.close()


def test_a_record_beyond_the_limit_is_the_writers_fault_and_told_so(fresh_kafka: str) -> None:
    publisher = Publisher(fresh_kafka, "test")
    with pytest.raises(ContractError) as refused:
        publisher.publish([Outgoing(SCHOOL_ABSENCES.name, b"k", bytes(LARGEST_BATCH + 1))])
    assert refused.value.code == "too_large"
    publisher.close()


def stay_small(process: WorkerProcess, town: Town, large: Outgoing, report: Callable[[str], None]) -> None:
    """400 records as large as the broker takes, twice: after the first time nothing grows."""

    def feed() -> int:
        for _ in range(20):
            town.publish(*[large] * 20)
        process.reached(town, [large.topic])
        return psutil.Process(process.process.pid).memory_info().rss

    before, after = feed(), feed()
    report(
        f"{len(large.value or b'') / 1024:.0f} KiB a record, 400 more of them: {before / 2**20:.1f} MiB resident before, "
        f"{after / 2**20:.1f} after"
    )
    assert after - before < _MOST_GROWTH


def test_the_worker_stays_small_under_records_near_the_limit(
    town: Town, tmp_path: Path, report: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_WORKER__DEAD_LETTER_SHARE", "1")  # nothing but bad records: a partition would pause
    town.publish(consent_of(YOUTH))
    with running(WorkerProcess(town.settings, tmp_path / "worker.log")) as worker:
        stay_small(worker, town, Outgoing(SCHOOL_ABSENCES.name, YOUTH.encode(), bytes(LARGEST_BATCH - 200)), report)
        town.publish(absence_of(YOUTH, 1))
        worker.reached(town, [SCHOOL_ABSENCES.name])
        assert worker.ledger(SCHOOL_ABSENCES.name)["processed"] == 1


def test_delivery_stays_small_under_records_near_the_limit(town: Town, tmp_path: Path, report: Callable[[str], None]) -> None:
    with running(DeliverProcess(town.settings, tmp_path / "deliver.log")) as deliver:
        stay_small(deliver, town, Outgoing(TASKS_OUTREACH.name, YOUTH.encode(), bytes(LARGEST_BATCH - 200)), report)
        town.publish(task_for(YOUTH, 1))
        deliver.until(lambda: deliver.ledger(TASKS_OUTREACH.name).get("opened"), "the good task")
