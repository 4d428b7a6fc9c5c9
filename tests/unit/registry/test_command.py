from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hub.clock import CLOCK_VARIABLE
from hub.commands.consent import app
from hub.errors import HubError
from hub.installation import initialise
from tests.unit.registry.support import make_grant, make_identifier

PERSON = make_identifier()
GRANT = [
    "grant",
    "-c",
    "sspf",
    "--agency",
    "school-norrkoping",
    "--recipient",
    "outreach",
    "--kind",
    "school_absence",
    "--from",
    "2025-05-19",
    "--to",
    "2026-05-19",
    "--signed",
    "guardian_1",
    "-i",
    "-",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    initialise(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    return tmp_path


def run(*words: str, given: str = f"{PERSON}\n") -> Result:
    result = CliRunner().invoke(app, list(words), input=given)
    assert PERSON not in result.output
    return result


def test_a_consent_from_grant_to_withdrawal(home: Path) -> None:
    first = run(*GRANT)
    assert first.exit_code == 0
    assert "awaiting the signature of: guardian_2" in first.output
    assert "in_force" in run("sign", "--by", "guardian_2", "-i", "-").output
    shown = json.loads(run("show", "-i", "-", "--json").output)
    assert (shown["status"], shown["version"], shown["served"]) == ("in_force", 1, False)
    assert shown["consents"][0]["valid_from"] == "2025-05-18T22:00:00+00:00"
    assert "youth_ref" not in json.dumps(shown)
    assert "in_force: 1" in run("list").output
    assert "withdrawn" in run("withdraw", "--by", "guardian_1", "-i", "-").output
    erasures = json.loads(run("erasure-status", "--json").output)
    assert erasures["open"] == 1
    assert erasures["erasures"][0]["waiting_for"] == ["delivery", "worker"]
    assert "waits for delivery, worker" in run("erasure-status", "--open").output


def test_the_identifier_is_asked_for_without_echo(home: Path) -> None:
    result = run(*GRANT[:-2])
    assert result.exit_code == 0
    assert "Personnummer" in result.output


def test_no_command_takes_an_identifier_as_an_argument(home: Path) -> None:
    for command in ("grant", "sign", "suspend", "withdraw", "show"):
        assert CliRunner().invoke(app, [command, PERSON]).exit_code == 2


def test_an_import_keeps_good_rows_and_exits_1_for_bad_ones(home: Path) -> None:
    rows = [make_grant(make_identifier(number)).model_dump(mode="json") for number in range(3)]
    rows[1]["cooperation"] = "everything"
    file = home / "rows.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    result = run("import", str(file))
    assert result.exit_code == 1
    assert "row 2: cooperation:" in result.output
    assert "2 registered, 1 refused" in result.output
    repeated = run("import", "-", "--json", given=json.dumps(rows[:1]))
    assert json.loads(repeated.output)["errors"][0]["code"] == "already_granted"


@pytest.mark.parametrize("content", ["not json", '{"a": 1}', "[1]"])
def test_a_file_that_is_no_list_of_consents_is_refused_without_quoting_it(home: Path, content: str) -> None:
    result = run("import", "-", given=content)
    assert isinstance(result.exception, HubError)
    assert result.exception.code == "bad_import_file"
    assert content not in str(result.exception)


def test_an_identifier_that_cannot_be_resolved_is_said_so_without_its_value(home: Path) -> None:
    result = run("show", "-i", "-", given=f"{PERSON[2:]}\n")
    assert isinstance(result.exception, HubError)
    assert "century" in str(result.exception)
    assert PERSON[2:] not in str(result.exception)


def test_every_help_has_an_example() -> None:
    for command in ("grant", "sign", "suspend", "withdraw", "show", "list", "import", "erasure-status"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "Example" in result.output
