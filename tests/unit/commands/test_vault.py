"""`hub vault`: one asks, another approves, the first opens once; every step is in the audit log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.audit.opening import open_audit, open_vault
from hub.audit.reading import Filter, the_latest
from hub.audit.sealed import Part, PartKind
from hub.cli import app
from hub.clock import SystemClock
from hub.errors import ConfigError, RejectedError
from hub.installation import initialise
from hub.settings import load_settings
from tests.unit.audit.conftest import NOW

DOCUMENT = "7d3f3c1e-8a54-4a9e-9a0c-1f0f5c1f7b10"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialise(tmp_path / "home")
    vault = open_vault(load_settings(tmp_path / "home"), SystemClock())
    vault.append([Part(DOCUMENT, PartKind.FORM, {"planted": "secret"})], NOW)
    vault.close()
    return tmp_path / "home"


def call(home: Path, *words: str, account: str = "auditor-1"):
    return CliRunner().invoke(app, ["vault", *words, "--home", str(home), "--as", account])


def ask(home: Path) -> str:
    return str(json.loads(call(home, "request", DOCUMENT, "--purpose", "supervision", "--json").stdout)["request"])


def test_two_persons_open_a_document_once(home: Path) -> None:
    number = ask(home)
    assert "hub vault open" in call(home, "approve", number, account="officer-2").stdout
    shown = json.loads(call(home, "open", number).stdout)
    assert shown == {"document": DOCUMENT, "parts": [{"kind": "form", "planted": "secret"}]}
    again = call(home, "open", number)
    assert isinstance(again.exception, RejectedError)
    assert "secret" not in again.output
    log = open_audit(load_settings(home), SystemClock())
    steps = [(one.action, one.account, one.outcome) for one in the_latest(log.engine, Filter(), 100)[::-1]]
    log.close()
    assert steps == [
        ("vault_sealed", "system", "permit"), ("vault_requested", "auditor-1", "permit"), ("vault_approved", "officer-2", "permit"),
        ("vault_opened", "auditor-1", "permit"), ("vault_opened", "auditor-1", "deny"),
    ]  # fmt: skip


def test_nobody_opens_alone(home: Path) -> None:
    number = ask(home)
    assert "secret" not in call(home, "open", number).output
    refused = call(home, "approve", number)
    assert getattr(refused.exception, "code", None) == "own_request"
    assert "secret" not in call(home, "open", number).output


def test_an_approval_is_only_for_who_asked(home: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    assert getattr(call(home, "open", number, account="officer-2").exception, "code", None) == "no_such_request"
    assert "secret" in call(home, "open", number).stdout


def test_without_the_private_key_the_approval_is_not_used_up(home: Path, tmp_path: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    key = home / "keys" / "sealed.private"
    key.rename(tmp_path / "elsewhere")
    assert isinstance(call(home, "open", number).exception, ConfigError)
    (tmp_path / "elsewhere").rename(key)
    out = tmp_path / "opened.json"
    assert call(home, "open", number, "--out", str(out)).exit_code == 0
    assert "secret" in out.read_text(encoding="utf-8")
    assert out.stat().st_mode & 0o077 == 0


def test_a_file_that_exists_costs_no_approval(home: Path, tmp_path: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    (tmp_path / "there").touch()
    assert isinstance(call(home, "open", number, "--out", str(tmp_path / "there")).exception, ConfigError)
    assert "secret" in call(home, "open", number).stdout


def test_the_list_tells_numbers_kinds_and_requests_and_no_content(home: Path) -> None:
    number = ask(home)
    document = json.loads(call(home, "list", "--json").stdout)
    assert [(one["document"], one["parts"]) for one in document["documents"]] == [(DOCUMENT, ["form"])]
    assert [(one["request"], one["state"]) for one in document["requests"]] == [(number, "waiting")]
    shown = call(home, "list", account="officer-2").stdout
    assert DOCUMENT in shown
    assert number in shown
    assert "secret" not in shown


def test_an_unknown_document_is_refused(home: Path) -> None:
    assert getattr(call(home, "request", "nothing", "--purpose", "supervision").exception, "code", None) == "no_such_document"


def test_an_empty_vault_says_so(tmp_path: Path) -> None:
    initialise(tmp_path)
    assert "Nothing is sealed yet" in call(tmp_path, "list").stdout
