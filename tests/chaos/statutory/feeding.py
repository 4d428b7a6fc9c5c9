"""What a connector's statutory lane does, as a process that can be killed: `feeding SEED FIRST LAST`, for HUB_HOME.

Each number is printed once its report is on the medium; who killed this goes on behind the last one that it read.
"""

from __future__ import annotations

import sys

from hub.bootstrap import build_clock
from hub.connector import RawMessage
from hub.settings import load_settings
from hub.statutory.opening import open_writer
from tests.chaos.statutory.payloads import payload


def main(seed: int, first: int, last: int) -> None:
    settings = load_settings(None)
    clock = build_clock(settings)
    store = open_writer(settings, clock)
    for number in range(first, last):
        store.put(RawMessage(f"message-{seed}-{number}", clock.now(), payload(seed, number)))
        print(number, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
