"""One run: a lane that is killed with reports in flight, a feeder that is killed too, and a case system that counts effects."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub.connector import report_number
from hub.installation import initialise
from hub.settings import Settings, load_settings
from hub.statutory.opening import open_hand_overs
from hub.statutory.simulator import CaseSystem
from tests.chaos.statutory.payloads import payload

__all__ = ["Row", "run"]

ROOT = Path(__file__).resolve().parents[3]
_NOWHERE = "127.0.0.1:9"  # nothing of the hub listens there
_LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Row:
    """`in_flight`: reports put and not registered at each kill of the lane; `repeats`: those that the receiver was given again.

    `slowest_seconds`: from put to registered, of single reports with nothing disturbed, the longest of ten.
    """

    seed: int
    reports: int
    kills: int
    feeder_kills: int
    registered: int
    lost: int
    twice: int
    changed: int
    repeats: int
    seconds: float
    slowest_seconds: float
    in_flight: list[int] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return (
            not (self.lost or self.twice or self.changed)
            and self.registered == self.reports
            and min(self.in_flight, default=1) > 0
        )

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"well": self.well}


class _Site:
    """An installation of its own in which nothing else runs: no Kafka, no registry, no worker; their addresses lead nowhere."""

    def __init__(self, folder: Path) -> None:
        self.home, self.inbox = folder / "home", folder / "reception"
        if not (self.home / "hub.toml").exists():
            initialise(self.home)
        receiver = {"title": "Mottagningen", "folder": str(self.inbox)}
        self.environment = os.environ | {
            "HUB_HOME": str(self.home),
            "HUB_STATUTORY__RECEIVER": "reception",
            "HUB_STATUTORY__AFTER_HOURS": "reception",
            "HUB_STATUTORY__RECEIVERS": json.dumps({"reception": receiver}),
            "HUB_STATUTORY__RETRY_LONGEST_SECONDS": "1",
            "HUB_KAFKA__BOOTSTRAP_SERVERS": _NOWHERE,
            "HUB_REGISTRY__URL": f"http://{_NOWHERE}",
            "HUB_REGISTRY__DATABASE_URL": f"postgresql+psycopg://nobody@{_NOWHERE}/none",
            "HUB_METRICS__PORTS__STATUTORY": "0",
            "PYTHONPATH": str(ROOT),
        }
        self.settings: Settings = load_settings(self.home)
        self.hand_overs = open_hand_overs(self.settings)
        self.system = CaseSystem(self.inbox, folder / "register")
        self._lane: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._begun = 0

    def start_lane(self) -> None:
        words = [sys.executable, "-m", "hub", "statutory"]
        log = (self.home / "lane.log").open("ab")
        self._lane = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log)
        log.close()
        self._begun = self.confirmed()

    def kill_lane(self) -> None:
        assert self._lane is not None
        self._lane.send_signal(signal.SIGKILL)
        self._lane.wait()

    def strike(self) -> int:
        """Kill the lane once it has registered something since its start, and has more in hand: how many that were."""
        _await(lambda: self._begun < self.confirmed() < self.stored(), "the lane is at work")
        self.kill_lane()
        return self.stored() - self.confirmed()

    def stored(self) -> int:
        """How many are on the medium."""
        return sum(1 for _ in (self.settings.data / "statutory" / "messages").glob("*/*.sealed"))

    def confirmed(self) -> int:
        """How many are registered, as the hub has it on the medium."""
        return sum(1 for _ in (self.settings.data / "statutory" / "handed_over").glob("*/*.sealed"))

    def fetch(self) -> None:
        while not self._over.wait(0.05):
            self.system.fetch()

    def feed(self, seed: int, first: int, last: int) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.chaos.statutory.feeding", str(seed), str(first), str(last)]
        return subprocess.Popen(words, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @contextmanager
    def up(self) -> Iterator[None]:
        fetching = threading.Thread(target=self.fetch, daemon=True)
        fetching.start()
        self.start_lane()
        try:
            yield
        finally:
            self.kill_lane()
            self._over.set()
            fetching.join(timeout=30)


def run(folder: Path, seed: int, *, reports: int, kills: int, say: Callable[[str], None]) -> Row:
    """Feed so many reports, kill the lane so often with some in flight, and count what the case system has of them."""
    chance, site, began = random.Random(seed), _Site(folder), time.monotonic()
    strikes = sorted(chance.sample(range(1, reports * 9 // 10), kills))
    in_flight: list[int] = []
    feeder_kills = put = 0
    with site.up():
        for place, strike in enumerate(strikes):
            with site.feed(seed, put, reports) as feeder:
                put = max(put, _read_to(feeder, strike))
                in_flight.append(site.strike())
                say(f"kill {place + 1} of {kills}: {site.stored()} put, {in_flight[-1]} in flight")
                if place % 2:
                    feeder.kill()
                    feeder_kills += 1
                else:
                    feeder.terminate()
                put = max(put, _read_to(feeder, reports))
            site.start_lane()
        with site.feed(seed, put, reports) as feeder:
            _read_to(feeder, reports)
        _await(lambda: site.confirmed() >= reports, "every report is registered")
        slowest = max(_single(site, seed, reports + number) for number in range(10))
    seconds = time.monotonic() - began
    return _judged(site, seed, reports, in_flight, feeder_kills=feeder_kills, seconds=seconds, slowest=slowest)


def _read_to(feeder: subprocess.Popen[str], last: int) -> int:
    """Read what the feeder has put until it is so many, or it ends; one behind the last whole number that it told."""
    assert feeder.stdout is not None
    put = 0
    while put < last and (line := feeder.stdout.readline()).endswith("\n"):
        put = int(line) + 1
    return put


def _single(site: _Site, seed: int, number: int) -> float:
    """One more report with nothing disturbed: seconds from its being put until the hub has its registration on the medium."""
    with site.feed(seed, number, number + 1) as feeder:
        _read_to(feeder, number + 1)
        began = time.monotonic()
        _await(lambda: site.confirmed() > number, "a single report is registered")
    return round(time.monotonic() - began, 2)


def _await(met: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + _LONGEST_SECONDS
    while not met():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {_LONGEST_SECONDS:.0f} s: {what}")
        time.sleep(0.05)


def _judged(
    site: _Site, seed: int, reports: int, in_flight: list[int], *, feeder_kills: int, seconds: float, slowest: float
) -> Row:
    effects = site.system.register()
    by_message: dict[str, list[str]] = {}
    for line in effects:
        by_message.setdefault(line["key"].partition("-")[0], []).append(line["sha256"])
    lost = twice = changed = registered = 0
    for number in range(reports):
        digests = by_message.get(report_number(f"message-{seed}-{number}"), [])
        lost += not digests
        twice += len(digests) > 1
        changed += digests[:1] not in ([], [hashlib.sha256(payload(seed, number)).hexdigest()])
        registered += site.hand_overs.has(f"message-{seed}-{number}")
    return Row(
        seed, reports, len(in_flight), feeder_kills, registered, lost, twice, changed, site.system.repeats, round(seconds, 1), slowest,
        in_flight,
    )  # fmt: skip
