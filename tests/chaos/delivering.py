"""The delivery process that `handing` kills: the real loop, inbox and dispatchers, over a bus that lies in a file.

    python -m tests.chaos.delivering HOME BUS

The installation's clock runs faster than the machine's (`QuickClock`), so that the schedule of retries is the real one.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.bootstrap import build_delivery_engine
from hub.bootstrap_deliver import build_dispatchers
from hub.contract.codec import Codec
from hub.delivery.errands import ErrandWriter
from hub.delivery.process import run_delivery
from hub.delivery.sinks import sinks_of_teams
from hub.installation import load_teams
from hub.kafka import Incoming
from hub.settings import load_settings
from hub.testing import MemoryPublisher

SPEED = 1000.0
_BATCH = 50
_PAUSE_SECONDS = 0.05  # tasks come while others are handed over


class QuickClock:
    """Runs `SPEED` times as fast as the machine's since `start`; whoever knows the same start has the same time."""

    def __init__(self, start: datetime, origin: float) -> None:
        self._start, self._origin = start, origin

    def now(self) -> datetime:
        return self._start + timedelta(seconds=SPEED * (time.time() - self._origin))


class FileBus:
    """The bus as delivery reads it: from a little before what was taken, as after a crash before the last commit."""

    def __init__(self, file: Path, taken: int) -> None:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        self._records = [
            Incoming(topic, 0, offset, bytes.fromhex(key), bytes.fromhex(value), (), 0) for topic, offset, key, value in rows
        ]
        self._taken = max(0, taken - _BATCH)

    def poll(self, timeout_seconds: float, max_records: int) -> Sequence[Incoming]:
        time.sleep(timeout_seconds if self._taken == len(self._records) else _PAUSE_SECONDS)
        found = self._records[self._taken : self._taken + min(_BATCH, max_records)]
        self._taken += len(found)
        return found

    def commit(self) -> None:
        """The inbox knows its own place."""

    def caught_up(self) -> list[tuple[str, int]]:
        return []

    def ends(self) -> dict[tuple[str, int], int]:
        return {(record.topic, record.partition): record.offset + 1 for record in self._records}


def main(home: Path, bus: Path) -> None:
    settings, stop = load_settings(home), threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    start, origin = json.loads((home / "quick-clock.json").read_text(encoding="utf-8"))
    clock = QuickClock(datetime.fromisoformat(start).astimezone(UTC), origin)
    engine = build_delivery_engine(settings)
    with engine.connect() as connection:
        taken = connection.exec_driver_sql("SELECT coalesce(sum(next_offset), 0) FROM position").scalar_one()
    reader = FileBus(bus, int(taken))
    run_delivery(
        engine,
        Codec.load(),
        clock,
        ends=reader.ends,
        reader=reader,
        publisher=MemoryPublisher(),
        stop=stop,
        errands=ErrandWriter(sinks_of_teams(settings, load_teams(home))),
        dispatchers=build_dispatchers(settings, engine, clock),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
