"""`hub connect NAME --history` as an operator runs it: over HTTP, on real Kafka, killed in the middle and run again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.contract.codec import Codec
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import Reader, end_offsets
from hub.testing import served
from tests.integration.ss12000.deviant import Deviant, Deviations
from tests.integration.ss12000.school import Pupil, School
from tests.support import write_toml
from tests.unit.connect.installation import AGENCY, Subjects, make_installation
from tests.unit.connectors.ss12000.make import make_number

BEGIN, NOW = date(2025, 1, 13), datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
NUMBERS = [make_number(f"2010010{1 + number}", 980 + number) for number in range(9)]

pytestmark = pytest.mark.kafka


def make_school() -> School:
    school = School(random.Random(3), NOW)
    school.pupils = [Pupil(school.key(), number) for number in NUMBERS]
    for day in (BEGIN + timedelta(days=number) for number in range(120)):
        if day.weekday() < 5:
            school.teach(day, 2, 9)
    return school


class Command:
    """The installation, and the command as a process."""

    def __init__(self, home: Path, kafka: str, registry: str, school: str) -> None:
        make_installation(home, 1)
        (home / "keys" / "connector-ss12000-token").write_text("jwt\n")
        source = {"base_url": school, "since": "2025-05-12"}
        port = int(registry.rsplit(":", 1)[1])
        instances = {"ss12000": {"agency": AGENCY, "source": source}}
        write_toml(
            home / "hub.toml", {"registry": {"port": port}, "kafka": {"bootstrap_servers": kafka}, "connectors": instances}
        )
        self._environment = os.environ | {"HUB_HOME": str(home), "HUB_CLOCK": f"{NOW.isoformat()}@{time.time()}"}

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hub", "connect", "ss12000", "--history", "--since", BEGIN.isoformat(), "--json"]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)


def told(kafka: str) -> list[tuple[str, int]]:
    codec, found = Codec.load(), []
    due = sum(end_offsets(kafka, [SCHOOL_ABSENCES.name]).values())
    reader = Reader(kafka, [SCHOOL_ABSENCES.name], None, "test")
    try:
        while len(found) < due:
            messages = [codec.decode(SCHOOL_ABSENCES, one.value) for one in reader.poll(1.0, 5_000)]
            found += [(one.event_id, one.revision) for one in messages]
    finally:
        reader.close()
    return found


def test_a_killed_import_goes_on_and_every_absence_of_the_history_is_told(
    tmp_path: Path, fresh_kafka: str, report: Callable[[str], None]
) -> None:
    school, subjects = make_school(), Subjects()
    for number, person in enumerate(NUMBERS[:4]):
        subjects.grant(person, number + 1, "2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00")
    deviant = Deviant(school, Deviations(), page=10)
    due = school.facts(set(NUMBERS[:4])).total()
    with served(subjects.app) as registry, served(deviant.app()) as url:
        command = Command(tmp_path / "home", fresh_kafka, registry, url)
        killed = command.start()
        while not told(fresh_kafka):
            assert killed.poll() is None, "it ended before it could be killed"
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        before = deviant.requests["calendarEvents"]
        again = command.start()
        out, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    facts = json.loads(out)
    assert facts["whole"] is True
    distinct = set(told(fresh_kafka))
    report(
        f"{due} absences in the school's books, {len(distinct)} on Kafka, {len(told(fresh_kafka)) - len(distinct)} twice; "
        f"{before} and {deviant.requests['calendarEvents'] - before} requests before and after the kill"
    )
    assert len(distinct) == due
    assert {revision for _, revision in distinct} == {1}
