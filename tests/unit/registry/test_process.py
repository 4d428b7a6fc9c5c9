from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from hub.audit.reading import Filter, the_latest
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.models import Erasure
from hub.contract.topics import CATALOGUE, CONSENTS, ERASURES, RULES
from hub.errors import ConfigError, FatalError
from hub.kafka import Incoming, Outgoing
from hub.registry.opening import open_registry
from hub.registry.process import run
from hub.settings import Settings, load_settings
from tests.prepared import initialised
from tests.unit.core.make_rules import SHIPPED
from tests.unit.registry.support import SCHOOL, START, MemoryPublisher, MemoryReader, make_grant, make_identifier

PERSON = make_identifier()


class Loopback(MemoryPublisher):
    """A Kafka that knows one topic to read: what is published as an erasure request is answered by a `worker`."""

    def __init__(self, reader: MemoryReader, codec: Codec) -> None:
        super().__init__()
        self.reader, self.codec, self.reached = reader, codec, threading.Condition()

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        with self.reached:
            done = super().publish(records)
            for record in records:
                if record.topic == ERASURES.name:
                    request = self.codec.decode(ERASURES, record.value)
                    receipt = Erasure.model_validate({**request.model_dump(), "kind": "receipt", "component": "worker"})
                    value = self.codec.encode(ERASURES, receipt)
                    self.reader.waiting.append(Incoming(ERASURES.name, 0, 0, record.key, value, (), 0))
            self.reached.notify_all()
        return done

    def wait_for(self, topic: str, number: int) -> list[Outgoing]:
        with self.reached:
            assert self.reached.wait_for(lambda: len(self.on(topic)) >= number, timeout=30)
            return self.on(topic)

    def on(self, topic: str) -> list[Outgoing]:
        return [record for record in self.published if record.topic == topic]


class Running:
    """The registry's process in a thread."""

    def __init__(self, settings: Settings, publisher: object, reader: object, codec: Codec) -> None:
        self.stop = threading.Event()
        self.url = ""
        self.error: BaseException | None = None
        self._ready = threading.Event()

        def body() -> None:
            try:
                run(
                    settings,
                    ManualClock(START),
                    self.stop,
                    lambda: publisher,  # type: ignore[arg-type, return-value]
                    lambda: reader,  # type: ignore[arg-type, return-value]
                    codec=codec,
                    first_rules=lambda: SHIPPED,
                    ready=self._at,
                )
            except BaseException as error:  # noqa: BLE001
                self.error = error
            self._ready.set()

        self.thread = threading.Thread(target=body, daemon=True)
        self.thread.start()
        assert self._ready.wait(30)

    def _at(self, url: str) -> None:
        self.url = url
        self._ready.set()

    def end(self) -> BaseException | None:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.error


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path)
    (tmp_path / "hub.toml").write_text(
        (tmp_path / "hub.toml").read_text(encoding="utf-8").replace("port = 8701", "port = 0"), encoding="utf-8"
    )
    return load_settings(tmp_path)


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it did not happen within 30 seconds")


def test_from_a_grant_to_a_served_subject_and_from_a_withdrawal_to_its_receipt(settings: Settings) -> None:
    codec = Codec.load()
    kafka = Loopback(MemoryReader(), codec)
    running = Running(settings, kafka, kafka.reader, codec)
    opened = open_registry(settings, ManualClock(START), codec)
    headers = {"Authorization": f"Bearer {opened.tools.agencies[SCHOOL].token}"}
    address = f"{running.url}/v1/agencies/{SCHOOL}/subjects"
    assert httpx.get(f"{running.url}/v1/health").status_code == 200

    opened.registry.grant(make_grant(PERSON))
    kafka.wait_for(CONSENTS.name, 1)
    until(lambda: httpx.get(address, headers=headers).json()["version"] == 1)
    opened.registry.withdraw(PERSON)
    assert httpx.get(address, headers=headers).json()["entries"][0]["removed"] is True
    kafka.wait_for(ERASURES.name, 1)
    until(lambda: opened.registry.erasure_status()[0].answered == ("worker",))

    assert len(kafka.on(RULES.name)) == settings.kafka.partitions
    assert httpx.get(address).status_code == 401
    assert running.end() is None
    entries = the_latest(opened.sealed.log.engine, Filter(actions=("subjects_fetched",)), 100)
    assert {(one.account, one.rule) for one in entries} >= {(SCHOOL, "v1.n1.r0"), (SCHOOL, "v2.n1.r1"), ("unknown", "no_token")}
    opened.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/v1/health")


def test_at_its_start_it_publishes_the_current_consents_again(settings: Settings) -> None:
    codec = Codec.load()
    opened = open_registry(settings, ManualClock(START), codec)
    opened.registry.grant(make_grant(PERSON))
    opened.close()
    versions = []
    for times in (2, 1):  # at first from the grant itself, too
        kafka = Loopback(MemoryReader(), codec)
        running = Running(settings, kafka, kafka.reader, codec)
        versions += [codec.decode(CATALOGUE[one.topic], one.value).version for one in kafka.wait_for(CONSENTS.name, times)]
        assert running.end() is None
    assert versions == [1, 1, 1]


def test_a_relay_that_dies_takes_the_process_with_it(settings: Settings) -> None:
    class Broken(MemoryPublisher):
        def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
            raise MemoryError

    running = Running(settings, Broken(), MemoryReader(), Codec.load())
    running.thread.join(30)
    assert isinstance(running.error, FatalError)
    assert running.error.code == "thread_died"


def test_a_port_that_is_taken_and_a_key_that_is_missing_stop_it_before_the_start(settings: Settings) -> None:
    codec = Codec.load()
    first = Running(settings, MemoryPublisher(), MemoryReader(), codec)
    taken = settings.model_copy(
        update={"registry": settings.registry.model_copy(update={"port": int(first.url.rsplit(":", 1)[1])})}
    )
    second = Running(taken, MemoryPublisher(), MemoryReader(), codec).end()
    assert isinstance(second, ConfigError)
    assert first.end() is None
    (settings.keys / "registry.key").unlink()
    third = Running(settings, MemoryPublisher(), MemoryReader(), codec).end()
    assert isinstance(third, ConfigError)
    assert "hub init" in str(third)
