"""Mutation testing of the core: `python -m tests.mutation [--sample N] [--seed S] [--file FILE…] [--without FILE…] [--resume FILE]`.

Goes through the mutants of `hub/core`, all of them or a sample, each before the unit tests in a process of its own; tells how many were
killed, and lists the survivors that `survivors.yaml` gives no reason for. Ends with 1 when fewer than 90 % were killed or reasoned.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .judging import ROOT
from .run import FEWEST_PERCENT, Plan, report_of, run


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, help="so many mutants, drawn evenly over all (default: every one)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--file", action="append", help="only this file; may be given again")
    parser.add_argument("--without", action="append", default=[], help="all but this file; may be given again")
    parser.add_argument("--resume", type=Path, help="keep the results there as JSON, and go on with what is not yet in it")
    parser.add_argument("--again", action="store_true", help="judge again what survived or timed out in --resume's file")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at once")
    parser.add_argument("--checked", action="store_true", help="do not first run the tests on the code as it is")
    given = parser.parse_args(words)
    files = given.file or [str(path.relative_to(ROOT)) for path in sorted((ROOT / "hub" / "core").glob("*.py"))]
    plan = Plan([file for file in files if file not in given.without], given.sample, given.seed)
    results = run(plan, given.resume, again=given.again, jobs=given.jobs, checked=given.checked)
    lines, percent = report_of(results)
    print("\n".join(lines))
    return 0 if percent >= FEWEST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
