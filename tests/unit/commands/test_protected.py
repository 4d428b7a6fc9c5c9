"""`hub protected`: the clock beside each case, and what came of it, on the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.bootstrap import build_audit, build_manual_lane
from hub.clock import CLOCK_VARIABLE, ManualClock
from hub.commands.protected import app
from hub.errors import RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.statutory.make import NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    initialised(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    build_manual_lane(load_settings(tmp_path), ManualClock(NOW)).put("one", b'{"what": "stopped"}', NOW)
    return tmp_path


def call(*words: str):
    return CliRunner().invoke(app, list(words))


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(call("list", "--json").stdout)["cases"]
    return found


def purposes(home: Path) -> list[str]:
    audit = build_audit(load_settings(home))
    with audit.engine.connect() as connection:
        found = [row[0] for row in connection.exec_driver_sql("select purpose from audit_entry order by position")]
    audit.close()
    return found


def test_a_case_has_a_clock_until_what_came_of_it_is_recorded(home: Path) -> None:
    (before,) = listed()
    assert (before["due_at"], before["done"]) == ("2025-05-26T06:00:00+00:00", False)
    assert "to look into by 2025-05-26 06:00 UTC" in call("list").stdout
    done = call("outcome", str(before["case"]), "--came", "referred", "--registered-as", "SN 2025/117")
    assert (done.exit_code, done.stdout) == (0, "recorded\n")
    assert listed()[0]["done"] is True
    assert "outcome" in purposes(home)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--came", "curiosity"), "no_outcome"),
        (("--came", "referred"), "bad_case_number"),
        (("--came", "declined", "--registered-as", "20120314-9800"), "bad_case_number"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_recorded(home: Path, words: tuple[str, ...], code: str) -> None:
    (case,) = listed()
    refused = call("outcome", str(case["case"]), *words)
    assert isinstance(refused.exception, RejectedError)
    assert refused.exception.code == code
    assert listed()[0]["done"] is False


def test_a_case_that_is_not_there_is_refused_before_anything_is_logged(home: Path) -> None:
    refused = call("outcome", "0123", "--came", "declined")
    assert getattr(refused.exception, "code", "") == "unknown_message"
    assert "outcome" not in purposes(home)


def test_another_outcome_than_the_one_that_stands_is_refused_and_what_stands_is_told(home: Path) -> None:
    (case,) = listed()
    assert call("outcome", str(case["case"]), "--came", "declined").exit_code == 0
    assert call("outcome", str(case["case"]), "--came", "declined").exit_code == 0
    second = call("outcome", str(case["case"]), "--came", "referred", "--registered-as", "SN 2025/117")
    assert getattr(second.exception, "code", "") == "already_said"
    assert "what stands: declined" in second.stderr
