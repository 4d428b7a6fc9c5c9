"""One poll of each lane in a process that may kill itself: `child HOME INSTANCE CRASH_AT`, at that publish; 0: never.

Exits 0 when every lane was read to its end, 1 when the source did not let it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from hub.settings import load_settings
from tests.chaos.dying import build


def main(home: str, instance: str, crash_at: str) -> None:
    publishes = 0

    def after_publish() -> None:
        nonlocal publishes
        publishes += 1
        if publishes == int(crash_at):
            os.kill(os.getpid(), signal.SIGKILL)

    polled = build(load_settings(Path(home)), instance, threading.Event(), after_publish).once()
    sys.exit(0 if all(one.result == "ok" for one in polled.values()) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
