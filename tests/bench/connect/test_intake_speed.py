"""How many records per second the intake takes on one core, Kafka left out: gate, ledger, fsyncs and Avro included."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta

import pytest

from hub.clock import ManualClock
from hub.connect.directory import Directory
from hub.connect.events import EventsLane
from hub.connect.gate import Origin
from hub.connect.ledger import Ledger
from hub.connect.ports import Entry
from hub.connect.subjects import Changes
from hub.connect.vault import DirectoryFile
from hub.connector import Absence, Batch, PersonRecord
from hub.contract.codec import Codec
from hub.contract.models import AbsenceKind, InfoKind
from hub.kafka import outgoing
from hub.testing import MemoryPublisher

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
KEY = bytes(range(32))
PERSONS, RECORDS = 300, 24_000


def make_person(number: int) -> str:
    nine = f"{number // 28 % 12 + 1:02d}{number % 28 + 1:02d}98{number // 336}"
    body = f"11{nine}"[:9]
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(body))
    return f"20{body}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


class OneAnswer:
    def fetch(self, since: int, etag: str, key: str) -> Changes | None:
        if since:
            return None
        spans = ((NOW - timedelta(days=90), NOW + timedelta(days=90)),)
        kinds = frozenset({InfoKind.SCHOOL_ABSENCE})
        present = {
            hmac.new(KEY, make_person(number).encode(), hashlib.sha256).hexdigest(): Entry(
                f"y{number:032x}", hashlib.sha256(base64.b64encode(bytes([number % 256]))).digest(), kinds, spans
            )
            for number in range(PERSONS)
        }
        return Changes(1, '"1"', present, ())


class Pages:
    """A fresh fact per record; every page has 500."""

    def __init__(self, retracted: bool) -> None:
        self._retracted = retracted

    def batches(self, cursor):
        for first in range(0, RECORDS, 500):
            yield Batch([self._record(number) for number in range(first, first + 500)], {"next": first})

    def close(self) -> None:
        pass

    def _record(self, number: int) -> PersonRecord:
        body = Absence(kind=AbsenceKind.UNEXCUSED, minutes=60, offered_minutes=60)
        at = NOW - timedelta(minutes=number)
        person = make_person(number % PERSONS)
        return PersonRecord(InfoKind.SCHOOL_ABSENCE, person, f"a{number}", at, body, retracted=self._retracted)


@pytest.mark.bench
@pytest.mark.parametrize("retracted", [False, True])
def test_the_intake_takes_three_thousand_records_a_second(tmp_path, capsys, retracted: bool) -> None:
    clock, codec, publisher = ManualClock(NOW), Codec.load(), MemoryPublisher()
    file = DirectoryFile(tmp_path / "directory", KEY, "bench")
    directory = Directory(
        OneAnswer(), file, agency_key=lambda: KEY, clock=clock, stale_after=timedelta(hours=1), pause=lambda _: None
    )

    def encode(topic, key, message, identity, at):
        return outgoing(codec, topic, key, message, id=identity, source="/connectors/bench", time=at)

    origin = Origin("school-norrkoping", "bench", frozenset({InfoKind.SCHOOL_ABSENCE}), False, KEY)
    ledger = Ledger(tmp_path / "ledger.db")
    lane = EventsLane(
        origin=origin,
        source=Pages(retracted),
        directory=directory,
        ledger=ledger,
        publisher=publisher,
        encode=encode,
        clock=clock,
    )
    began, used = time.perf_counter(), time.process_time()
    counts = lane.poll()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    ledger.close()
    with capsys.disabled():
        print(f"\n{RECORDS} records, retracted={retracted}: {RECORDS / wall:,.0f}/s wall, {RECORDS / cpu:,.0f}/s CPU")
    handled = counts.pop(("handled", ""))  # counted before consent decides; the rest are outcomes
    assert handled == counts.total() == RECORDS
    assert len(publisher.records) == (0 if retracted else RECORDS)
    assert RECORDS / cpu > 3_000  # per second of one core, whatever else runs on the machine
