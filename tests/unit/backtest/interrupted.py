"""A replay that somebody interrupts while its processes still load what they need: `python -m tests.unit.backtest.interrupted FOLDER`."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.backtest.history import YouthHistory
from hub.backtest.running import Question, tally_of
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from tests.bench.backtest.youths import END

FOLDER = "INTERRUPTED_FOLDER"

if __name__ == "__mp_main__":  # as a process that is started calls it
    Path(os.environ[FOLDER], str(os.getpid())).touch()
    time.sleep(1)  # in which the test interrupts it; without that, nothing is proved and nothing fails


@dataclass(frozen=True)
class EndlessPart:
    """Nobody's history, and never read to its end."""

    number: int

    def histories(self, refused: Counter[str]) -> Iterator[YouthHistory]:
        del refused
        time.sleep(600)
        yield from ()


def main(folder: str) -> None:
    os.environ[FOLDER] = folder
    rules = load_rules(defaults_folder() / "rules")
    parts: list[Any] = [EndlessPart(number) for number in range(9)]
    try:
        tally_of(parts, Question(rules, rules, None, END), 2)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1])
