"""`kill -9` of a connector between publish and cursor write, on real Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from hub.connect.ledger import Ledger
from hub.contract.codec import Codec
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import Reader, end_offsets
from hub.testing import served
from tests.support import write_toml
from tests.unit.connect.conftest import World
from tests.unit.connect.installation import AGENCY, Subjects, make_installation
from tests.unit.connect.toy import install_toys, write_lines

ROOT = Path(__file__).resolve().parents[3]
FACTS = 2_500  # three groups
MINUTE = "2025-05-{day:02d}T09:{minute:02d}:00+02:00"


class Setting:
    """An installation on real Kafka, its registry, and connector processes."""

    def __init__(self, folder: Path, kafka: str, registry: str) -> None:
        self.home = folder / "home"
        self.source = folder / "source"
        self.site = folder / "site"
        self.kafka = kafka
        self.origin = time.time()
        install_toys(self.site)
        port = int(registry.rsplit(":", 1)[1])
        make_installation(self.home, port)
        source = {"folder": str(self.source), "page": 100}
        instances = {"toy": {"agency": AGENCY, "source": source}}
        write_toml(
            self.home / "hub.toml",
            {"registry": {"port": port}, "kafka": {"bootstrap_servers": kafka}, "connectors": instances},
        )

    def connect(self, crash_at: int = 0) -> int:
        """Run one poll in a process of its own; its exit code."""
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(self.site), str(ROOT))),
            "HUB_CLOCK": f"2025-05-19T07:30:00+02:00@{self.origin}",
        }
        command = [sys.executable, "-m", "tests.integration.connect.child", str(self.home), "toy", str(crash_at)]
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=False).returncode

    def topic(self) -> list:
        """Every message of the topic."""
        codec = Codec.load()
        reader = Reader(self.kafka, [SCHOOL_ABSENCES.name], None, "test")
        ends = sum(end_offsets(self.kafka, [SCHOOL_ABSENCES.name]).values())
        found: list = []
        try:
            while len(found) < ends:
                found += [codec.decode(SCHOOL_ABSENCES, one.value) for one in reader.poll(1.0, 5_000)]
        finally:
            reader.close()
        return found

    def totals(self) -> Counter:
        ledger = Ledger(self.home / "data" / "connect" / "toy" / "ledger.db")
        try:
            return ledger.totals()
        finally:
            ledger.close()


@pytest.fixture
def setting(tmp_path, fresh_kafka):
    subjects = Subjects()
    subjects.grant(World.person(0), 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
    with served(subjects.app) as url:
        yield Setting(tmp_path, fresh_kafka, url)


def write_facts(setting: Setting, minutes: int = 60) -> None:
    setting.source.mkdir(exist_ok=True)
    (setting.source / "facts.jsonl").write_text("")
    write_lines(
        setting.source / "facts.jsonl",
        *(
            {
                "id": f"a{number}",
                "person": World.person(number % 2),  # every second one has no reference
                "at": MINUTE.format(day=number % 15 + 1, minute=number % 60),
                "minutes": minutes,
            }
            for number in range(FACTS)
        ),
    )


def test_a_connector_killed_after_publishing_repeats_the_same_records_and_loses_none(setting, capsys) -> None:
    write_facts(setting)
    assert setting.connect(crash_at=2) == -signal.SIGKILL
    in_flight = len(setting.topic()) - setting.totals()["published", ""]
    assert in_flight > 0, "nothing was in flight"
    assert setting.connect() == 0
    messages, totals = setting.topic(), setting.totals()
    identities = Counter((one.event_id, one.revision) for one in messages)
    with capsys.disabled():
        print(f"\nkilled with {in_flight} records published and unsettled; repeated {totals['uncertain', '']}")
    assert len(identities) == FACTS // 2
    assert {revision for _, revision in identities} == {1}
    assert totals == {
        ("handled", ""): FACTS,
        ("published", ""): FACTS // 2,
        ("uncertain", ""): in_flight,
        ("refused", "no_reference"): FACTS // 2,
    }
    assert len(messages) == FACTS // 2 + in_flight
    assert setting.connect() == 0
    assert setting.totals() == totals


def test_content_that_changes_while_the_connector_is_dead_wins_by_its_revision(setting) -> None:
    write_facts(setting)
    assert setting.connect(crash_at=1) == -signal.SIGKILL
    write_facts(setting, minutes=10)
    assert setting.connect() == 0
    highest: dict[str, tuple[int, int]] = {}
    for one in setting.topic():
        highest[one.event_id] = max(highest.get(one.event_id, (0, 0)), (one.revision, one.minutes))
    assert len(highest) == FACTS // 2
    assert {minutes for _, minutes in highest.values()} == {10}
    assert {revision for revision, _ in highest.values()} == {1, 2}
