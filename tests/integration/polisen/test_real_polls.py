"""Ten days of real polls of the police feed, replayed over HTTP, through the connector into real Kafka."""

from __future__ import annotations

import hashlib
import json
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from connectors.polisen.simulator import build_simulator
from hub.clock import SystemClock
from hub.connect.ledger import Ledger
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.contract.topics import PLACE_EVENTS
from hub.installation import initialise
from hub.kafka import Publisher, Reader, end_offsets
from hub.settings import Settings
from hub.testing import served
from hub.tls import trusted
from tests.support import make_settings, require, shared_folder

pytestmark = pytest.mark.shared

_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True)
class Figures:
    """What is compared: `pairs` are (event id, revision)."""

    polls: int
    empty_bodies: int
    pairs: frozenset[tuple[str, int]]

    @property
    def ids(self) -> int:
        return len({identity for identity, _ in self.pairs})

    def line(self, where: str) -> str:
        return f"{where:24} {self.polls} polls, {self.ids} ids, {len(self.pairs)} revisions, {self.empty_bodies} empty bodies"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The polls as the simulator wants them."""
    archive = shared_folder() / "data" / "polisen-snapshots-2025-05.tar.xz"
    require(f"the real polls {archive.name}", archive.is_file())
    folder = tmp_path_factory.mktemp("real-polls")
    with tarfile.open(archive) as members:
        members.extractall(folder / "polls", filter="data")
    return folder


def figures_of_the_files(dataset: Path) -> Figures:
    """Straight from the files: a row that differs from the last one told under its id is a revision. None of the hub's code."""
    paths = sorted((dataset / "polls").glob("*.json"))
    told: dict[int, str] = {}
    revisions: dict[int, int] = {}
    empty = 0
    for path in paths:
        text = path.read_text(encoding="utf-8")
        empty += text == ""
        for row in json.loads(text or "[]"):
            content = json.dumps(row, sort_keys=True)
            if told.get(row["id"]) != content:
                revisions[row["id"]] = revisions.get(row["id"], 0) + 1
            told[row["id"]] = content
    pairs = {
        ("e" + hashlib.sha256(f"polisen\0{number}".encode()).hexdigest()[:40], revision)
        for number, highest in revisions.items()
        for revision in range(1, highest + 1)
    }
    return Figures(len(paths), empty, frozenset(pairs))


def make_installation(home: Path, kafka: str, url: str) -> Settings:
    source = {"url": f"{url}/api/events"}
    polisen = {"agency": "police-public", "poll_seconds": 0.01, "source": source}
    settings = make_settings(home, kafka={"bootstrap_servers": kafka, "partitions": 4}, connectors={"polisen": polisen})
    initialise(home)
    return settings


@contextmanager
def running(settings: Settings) -> Iterator[threading.Thread]:
    """The connector as `hub connect polisen` runs it, until the block ends; what ends it early fails the test."""
    stop, failures = threading.Event(), []
    runner = Runner(
        settings,
        SystemClock(),
        stop,
        "polisen",
        publisher_factory=lambda client_id: Publisher(settings.bootstrap_servers, client_id),
        statutory_port=None,
        codec=Codec.load(),
    )

    def run() -> None:
        try:
            runner.run()
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=run, name="connect-polisen")
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()
    assert failures == []


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"connector": "polisen", "lane": "events", **labels}) or 0.0


def whole_polls() -> float:
    return sample("hub_connector_polls_total", result="ok")


def wait_until_all_is_told(url: str, thread: threading.Thread) -> dict:
    """Until the simulator has served its last poll, and the connector two more that held nothing new."""
    deadline, pause = time.monotonic() + _DEADLINE_SECONDS, threading.Event()
    last = None
    while True:
        state = httpx.get(f"{url}/simulator/state", verify=trusted()).json()
        polls = whole_polls()
        if state["done"] and last is None:
            last = polls + 2
        if last is not None and polls >= last and sample("hub_connector_caught_up") == 1:
            return state
        assert thread.is_alive(), "the connector has ended"
        assert time.monotonic() < deadline, f"not caught up in time: {state}"
        pause.wait(0.1)


def read_pairs(kafka: str) -> list[tuple[str, int]]:
    """(event id, revision) of every record on the topic, in the topic's order."""
    codec, found = Codec.load(), []
    ends = sum(end_offsets(kafka, [PLACE_EVENTS.name]).values())
    reader = Reader(kafka, [PLACE_EVENTS.name], None, "test")
    try:
        while len(found) < ends:
            found += [codec.decode(PLACE_EVENTS, one.value) for one in reader.poll(1.0, 5_000)]
    finally:
        reader.close()
    assert {one.agency for one in found} == {"police-public"}
    return [(one.event_id, one.revision) for one in found]


def test_real_polls_reach_kafka_as_the_files_have_them(dataset, fresh_kafka, tmp_path, report) -> None:
    expected = figures_of_the_files(dataset)
    before = whole_polls()
    with served(build_simulator(dataset, {"mode": "sequential"})) as url:
        settings = make_installation(tmp_path / "home", fresh_kafka, url)
        with running(settings) as thread:
            state = wait_until_all_is_told(url, thread)
    records = read_pairs(fresh_kafka)
    ledger = Ledger(settings.data / "connect" / "polisen" / "ledger.db")
    totals = ledger.totals()
    ledger.close()
    unmapped = {reason: number for (outcome, reason), number in totals.items() if outcome == "unmapped"}
    # The last of the real polls is an empty body, and the simulator goes on to serve it to whoever asks once more.
    again = int(whole_polls() - before) - state["served"]
    told = Figures(state["served"], unmapped.get("empty_body", 0) - again, frozenset(records))
    report(told.line("on Kafka:"))
    report(expected.line("straight from the files:"))
    assert told == expected
    assert (told.polls, told.ids, len(told.pairs), told.empty_bodies) == (187, 1234, 1248, 3)
    assert set(unmapped) == {"empty_body"}, "a row was not understood"
    assert len(records) == len(told.pairs), "a record stands twice on the topic"
    assert totals["published", ""] == len(records)
