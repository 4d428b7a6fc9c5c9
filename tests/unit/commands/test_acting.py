"""Who a command was run by: nobody is believed to be somebody else, in production least of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.cli import app
from hub.clock import SystemClock
from hub.errors import ConfigError, RejectedError
from hub.installation import initialise
from hub.settings import load_settings
from tests.command_line import CliRunner

PRODUCTION = {
    "HUB_ENVIRONMENT": "production",
    "HUB_LEGAL__RETENTION_DECISION": "KS 2025/1",
    "HUB_LEGAL__DPO_DECISION": "KS 2025/2",
    "HUB_WEB__URL": "https://hub.example",
    "HUB_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "HUB_LOGIN__OIDC__ISSUER": "https://login.example",
    "HUB_LOGIN__OIDC__CLIENT_ID": "hub",
    "HUB_LOGIN__OIDC__ROLES": '{"auditors": "auditor"}',
}
NAMED = {
    "audit list": ("audit", "list"),
    "audit export": ("audit", "export"),
    "audit review": ("audit", "review", "--month", "2025-05"),
    "audit prune": ("audit", "prune", "--yes"),
    "protected list": ("protected", "list"),
}
UNNAMED = {
    "consent list": ("consent", "list"),
    "tasks": ("tasks",),
    "statutory list": ("statutory", "list"),
    "statutory uncoded": ("statutory", "uncoded"),
}
PASSWORD = "four words that differ"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialise(tmp_path / "home")
    return tmp_path / "home"


def call(home: Path, *words: str, typed: str = "", **env: str):
    return CliRunner().invoke(app, [*words, "--home", str(home)], env=env, input=typed)


def told(home: Path) -> list[tuple[str, str]]:
    """(action, account) of every entry."""
    log = open_audit(load_settings(home), SystemClock())
    entries = [(one.action, one.account) for one in the_latest(log.engine, Filter(), 100)[::-1]]
    log.close()
    return entries


def with_accounts(home: Path) -> None:
    settings = load_settings(home)
    engine, log = build_access_engine(settings), open_audit(settings, SystemClock())
    newcomer = Newcomer("revisor", "Revision", each_for({Role.AUDITOR}, ()))
    open_accounts(settings, engine, log).add(newcomer, PASSWORD, Actor("os:0", role="command"), own=True)
    engine.dispose()
    log.close()


def refused(result) -> str:
    assert isinstance(result.exception, ConfigError), result.output
    assert result.exception.code == "who"
    return str(result.exception)


@pytest.mark.parametrize("words", [*NAMED.values(), *UNNAMED.values()], ids=[*NAMED, *UNNAMED])
def test_in_production_nobody_is_believed_to_be_somebody_and_nothing_is_shown(home: Path, words: tuple[str, ...]) -> None:
    result = call(home, *words, HUB_ACCOUNT="anna", **PRODUCTION)
    assert refused(result) == "in production --as is believed nobody here: leave it out"
    assert result.stdout == ""
    assert told(home) == []


@pytest.mark.parametrize("words", NAMED.values(), ids=NAMED)
def test_in_production_an_option_is_believed_no_more(home: Path, words: tuple[str, ...]) -> None:
    assert "--as is believed nobody here" in refused(call(home, *words, "--as", "anna", **PRODUCTION))
    assert told(home) == []


def test_in_production_the_log_has_the_machines_user_and_elsewhere_without_accounts_any_name(home: Path) -> None:
    assert call(home, "audit", "list", **PRODUCTION).exit_code == 0
    assert call(home, "audit", "list", "--as", "anna").exit_code == 0
    ((first, by), second) = told(home)
    assert (first, by.startswith("os:")) == ("audit_read", True)
    assert second == ("audit_read", "anna")


def test_where_there_are_accounts_a_name_takes_its_password(home: Path) -> None:
    with_accounts(home)
    wrong = call(home, "audit", "list", "--as", "revisor", typed="wrong\n")
    assert isinstance(wrong.exception, RejectedError)
    assert ("audit_read", "revisor") not in told(home)
    assert call(home, "audit", "list", "--as", "revisor", typed=f"{PASSWORD}\n").exit_code == 0
    action, account = told(home)[-1]
    assert action == "audit_read"
    assert account not in {"revisor", ""}
    assert not account.startswith("os:")


def test_a_command_that_asks_nobody_takes_no_account_of_an_installation_that_has_some(home: Path) -> None:
    with_accounts(home)
    assert "HUB_ACCOUNT" in refused(call(home, "consent", "list", HUB_ACCOUNT="revisor"))
    assert call(home, "consent", "list").exit_code == 0
