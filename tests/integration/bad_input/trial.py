"""A consumer of the hub under bad input: what it is fed, and what must be true of it afterwards."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from hub.contract.topics import CATALOGUE, dead_letter_topic
from hub.kafka import Outgoing
from tests.integration.bad_input.cases import NUMBER, Bad
from tests.integration.privacy.at_rest import open_everything
from tests.integration.privacy.traces import Person, index_traces, scan
from tests.integration.runtime.town import CODEC, Town, WorkerProcess

__all__ = ["Trial"]

_MOST_GROWTH = 8 * 2**20
_MOST_AT_ONCE = 32 * 2**20
_WINDOW = 9  # one more than the longest word that letter and content rightly share: "outreach", in the topic's name
_INDEX = index_traces([Person("key", NUMBER, "Nobody Of-That-Name", ())])


class Trial:
    """One process and the bad records for it. `good` makes the n-th good record, always on the partition of the bad ones."""

    def __init__(self, town: Town, process: WorkerProcess, bad: list[Bad], good: Callable[[int], Outgoing]) -> None:
        self._town = town
        self._process = process
        self._bad = bad
        self._good = good
        self._sent: dict[tuple[str, int, int], Bad] = {}

    def feed(self, outcome: str) -> None:
        """Each bad record once, between two good ones; the good one behind it must reach `outcome` before the next comes."""
        for number, bad in enumerate(self._bad):
            before, after = self._good(2 * number), self._good(2 * number + 1)
            _, (partition, offset), _ = self._town.publish(before, bad.record, after)
            self._sent[bad.record.topic, partition, offset] = bad
            self._wait()
            assert self._process.ledger(before.topic)[outcome] == 2 * (number + 1), bad.name

    def stay_small(self, times: int, report: Callable[[str], None]) -> None:
        """After a warm-up, `times` more of each leave the process as large as it was, and it is still the same process."""
        process = psutil.Process(self._process.process.pid)
        self._repeat(times)
        before, began = process.memory_info().rss, time.monotonic()
        self._repeat(times)
        after, seconds = process.memory_info().rss, time.monotonic() - began
        peak = _peak(process.pid)
        report(
            f"{times} more of each of the {len(self._bad)} kinds in {seconds:.1f} s: "
            f"{before / 2**20:.1f} MiB resident before, {after / 2**20:.1f} after, {peak / 2**20:.1f} at the most"
        )
        assert after - before < _MOST_GROWTH, "memory grows"
        assert peak - before < _MOST_AT_ONCE, "something took much memory for a while"
        assert self._process.process.poll() is None, "the process has ended"

    def _repeat(self, times: int) -> None:
        """Each followed by a good record that was taken long ago, so that nothing need grow by it."""
        known = self._good(0)
        records = [record for bad in self._bad for record in (bad.record, known)]
        for number, (partition, offset) in enumerate(self._town.publish(*records * times)[::2]):
            bad = self._bad[number % len(self._bad)]
            self._sent[bad.record.topic, partition, offset] = bad
        self._wait()

    def _wait(self) -> None:
        self._process.reached(self._town, sorted({bad.record.topic for bad in self._bad}))

    def check_letters(self, log: bytes, report: Callable[[str], None]) -> None:
        """One letter per bad record, of its class and origin, without its content; the log has nothing of that either."""
        topics = [dead_letter_topic(CATALOGUE[topic]).name for topic in sorted({bad.record.topic for bad in self._bad})]
        self._process.until(lambda: sum(self._town.ends(*topics).values()) >= len(self._sent), "all dead letters")
        origins: Counter[tuple[str, int, int]] = Counter()
        told = _windows(log)
        for record in (one for topic in topics for one in self._town.raw(topic)):
            letter = CODEC.decode(CATALOGUE[record.topic], record.value)
            origin = (letter.origin_topic, letter.origin_partition, letter.origin_offset)
            origins[origin] += 1
            bad = self._sent[origin]
            assert (letter.error_class, letter.attempts) == (bad.code, 1), f"{bad.name} became {letter.error_class}"
            assert record.key == (None if bad.code == "bad_key" else bad.record.key), bad.name
            for part in (record.value, *(name.encode() + b"\x00" + value for name, value in record.headers)):
                told |= _windows(part)
        assert origins == dict.fromkeys(self._sent, 1)
        leaks = [bad.name for bad in self._bad if _windows(bad.record.value or b"") & told]
        assert not leaks, f"something of the content is told of: {leaks}"
        report(f"{len(origins)} dead letters, one per record: " + ", ".join(f"{bad.name} → {bad.code}" for bad in self._bad))

    def check_key(self, log: bytes, scratch: Path) -> None:
        """The number that stood as a key is in no log, no file of the installation, and on no topic but where it came."""
        sources = {bad.record.topic for bad in self._bad}
        assert any(scan(record.key or b"", _INDEX) for topic in sources for record in self._town.raw(topic))  # it can be found
        assert not scan(log, _INDEX)
        places = [piece.place for piece in open_everything(self._town.settings.home, scratch) if scan(piece.content, _INDEX)]
        assert not places
        for topic in self._town.names() - sources:
            for record in self._town.raw(topic):
                parts = (record.key or b"", record.value or b"", *(value for _, value in record.headers))
                assert not any(scan(part, _INDEX) for part in parts), topic


def _peak(pid: int) -> int:
    """The most bytes the process ever held; 0 where the system does not tell (only Linux does)."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii") if status.exists() else "")
    return int(found[1]) * 1024 if found else 0


def _windows(content: bytes) -> set[bytes]:
    return {content[start : start + _WINDOW] for start in range(len(content) - _WINDOW + 1)}
