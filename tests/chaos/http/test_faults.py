"""Each HTTP connector under kills and faults: what its source's books say stands on Kafka, by (id, revision), none missing."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from hub.connect.ledger import Ledger
from hub.contract.codec import Codec
from hub.contract.topics import PLACE_EVENTS
from hub.kafka import Reader, end_offsets
from hub.testing import served
from tests.support import write_toml
from tests.unit.connect.installation import AGENCY, Subjects, make_installation
from tests.unit.connect.toy import install_toys

from .faulty import Faulty
from .sources import CASES, NOW, Case, filled

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "5"))
FIRST_SEED = int(os.environ.get("HUB_CHAOS_SEED", "1"))
ROOT = Path(__file__).resolve().parents[3]
KILLS = 3
MOST_POLLS = 15
LONGEST_POLL = 120

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.timeout(600)]


class Round:
    """One connector, its installation and its server's faults."""

    def __init__(self, folder: Path, case: Case, kafka: str, registry: str, url: str) -> None:
        self.case = case
        self.kafka = kafka
        self.home = folder / "home"
        self.site = folder / "site"
        install_toys(self.site, **{f"quick-{case.name}": f"tests.chaos.http.quick:{case.name}"})
        make_installation(self.home, 1)
        kinds = "" if case.topic is PLACE_EVENTS else "school_absence, police_notice"
        agencies = f"agencies:\n  {AGENCY}:\n    title: Källan\n    kinds: [{kinds}]\n"
        (self.home / "agencies.yaml").write_text(agencies)
        pair = PrivateKey.generate()
        (self.home / "keys" / "statutory.public").write_text(base64.b64encode(bytes(pair.public_key)).decode())
        for name, secret in case.secrets.items():
            (self.home / "keys" / f"connector-{case.name}-{name}").write_text(secret + "\n")
        instance = {"agency": AGENCY, "connector": f"quick-{case.name}", "source": filled(case.source, url)}
        port = int(registry.rsplit(":", 1)[1])
        broker = {"bootstrap_servers": kafka}
        write_toml(self.home / "hub.toml", {"registry": {"port": port}, "kafka": broker, "connectors": {case.name: instance}})

    def start(self, crash_at: int = 0) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join((str(self.site), str(ROOT)))
        environment = os.environ | {"PYTHONPATH": paths, "HUB_CLOCK": f"{NOW.isoformat()}@{time.time()}"}
        command = [sys.executable, "-m", "tests.chaos.http.child", str(self.home), self.case.name, str(crash_at)]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def records(self) -> list[tuple[str, int]]:
        """(id, revision) of every record on the topic."""
        codec, found = Codec.load(), []
        due = sum(end_offsets(self.kafka, [self.case.topic.name]).values())
        reader = Reader(self.kafka, [self.case.topic.name], None, "chaos-http")
        try:
            while len(found) < due:
                messages = [codec.decode(self.case.topic, one.value) for one in reader.poll(1.0, 5_000)]
                found += [(one.event_id, one.revision) for one in messages]
        finally:
            reader.close()
        return found

    def in_flight(self) -> int:
        """What Kafka has and the ledger has not settled."""
        on_kafka = sum(end_offsets(self.kafka, [self.case.topic.name]).values())
        file = self.home / "data" / "connect" / self.case.name / "ledger.db"
        if not file.exists():
            return on_kafka
        ledger = Ledger(file)
        try:
            totals = ledger.totals()
        finally:
            ledger.close()
        return on_kafka - totals["published", ""] - totals["uncertain", ""]

    def kill(self, chance: random.Random, number: int) -> tuple[int, int]:
        """Start it and have it killed; its exit code, and what was in flight. It may end before the kill comes.

        The first time at its first publish, then at one of the first three, the last time anywhere.
        """
        anywhere = number == KILLS - 1
        process = self.start(0 if anywhere else chance.randint(1, 1 + 2 * number))
        try:
            process.wait(chance.uniform(1.5, 8.0) if anywhere else LONGEST_POLL)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait(LONGEST_POLL), self.in_flight()

    def kill_at_first_publish(self, chance: random.Random) -> tuple[int, int]:
        """The same, again while faults end the poll before it publishes anything."""
        for _ in range(MOST_POLLS):
            code, flight = self.kill(chance, 0)
            if code == -signal.SIGKILL:
                break
        return code, flight

    def finish(self) -> int:
        """Poll until a poll was whole and the books are told; the answer is how many polls that took."""
        due = len(self.books)
        for number in range(1, MOST_POLLS + 1):
            if self.start().wait(LONGEST_POLL) == 0 and len(set(self.records())) >= due:
                return number
        return MOST_POLLS

    @property
    def books(self) -> set[tuple[str, int]]:
        numbers = {whose: bytes([place + 1]) * 32 for place, whose in enumerate(self.case.consenting)}
        return self.case.books(numbers)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_lost_under_kills_and_faults(
    tmp_path: Path, fresh_kafka: str, name: str, seed: int, report: Callable[[str], None]
) -> None:
    case, chance, subjects = CASES[name](seed, tmp_path / "dataset"), random.Random(seed), Subjects()
    for place, whose in enumerate(case.consenting):
        subjects.grant(whose, place + 1, "2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00")
    for row in subjects.rows.values():
        row["kinds"] = ["school_absence", "police_notice"]
    began = time.monotonic()
    with served(subjects.app) as registry, served(case.app) as upstream:
        faulty = Faulty(upstream, seed)
        with faulty.listening() as url:
            played = Round(tmp_path, case, fresh_kafka, registry, url)
            kills = [played.kill_at_first_publish(chance), *(played.kill(chance, number) for number in range(1, KILLS))]
            polls = played.finish()
            records = played.records()
    distinct = Counter(records)
    flights = ", ".join(str(flight) if code == -signal.SIGKILL else "ended before" for code, flight in kills)
    report(
        f"seed {seed}: killed with in flight {flights}; {sum(faulty.met.values())} of {faulty.calls} calls spoilt, "
        f"{len(faulty.met)} ways; books {len(played.books)}, on Kafka {len(distinct)} distinct, {len(records) - len(distinct)} "
        f"repeated; {polls} polls, {time.monotonic() - began:.0f} s"
    )
    assert set(distinct) == played.books
    assert any(code == -signal.SIGKILL and flight > 0 for code, flight in kills), "no kill met work in flight"
    assert faulty.met or name == "polisen"  # which makes few calls
