"""The runtime's matrix of disturbances, on real embedded Kafka: `python -m tests.chaos.matrix [--case …] [--seed S] [--resume FILE] [--json]`.

Each round feeds real workers from a seed, disturbs them with work in flight, lets them come to rest, and holds what stands on
the topics against an oracle that knows none of their code: states and open tasks must be those of the reference engine, nothing
lost, nothing there twice. Records that say something again are allowed, and counted. A round that struck nothing in flight is
repeated. With `--resume FILE` finished rounds are kept there, and not done again.

Ends with 0 when the hub's own cases are all well.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from .running import CASES, Row, run, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.matrix", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, help="so many of each case, instead of its own number")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep finished rounds there, and go on behind them")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON instead of a table")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # workers and broker end with it
    rows: list[Row] = []
    for name in chosen.case or CASES:
        rows += run(
            name, chosen.seed, rounds=chosen.rounds, kept=chosen.resume, say=lambda text: print(text, file=sys.stderr, flush=True)
        )
    print(json.dumps([row.plain for row in rows], indent=1) if chosen.json else table(rows))
    return 0 if all(row.well for row in rows if not row.case.startswith("naive")) else 1


if __name__ == "__main__":
    sys.exit(main())
