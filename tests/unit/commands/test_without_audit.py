"""The commands while the audit log's database cannot be used: what nothing may stop goes on, all else shows and does nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cli import app
from hub.clock import CLOCK_VARIABLE, ManualClock
from hub.connector import RawMessage
from hub.errors import HubError
from hub.settings import load_settings
from hub.statutory.opening import open_writer
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.registry.support import make_grant, make_identifier

PERSON = make_identifier()
CONTENT = b"a report of concern"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    initialised(tmp_path)
    grant = make_grant(area=None).model_dump(mode="json", exclude_none=True)
    (tmp_path / "grants.json").write_text(json.dumps([grant]), encoding="utf-8")
    assert call(tmp_path, "consent", "import", str(tmp_path / "grants.json")).exit_code == 0
    arrived = datetime(2025, 5, 18, 21, 0, tzinfo=UTC)
    open_writer(load_settings(tmp_path), ManualClock(arrived)).put(RawMessage("message-one", arrived, CONTENT))
    return tmp_path


@pytest.fixture(params=["no database", "no table"])
def away(home: Path, request: pytest.FixtureRequest) -> list[Path]:
    """The database's file is none, or takes no entry; the answer is where it should be and where it is kept."""
    file = load_settings(home).data / "audit" / "audit.db"
    kept = file.with_name("kept.db")
    file.rename(kept)
    if request.param == "no database":
        file.write_bytes(b"no database at all" * 100)
    else:
        file.write_bytes(kept.read_bytes())
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("ALTER TABLE audit_entry RENAME TO gone")
    return [file, kept]


def back(away: list[Path]) -> None:
    file, kept = away
    for path in file.parent.glob("audit.db*"):
        path.unlink()
    kept.rename(file)


def call(home: Path, *words: str, given: str = f"{PERSON}\n") -> Result:
    result = CliRunner().invoke(app, [*words, "--home", str(home)], input=given)
    assert PERSON not in result.output
    return result


def test_a_withdrawal_is_taken_and_its_entries_come_into_the_log_when_it_is_back(home: Path, away: list[Path]) -> None:
    taken = call(home, "consent", "withdraw", "--by", "guardian_1", "-i", "-", "--json")
    assert taken.exit_code == 0, taken.exception
    assert json.loads(taken.stdout)["status"] == "withdrawn"
    back(away)
    verified = call(home, "audit", "verify", "--json")
    assert (verified.exit_code, json.loads(verified.stdout)["waiting"]) == (0, 3)
    assert "3 more wait on this machine's disk" in verified.stderr
    told = json.loads(call(home, "audit", "list", "--json").stdout)[::-1]
    assert [one["action"] for one in told] == [
        "consent_registered", "vault_sealed", "consent_withdrawn", "erasure_requested", "vault_sealed", "audit_carried",
    ]  # fmt: skip
    assert len({one["subject"] for one in told if one["action"] in {"consent_registered", "consent_withdrawn"}}) == 1
    verified = call(home, "audit", "verify", "--json")
    assert (verified.exit_code, json.loads(verified.stdout)["waiting"]) == (0, 0)
    listed = json.loads(call(home, "vault", "list", "--json").stdout)
    assert [one["parts"] for one in listed["documents"]] == [["form", "end"]]


def test_mandatory_reports_are_listed_and_read(home: Path, away: list[Path]) -> None:
    listed = call(home, "statutory", "list", "--json")
    assert [one["message_id"] for one in json.loads(listed.stdout)["messages"]] == ["message-one"]
    opened = call(home, "statutory", "show", "message-one", "--reveal", "--purpose", "registering the report")
    assert opened.stdout_bytes == CONTENT
    assert call(home, "statutory", "show", "nothing").exit_code != 0
    back(away)
    told = json.loads(call(home, "audit", "list", "--json").stdout)[::-1]
    assert [(one["action"], one["outcome"]) for one in told][-4:] == [
        ("report_listed", "permit"), ("report_opened", "permit"), ("report_listed", "deny"), ("audit_carried", "permit"),
    ]  # fmt: skip


ALL_ELSE = (
    "consent show -i -", "consent list", "consent block --by youth -i -", "consent suspend -i -", "consent erasure-status",
    "protected list", "audit list", "connect observations --dry-run", "keys list",
)  # fmt: skip


@pytest.mark.usefixtures("away")
def test_all_else_fails_closed(home: Path) -> None:
    for words in ALL_ELSE:
        refused = call(home, *words.split())
        assert isinstance(refused.exception, HubError), words
        assert refused.exception.code in {"audit", "bad_database", "database"}, words
        assert refused.stdout == "", words
    assert not (load_settings(home).data / "audit-waiting").exists()


def test_when_neither_log_nor_disk_can_be_written_nothing_is_done(home: Path, away: list[Path]) -> None:
    (load_settings(home).data / "audit-waiting").write_text("in the way")
    for words in (("consent", "withdraw", "-i", "-"), ("statutory", "list")):
        refused = call(home, *words)
        assert getattr(refused.exception, "code", "") == "audit"
        assert refused.stdout == ""
    (load_settings(home).data / "audit-waiting").unlink()
    back(away)
    assert json.loads(call(home, "consent", "show", "-i", "-", "--json").stdout)["status"] == "in_force"
