"""What a producer took back in an aborted transaction was never said: not to the worker, to delivery or to the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from hub.clock import ManualClock
from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import CONSENTS, ERASURES, SCHOOL_ABSENCES, TASK_EVENTS, TASKS_OUTREACH
from hub.kafka import Outgoing, Publisher
from hub.registry.opening import open_registry
from hub.settings import Settings
from tests.conftest import Databases
from tests.integration.bad_input.test_bad_input import DeliverProcess, running, task_for
from tests.integration.registry.test_process import Process, make_installation, read_all, until
from tests.integration.runtime.town import CODEC, Town, WorkerProcess, absence_of, consent_of, make_youth, message_record
from tests.unit.registry.support import SCHOOL, START, make_grant, make_identifier

YOUTH, OTHER = make_youth(1), make_youth(2)


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


def take_back(servers: str, *records: Outgoing) -> None:
    """Write records in one transaction and abort it: they stand on the topics, and do not count."""

    async def story() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id="test-taken-back", enable_idempotence=True)
        await producer.start()
        try:
            await producer.begin_transaction()
            for one in records:
                await producer.send_and_wait(
                    one.topic, one.value, key=one.key, partition=one.partition, headers=list(one.headers)
                )
            await producer.abort_transaction()
        finally:
            await producer.stop()

    asyncio.run(story())


def test_the_worker_passes_over_what_was_taken_back_and_its_books_balance(town: Town, tmp_path: Path) -> None:
    town.publish(consent_of(YOUTH))
    take_back(town.servers, consent_of(OTHER), *(absence_of(YOUTH, number, minutes=480) for number in range(3)))
    with running(WorkerProcess(town.settings, tmp_path / "worker.log")) as worker:
        sources = (CONSENTS.name, SCHOOL_ABSENCES.name)
        worker.reached(town, sources)  # the end of a partition holds nothing but what was taken back
        assert worker.ledger(SCHOOL_ABSENCES.name) == {"gone": 4}  # three, and the mark that ended the transaction
        assert worker.sum("hub_worker_lag") == 0
        town.publish(absence_of(YOUTH, 7), absence_of(OTHER, 8, minutes=480))
        worker.reached(town, sources)
        assert worker.ledger(SCHOOL_ABSENCES.name) == {"gone": 4, "processed": 1, "refused/no_consent": 1}
        assert worker.stop() == 0
    assert town.ends(TASKS_OUTREACH.name) == {TASKS_OUTREACH.name: 0}


def test_delivery_opens_no_task_that_was_taken_back(town: Town, tmp_path: Path) -> None:
    take_back(town.servers, task_for(YOUTH, 2))
    with running(DeliverProcess(town.settings, tmp_path / "deliver.log")) as deliver:
        town.publish(task_for(OTHER, 2))
        deliver.until(lambda: deliver.ledger(TASKS_OUTREACH.name), "the task that stands")
        assert deliver.ledger(TASKS_OUTREACH.name) == {"opened": 1}
        deliver.until(lambda: town.read(TASK_EVENTS), "what delivery says of it")
        assert deliver.stop() == 0
    assert [event.youth_ref for event in town.read(TASK_EVENTS)] == [OTHER]


def test_the_registry_counts_no_receipt_that_was_taken_back(
    fresh_kafka: str, sqlite_databases: Databases, tmp_path: Path
) -> None:
    settings = make_installation(tmp_path, fresh_kafka, sqlite_databases("registry"))
    person = make_identifier()
    process = Process(settings, CODEC)
    process.begin()
    opened = open_registry(settings, ManualClock(START), CODEC)
    headers = {"Authorization": f"Bearer {opened.tools.agencies[SCHOOL].token}"}
    address = f"{process.url}/v1/agencies/{SCHOOL}/subjects"
    opened.registry.grant(make_grant(person))
    until(lambda: httpx.get(address, headers=headers).json()["version"] == 1)
    opened.registry.withdraw(person)
    (request,) = read_all(fresh_kafka, ERASURES.name, 1)
    asked = CODEC.decode(ERASURES, request.value)
    assert isinstance(asked, Erasure)

    def receipt(component: str) -> Outgoing:
        answer = Erasure.model_validate({**asked.model_dump(), "kind": ErasureKind.RECEIPT, "component": component})
        return message_record(ERASURES, answer.youth_ref, answer)

    take_back(fresh_kafka, receipt("worker"))
    publisher = Publisher(fresh_kafka, "test")
    publisher.publish([receipt("delivery")])
    publisher.close()
    until(lambda: "delivery" not in opened.registry.erasure_status()[0].waiting_for)
    assert "worker" in opened.registry.erasure_status()[0].waiting_for
    process.end()
    opened.close()
