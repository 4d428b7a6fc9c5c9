"""The registry's process against a real Kafka: grant, serve after the acknowledgement, withdraw, receipts, restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.models import ConsentStatus, Erasure, ErasureKind
from hub.contract.topics import CONSENTS, ERASURES, RULES
from hub.installation import initialise
from hub.kafka import Incoming, Publisher, Reader, outgoing
from hub.registry.opening import open_registry
from hub.registry.process import run
from hub.settings import Settings, load_settings
from tests.unit.core.make_rules import SHIPPED
from tests.unit.registry.support import SCHOOL, START, make_grant, make_identifier

PARTITIONS = 4  # of `fresh_kafka`


class Process:
    """`run` in a thread, wired as in production."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self.stop, self.ready, self.url = threading.Event(), threading.Event(), ""
        self.errors: list[BaseException] = []
        self._arguments = (settings, codec)
        self._thread = threading.Thread(target=self._body, daemon=True)

    def begin(self) -> None:
        self._thread.start()
        assert self.ready.wait(60)

    def _body(self) -> None:
        settings, codec = self._arguments
        servers = settings.bootstrap_servers
        try:
            run(
                settings,
                ManualClock(START),
                self.stop,
                lambda: Publisher(servers, "hub-registry"),
                lambda: Reader(servers, [ERASURES.name], "hub-registry", "hub-registry-receipts"),
                codec=codec,
                first_rules=lambda: SHIPPED,
                ready=self._at,
            )
        except BaseException as error:  # noqa: BLE001
            self.errors.append(error)
        self.ready.set()

    def _at(self, url: str) -> None:
        self.url = url
        self.ready.set()

    def end(self) -> None:
        self.leave()
        assert self.errors == []
        assert not self._thread.is_alive()

    def leave(self) -> None:
        self.stop.set()
        self._thread.join(60)


@pytest.fixture
def start() -> Iterator[Callable[[Settings, Codec], Process]]:
    """Starts processes, and ends those that a failed test left: they would go on writing into the output of others."""
    with ExitStack() as started:

        def start(settings: Settings, codec: Codec) -> Process:
            process = Process(settings, codec)
            started.callback(process.leave)
            process.begin()
            return process

        yield start


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.1)
    pytest.fail("it did not happen within a minute")


def read_all(servers: str, topic: str, number: int) -> list[Incoming]:
    reader = Reader(servers, [topic], None, "test-reader")
    found: list[Incoming] = []
    until(lambda: found.extend(reader.poll(0.5, 500)) or len(found) >= number)  # type: ignore[func-returns-value]
    found += reader.poll(0.5, 500)
    reader.close()
    return found


def make_installation(home: Path, servers: str, database: str) -> Settings:
    initialise(home)
    file = home / "hub.toml"
    text = (
        file.read_text(encoding="utf-8")
        .replace("port = 8701", "port = 0")
        .replace("partitions = 12", f"partitions = {PARTITIONS}")
    )
    text = text.replace("[registry]\n", f'[registry]\ndatabase_url = "{database}"\n').replace('database_url = ""', "#", 1)
    file.write_text(text.replace('bootstrap_servers = ""', f'bootstrap_servers = "{servers}"'), encoding="utf-8")
    return load_settings(home)


@pytest.mark.kafka
def test_consents_reach_kafka_before_connectors_and_withdrawals_after(
    fresh_kafka: str, tmp_path: Path, databases: Callable[..., str], start: Callable[[Settings, Codec], Process]
) -> None:
    settings = make_installation(tmp_path, fresh_kafka, databases("registry"))
    codec, person = Codec.load(), make_identifier()
    process = start(settings, codec)
    opened = open_registry(settings, ManualClock(START), codec)
    headers = {"Authorization": f"Bearer {opened.tools.agencies[SCHOOL].token}"}
    address = f"{process.url}/v1/agencies/{SCHOOL}/subjects"

    opened.registry.grant(make_grant(person))
    until(lambda: httpx.get(address, headers=headers).json()["version"] == 1)
    (served,) = httpx.get(address, headers=headers).json()["entries"]
    (record,) = read_all(fresh_kafka, CONSENTS.name, 1)
    assert (record.key or b"").decode() == served["youth_ref"]

    opened.registry.withdraw(person)
    (request,) = read_all(fresh_kafka, ERASURES.name, 1)
    asked = codec.decode(ERASURES, request.value)
    assert isinstance(asked, Erasure)
    publisher = Publisher(fresh_kafka, "test")
    for component in ("worker", "delivery", "connector-ss12000", "worker"):
        receipt = Erasure.model_validate({**asked.model_dump(), "kind": ErasureKind.RECEIPT, "component": component})
        publisher.publish(
            [outgoing(codec, ERASURES, receipt.youth_ref, receipt, id=component, source="/test", time=receipt.occurred_at)]
        )
    publisher.close()
    until(lambda: opened.registry.erasure_status()[0].complete)
    process.end()

    again = start(settings, codec)  # what a broker lost comes back at a start
    records = [codec.decode(CONSENTS, one.value) for one in read_all(fresh_kafka, CONSENTS.name, 3)]
    again.end()
    opened.close()
    assert [(one.version, one.status) for one in records] == [
        (1, ConsentStatus.IN_FORCE),
        (2, ConsentStatus.WITHDRAWN),
        (2, ConsentStatus.WITHDRAWN),
    ]
    markers = read_all(fresh_kafka, RULES.name, PARTITIONS)
    assert sorted(marker.partition for marker in markers) == list(range(PARTITIONS))
    whole = b"".join(
        (one.key or b"") + (one.value or b"") for topic in (CONSENTS, ERASURES) for one in read_all(fresh_kafka, topic.name, 2)
    )
    assert person.encode() not in whole
