from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import app as hub
from hub.clock import CLOCK_VARIABLE
from hub.commands.consent import app
from hub.contract.covering import without_identifiers
from hub.errors import HubError
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
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
    initialised(tmp_path)
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


def test_a_consent_that_guardians_disagree_on_is_blocked_narrowed_and_changes_custody(home: Path) -> None:
    run(*GRANT)
    told = run("decline", "--by", "guardian_2", "-i", "-").output
    assert "disputed" in told
    assert "has said no: guardian_2" in told
    run("sign", "--by", "guardian_2", "-i", "-")
    assert "blocked by: youth" in run("block", "--by", "youth", "-i", "-").output
    shown = json.loads(run("show", "-i", "-", "--json").output)["consents"][0]
    assert (shown["state"], shown["rule"], shown["blocked_by"], shown["declined"]) == ("blocked", "blocked", ["youth"], [])
    refusal = run("unblock", "--by", "guardian_1", "-i", "-").exception
    assert isinstance(refusal, HubError)
    assert "blocked by youth" in str(refusal)
    assert "in_force" in run("unblock", "--by", "youth", "-i", "-").output
    assert "2026-01-31 23:00 UTC" in run("narrow", "--until", "2026-02-01", "-i", "-").output
    told = run("custody", "--to", "special_guardian", "-i", "-").output
    assert "awaiting the signature of: special_guardian" in told
    assert "withdrawn" in run("withdraw", "--oral", "-i", "-").output


def test_whether_something_may_be_told_is_answered_with_the_rule(home: Path) -> None:
    asked = ["check", "--agency", "school-norrkoping", "--kind", "school_absence", "-i", "-"]
    assert "Denied: no_consent" in run(*asked).output
    run(*GRANT)
    assert "Denied: awaiting_signature" in run(*asked, "--recipient", "outreach").output
    run("sign", "--by", "guardian_2", "-i", "-")
    answer = json.loads(run(*asked, "--recipient", "outreach", "--json").output)
    assert (answer["permit"], answer["rule"], answer["version"]) == (True, "permitted", 1)
    assert "Denied: cooperation_not_covered" in run(*asked, "--recipient", "sig").output
    run("block", "--by", "youth", "-i", "-")
    assert "Denied: blocked (consent" in run(*asked, "--recipient", "outreach").output


def test_earlier_information_needs_the_forms_word(home: Path) -> None:
    words = ["2025-05-01" if word == "2025-05-19" else "2026-04-01" if word == "2026-05-19" else word for word in GRANT]
    refusal = run(*words).exception
    assert isinstance(refusal, HubError)
    assert refusal.code == "earlier_not_said"
    assert run(*words, "--includes-earlier", "--form", "child").exit_code == 0


def test_the_identifier_is_asked_for_without_echo_at_a_terminal(home: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "hub", "consent", *GRANT[:-2]]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asked:
        os.close(theirs)
        shown = _read_until(ours, "Personnummer: ")
        os.write(ours, f"{PERSON}\n".encode())
        shown += _read_until(ours, None)
    os.close(ours)
    assert asked.returncode == 0
    assert "awaiting the signature of: guardian_2" in shown
    assert PERSON not in shown


def _read_until(terminal: int, awaited: str | None) -> str:
    """What a terminal shows until `awaited`, or to its end."""
    shown = ""
    while awaited is None or awaited not in shown:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # Linux' way to say that nobody writes any more
            break
    return shown


def test_where_nobody_can_be_asked_it_is_read_from_stdin(home: Path) -> None:
    assert run(*GRANT[:-2]).exit_code == 0
    nothing = run("show", given="")
    assert isinstance(nothing.exception, HubError)
    assert "nothing was given" in str(nothing.exception)


@pytest.mark.parametrize(
    "number", [PERSON, f"{PERSON[:8]}-{PERSON[8:]}", f"{PERSON[2:8]}-{PERSON[8:]}", f"{PERSON[:8]}T220", "Anna"]
)
@pytest.mark.parametrize(
    "words",
    [
        ("show", "{}"), ("grant", "{}"), ("{}",), ("show", "--{}"), ("show", "-{}"), ("show", "--identifer", "{}"),
        ("sign", "--by", "{}"), ("grant", "-c", "{}"), ("list", "--state", "{}"), ("show", "--json={}"),
        ("show", "--identifer={}"), ("show", "-i", "{}"), ("import", "{}"), ("show", "--home", "/nowhere/{}"),
        ("show", "-i", "-", "--json", "{}"), (*GRANT[:4], "{}", *GRANT[5:]), (*GRANT[:6], "{}", *GRANT[7:]),
        (*GRANT[:10], "{}", *GRANT[11:]), (*GRANT, "--area", "{}"), (*GRANT, "--legal-basis", "{}"),
    ],
)  # fmt: skip
def test_what_was_typed_is_never_repeated(home: Path, words: tuple[str, ...], number: str) -> None:
    typed = ["consent", *(word.format(number) for word in words)]
    result = CliRunner().invoke(hub, typed, input=f"{PERSON}\n")
    assert result.exit_code != 0
    if isinstance(result.exception, HubError):
        said = without_identifiers(str(result.exception))  # as `hub.cli.main` tells it
    else:
        assert result.exit_code == 2
        said = result.output
    assert said
    if number in said:
        assert (number, words[-2]) == ("Anna", "--home")  # a folder is named, unless it looks like a person


def test_the_command_itself_repeats_nothing_either(home: Path) -> None:
    for words in (["show", PERSON], ["show", "-i", PERSON], ["show", "--home", f"/nowhere/{PERSON}"]):
        typed = [sys.executable, "-m", "hub", "consent", *words]
        said = subprocess.run(typed, input="", capture_output=True, text=True, check=False)
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr
        assert PERSON not in said.stderr


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


def test_who_has_custody_is_said_of_the_person_and_not_by_suspending_some_of_her_consents() -> None:
    assert CliRunner().invoke(app, ["suspend", "--required", "guardian_1", "-c", "sspf"]).exit_code == 2
    assert "hub consent custody" in CliRunner().invoke(app, ["suspend", "--help"]).output


def test_every_help_has_an_example() -> None:
    for command in (
        "grant",
        "sign",
        "decline",
        "custody",
        "block",
        "unblock",
        "narrow",
        "suspend",
        "withdraw",
        "show",
        "list",
        "import",
        "erasure-status",
    ):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "Example" in result.output
