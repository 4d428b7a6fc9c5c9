from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.audit.tables import EntryRow
from hub.bootstrap import build_audit
from hub.clock import CLOCK_VARIABLE
from hub.commands.consent import app as consent
from hub.commands.keys import app
from hub.errors import RejectedError
from hub.in_use import changing_keys
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.registry.support import make_grant, make_identifier

SCHOOL = "school-norrkoping"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    initialised(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    return tmp_path


def run(home: Path, *words: str, given: str = "") -> Result:
    secrets = [path.read_text().strip() for path in (home / "keys").iterdir()]
    result = CliRunner().invoke(app, list(words), input=given)
    secrets += [path.read_text().strip() for path in (home / "keys").iterdir()]
    assert not any(secret in result.output for secret in secrets)
    return result


def logged(home: Path) -> list[tuple[str, str, str, str]]:
    audit = build_audit(load_settings(home))
    with audit.engine.connect() as connection:
        found = connection.execute(
            EntryRow.__table__.select().with_only_columns(EntryRow.action, EntryRow.purpose, EntryRow.outcome, EntryRow.rule)
        ).all()
    audit.close()
    return [tuple(row) for row in found]


def test_a_rotation_by_command_is_asked_for_done_and_logged(home: Path) -> None:
    before = (home / "keys" / f"agency-{SCHOOL}.hmac").read_bytes()
    assert run(home, "rotate-agency", SCHOOL, given="n\n").exit_code == 1
    assert (home / "keys" / f"agency-{SCHOOL}.hmac").read_bytes() == before
    result = run(home, "rotate-agency", SCHOOL, given="y\n")
    assert (result.exit_code, "hub keys retire-agency" in result.output) == (0, True)
    assert (home / "keys" / f"agency-{SCHOOL}.hmac.former").read_bytes() == before
    shown = [row for row in json.loads(run(home, "list", "--json").output)["agencies"] if row["agency"] == SCHOOL]
    assert [(row["what"], row["former"]) for row in shown] == [("hmac", False), ("hmac", True), ("token", False), ("token", True)]
    assert "not used yet" in run(home, "list").output
    refused = run(home, "rotate-agency", SCHOOL, "--yes")
    assert isinstance(refused.exception, RejectedError)
    assert run(home, "retire-agency", SCHOOL, "--yes").exit_code == 0
    assert not (home / "keys" / f"agency-{SCHOOL}.hmac.former").exists()
    assert logged(home) == [
        ("key_changed", "rotate_agency", "permit", SCHOOL),
        ("key_listed", "", "permit", ""),
        ("key_listed", "", "permit", ""),
        ("key_changed", "rotate_agency", "deny", "rotation_under_way"),
        ("key_changed", "retire_agency", "permit", SCHOOL),
    ]


def test_the_master_key_is_rotated_and_its_former_one_retired(home: Path) -> None:
    before = (home / "keys" / "registry.key").read_bytes()
    rows = [make_grant(make_identifier(number), area=None).model_dump(mode="json") for number in range(3)]
    assert CliRunner().invoke(consent, ["import", "-"], input=json.dumps(rows)).exit_code == 0
    assert "3 data keys are wrapped anew" in run(home, "rotate", given="y\n").output
    master = json.loads(run(home, "list", "--json").output)["master"]
    assert (master["former"], master["data_keys"], master["waiting"]) == (True, 3, 0)
    assert "hub keys retire" in run(home, "list").output
    assert "The rotation goes on: 0 data keys" in run(home, "rotate", "--yes").output
    assert run(home, "retire", "--yes").exit_code == 0
    assert (home / "keys" / "registry.key").read_bytes() != before
    assert not (home / "keys" / "registry.key.former").exists()
    again = run(home, "retire", "--yes")
    assert isinstance(again.exception, RejectedError)
    shown = CliRunner().invoke(consent, ["show", "-i", "-", "--json"], input=make_identifier(1))
    assert json.loads(shown.output)["status"] == "in_force"
    assert [row for row in logged(home) if row[0] == "key_changed"] == [
        ("key_changed", "rotate_master", "permit", "master"),
        ("key_changed", "retire_master", "permit", "master"),
        ("key_changed", "retire_master", "deny", "nothing_to_retire"),
    ]


@pytest.mark.parametrize("words", [("rotate",), ("retire",), ("rotate-agency", SCHOOL), ("retire-agency", SCHOOL)])
def test_while_one_command_changes_keys_another_is_refused_and_changes_none(home: Path, words: tuple[str, ...]) -> None:
    before = {path.name: path.read_bytes() for path in (home / "keys").iterdir()}
    with changing_keys(home / "keys"):
        result = run(home, *words, "--yes")
    assert isinstance(result.exception, RejectedError)
    assert "wait until it is done" in str(result.exception)
    assert {path.name: path.read_bytes() for path in (home / "keys").iterdir()} == before
    assert [row[2:] for row in logged(home)] == [("deny", "keys_changing")]


def test_every_help_has_an_example() -> None:
    for command in ("list", "rotate", "retire", "rotate-agency", "retire-agency"):
        assert "Example" in CliRunner().invoke(app, [command, "--help"]).output
