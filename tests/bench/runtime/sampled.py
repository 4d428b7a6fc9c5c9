"""`hub worker` with a profiler of its own: `sampled FILE`; on leaving, FILE holds where the processor's time went.

Every few milliseconds each thread's processor time since the last look goes to the frames it is in. cProfile would slow small
functions down most, and see one thread; this sees all, Kafka's and RocksDB's own as "no Python".
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import hub
from hub.cli import main

_LOOK_SECONDS = 0.004
# Else a look comes when a thread waits, and all its work is taken for waiting.
_SWITCH_SECONDS = 0.0001
_OURS = str(Path(hub.__file__).parents[1]) + "/"


class Sampler(threading.Thread):
    """Counts seconds of processor time by stack: innermost first, `file:function`."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self.stacks: Counter[tuple[str, ...]] = Counter()
        self.ended = threading.Event()
        self.failure: Exception | None = None
        self._names: dict[object, str] = {}

    def run(self) -> None:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 -- half a profile must not be taken for a whole one
            self.failure = error

    def _look(self) -> None:
        spent: dict[int, float] = {}
        last = time.process_time()
        while not self.ended.wait(_LOOK_SECONDS):
            frames = sys._current_frames()
            counted = 0.0
            for thread in threading.enumerate():
                ident = thread.ident
                frame = None if ident is None else frames.get(ident)
                if ident is None or frame is None:
                    continue
                try:
                    now = time.clock_gettime(time.pthread_getcpuclockid(ident))
                except OSError:  # it has ended meanwhile
                    continue
                delta = max(0.0, now - spent.get(ident, now))  # an ended thread's number is given away again
                spent[ident] = now
                counted += delta
                if delta > 0 and thread is not self:
                    self.stacks[self._stack(frame)] += delta
            total = time.process_time()
            self.stacks["no Python",] += max(0.0, total - last - counted)
            last = total

    def _stack(self, frame: FrameType | None) -> tuple[str, ...]:
        found = []
        while frame is not None:
            code = frame.f_code
            name = self._names.get(code)
            if name is None:
                name = self._names[code] = f"{_short(code.co_filename)}:{code.co_qualname}"
            found.append(name)
            frame = frame.f_back
        return tuple(found)


def _short(path: str) -> str:
    if "/site-packages/" in path:
        return path.rpartition("/site-packages/")[2]
    return path.removeprefix(_OURS).rpartition("/lib/python3.11/")[2]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sampler = Sampler()
    sys.setswitchinterval(_SWITCH_SECONDS)
    sampler.start()
    sys.argv = ["hub", "worker"]
    try:
        main()
    finally:
        sampler.ended.set()
        sampler.join()
        if sampler.failure is not None:
            raise sampler.failure
        rows = [[seconds, list(stack)] for stack, seconds in sampler.stacks.items()]
        target.write_text(json.dumps(rows), encoding="utf-8")
