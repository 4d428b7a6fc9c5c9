"""Accounts of this installation, for a demo and a single machine; a municipality signs in at its identity provider.

There is none to begin with, and no way to make one but `hub account add`. A change of password or of roles, and disabling,
end every session of the account in the same transaction; the audit log has it before it has an effect.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.access.attempts import Attempts
from hub.access.grounds import function_name
from hub.access.passwords import check_new, hash_password, is_right
from hub.access.rights import read_kept, words_of
from hub.access.roles import Principal, Rights, Role
from hub.access.sessions import end_sessions
from hub.access.tables import AccountRow
from hub.access.trail import UNKNOWN, Trail, account_entry
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.clock import Clock
from hub.database import answering
from hub.errors import RejectedError

__all__ = ["INITIAL_DAYS", "Account", "Accounts", "Newcomer"]

INITIAL_DAYS: Final = 7
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}")
_NUMBERLIKE = re.compile(r"\d[\d.@_-]{7,}\d")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its keeper sees it. `initial`: its owner has yet to choose a password. `person`: `persons.person_key`."""

    account: str
    username: str
    name: str
    roles: Rights
    disabled: bool
    initial: bool
    person: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whom an account is made for."""

    username: str
    name: str
    roles: Rights
    person: str = ""


class Accounts:
    """Over the access database. Whoever keeps accounts is an `actor`: on the command line the system's user.

    With `emergency` only the accounts of these user names let anybody in, and the audit log says that one was used.
    """

    def __init__(
        self, engine: Engine, trail: Trail, clock: Clock, attempts: Attempts, *, emergency: frozenset[str] | None = None
    ) -> None:
        self._engine = engine
        self._trail = trail
        self._clock = clock
        self._attempts = attempts
        self._emergency = emergency

    def add(self, newcomer: Newcomer, password: str, actor: Actor, *, own: bool = False) -> Account:
        """Make an account. Unless it is the keeper's `own`, its owner must choose another password within seven days.

        Raises RejectedError `bad_username`, `bad_name`, `names_somebody`, `username_taken`, or what `check_new` says of the
        password.
        """
        username = newcomer.username.casefold()
        if not _USERNAME.fullmatch(username) or _NUMBERLIKE.search(username):
            text = "the user name: 2 to 63 of a-z, 0-9 and . _ @ -, and nothing that could be a person's number"
            raise RejectedError(text, code="bad_username")
        name = function_name(newcomer.name)
        check_new(password, _words(username, name, newcomer.roles))
        account, now = f"local-{secrets.token_hex(8)}", self._clock.now()
        values = {
            "account": account, "username": username, "name": name, "password_hash": hash_password(password),
            "rights": _joined(newcomer.roles), "disabled": False,
            "initial_until": None if own else now + timedelta(days=INITIAL_DAYS), "changed_at": now,
            "person": newcomer.person,
        }  # fmt: skip
        with answering(), self._engine.begin() as connection:
            try:
                connection.execute(insert(AccountRow).values(**values))
            except IntegrityError:
                raise RejectedError("there is an account of that name already", code="username_taken") from None
            self._trail.append(account_entry(Logged.ACCOUNT_CHANGED, account, actor=actor, purpose="added"))
        return self.named(username)

    def all(self) -> list[Account]:
        """Every account, by user name."""
        with answering(), self._engine.begin() as connection:
            rows = connection.execute(select(*AccountRow.__table__.columns).order_by(AccountRow.username)).all()
        return [_account(row) for row in rows]

    def any(self) -> bool:
        """Whether there is an account at all."""
        with answering(), self._engine.begin() as connection:
            return connection.execute(select(AccountRow.account).limit(1)).one_or_none() is not None

    def username_of(self, account: str) -> str | None:
        """The user name of an account, when it is one of ours."""
        with answering(), self._engine.begin() as connection:
            return connection.execute(select(AccountRow.username).where(AccountRow.account == account)).scalar_one_or_none()

    def named(self, username: str) -> Account:
        """The account of that name. Raises RejectedError `no_account`."""
        return _account(self._row(username))

    def set_disabled(self, username: str, actor: Actor, *, disabled: bool) -> Account:
        """Shut an account, or open it again."""
        return self._change(username, {"disabled": disabled}, actor, "disabled" if disabled else "enabled")

    def set_rights(self, username: str, roles: Rights, actor: Actor) -> Account:
        """Give an account other roles, each for its own teams."""
        return self._change(username, {"rights": _joined(roles)}, actor, "roles")

    def set_person(self, username: str, person: str, actor: Actor) -> Account:
        """Say which person an account is, by her key; empty: nobody knows."""
        return self._change(username, {"person": person}, actor, "person")

    def set_password(self, username: str, password: str, actor: Actor, *, own: bool = False) -> Account:
        """Set a forgotten password anew; its owner must choose another within seven days, unless it is the keeper's `own`."""
        row = self._row(username)
        check_new(password, _words(row.username, row.name, read_kept(row.rights)))
        until = None if own else self._clock.now() + timedelta(days=INITIAL_DAYS)
        values = {"password_hash": hash_password(password), "initial_until": until}
        return self._change(username, values, actor, "password")

    def remove(self, username: str, actor: Actor) -> None:
        """Take an account away for good; the audit log keeps what it did."""
        account = self._row(username).account
        with answering(), self._engine.begin() as connection:
            connection.execute(delete(AccountRow).where(AccountRow.account == account))
            end_sessions(connection, account)
            self._trail.append(account_entry(Logged.ACCOUNT_CHANGED, account, actor=actor, purpose="removed"))

    def authenticate(self, username: str, password: str, address: str, browser: str = "") -> Principal:
        """Who gives this name and password. The audit log has the outcome before the caller does.

        `browser` is what `known_browser` made for the browser in which she signed in last, if it is that.

        Raises RejectedError: `wrong` says only that name or password are wrong, whatever it is; `wait` that there were too many
        attempts; `choose_password` that they are right, but that another password must be chosen first (`choose`).
        """
        row = self._right(username, password, address, browser)
        if row.initial_until is not None:
            expired = row.initial_until <= self._clock.now()
            self._refuse(row.account, "initial_expired" if expired else "initial_password")
            if expired:
                raise _wrong()
            raise RejectedError("choose a password of your own first", code="choose_password")
        self._trail.append(account_entry(Logged.SIGN_IN, row.account, purpose=self._way))
        return _principal(row)

    def choose(self, username: str, current: str, chosen: str, address: str, browser: str = "") -> Principal:
        """Change one's own password, which takes the present one; every session of the account ends. As `authenticate`.

        Raises besides what `check_new` says, and `same_password`.
        """
        row = self._right(username, current, address, browser)
        if row.initial_until is not None and row.initial_until <= self._clock.now():
            self._refuse(row.account, "initial_expired")
            raise _wrong()
        try:
            _check_chosen(chosen, current, _words(row.username, row.name, read_kept(row.rights)))
        except RejectedError as error:  # the present one was right, which whoever tries passwords learns from the answer
            self._refuse(row.account, error.code)
            raise
        values = {"password_hash": hash_password(chosen), "initial_until": None}
        self._change(row.username, values, Actor(row.account), "own_password")
        self._trail.append(account_entry(Logged.SIGN_IN, row.account, purpose=self._way))
        return _principal(row)

    @property
    def _way(self) -> str:
        return "local" if self._emergency is None else "emergency"

    def known_browser(self, username: str) -> str:
        """What the cookie of a browser holds in which this account has just signed in: others' guesses do not hold it up."""
        return self._attempts.known_browser(_typed(username))

    def _right(self, username: str, password: str, address: str, browser: str) -> Row[Any]:
        """The account, when name and password are right and it is open; as slow when there is none."""
        name = _typed(username)
        wait = self._attempts.take(name, address, browser)
        if wait is not None:
            self._refuse(name, "too_many_attempts", known=False)
            minutes = max(1, -(-int(wait.total_seconds()) // 60))
            raise RejectedError(f"too many attempts: wait {minutes} min", code="wait")
        with answering(), self._engine.begin() as connection:
            row = _find(connection, name)
        right = is_right(None if row is None else row.password_hash, password)
        shut = self._emergency is not None and name not in self._emergency
        if row is None or not right or row.disabled or shut:
            known = "disabled" if not shut else "no_emergency_account"
            code = "unknown_account" if row is None else "wrong_password" if not right else known
            self._refuse(name if row is None else row.account, code, known=row is not None)
            raise _wrong()
        self._attempts.succeeded(name, address, browser)
        return row

    def _refuse(self, account: str, code: str, *, known: bool = True) -> None:
        subject = Subject(SubjectKind.ACCOUNT, account)
        actor = Actor(account) if known else UNKNOWN
        self._trail.append(Entry(actor, Logged.SIGN_IN_REFUSED, item=subject, purpose="local", outcome=Outcome.DENY, rule=code))

    def _row(self, username: str) -> Row[Any]:
        with answering(), self._engine.begin() as connection:
            row = _find(connection, username.casefold())
        if row is None:
            raise RejectedError("there is no account of that name: see `hub account list`", code="no_account")
        return row

    def _change(self, username: str, values: Mapping[str, object], actor: Actor, what: str) -> Account:
        account = self._row(username).account
        with answering(), self._engine.begin() as connection:
            here = update(AccountRow).where(AccountRow.account == account)
            connection.execute(here.values(**values, changed_at=self._clock.now()))
            end_sessions(connection, account)
            self._trail.append(account_entry(Logged.ACCOUNT_CHANGED, account, actor=actor, purpose=what))
        return self.named(username)


_LONGEST_NAME: Final = 64


def _find(connection: Connection, username: str) -> Row[Any] | None:
    if not _USERNAME.fullmatch(username):  # nobody is called so, and not every text may be asked for
        return None
    return connection.execute(select(*AccountRow.__table__.columns).where(AccountRow.username == username)).one_or_none()


def _typed(username: str) -> str:
    """A user name as it was meant, whatever was typed; never longer than any that there is."""
    return username.strip().casefold()[:_LONGEST_NAME]


def _joined(roles: Rights) -> str:
    return " ".join(words_of(roles))


def _words(username: str, name: str, roles: Rights) -> tuple[str, ...]:
    return (username, *name.split(), *frozenset[str]().union(*roles.values()), *(role.value for role in Role))


def _account(row: Row[Any]) -> Account:
    initial, roles = row.initial_until is not None, read_kept(row.rights)
    return Account(row.account, row.username, row.name, roles, row.disabled, initial, row.person)


def _principal(row: Row[Any]) -> Principal:
    return Principal(row.account, row.name, read_kept(row.rights), row.person)


def _check_chosen(chosen: str, current: str, words: tuple[str, ...]) -> None:
    if chosen == current:
        raise RejectedError("choose another password than the one you have", code="same_password")
    check_new(chosen, words)


def _wrong() -> RejectedError:
    return RejectedError("user name or password is wrong, or the account is shut", code="wrong")
