"""A connector process that may kill itself between publish and settlement: `child HOME INSTANCE CRASH_AT`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from hub.bootstrap import build_clock
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.kafka import Publisher
from hub.settings import load_settings


def main(home: str, instance: str, crash_at: str) -> None:
    publishes = 0

    def after_publish() -> None:
        nonlocal publishes
        publishes += 1
        if publishes == int(crash_at):
            os.kill(os.getpid(), signal.SIGKILL)

    settings = load_settings(Path(home))
    runner = Runner(
        settings,
        build_clock(settings),
        threading.Event(),
        instance,
        publisher_factory=lambda client_id: Publisher(settings.bootstrap_servers, client_id),
        statutory_port=None,
        codec=Codec.load(),
        after_publish=after_publish,
    )
    print(runner.once()["events"])


if __name__ == "__main__":
    main(*sys.argv[1:])
