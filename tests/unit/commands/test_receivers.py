"""`hub statutory receivers` and `simulate-receiver`: who has what, and a whole trial without a case system."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from hub.clock import CLOCK_VARIABLE, ManualClock
from hub.commands.statutory import app
from hub.connector import RawMessage
from hub.settings import load_settings
from hub.statutory.opening import open_writer
from hub.statutory.process import run
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.statutory.make import NOW

NAMED = {
    "HUB_STATUTORY__RECEIVER": "reception",
    "HUB_STATUTORY__RECEIVERS": '{"reception": {"title": "Mottagningen", "folder": "in"}}',
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    initialised(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    return tmp_path


def call(*words: str):
    return CliRunner().invoke(app, list(words))


def test_without_a_receiver_it_says_that_a_person_hands_over_and_what_to_name(home: Path) -> None:
    shown = call("receivers")
    assert shown.exit_code == 1
    assert "[statutory.receivers]" in shown.stdout
    assert json.loads(call("receivers", "--json").stdout)["receivers"] == []


def test_a_trial_goes_from_the_store_to_the_case_system_and_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NAMED.items():
        monkeypatch.setenv(name, value)
    (home / "in").mkdir()
    settings, stop = load_settings(home), threading.Event()
    stop.set()
    open_writer(settings, ManualClock(NOW)).put(RawMessage("one", NOW, b"\xff"))
    run(settings, ManualClock(NOW), stop)
    (before,) = json.loads(call("receivers", "--json").stdout)["receivers"]
    assert (before["takes_now"], before["taken"], before["registered"]) == (True, 1, 0)
    done = call("simulate-receiver", str(home / "in"), "--register", str(home / "own"), "--once")
    assert "1 registered" in done.stdout
    run(settings, ManualClock(NOW), stop)
    (after,) = json.loads(call("receivers", "--json").stdout)["receivers"]
    assert (after["taken"], after["registered"]) == (0, 1)
    assert "Mottagningen (reception)" in call("receivers").stdout
    listed = json.loads(call("list", "--json").stdout)["messages"]
    assert [(one["stage"], one["receiver"], one["handed_over"]) for one in listed] == [("registered", "reception", True)]
