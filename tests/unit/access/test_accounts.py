"""Accounts of this installation: made, changed, shut; and what is told to whom about a sign-in that fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from hub.access.accounts import Account, Accounts, Newcomer
from hub.access.opening import open_accounts, open_sessions
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.access.sessions import Sessions
from hub.access.tables import AccountRow
from hub.audit.entries import Actor
from hub.audit.log import AuditLog
from hub.clock import ManualClock
from hub.errors import RejectedError, RetriableError
from hub.settings import Settings
from tests.unit.access.make import FullLog, logged

KEEPER = Actor("os:1000", role="command")
FIRST, OWN, OTHER = "sparv kastrull olja tisdag", "glasbruket tolv vantar", "pendeltåg marmelad ekorre"
HERE = "192.0.2.1"
AUDITOR = each_for({Role.AUDITOR}, ())
ANNA = Newcomer("Anna", "Fältare", each_for({Role.TEAM_MEMBER}, {"outreach"}))


@pytest.fixture
def accounts(settings: Settings, engine: Engine, audit: AuditLog, clock: ManualClock) -> Accounts:
    return open_accounts(settings, engine, audit, clock)


@pytest.fixture
def sessions(settings: Settings, engine: Engine, clock: ManualClock) -> Sessions:
    return open_sessions(settings, engine, clock)


@pytest.fixture
def anna(accounts: Accounts) -> Account:
    """Somebody with a password of their own."""
    return accounts.add(ANNA, OWN, KEEPER, own=True)


def refusal(accounts: Accounts, username: str, password: str, address: str = HERE) -> tuple[str, str]:
    with pytest.raises(RejectedError) as refused:
        accounts.authenticate(username, password, address)
    return refused.value.code, str(refused.value)


def test_there_is_no_account_to_begin_with(accounts: Accounts) -> None:
    assert accounts.all() == []
    assert not accounts.any()


def test_name_and_password_become_the_principal(accounts: Accounts, anna: Account, audit: AuditLog) -> None:
    who = accounts.authenticate(" ANNA ", OWN, HERE)
    assert (who.account, who.name, who.roles) == (anna.account, "Fältare", {Role.TEAM_MEMBER: {"outreach"}})
    assert anna.account.startswith("local-")
    assert "anna" not in anna.account
    assert [entry[:1] + entry[2:] for entry in logged(audit)] == [
        ("os:1000", "account_changed", "permit", ""), (anna.account, "sign_in", "permit", ""),
    ]  # fmt: skip


def test_a_failure_says_the_same_whether_the_account_exists_is_shut_or_the_password_is_wrong(
    accounts: Accounts, anna: Account, audit: AuditLog
) -> None:
    told = {refusal(accounts, "anna", OTHER), refusal(accounts, "nobody", OTHER), refusal(accounts, "", "")}
    told.add(refusal(accounts, "an\x00na", f"\x00{OWN}"))
    accounts.set_disabled("anna", KEEPER, disabled=True)
    told |= {refusal(accounts, "anna", OWN), refusal(accounts, "anna", OTHER)}
    assert told == {("wrong", "user name or password is wrong, or the account is shut")}
    rules = [entry[4] for entry in logged(audit) if entry[2] == "sign_in_refused"]
    assert rules == ["wrong_password", "unknown_account", "unknown_account", "unknown_account", "disabled", "wrong_password"]


def test_too_many_attempts_are_refused_alike_with_and_without_an_account(accounts: Accounts, anna: Account) -> None:
    for name, address in (("anna", HERE), ("nobody", "192.0.2.9")):
        for _ in range(5):
            assert refusal(accounts, name, OTHER, address)[0] == "wrong"
        assert refusal(accounts, name, OWN, address) == ("wait", "too many attempts: wait 1 min")


def test_a_password_given_by_somebody_else_lets_choose_another_and_nothing_more(accounts: Accounts, audit: AuditLog) -> None:
    made = accounts.add(ANNA, FIRST, KEEPER)
    assert made.initial
    assert refusal(accounts, "anna", FIRST)[0] == "choose_password"
    assert refusal(accounts, "anna", OTHER)[0] == "wrong"
    assert accounts.choose("anna", FIRST, OWN, HERE).account == made.account
    assert refusal(accounts, "anna", FIRST)[0] == "wrong"
    assert accounts.authenticate("anna", OWN, HERE).account == made.account
    assert ("sign_in_refused", "deny", "initial_password") in [entry[2:] for entry in logged(audit)]


def test_a_first_password_is_good_for_seven_days(accounts: Accounts, clock: ManualClock) -> None:
    accounts.add(ANNA, FIRST, KEEPER)
    clock.advance(timedelta(days=7))
    assert refusal(accounts, "anna", FIRST)[0] == "wrong"
    with pytest.raises(RejectedError) as refused:
        accounts.choose("anna", FIRST, OWN, HERE)
    assert refused.value.code == "wrong"


def test_a_password_of_ones_own_does_not_expire(accounts: Accounts, anna: Account, clock: ManualClock) -> None:
    clock.advance(timedelta(days=4000))
    assert accounts.authenticate("anna", OWN, HERE).account == anna.account


@pytest.mark.parametrize(
    ("chosen", "code"), [(OWN, "same_password"), ("kort", "short_password"), ("password1234", "common_password")]
)
def test_a_change_takes_the_present_password_and_a_good_new_one(
    accounts: Accounts, anna: Account, audit: AuditLog, chosen: str, code: str
) -> None:
    with pytest.raises(RejectedError) as refused:
        accounts.choose("anna", OTHER, FIRST, HERE)
    assert refused.value.code == "wrong"
    with pytest.raises(RejectedError) as refused:
        accounts.choose("anna", OWN, chosen, HERE)
    assert refused.value.code == code
    tried = [(anna.account, "sign_in_refused", "deny", rule) for rule in ("wrong_password", code)]
    assert [entry[:1] + entry[2:] for entry in logged(audit)][1:] == tried
    accounts.authenticate("anna", OWN, HERE)


def test_whatever_is_changed_ends_the_accounts_sessions_at_once(accounts: Accounts, anna: Account, sessions: Sessions) -> None:
    changes = (
        lambda: accounts.set_disabled("anna", KEEPER, disabled=True),
        lambda: accounts.set_disabled("anna", KEEPER, disabled=False),
        lambda: accounts.set_rights("anna", AUDITOR, KEEPER),
        lambda: accounts.set_password("anna", FIRST, KEEPER, own=True),
        lambda: accounts.choose("anna", FIRST, OTHER, HERE),
        lambda: accounts.remove("anna", KEEPER),
    )
    accounts.add(Newcomer("berit", "Berit", each_for({Role.AUDITOR}, ())), OWN, KEEPER, own=True)
    berit = accounts.authenticate("berit", OWN, HERE)
    kept = sessions.begin(berit, "local")
    who = accounts.authenticate("anna", OWN, HERE)
    for change in changes:
        token = sessions.begin(who, "local")
        assert sessions.principal(token) is not None
        change()
        assert sessions.principal(token) is None
    assert sessions.principal(kept) == berit
    assert [one.username for one in accounts.all()] == ["berit"]


def test_other_roles_hold_at_the_next_sign_in(accounts: Accounts, anna: Account) -> None:
    accounts.set_rights("anna", AUDITOR, KEEPER)
    who = accounts.authenticate("anna", OWN, HERE)
    assert who.roles == AUDITOR


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "bad_name"),
        (" ", "bad_name"),
        ("Samtycken\nsspf", "bad_name"),
        ("Samtycken\u200b", "bad_name"),
        ("x" * 81, "bad_name"),
        ("x" * 5000, "bad_name"),
        ("19990101-9802", "names_somebody"),
        ("Anna 199901019802", "names_somebody"),
        ("Anna 990101 9802", "names_somebody"),
        ("Anna 990101\u20139802", "names_somebody"),
    ],
)
def test_a_name_is_a_function_on_one_line_and_nobodys_number(accounts: Accounts, name: str, told: str) -> None:
    with pytest.raises(RejectedError, match=r"^the name") as refused:
        accounts.add(Newcomer("berit", name, each_for((), ())), OWN, KEEPER)
    assert refused.value.code == told
    assert not name.strip() or name not in str(refused.value)
    assert "berit" not in [one.username for one in accounts.all()]


def test_a_name_of_eighty_letters_is_kept_as_it_was_given(accounts: Accounts) -> None:
    assert accounts.add(Newcomer("berit", "å" * 80, each_for((), ())), OWN, KEEPER).name == "å" * 80


@pytest.mark.parametrize("username", ["", "a", "å b", "19990101-9802", "199901019802", "990101-9802", "x" * 64, "-anna", "a/b"])
def test_a_user_name_is_short_plain_and_nobodys_number(accounts: Accounts, username: str) -> None:
    with pytest.raises(RejectedError) as refused:
        accounts.add(Newcomer(username, "x", each_for((), ())), OWN, KEEPER)
    assert refused.value.code == "bad_username"


def test_a_name_is_given_once(accounts: Accounts, anna: Account) -> None:
    with pytest.raises(RejectedError) as refused:
        accounts.add(ANNA, FIRST, KEEPER)
    assert refused.value.code == "username_taken"


def test_an_account_that_is_not_there_is_told(accounts: Accounts) -> None:
    with pytest.raises(RejectedError, match="hub account list"):
        accounts.set_disabled("nobody", KEEPER, disabled=True)


def test_when_the_log_cannot_be_written_nothing_changes_and_nobody_gets_in(
    settings: Settings, engine: Engine, accounts: Accounts, anna: Account, clock: ManualClock
) -> None:
    unlogged = open_accounts(settings, engine, FullLog(), clock)
    for attempt in (
        lambda: unlogged.authenticate("anna", OWN, HERE),
        lambda: unlogged.authenticate("anna", OTHER, HERE),
        lambda: unlogged.set_rights("anna", AUDITOR, KEEPER),
        lambda: unlogged.set_disabled("anna", KEEPER, disabled=True),
        lambda: unlogged.remove("anna", KEEPER),
        lambda: unlogged.add(Newcomer("berit", "Berit", each_for((), ())), OWN, KEEPER),
    ):
        with pytest.raises(RetriableError) as failed:
            attempt()
        assert failed.value.code == "audit"
    assert accounts.all() == [anna]


def test_no_password_stands_in_the_database(accounts: Accounts, anna: Account, engine: Engine) -> None:
    with engine.connect() as connection:
        kept = str(connection.execute(select(*AccountRow.__table__.columns)).all())
    assert OWN not in kept
    assert "$argon2id$" in kept
