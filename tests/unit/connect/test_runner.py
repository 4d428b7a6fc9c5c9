from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from hub.audit.entries import Actor
from hub.connect.pausing import Pausing
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.contract.models import ErasureKind
from hub.contract.topics import CATALOGUE
from hub.errors import ConfigError, FatalError, RetriableError
from hub.testing import MemoryPublisher, MemoryStatutoryStore, served
from tests.unit.connect.installation import Subjects, free_port, make_installation
from tests.unit.connect.toy import ToyPatient, install_toys, write_lines

ERASURE = "11111111-2222-3333-4444-555555555555"
RAW = {"id": "m1", "at": "2025-05-18T10:00:00+02:00", "text": "anmälan"}
PLACE = {"id": "p1", "at": "2025-05-18T10:00:00+02:00", "area": "0581-hageby"}


class Waiting(MemoryPublisher):
    """Lets a test wait for the number of records it expects."""

    def __init__(self) -> None:
        super().__init__()
        self.grew = threading.Condition()

    def publish(self, records):
        with self.grew:
            acknowledged = super().publish(records)
            self.grew.notify_all()
            return acknowledged

    def wait_for(self, number: int) -> None:
        with self.grew:
            assert self.grew.wait_for(lambda: len(self.records) >= number, timeout=20)


class Down(MemoryPublisher):
    """Kafka that never answers."""

    def publish(self, records):
        raise RetriableError("no broker", code="kafka")


class Counting(MemoryStatutoryStore):
    """Says when something arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Semaphore(0)

    def put(self, message) -> None:
        super().put(message)
        self.arrived.release()


class Installed:
    """An installation with its registry, and runners on it."""

    def __init__(self, world, home, port) -> None:
        self.world = world
        self.settings = make_installation(home, port)
        self.source = home / "source"
        self.publisher = Waiting()
        self.store = Counting()
        self.stop = threading.Event()

    def absence(self, person: str, source_id: str = "a1", minutes: int = 60) -> None:
        at = "2025-05-16T09:00:00+02:00"
        write_lines(self.source / "facts.jsonl", {"id": source_id, "person": person, "at": at, "minutes": minutes})

    def runner(self, name: str, **changes) -> Runner:
        parts = {"publisher_factory": lambda _: self.publisher, "statutory_port": self.store, "codec": Codec.load()}
        return Runner(self.settings, self.world.clock, self.stop, name, **(parts | changes))

    @contextmanager
    def running(self, name: str, **changes) -> Iterator[list[BaseException]]:
        """The runner in a thread; what it raised is in the list when the block is over."""
        raised: list[BaseException] = []
        runner = self.runner(name, **changes)

        def run() -> None:
            try:
                runner.run()
            except BaseException as error:  # noqa: BLE001 -- handed to the test
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield raised
        finally:
            self.stop.set()
            thread.join(20)
        assert not thread.is_alive()

    def messages(self) -> list:
        codec = Codec.load()
        return [codec.decode(CATALOGUE[one.topic], one.value) for one in self.publisher.records]


@pytest.fixture
def toys(tmp_path, monkeypatch) -> None:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")


@pytest.fixture
def cut_off(world, tmp_path, toys) -> Installed:
    """No registry answers."""
    return Installed(world, tmp_path / "home", free_port())


@pytest.fixture
def subjects() -> Subjects:
    return Subjects()


@pytest.fixture
def connected(world, tmp_path, toys, subjects) -> Iterator[Installed]:
    with served(subjects.app) as url:
        yield Installed(world, tmp_path / "home", int(url.rsplit(":", 1)[1]))


def grant(subjects: Subjects, person: str) -> str:
    return subjects.grant(person, 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")


def test_one_poll_publishes_what_the_registry_knows_of(connected, subjects, world) -> None:
    reference = grant(subjects, world.person(0))
    connected.absence(world.person(0))
    connected.absence(world.person(1), "a2")
    polled = connected.runner("toy").once()["events"]
    assert (polled.result, polled.counts) == ("ok", {("handled", ""): 2, ("published", ""): 1, ("refused", "no_reference"): 1})
    (message,) = connected.messages()
    assert (message.youth_ref, message.agency, message.connector) == (reference, "school-norrkoping", "toy")
    assert connected.publisher.closed


def test_a_restart_goes_on_where_it_was(connected, subjects, world) -> None:
    grant(subjects, world.person(0))
    connected.absence(world.person(0))
    connected.runner("toy").once()
    connected.absence(world.person(0), "a2")
    assert connected.runner("toy").once()["events"].counts == {("handled", ""): 1, ("published", ""): 1}


def test_a_withdrawal_is_receipted_between_two_polls(connected, subjects, world) -> None:
    reference = grant(subjects, world.person(0))
    connected.absence(world.person(0))
    with connected.running("toy") as raised:
        connected.publisher.wait_for(1)
        subjects.withdraw(reference, ERASURE)
        connected.publisher.wait_for(2)
    assert raised == []
    receipt = connected.messages()[1]
    assert (receipt.kind, receipt.erasure_id, receipt.component) == (ErasureKind.RECEIPT, ERASURE, "connector-toy")
    assert len(connected.publisher.records) == 2


def test_without_a_registry_nothing_is_published_or_read(cut_off, world) -> None:
    cut_off.absence(world.person(0))
    polled = cut_off.runner("toy").once()["events"]
    assert (polled.result, polled.code) == ("stale", "stale_directory")
    assert cut_off.publisher.records == []


def test_with_a_wrong_token_nothing_is_published(connected, subjects, world) -> None:
    grant(subjects, world.person(0))
    connected.absence(world.person(0))
    (connected.settings.keys / "agency-school-norrkoping.token").write_text("another")
    assert connected.runner("toy").once()["events"].result == "stale"
    assert connected.publisher.records == []


def test_the_statutory_lane_goes_on_while_registry_and_kafka_are_down(cut_off) -> None:
    write_lines(cut_off.source / "raw.jsonl", RAW)
    with cut_off.running("toyraw", publisher_factory=lambda _: Down()) as raised:
        assert cut_off.store.arrived.acquire(timeout=20)
        write_lines(cut_off.source / "raw.jsonl", RAW | {"id": "m2"})
        assert cut_off.store.arrived.acquire(timeout=20)
    assert raised == []
    assert set(cut_off.store.messages) == {"m1", "m2"}


def test_the_statutory_lane_is_read_even_when_the_events_lane_cannot_be_built(cut_off) -> None:
    write_lines(cut_off.source / "raw.jsonl", RAW)
    (cut_off.settings.keys / "agency-school-norrkoping.hmac").unlink()
    with pytest.raises(ConfigError):
        cut_off.runner("toyraw").run()
    assert set(cut_off.store.messages) == {"m1"}


def test_places_need_no_registry(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", PLACE)
    assert cut_off.runner("toyplaces").once()["events"].counts == {("placed", ""): 1, ("published", ""): 1}


def test_a_source_that_is_told_listens_in_the_running_process_and_hears_what_is_safe(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", PLACE, PLACE | {"id": "p2"})
    cut_off.runner("toytold").once()
    assert cut_off.publisher.records == []  # nobody listened, so nobody told it
    with cut_off.running("toytold") as raised:
        cut_off.publisher.wait_for(2)
    assert raised == []
    assert (cut_off.source / "safe").read_text() == "2"


def test_a_source_that_waits_before_another_try_does_not_keep_a_process_that_is_to_end(cut_off) -> None:
    with cut_off.running("toypatient") as raised:
        assert ToyPatient.waits.wait(20)
    assert raised == []


def test_a_second_process_of_the_same_instance_is_refused(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", PLACE)
    with cut_off.running("toyplaces"):
        cut_off.publisher.wait_for(1)
        with pytest.raises(ConfigError) as raised:
            cut_off.runner("toyplaces").once()
    assert raised.value.code == "runs_already"


def test_a_bug_ends_the_process_without_a_word_of_the_payload_and_without_passing_it(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", PLACE, PLACE | {"id": "p2"}, "bug")
    with capture_logs() as logs, pytest.raises(FatalError) as raised:
        cut_off.runner("toyplaces").run()
    assert logs[-1]["event"] == "lane_crashed"
    assert logs[-1]["error"] == "KeyError"
    assert "20110315" not in f"{raised.value} {logs}"
    (cut_off.source / "facts.jsonl").write_text("")
    write_lines(cut_off.source / "facts.jsonl", PLACE, PLACE | {"id": "p2"}, PLACE | {"id": "p3"})
    cut_off.stop.clear()
    assert cut_off.runner("toyplaces").once()["events"].result == "ok"
    assert len({one.key + dict(one.headers)["ce_id"] for one in cut_off.publisher.records}) == 3


def test_a_crash_of_the_statutory_lane_ends_the_process(cut_off) -> None:
    write_lines(cut_off.source / "raw.jsonl", {"id": "m1"})
    with pytest.raises(FatalError, match="statutory lane"):
        cut_off.runner("toyraw").run()


def test_a_connector_with_a_statutory_lane_does_not_start_without_its_store(cut_off) -> None:
    with pytest.raises(ConfigError) as raised:
        cut_off.runner("toyraw", statutory_port=None).run()
    assert raised.value.code == "no_statutory_store"


def incident_ids(publisher) -> list[str]:
    return [dict(one.headers)["ce_id"].decode() for one in publisher.records]


def test_what_a_moving_window_showed_while_kafka_was_away_is_not_lost(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", *(PLACE | {"id": f"p{number}"} for number in range(6)))
    cut_off.publisher.failures.extend(RetriableError("no broker", code="kafka") for _ in range(3))
    with cut_off.running("toyfeed") as raised:
        cut_off.publisher.wait_for(6)
    assert raised == []
    assert len(set(incident_ids(cut_off.publisher))) == 6


class Killed(BaseException):
    """As a SIGKILL: nothing catches it."""


class Deadly(MemoryPublisher):
    """The process is killed before Kafka has anything."""

    def publish(self, records):
        raise Killed


def test_what_a_moving_window_showed_before_the_process_was_killed_is_not_lost(cut_off) -> None:
    write_lines(cut_off.source / "facts.jsonl", *(PLACE | {"id": f"p{number}"} for number in range(4)))
    with pytest.raises(Killed):
        cut_off.runner("toyfeed", publisher_factory=lambda _: Deadly()).once()
    assert cut_off.runner("toyfeed").once()["events"].result == "ok"
    assert len(set(incident_ids(cut_off.publisher))) == 4


def test_a_moving_window_is_read_on_while_kafka_is_away_but_no_sooner_than_it_is_due(cut_off, world) -> None:
    write_lines(cut_off.source / "facts.jsonl", *(PLACE | {"id": f"p{number}"} for number in range(8)))
    for _ in range(3):
        assert cut_off.runner("toyfeed", publisher_factory=lambda _: Down()).once()["events"].code == "kafka"
    assert (cut_off.source / "shown").read_text() == "6"  # four attempts to publish in each poll, and one pull
    assert cut_off.runner("toyfeed").once()["events"].counts == {("placed", ""): 8, ("published", ""): 8, ("uncertain", ""): 6}


class Silently:
    """An audit log that nobody reads."""

    def append(self, entry) -> int:
        return 1


def test_a_running_connector_heeds_a_pause_and_its_end_while_its_statutory_lane_goes_on(connected, subjects, world) -> None:
    grant(subjects, world.person(0))
    pausing = Pausing(connected.settings, world.clock, Silently())
    pausing.pause("toyraw", Actor("anna"), "why")
    connected.absence(world.person(0))
    with connected.running("toyraw") as raised:
        write_lines(connected.source / "raw.jsonl", RAW)
        assert connected.store.arrived.acquire(timeout=20)
        assert connected.publisher.records == []
        pausing.resume("toyraw", Actor("anna"))
        connected.publisher.wait_for(1)
    assert raised == []


def test_a_single_poll_of_a_paused_connector_reads_its_statutory_lane_alone(connected, subjects, world) -> None:
    grant(subjects, world.person(0))
    Pausing(connected.settings, world.clock, Silently()).pause("toyraw", Actor("anna"), "why")
    connected.absence(world.person(0))
    write_lines(connected.source / "raw.jsonl", RAW)
    polled = connected.runner("toyraw").once()
    assert (polled["statutory"].result, polled["events"].result) == ("ok", "paused")
    assert list(connected.store.messages) == ["m1"]
    assert connected.publisher.records == []
