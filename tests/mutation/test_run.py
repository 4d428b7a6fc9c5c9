"""A run: it goes on where it was, judges anew what has changed, and tells what survived. And a short one, for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from . import run as running
from .judging import ROOT, Verdict
from .run import Plan, report_of

FILE = "hub/core/school.py"
PLAN = Plan([FILE])


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was judged; all of it survives."""
    seen: list[str] = []

    def judge_all(waiting, jobs):
        for key, file, _ in waiting:
            seen.append(key)
            yield key, file, Verdict("survived", "", 0.1)

    monkeypatch.setattr(running, "_judged", judge_all)
    return seen


def test_a_run_goes_on_where_it_was_and_judges_survivors_again_when_asked(tmp_path: Path, judged: list[str]) -> None:
    file = tmp_path / "results.json"
    running.run(PLAN, file, checked=True)
    everything = list(judged)
    judged.clear()
    assert set(running.run(PLAN, file, checked=True)) == set(everything)
    assert judged == []
    known = json.loads(file.read_text(encoding="utf-8"))
    known[everything[0]]["outcome"] = "killed"
    file.write_text(json.dumps(known), encoding="utf-8")
    running.run(PLAN, file, again=True, checked=True)
    assert judged == everything[1:]


def test_a_verdict_on_a_file_that_has_changed_since_is_none(tmp_path: Path, judged: list[str]) -> None:
    file = tmp_path / "results.json"
    running.run(PLAN, file, checked=True)
    known = json.loads(file.read_text(encoding="utf-8"))
    changed = {key: one | {"of": "another"} for key, one in known.items()}
    file.write_text(json.dumps(changed), encoding="utf-8")
    judged.clear()
    running.run(PLAN, file, checked=True)
    assert len(judged) == len(PLAN.mutants())


def test_survivors_are_listed_and_those_with_a_reason_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "reasons", lambda: {f"{FILE} a -> b": "the same", f"{FILE} c -> d": "was the same"})
    outcomes = {"a -> b": "survived", "c -> d": "killed", "e -> f": "survived", "g -> h": "timeout"}
    lines, percent = report_of({f"{FILE} {key}": {"outcome": outcome} for key, outcome in outcomes.items()})
    assert percent == pytest.approx(200 / 3)
    assert [line for line in lines if line.startswith("SURVIVED")] == [f"SURVIVED {FILE} e -> f"]
    assert f"killed, though a reason says that it cannot be: {FILE} c -> d" in lines


@pytest.mark.mutation
def test_a_dozen_mutants_drawn_with_a_seed_are_killed(report: Callable[[str], None]) -> None:
    command = [sys.executable, "-m", "tests.mutation", "--sample", "12", "--seed", "2", "--checked", "--jobs", "2"]
    files = [word for name in ("fold", "reach", "step") for word in ("--file", f"hub/core/{name}.py")]
    done = subprocess.run([*command, *files], cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    report(done.stdout.splitlines()[-1] if done.stdout else "nothing was said")
    assert done.returncode == 0, done.stdout + done.stderr
