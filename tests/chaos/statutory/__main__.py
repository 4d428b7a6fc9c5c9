"""The statutory lane under kills: `python -m tests.chaos.statutory [--reports N] [--kills N] [--rounds N] [--resume FILE] [--json]`.

An installation in which nothing else runs, neither Kafka nor the registry nor a worker, takes malformed reports from a feeder that
is killed, hands them over by a lane that is killed with reports in flight, to a case system that counts what it registers.
Every report must be registered once, unchanged. With `--resume FILE` finished rounds are kept there, and not done again.

Ends with 0 when every round is well.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from .running import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.statutory", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep finished rounds there, and go on behind them")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON instead of lines")
    chosen = parser.parse_args()
    done = _kept(chosen.resume)
    for seed in range(chosen.seed, chosen.seed + chosen.rounds):
        wanted = {"seed": seed, "reports": chosen.reports}
        if any(wanted.items() <= row.items() for row in done):
            continue
        with tempfile.TemporaryDirectory(prefix="hub-statutory-") as folder:
            row = run(Path(folder), seed, reports=chosen.reports, kills=chosen.kills, say=_say).plain
            _say(f"{row}")
            done.append(row)
            if chosen.resume:  # before the folder goes, which takes a while
                with chosen.resume.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps(row) + "\n")
    print(json.dumps(done, indent=1) if chosen.json else "\n".join(f"{row}" for row in done))
    return 0 if all(row["well"] for row in done) else 1


def _kept(file: Path | None) -> list[dict[str, Any]]:
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
