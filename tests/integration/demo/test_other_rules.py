"""The demo's verdict bites: another threshold in a rule, or another expectation, and it no longer matches."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hub.bootstrap import build_clock, build_registry, build_worklist
from hub.delivery.worklist import TaskView
from hub.demo.expected import SCENARIO, Thresholds, expect
from hub.demo.town import build_town
from hub.demo.verdict import Snapshot, compare_end
from hub.resources import defaults_folder
from hub.settings import load_settings
from tests.demo_run import DemoRun

pytestmark = pytest.mark.kafka
TOWN = build_town()
CHANGED = replace(SCENARIO, absence_alone_minutes=481)
NOTHING = Snapshot({}, (), 0)
MISSING = re.compile(r"youth (\d+), absence-alone to outreach: missing")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a demo left in its inbox, with the town's numbers of those whose references still stand."""

    views: list[TaskView]
    numbers: dict[str, int]

    def differences(self, thresholds: Thresholds) -> list[str]:
        return compare_end(expect(TOWN, thresholds), NOTHING, self.views, self.numbers)


def read_end(home: Path, copy: Path) -> Ended:
    """Read inbox and registry of an ended demo, from a copy."""
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("broker", "worker", "logs"))
    settings = load_settings(copy)
    clock = build_clock(settings)
    opened = build_registry(settings, clock)
    references = opened.registry.references([youth.person_id for youth in TOWN.youths])
    opened.close()
    numbers = {reference: number for number, reference in enumerate(references) if reference is not None}
    return Ended(build_worklist(settings, clock).all_tasks(), numbers)


def play_with(rules: Path, base: Path) -> tuple[int, dict[str, Any]]:
    """The demo with other rules, by the command that users have: exit code and JSON."""
    command = [sys.executable, "-m", "hub", "demo", "--once", "--json", "--folder", str(base / "demo"), "--rules", str(rules)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout, done.stderr[-4000:]
    return done.returncode, json.loads(done.stdout)


def change_threshold(rules: Path) -> None:
    shutil.copytree(defaults_folder() / "rules", rules)
    file = rules / "absence-alone.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("at_least: 480") == 1
    file.write_text(text.replace("at_least: 480", "at_least: 481"), encoding="utf-8")


@pytest.mark.chaos  # a whole demo more: every threshold is moved by one in the play itself, tests/unit/demo/test_expected.py
def test_one_minute_more_in_a_shipped_rule_and_the_demo_does_not_match(tmp_path: Path, report: Callable[[str], None]) -> None:
    change_threshold(tmp_path / "rules")
    code, outcome = play_with(tmp_path / "rules", tmp_path)
    assert code == 1
    assert outcome["matches_expected"] is False
    assert outcome["balanced"] is True
    exactly = {one.youth for one in expect(TOWN).tasks - expect(TOWN, CHANGED).tasks}
    assert exactly
    # Each is missing before the withdrawals and after them.
    named = [match and int(match[1]) for match in map(MISSING.fullmatch, outcome["differences"])]
    assert sorted(named) == sorted([*exactly, *exactly])
    end = read_end(tmp_path / "demo" / "home", tmp_path / "copy")
    assert end.differences(SCENARIO)
    assert end.differences(CHANGED) == []
    report(f"480 → 481 minutes: matches_expected false, {len(exactly)} youths named; with the expectation changed alike: true")


def test_another_expectation_and_the_shipped_rules_do_not_match(
    demo_run: DemoRun, tmp_path: Path, report: Callable[[str], None]
) -> None:
    assert demo_run.outcome["matches_expected"] is True
    end = read_end(demo_run.home, tmp_path / "copy")
    assert end.differences(SCENARIO) == []
    differing = end.differences(CHANGED)
    assert differing
    assert all("not expected" in line for line in differing)
    assert end.differences(replace(SCENARIO, presence_incidents=6))
    report(f"the run matches; with 481 minutes expected it differs in {len(differing)} tasks")
