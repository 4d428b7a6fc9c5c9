"""`hub audit`, as people and scripts run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.cli import app
from hub.clock import ManualClock
from hub.errors import ConfigError, RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.audit.conftest import NOW
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def log(home: Path):
    log = open_audit(load_settings(home), ManualClock(NOW))
    log.append_many([make_entry(number) for number in range(5)])
    yield log
    log.close()


def call(home: Path, *words: str):
    return CliRunner().invoke(app, ["audit", *words, "--home", str(home)])


@pytest.mark.usefixtures("log")
def test_a_whole_log_exits_zero_and_says_what_was_not_checked(home: Path) -> None:
    result = call(home, "verify")
    assert result.exit_code == 0
    assert "The log is whole" in result.stdout
    assert "--against" in result.stdout


def test_a_log_that_nobody_wrote_to_is_whole(home: Path) -> None:
    assert call(home, "verify").exit_code == 0


def test_a_tampered_log_exits_one_and_says_what_where_and_what_next(home: Path, log: AuditLog) -> None:
    run(log.engine, "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 3")
    result = call(home, "verify")
    assert result.exit_code == 1
    assert "EDIT: entry 3" in result.stdout
    assert "Next:" in result.stdout
    result = call(home, "verify", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["whole"] is False
    assert [(one["fault"], one["first"]) for one in document["findings"]] == [(("edit", 3))]


@pytest.mark.parametrize("kind", ["checkpoint", "export"])
def test_a_truncation_is_found_against_what_was_exported(home: Path, log: AuditLog, tmp_path: Path, kind: str) -> None:
    kept, public = tmp_path / "kept", tmp_path / "audit.public"
    assert call(home, kind, "--out", str(kept)).exit_code == 0
    assert call(home, "checkpoint", "--public-key", "--out", str(public)).exit_code == 0
    assert call(home, "verify", "--against", str(kept), "--public-key", str(public)).exit_code == 0
    run(log.engine, "DELETE FROM audit_entry WHERE position > 3", "DELETE FROM audit_checkpoint")
    assert call(home, "verify").exit_code == 0
    result = call(home, "verify", "--against", str(kept), "--json")
    assert result.exit_code == 1
    assert [(one["fault"], one["first"]) for one in json.loads(result.stdout)["findings"]] == [("truncation", 4)]


def test_a_file_that_is_no_checkpoint_is_a_file_to_change(home: Path, tmp_path: Path) -> None:
    result = call(home, "verify", "--against", str(tmp_path / "nowhere"))
    assert isinstance(result.exception, ConfigError)


@pytest.mark.usefixtures("log")
def test_the_export_is_lines_of_json_and_is_itself_in_the_log(home: Path) -> None:
    lines = [json.loads(line) for line in call(home, "export", "--since", "4").stdout.splitlines()]
    assert [line["action"] for line in lines[:-1]] == ["task_opened", "audit_exported"]
    assert lines[-1]["checkpoint"].startswith("hub/0581/audit\n6\n")
    assert call(home, "export", "--since", "99").exception is not None


@pytest.mark.usefixtures("log")
def test_the_list_is_filtered_and_is_itself_in_the_log(home: Path) -> None:
    assert len(json.loads(call(home, "list", "--json", "--action", "task_opened", "--limit", "3").stdout)) == 3
    (read,) = json.loads(call(home, "list", "--json", "--action", "audit_read", "--as", "auditor-1").stdout)
    assert read["account"].startswith("os:")
    assert json.loads(call(home, "list", "--json", "--account", "auditor-1").stdout)[0]["action"] == "audit_read"
    assert json.loads(call(home, "list", "--json", "--outcome", "deny").stdout) == []
    assert "No entry" in call(home, "list", "--until", "2025-05-18").stdout
    assert len(json.loads(call(home, "list", "--json", "--since", "2025-05-19", "--until", "2025-05-19").stdout)) == 5


@pytest.mark.parametrize(
    "words",
    [["--action", "nothing"], ["--outcome", "maybe"], ["--since", "yesterday"], ["--as", "130304-9812"]],
    ids=lambda words: words[0],
)
def test_what_cannot_be_asked_is_refused(home: Path, words: list[str]) -> None:
    assert isinstance(call(home, "list", *words).exception, RejectedError)


@pytest.mark.usefixtures("log")
def test_the_review_shows_openings_and_its_seed(home: Path) -> None:
    document = json.loads(call(home, "review", "--month", "2025-05", "--sample", "2", "--json").stdout)
    assert (document["openings"], document["without_action"]) == (5, 5)
    assert sum(row["drawn"] for row in document["rows"]) == 2
    again = json.loads(
        call(home, "review", "--month", "2025-05", "--sample", "2", "--seed", str(document["seed"]), "--json").stdout
    )
    assert again == document
    assert "without an action" in call(home, "review", "--month", "2025-05").stdout
    assert "Nothing" in call(home, "review", "--month", "2025-04").stdout
    reviews = json.loads(call(home, "list", "--action", "audit_reviewed", "--json").stdout)
    assert len(reviews) == 4


def test_old_entries_go_only_when_it_is_said_so(home: Path, log: AuditLog) -> None:
    assert "No entry" in call(home, "prune").stdout
    # The entries are of a time that the machine's clock has left five years behind only if their checkpoint is.
    from hub.audit.opening import open_checkpoints

    open_checkpoints(load_settings(home), log.engine, ManualClock(NOW.replace(year=2015))).sign()
    assert json.loads(call(home, "prune", "--json").stdout)["entries"] == 5
    assert "hub audit prune --yes" in call(home, "prune").stdout
    assert "5 entries" in call(home, "prune", "--yes").stdout
    assert call(home, "verify").exit_code == 0
    assert [one["action"] for one in json.loads(call(home, "list", "--json").stdout)] == ["audit_pruned"]
