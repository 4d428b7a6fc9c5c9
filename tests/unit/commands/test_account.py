"""`hub account`: accounts are kept without a password ever standing on a command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.access.accounts import Accounts
from hub.access.opening import build_access_engine, open_accounts, open_sessions
from hub.access.roles import Role
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.cli import app
from hub.clock import SystemClock
from hub.database import build_engine
from hub.errors import ConfigError, RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.access.make import logged
from tests.unit.audit.outage import Outage

FIRST, OTHER = "sparv kastrull olja tisdag", "glasbruket tolv vantar"
Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    def run(*words: str, typed: str = "", raises: type[Exception] | None = None) -> Result:
        done = CliRunner().invoke(app, ["account", *words, "--home", str(home)], input=typed)
        if raises is None:
            assert done.exit_code == 0, done.output
        else:
            assert isinstance(done.exception, raises)
        return done

    return run


@pytest.fixture
def audit(home: Path) -> Iterator[AuditLog]:
    log = open_audit(load_settings(home), SystemClock())
    yield log
    log.close()


@pytest.fixture
def accounts(home: Path, audit: AuditLog) -> Iterator[Accounts]:
    engine = build_access_engine(load_settings(home))
    yield open_accounts(load_settings(home), engine, audit)
    engine.dispose()


def add(run: Run, *words: str, typed: str = FIRST) -> Result:
    return run("add", "anna", "--role", "team-member", "--team", "outreach", *words, typed=f"{typed}\n")


def test_an_account_is_made_and_its_owner_chooses_another_password(run: Run, accounts: Accounts, audit: AuditLog) -> None:
    assert "anna may sign in and must choose another password within seven days" in add(run, "--name", "Fältare").output
    made = accounts.named("anna")
    assert (made.name, made.roles, made.initial) == ("Fältare", {Role.TEAM_MEMBER: {"outreach"}}, True)
    (entry,) = logged(audit)
    assert entry[0].startswith("os:")
    assert entry[1:] == ("command", "account_changed", "permit", "")


def test_ones_own_account_is_ready_at_once(run: Run, accounts: Accounts) -> None:
    assert add(run, "--own").output.strip() == "anna may sign in"
    accounts.authenticate("anna", FIRST, "192.0.2.1")


def test_no_option_takes_a_password(run: Run) -> None:
    for command in ("add", "password"):
        assert "--password" not in CliRunner().invoke(app, ["account", command, "--help"]).output


def test_a_bad_password_is_refused_and_not_repeated(run: Run, accounts: Accounts) -> None:
    done = run("add", "anna", "--role", "auditor", typed="password1234\n", raises=RejectedError)
    assert "password1234" not in str(done.exception)
    assert accounts.all() == []


def test_an_unknown_team_is_named_with_those_that_there_are(run: Run) -> None:
    done = run("add", "anna", "--role", "auditor", "--team", "nobody", typed=f"{FIRST}\n", raises=ConfigError)
    assert "no team nobody; teams.yaml has: outreach, sig, sspf" in str(done.exception)


def test_each_role_has_its_own_teams_and_the_list_says_which(run: Run, accounts: Accounts) -> None:
    words = ("--role", "team-head:outreach", "--role", "team-member:sig,sspf", "--role", "auditor")
    run("add", "anna", *words, typed=f"{FIRST}\n")
    assert accounts.named("anna").roles == {
        Role.TEAM_HEAD: {"outreach"}, Role.TEAM_MEMBER: {"sig", "sspf"}, Role.AUDITOR: frozenset(),
    }  # fmt: skip
    told = ["auditor", "team-head:outreach", "team-member:sig", "team-member:sspf"]
    assert json.loads(run("list", "--json").output)[0]["roles"] == told
    assert ", ".join(told) in run("list").output
    changed = run("roles", "anna", "--role", "team-head:sig", "--role", "team-member", "--team", "outreach").output
    assert changed == "anna now is team-head:sig, team-member:outreach\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["team-head", "team-member"],
            "--role: team-head and team-member for outreach and sig: say which role is for which team",
        ),
        (["auditor:sig"], "auditor goes by no team: write auditor alone"),
        (["team-head:"], "name a team behind team-head: as in team-head:outreach"),
        (["team-head:sig,nobody"], "no team nobody; teams.yaml has: outreach, sig, sspf"),
        (["team-head:sig"], "write role and team together, as team-head:outreach"),
        (["king"], "no role king; there are: consent-officer"),
    ],
)
def test_what_does_not_say_who_is_what_where_is_refused_with_how_to_write_it(
    run: Run, accounts: Accounts, words: list[str], told: str
) -> None:
    options = [part for word in words for part in ("--role", word)]
    done = run("add", "anna", *options, "--team", "outreach", "--team", "sig", typed=f"{FIRST}\n", raises=ConfigError)
    assert told in str(done.exception)
    assert accounts.all() == []


def test_a_role_that_goes_by_team_is_given_for_one(run: Run) -> None:
    done = run("add", "anna", "--role", "team-head", typed=f"{FIRST}\n", raises=ConfigError)
    assert "team-head is for teams: say which, as team-head:outreach" in str(done.exception)


def test_accounts_are_listed_for_people_and_for_scripts_without_anything_secret(run: Run) -> None:
    assert "No account yet. Make one: hub account add" in run("list").output
    add(run)
    assert run("list").output.split() == ["anna", "anna", "first", "password", "team-member:outreach"]
    (row,) = json.loads(run("list", "--json").output)
    assert row["account"].startswith("local-")
    assert set(row) == {"username", "account", "name", "roles", "disabled", "first_password", "person_known"}


def test_an_account_is_shut_opened_changed_and_taken_away(run: Run, home: Path, accounts: Accounts) -> None:
    add(run, "--own")
    assert "Undo: hub account enable anna" in run("disable", "anna").output
    assert accounts.named("anna").disabled
    run("enable", "anna")
    assert not accounts.named("anna").disabled
    run("roles", "anna", "--role", "auditor")
    assert accounts.named("anna").roles == {Role.AUDITOR: frozenset()}
    run("password", "anna", typed=f"{OTHER}\n")
    with pytest.raises(RejectedError, match="choose a password"):
        accounts.authenticate("anna", OTHER, "192.0.2.1")
    asked = CliRunner().invoke(app, ["account", "remove", "anna", "--home", str(home)], input="n\n")
    assert (asked.exit_code, len(accounts.all())) == (1, 1)
    run("remove", "anna", "--yes")
    assert accounts.all() == []


def test_sessions_of_one_and_of_everybody_are_ended(run: Run, home: Path, accounts: Accounts) -> None:
    add(run, "--own")
    run("add", "berit", "--role", "auditor", "--own", typed=f"{OTHER}\n")
    engine = build_access_engine(load_settings(home))
    sessions = open_sessions(load_settings(home), engine)
    anna = sessions.begin(accounts.authenticate("anna", FIRST, "192.0.2.1"), "local")
    berit = sessions.begin(accounts.authenticate("berit", OTHER, "192.0.2.1"), "local")
    assert "1 session has ended" in run("sign-out", "anna").output
    assert (sessions.principal(anna), sessions.principal(berit) is None) == (None, False)
    assert "1 session has ended" in run("sign-out", "--everybody").output
    assert sessions.principal(berit) is None
    engine.dispose()
    assert CliRunner().invoke(app, ["account", "sign-out", "--home", str(home)]).exit_code == 2


def test_sessions_are_ended_while_the_audit_logs_database_is_away(run: Run, home: Path, accounts: Accounts) -> None:
    add(run, "--own")
    settings = load_settings(home)
    engine = build_access_engine(settings)
    sessions = open_sessions(settings, engine)
    anna = sessions.begin(accounts.authenticate("anna", FIRST, "192.0.2.1"), "local")
    audit = build_engine(settings.audit_database)
    outage = Outage(audit)
    outage.begin()
    assert "1 session has ended" in run("sign-out", "--everybody").output
    assert sessions.principal(anna) is None
    assert (settings.data / "audit-waiting" / "waiting.jsonl").exists()
    outage.end()
    for one in (engine, audit):
        one.dispose()


def test_an_account_that_is_not_there_is_told_before_a_password_is_asked_for(run: Run) -> None:
    for command in ("disable", "enable", "password"):
        assert "hub account list" in str(run(command, "nobody", raises=RejectedError).exception)
