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

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None]) -> None:
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
        self.seed, self.say = seed, say
        self._lane: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()

    def start_lane(self) -> None:
        words = [sys.executable, "-m", "hub", "statutory"]
        log = (self.home / "lane.log").open("ab")
        self._lane = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log)
        log.close()

    def kill_lane(self) -> None:
        assert self._lane is not None
        self._lane.send_signal(signal.SIGKILL)
        self._lane.wait()

    def confirmed(self) -> int:
        """How many are registered, as the hub has it on the medium."""
        return sum(1 for _ in (self.settings.data / "statutory" / "handed_over").glob("*/*.sealed"))

    def fetch(self) -> None:
        while not self._over.wait(0.05):
            self.system.fetch()

    def feed(self, first: int, last: int) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.chaos.statutory.feeding", str(self.seed), str(first), str(last)]
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
    chance, site, began = random.Random(seed), _Site(folder, seed, say), time.monotonic()
    strikes = sorted(chance.sample(range(1, reports), kills)) if kills else []
    in_flight: list[int] = []
    feeder_kills = 0
    with site.up():
        put = 0
        for place, strike in enumerate([*strikes, reports]):
            feeder = site.feed(put, max(strike, reports))
            assert feeder.stdout is not None
            while put < strike and (line := feeder.stdout.readline()):
                put = int(line) + 1
            if strike == reports:
                feeder.wait()
                break
            flying = put - site.confirmed()
            while flying <= 0 and put < reports and (line := feeder.stdout.readline()):  # it had nothing in hand: a moment later
                put = int(line) + 1
                flying = put - site.confirmed()
            site.kill_lane()
            in_flight.append(flying)
            say(f"kill {place + 1} of {kills}: {put} put, {flying} in flight")
            if place % 2:
                feeder.kill()
                feeder_kills += 1
            else:
                feeder.terminate()
            rest, _ = feeder.communicate()
            put = max([put, *(int(one) + 1 for one in rest.split() if rest.endswith("\n"))])
            site.start_lane()
        _await(lambda: site.confirmed() >= reports, "every report is registered")
        slowest = max((_single(site, reports + number) for number in range(10)), default=0.0)
    seconds = time.monotonic() - began
    return _judged(site, reports, in_flight, feeder_kills=feeder_kills, seconds=seconds, slowest=slowest)


def _single(site: _Site, number: int) -> float:
    """One more report with nothing disturbed: seconds from its being put until the hub has its registration on the medium."""
    feeder = site.feed(number, number + 1)
    assert feeder.stdout is not None
    feeder.stdout.readline()
    began, before = time.monotonic(), number
    _await(lambda: site.confirmed() > before, "a single report is registered")
    feeder.wait()
    return round(time.monotonic() - began, 2)


def _await(met: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + _LONGEST_SECONDS
    while not met():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {_LONGEST_SECONDS:.0f} s: {what}")
        time.sleep(0.05)


def _judged(site: _Site, reports: int, in_flight: list[int], *, feeder_kills: int, seconds: float, slowest: float) -> Row:
    effects = site.system.register()
    by_message: dict[str, list[str]] = {}
    for line in effects:
        by_message.setdefault(line["key"].partition("-")[0], []).append(line["sha256"])
    lost = twice = changed = registered = 0
    for number in range(reports):
        digests = by_message.get(report_number(f"message-{site.seed}-{number}"), [])
        lost += not digests
        twice += len(digests) > 1
        changed += digests[:1] not in ([], [hashlib.sha256(payload(site.seed, number)).hexdigest()])
        registered += site.hand_overs.has(f"message-{site.seed}-{number}")
    return Row(
        site.seed, reports, len(in_flight), feeder_kills, registered, lost, twice, changed, site.system.repeats, round(seconds, 1), slowest,
        in_flight,
    )  # fmt: skip
