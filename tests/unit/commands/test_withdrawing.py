"""`hub consent withdraw` says what it will do where somebody can be asked, and what it has done; a script is asked nothing."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import app
from hub.clock import CLOCK_VARIABLE
from hub.commands.withdrawing import told_before
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    initialised(tmp_path)
    (tmp_path / "person").write_text(f"{PERSON}\n", encoding="utf-8")
    grants = [make_grant(area=None), make_grant(area=None, cooperation="sig", recipients=("sig",))]
    rows = [grant.model_dump(mode="json", exclude_none=True) for grant in grants]
    (tmp_path / "grants.json").write_text(json.dumps(rows), encoding="utf-8")
    assert call(tmp_path, "import", str(tmp_path / "grants.json")).exit_code == 0
    return tmp_path


def call(home: Path, *words: str) -> Result:
    result = CliRunner().invoke(app, ["consent", *words, "--home", str(home)], input=f"{PERSON}\n")
    assert PERSON not in result.output
    return result


def standing(home: Path) -> str:
    return str(json.loads(call(home, "show", "-i", "-", "--json").stdout)["status"])


def at_a_terminal(home: Path, *words: str, answer: str = "") -> tuple[int, str]:
    """The exit code, and what was shown until the end; `answer` is typed when the question stands there."""
    ours, theirs = pty.openpty()
    person = ("-i", str(home / "person"), "--home", str(home))
    command = [sys.executable, "-m", "hub", "consent", "withdraw", *words, *person]
    shown = ""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asked:
        os.close(theirs)
        while True:
            try:
                shown += os.read(ours, 4096).decode()
            except OSError:  # Linux' way to say that nobody writes any more
                break
            if answer and "Withdraw now? [y/N]: " in shown:
                os.write(ours, f"{answer}\n".encode())
                answer = ""
    os.close(ours)
    assert PERSON not in shown
    return asked.returncode, " ".join(shown.split())


def test_at_a_terminal_it_says_what_will_happen_and_does_nothing_on_a_no(home: Path) -> None:
    call(home, "block", "--by", "youth", "-c", "sig", "-i", "-")
    code, shown = at_a_terminal(home, "-c", "sspf", answer="n")
    assert code == 1
    assert "Will end, at once and for ever: in_force sspf" in shown
    assert "1 other stays" in shown
    assert "block by" not in shown
    assert standing(home) == "in_force"
    code, shown = at_a_terminal(home, answer="y")
    assert code == 0
    assert "It is the last there is: everything is erased" in shown
    assert "The block by youth outlives this" in shown
    assert "Kept under a keyed hash of the number: the block by youth (`hub consent unblock`)" in shown
    assert call(home, "show", "-i", "-").exit_code != 0


def test_at_a_terminal_nothing_is_asked_with_yes(home: Path) -> None:
    code, shown = at_a_terminal(home, "--yes", "--oral")
    assert (code, "Withdraw now?" in shown) == (0, False)
    assert "It was the last: everything is erased" in shown


def test_without_the_audit_log_it_is_asked_all_the_same_and_nothing_is_shown(home: Path) -> None:
    file = load_settings(home).data / "audit" / "audit.db"
    for path in file.parent.glob("audit.db*"):
        path.unlink()
    file.write_bytes(b"no database at all" * 100)
    code, shown = at_a_terminal(home, answer="y")
    before, _, after = shown.partition("Withdraw now?")
    assert code == 0
    assert "cannot be shown: the audit log does not answer" in before
    assert "sspf" not in before
    assert "withdrawn" in after


def test_a_script_is_asked_nothing_and_is_told_what_is_left(home: Path) -> None:
    call(home, "block", "--by", "guardian_1", "-i", "-")
    one = json.loads(call(home, "withdraw", "-c", "sig", "-i", "-", "--json").stdout)
    assert (one["erased"], one["kept_blocks"]) == (False, [])
    rest = json.loads(call(home, "withdraw", "-i", "-", "--json").stdout)
    assert (rest["erased"], rest["kept_blocks"]) == (True, ["guardian_1"])
    assert {"status", "version", "served", "consents"} <= rest.keys()


def test_it_says_of_everything_that_also_ends_what_names_the_other_guardian_alone(tmp_path: Path) -> None:
    there = Installation(tmp_path)
    there.registry.grant(make_grant(required=("guardian_1",), signed=("guardian_1",)))
    view = there.registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    there.close()
    everything, one = ("\n".join(told_before(view, what, Signatory.GUARDIAN_2)) for what in (None, Cooperation.SIG))
    assert ("sspf" in everything, "It is the last there is" in everything) == (True, True)
    assert ("sspf" in one, "1 other stays" in one) == (False, True)
    assert list(told_before(view, None, Signatory.GOD_MAN)) == []
