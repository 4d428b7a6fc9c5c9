from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.audit.tables import EntryRow
from hub.bootstrap import build_audit
from hub.clock import CLOCK_VARIABLE
from hub.commands.consent import app
from hub.commands.protected import app as protected
from hub.errors import RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.registry.support import make_grant, make_identifier

FORMER, PRESENT = make_identifier(3, born="20130364"), make_identifier(4)
FORM = {"name": "Test Testsson", "parties": [{"role": "guardian_1", "name": "Prov Testsson", "contacts": ["011-15 00 00"]}]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    initialised(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    return tmp_path


def run(*words: str, given: str = f"{PRESENT}\n") -> Result:
    result = CliRunner().invoke(app, list(words), input=given)
    assert not any(secret in result.output for secret in (FORMER, PRESENT, "Testsson", "011-15"))
    return result


def grant(*people: str, **changes: object) -> None:
    rows = [make_grant(person, area=None, **changes).model_dump(mode="json") for person in people]
    assert run("import", "-", given=json.dumps(rows)).exit_code == 0


def logged(home: Path) -> list[tuple[str, ...]]:
    audit = build_audit(load_settings(home))
    with audit.engine.connect() as connection:
        columns = (EntryRow.action, EntryRow.purpose, EntryRow.outcome, EntryRow.rule)
        found = connection.execute(EntryRow.__table__.select().with_only_columns(*columns)).all()
    audit.close()
    return [tuple(row) for row in found]


def test_two_numbers_become_one_person_and_one_person_two(home: Path) -> None:
    grant(FORMER)
    pair = f"{FORMER}\n{PRESENT}\n"
    unasked = run("merge", "-i", "-", given=pair)
    assert isinstance(unasked.exception, RejectedError)
    assert (unasked.exception.code, "younger one is withdrawn" in str(unasked.exception)) == ("not_confirmed", True)
    assert "in_force" in run("merge", "-i", "-", "--yes", given=pair).output
    assert json.loads(run("show", "-i", "-", "--json").output)["status"] == "in_force"
    assert isinstance(run("merge", "-i", "-", "--yes", given=pair).exception, RejectedError)
    assert json.loads(run("split", "-i", "-", "--yes", "--json").output)["status"] == "withdrawn"
    assert isinstance(run("show", "-i", "-").exception, RejectedError)
    assert [row for row in logged(home) if row[0] == "identity_changed"] == [
        ("identity_changed", "merge", "permit", ""),
        ("identity_changed", "merge", "deny", "already_one"),
        ("identity_changed", "split", "permit", ""),
    ]


def test_a_former_number_may_stand_in_a_file(home: Path) -> None:
    grant(FORMER)
    (home / "former").write_text(FORMER)
    assert run("merge", "--former-from", str(home / "former"), "-i", "-", "--yes").exit_code == 0
    one_line = run("merge", "-i", "-", "--yes")
    assert "two lines are needed" in str(one_line.exception)


def test_names_on_the_form_come_from_a_file_and_are_never_printed(home: Path) -> None:
    grant(PRESENT)
    file = home / "form.json"
    file.write_text(json.dumps(FORM))
    assert "the youth and 1 more" in run("parties", str(file), "-i", "-").output
    file.write_text(json.dumps({**FORM, "age": 12}))
    assert "parties: age:" in str(run("parties", str(file), "-i", "-").exception)
    assert [row for row in logged(home) if row[0] == "identity_changed"] == [("identity_changed", "parties", "permit", "")]


def test_a_protected_person_leaves_for_the_manual_lane_and_a_decision_brings_her_back(home: Path) -> None:
    grant(PRESENT)
    (home / "form.json").write_text(json.dumps(FORM))
    run("parties", str(home / "form.json"), "-i", "-")
    assert "is stopped" in run("protect", "--because", "own", "-i", "-", "--yes").output
    assert "suspended" in run("show", "-i", "-").output
    refused = run("sign", "--by", "guardian_1", "-i", "-")
    assert isinstance(refused.exception, RejectedError)
    assert (refused.exception.code, "protect" in str(refused.exception)) == ("manual_handling", False)
    grant_words = [
        "grant",
        "-c",
        "sig",
        "--agency",
        "school-norrkoping",
        "--recipient",
        "sig",
        "--kind",
        "school_absence",
        "--from",
        "2025-05-19",
    ]
    again = run(*grant_words, "--to", "2026-05-19", "--signed", "guardian_1", "-i", "-")
    assert isinstance(again.exception, RejectedError)
    listed = json.loads(CliRunner().invoke(protected, ["list", "--json"]).output)["cases"]
    assert len(listed) == 2
    cases = [
        json.loads(CliRunner().invoke(protected, ["show", each["case"], "--purpose", "handle-case"]).output) for each in listed
    ]
    assert {case["what"] for case in cases} == {"stopped", "consent"}
    assert {case["identifier"] for case in cases} == {PRESENT}
    (stopped,) = [case for case in cases if case["what"] == "stopped"]
    assert (stopped["marking"], stopped["parties"]["name"]) == ("own", "Test Testsson")
    wrong = run("unprotect", "--decision", "Beslut av Prov", "-i", "-", "--yes")
    assert isinstance(wrong.exception, RejectedError)
    assert "What was stopped goes on" in run("unprotect", "--decision", "ksn-2025-17", "-i", "-", "--yes").output
    assert "in_force" in run("show", "-i", "-").output
    assert ("protected_case", "unprotect", "permit", "ksn-2025-17") in logged(home)
    assert [row[1] for row in logged(home) if row[0] == "protected_case"].count("handle-case") == 2


def test_the_manual_lane_cannot_be_read_without_its_own_key(home: Path) -> None:
    run("protect", "--because", "exit", "-i", "-", "--yes")
    (home / "keys" / "protected.private").unlink()
    result = CliRunner().invoke(protected, ["list"])
    assert getattr(result.exception, "code", "") == "no_private_key"
    assert not any(PRESENT.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_every_help_has_an_example() -> None:
    for command in ("merge", "split", "parties", "protect", "unprotect"):
        assert "Example" in CliRunner().invoke(app, [command, "--help"]).output
    for command in ("list", "show"):
        assert "Example" in CliRunner().invoke(protected, [command, "--help"]).output
