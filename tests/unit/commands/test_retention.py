"""`hub retention`: the plan changes nothing, the run needs a decision and a yes, and counts stand in the audit log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.clock import ManualClock
from hub.commands.retention import app
from hub.connector import RawMessage
from hub.errors import ConfigError, RejectedError
from hub.installation import initialise
from hub.settings import load_settings
from hub.statutory.opening import open_hand_overs, open_writer
from tests.command_line import CliRunner
from tests.unit.statutory.make import NOW

DECISION = "\n[legal]\nretention_decision = "


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation with one report that was registered long ago, and one that was not."""
    initialise(tmp_path)
    settings = load_settings(tmp_path)
    store = open_writer(settings, ManualClock(NOW))
    store.put(RawMessage("one", NOW, b"one"))
    (stored,) = store.files()
    open_hand_overs(settings).confirm(stored, registered_as="SN 2024/1", who="officer", at=NOW)
    store.put(RawMessage("two", NOW, b"two"))
    return tmp_path


def decided(home: Path) -> None:
    file = home / "hub.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace('retention_decision = ""', 'retention_decision = "KS 2025/117"'),
        encoding="utf-8",
    )


def call(home: Path, *words: str, answer: str | None = None):
    return CliRunner().invoke(app, [*words, "--home", str(home)], input=answer)


def stored(home: Path) -> int:
    return len(list((home / "data" / "statutory" / "messages").rglob("*.sealed")))


def logged(home: Path) -> list[tuple[str, str]]:
    audit = open_audit(load_settings(home), ManualClock(NOW))
    found = [(one.purpose, one.rule) for one in the_latest(audit.engine, Filter(), 100)[::-1] if one.action == "data_let_go"]
    audit.close()
    return found


def test_the_plan_says_what_is_due_and_why_the_rest_stays(home: Path) -> None:
    shown = call(home, "plan", "--json")
    assert shown.exit_code == 1
    document = json.loads(shown.stdout)
    kinds = {one["kind"]: one for one in document["kinds"]}
    assert set(kinds) == {
        "notes", "tasks", "errands", "moves", "calls", "readers", "colleagues", "cases", "case_moves", "outcomes", "orders", "presence",
        "reports", "protected_cases",
    }  # fmt: skip
    assert (kinds["reports"]["due"], kinds["reports"]["kept_back"]) == (1, {"not_registered": 1})
    assert stored(home) == 2
    table = call(home, "plan").stdout
    assert "No decision is named" in table
    assert "reports: 1 stay, however old: no case system or outcome is recorded" in table


def test_nothing_goes_without_a_decision(home: Path) -> None:
    refused = call(home, "run", "--yes")
    assert isinstance(refused.exception, ConfigError)
    assert refused.exception.code == "no_retention_decision"
    assert stored(home) == 2


def test_where_nobody_can_be_asked_nothing_goes_without_yes(home: Path) -> None:
    decided(home)
    refused = call(home, "run")
    assert isinstance(refused.exception, RejectedError)
    assert stored(home) == 2
    assert logged(home) == []


def test_a_run_lets_go_logs_the_counts_and_the_next_finds_nothing(home: Path) -> None:
    decided(home)
    done = call(home, "run", "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout.splitlines()[-1])) == (0, {"gone": {"reports": 1}})
    assert stored(home) == 1
    assert logged(home) == [("reports", "due_1"), ("reports", "gone_1")]
    assert "Nothing is due." in call(home, "run", "--yes").stdout
    assert call(home, "plan").exit_code == 0
