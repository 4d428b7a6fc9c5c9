"""Generated history of many youths through `hub.backtest`: events per second and core, peak memory, tasks.

    python -m tests.bench.backtest [--events 5000000] [--youths 20000] [--processes N]

The aim: 20,000 events a second and core. Candidate rules are the shipped ones with two thresholds changed, run beside the shipped ones
in the same pass, so that each event is read once, and stepped twice where a rule looks at it; beside it stands what the replay does with
one rule set, of a sample in this process that is read already. The file is written first, and not measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from hub.backtest.history import timeline
from hub.backtest.history_file import open_history, write_history
from hub.backtest.published import publish
from hub.backtest.replay import replay
from hub.backtest.running import Question, tally_of
from hub.backtest.tally import Kind, Tally
from hub.compiled.form import form
from hub.core.rules import RuleSet, compile_rules
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from tests.bench.backtest.youths import END, make_histories

AIM = 20_000
PARTS_A_PROCESS = 8
SAMPLE = 100


class Run(NamedTuple):
    """What a run took: seconds of the clock and of all processors, and the most memory of all processes together (MiB)."""

    tally: Tally
    question: Question
    wall: float
    cpu: float
    peak: float
    size: int
    alone: float


def candidate_rules() -> RuleSet:
    """The shipped rules, with less absence needed and two notices instead of three."""
    shipped = load_rules(defaults_folder() / "rules")
    changed = {"absence-alone": 360, "repeated-notices": 2}
    rules = tuple(
        rule.model_copy(update={"when": (rule.when[0].model_copy(update={"at_least": changed[rule.id]}),)})
        if rule.id in changed
        else rule
        for rule in shipped.rules
    )
    return shipped.model_copy(update={"rules": rules, "version": "candidate"})


class Memory(threading.Thread):
    """Looks ten times a second at what this process and its children hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._ended = 0, threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.1):
            held = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held)

    def stop(self) -> float:
        self._ended.set()
        self.join()
        return self.peak / 2**20


def measure(folder: Path, events: int, youths: int, processes: int) -> Run:
    file = folder / "history.jsonl"
    write_history(file, (one.model_dump_json().encode() for one in make_histories(events, youths)), END)
    question = Question(candidate_rules(), load_rules(defaults_folder() / "rules"), None, END)
    parts = open_history(file, processes * PARTS_A_PROCESS, END)
    memory = Memory()
    memory.start()
    began, used = time.perf_counter(), os.times()
    tally = tally_of(parts, question, processes, lambda so_far: print(f"\r{so_far.events:,} events", end="", file=sys.stderr))
    wall, after = time.perf_counter() - began, os.times()
    print(file=sys.stderr)
    cpu = sum(after[:4]) - sum(used[:4])  # user, system, and the children's that have ended
    return Run(tally, question, wall, cpu, memory.stop(), file.stat().st_size, replay_alone(events // youths))


def replay_alone(events: int) -> float:
    """Events a second through one rule set, when they are read and in order already."""
    rules = compile_rules(load_rules(defaults_folder() / "rules"))
    sample = [(one.youth_ref, timeline(one)) for one in make_histories(SAMPLE * events, SAMPLE)]
    began = time.process_time()
    for youth_ref, told in sample:
        replay(youth_ref, told, [rules], END)
    return sum(len(told) for _, told in sample) / (time.process_time() - began)


def main() -> None:
    """Measure and print; exit 1 when the aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backtest", description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--youths", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-backtest-") as folder:
        run = measure(Path(folder), chosen.events, chosen.youths, chosen.processes)
    print("\n".join(lines_of(run, chosen.processes)))
    sys.exit(0 if run.tally.events / run.cpu >= AIM else 1)


def lines_of(run: Run, processes: int) -> list[str]:
    tally, figures = run.tally, publish(run.tally, run.question.plan())
    per_core = tally.events / run.cpu
    counted = {kind: sum(number for cell, number in tally.tasks.items() if cell.kind is kind) for kind in Kind}
    asked = f"two rule sets of {len(figures.rules)} rules side by side, {processes} processes, file of {run.size / 1e6:,.0f} MB"
    aim = f"to the aim of {AIM:,}: {per_core / AIM:.2f}"
    return [
        f"{tally.events:,} events of {tally.youths:,} youths, {asked}; {form().text}",
        f"  {run.wall:.1f} s: {tally.events / run.wall:,.0f} events/s by the clock, {per_core:,.0f} events/s per core; {aim}",
        f"  the replay alone, one rule set: {run.alone:,.0f} events/s per core",
        f"  peak memory of all processes together: {run.peak:.0f} MiB ({run.peak / (processes + 1):.0f} each)",
        "  tasks: " + ", ".join(f"{kind} {number:,}" for kind, number in counted.items()),
    ]


if __name__ == "__main__":
    main()
