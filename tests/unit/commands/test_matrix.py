"""Command by role: every command of `hub` has a decision about who may use it, and those that go by role refuse everybody else.

A command that is added later fails here until somebody has thought about it. Rights only ever add up, so one principal with every
role that the table refuses, and with the permitted ones for other teams, stands for all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.roles import BOUND, TABLE, Action, Rights, Role
from hub.audit.entries import Actor
from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.cli import app
from hub.clock import SystemClock
from hub.errors import RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised

PASSWORD = "four words that differ"
TEAM, OTHERS = "outreach", ("sig", "sspf")
NOBODYS: Final = "it reads and changes nothing of a person"
HOLDER: Final = "whoever has the machine and its keys; the audit log says which user, or which account by its password"
TWO: Final = "another person than who asked, with the right: tests/unit/access/test_four_eyes.py"
KEY: Final = "whoever has the private key, which is kept away from this machine; logged"

DECIDED: dict[str, Action | str] = {
    **dict.fromkeys(
        ("tasks accept", "tasks decline", "tasks undo", "tasks start", "tasks complete", "tasks hand-over", "tasks take-over"),
        Action.TASK_ANSWER,
    ),
    "tasks show": Action.TASK_OPEN, "explain": Action.TASK_OPEN, "identity show": Action.IDENTITY_IN_TASK,
    "identity request": Action.IDENTITY_REQUEST, "vault request": Action.SEALED_REQUEST,
    **dict.fromkeys(("dlq try", "dlq preview", "dlq redrive", "dlq discard"), Action.LETTER_REDRIVE),
    "dlq list": Action.LETTER_SEE, "dlq paused": Action.LETTER_SEE, "dlq show": Action.LETTER_BODY,
    "dlq resume": Action.OPERATIONS_ACT, "journal search": Action.JOURNAL_PERSONS,
    **dict.fromkeys(
        ("connectors pause", "connectors resume", "sinks test", "sinks pause", "sinks resume", "sinks redrive", "tasks settle"),
        Action.OPERATIONS_ACT,
    ),
    **dict.fromkeys(("identity approve", "identity open", "vault approve", "vault refuse", "vault open", "vault search"), TWO),
    "vault list": Action.SEALED_APPROVE,
    **dict.fromkeys(("protected list", "protected show", "protected outcome"), KEY),
    **dict.fromkeys(("tasks", "tasks list", "web-login", "backtest"), HOLDER),
    **dict.fromkeys(
        (f"account {one}" for one in (
            "sessions", "sign-out", "add", "list", "disable", "enable", "password", "roles", "remove", "person",
        )), HOLDER,
    ),
    **dict.fromkeys(
        (f"consent {one}" for one in (
            "grant", "sign", "suspend", "withdraw", "show", "list", "import", "erasure-status", "decline", "custody", "block",
            "unblock", "narrow", "check", "merge", "split", "parties", "protect", "unprotect",
        )), HOLDER,
    ),
    **dict.fromkeys((f"keys {one}" for one in ("list", "rotate", "retire", "rotate-agency", "retire-agency")), HOLDER),
    **dict.fromkeys(
        (f"statutory {one}" for one in (
            "list", "show", "hand-over", "correct", "receivers", "uncoded", "code", "dismiss", "undo",
        )), HOLDER,
    ),
    **dict.fromkeys((f"audit {one}" for one in ("verify", "checkpoint", "export", "list", "review", "prune")), HOLDER),
    **dict.fromkeys((f"backup {one}" for one in ("create", "keyring", "verify", "discard", "restore", "drill")), HOLDER),
    **dict.fromkeys(("retention plan", "retention run", "rules activate", "rules rollback", "rules renew", "connect"), HOLDER),
    **dict.fromkeys(
        (
            "demo", "init", "up", "status", "compile", "broker", "registry", "deliver", "web", "simulate", "statutory", "statutory run",
            "statutory simulate-receiver", "account matrix", "rules list", "rules show", "rules check", "rules schema",
            "rules history", "connectors state", "connectors list", "connectors describe", "connectors new", "sinks list",
            "topics apply", "topics check", "schemas check", "schemas lock", "schemas asyncapi", "worker", "worker rebuild",
        ), NOBODYS,
    ),
}  # fmt: skip

NUMBER = "00000000-0000-4000-8000-000000000000"
OF_TEAM = ("--team", TEAM)
SAID: dict[str, tuple[str, ...]] = {
    "tasks accept": (NUMBER, *OF_TEAM, "--no-concern"), "tasks decline": (NUMBER, *OF_TEAM, "--reason", "no_capacity"),
    "tasks complete": (NUMBER, *OF_TEAM, "--outcome", "service"), "tasks hand-over": (NUMBER, *OF_TEAM, "--to", "account-2"),
    **dict.fromkeys(("tasks show", "tasks undo", "tasks start", "tasks take-over", "identity show"), (NUMBER, *OF_TEAM)),
    "explain": (NUMBER,), "identity request": ("--purpose", "correction", *OF_TEAM, "--task", NUMBER),
    "vault request": ("0" * 32, "--purpose", "supervision", "--legal-ground", "GDPR art. 58", "--case", "KS 2025/117"),
    "vault list": (), "dlq list": (), "dlq paused": (), "dlq show": ("l0123", "--body"), "dlq try": ("l0123",), "dlq preview": ("l0123",),
    "dlq redrive": ("l0123", "--yes"), "dlq discard": ("l0123", "--yes"), "dlq resume": ("--all", "--reason", "mended"),
    "journal search": ("--persons",), "connectors pause": ("sdk", "--reason", "moved"), "connectors resume": ("sdk",),
    "sinks test": ("system",), "sinks pause": ("system", "--reason", "moved"), "sinks resume": ("system",),
    "sinks redrive": ("system", NUMBER), "tasks settle": ("gone-team",),
}  # fmt: skip
"""What to write behind each command that goes by role."""
BY_ROLE = {name: decided for name, decided in DECIDED.items() if isinstance(decided, Action)}


def names(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that there is, from the application itself."""
    below = getattr(command, "commands", None)
    if path and (below is None or command.invoke_without_command):
        yield " ".join(path)
    for name, one in (below or {}).items():
        yield from names(one, (*path, name))


def test_every_command_has_a_decision_about_who_may_use_it_and_no_decision_is_about_none() -> None:
    assert sorted(names(get_command(app))) == sorted(DECIDED)
    assert set(SAID) == set(BY_ROLE)


def every_refused(action: Action, *, elsewhere: bool = True) -> Rights:
    """Every role that the table does not permit it to, for every team; `elsewhere`: and those that it does, for other teams."""
    grant, rights = TABLE[action], dict[Role, frozenset[str]]()
    for role in Role:
        if role in grant.own_teams and elsewhere:
            rights[role] = frozenset(OTHERS)
        elif role not in grant.own_teams | grant.everywhere:
            rights[role] = frozenset({TEAM, *OTHERS}) if role in BOUND else frozenset()
    return rights


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which each role has an account, for `TEAM`, and each action one that may everything else."""
    place = tmp_path_factory.mktemp("matrix")
    initialised(place)
    settings, keeper = load_settings(place), Actor("os:0", role="command")
    engine = build_access_engine(settings)
    with closing(open_audit(settings, SystemClock())) as log:
        accounts = open_accounts(settings, engine, log)
        for role in Role:
            own: Rights = {role: frozenset({TEAM} if role in BOUND else ())}
            accounts.add(Newcomer(role.value, "Prov", own), PASSWORD, keeper, own=True)
        for name, rights in {refused_by(command): excluded(command) for command in BY_ROLE}.items():
            accounts.add(Newcomer(name, "Prov", rights), PASSWORD, keeper, own=True)
    engine.dispose()
    return place


def excluded(command: str) -> Rights:
    """Of a command that names no team, whose right for any team is one, nobody else's."""
    return every_refused(BY_ROLE[command], elsewhere="--team" in SAID[command])


def refused_by(command: str) -> str:
    """The account that may everything but this."""
    return f"no-{BY_ROLE[command].value.replace('.', '-')}" + ("" if "--team" in SAID[command] else "-anywhere")


def run(home: Path, command: str, account: str) -> Result:
    line = [*command.split(), *SAID[command], "--as", account, "--home", str(home)]
    return CliRunner().invoke(app, line, input=f"{PASSWORD}\n")


def code(result: Result) -> str:
    return str(getattr(result.exception, "code", "")) if isinstance(result.exception, RejectedError) else ""


@pytest.mark.parametrize("command", sorted(BY_ROLE))
def test_whom_the_table_refuses_is_refused_whatever_else_she_may_and_the_log_has_it(home: Path, command: str) -> None:
    action = BY_ROLE[command]
    result = run(home, command, refused_by(command))
    assert (code(result), result.stdout) == ("not_permitted", "")
    with closing(open_audit(load_settings(home), SystemClock())) as log:
        (last,) = the_latest(log.engine, Filter(), 1)
    assert (last.outcome, last.rule) in {("deny", "not_permitted"), ("deny", str(action))}
    for role in sorted(TABLE[action].everywhere | TABLE[action].own_teams):
        assert code(run(home, command, role.value)) != "not_permitted", role
