"""Who stands at the command line: an account with its password, where there are accounts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from hub.access.opening import open_accounts, own_accounts
from hub.access.persons import person_key
from hub.access.roles import Principal, Role, known_roles
from hub.commands.options import command_actor
from hub.errors import ConfigError
from hub.installation import read_key
from hub.login_settings import CommandUser

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from hub.audit.log import AuditLog
    from hub.settings import Settings

__all__ = ["person"]


def person(
    settings: Settings,
    engine: Engine,
    audit: AuditLog,
    account: str,
    *,
    approving: bool = False,
    believed: Iterable[Role] = (Role.AUDITOR,),
    teams: Iterable[str] = (),
) -> Principal:
    """The principal that `account` names.

    With accounts of the installation's own it is a user name, and the password is asked for. Without, in production, it is the
    machine's user, with roles and as the person that `[login.command_users]` says; she can ask and open, but approves nothing:
    for that one signs in to the pages. Elsewhere (a demo, a first trial) any name is `believed` to have these roles, for these
    teams. Raises RejectedError of the sign-in, ConfigError `sign_in_to_approve`.
    """
    if own_accounts(settings):
        accounts = open_accounts(settings, engine, audit)
        if accounts.any():
            if not account:
                raise ConfigError("this installation has accounts: say which is yours with --as USERNAME", code="who")
            return accounts.authenticate(account, _password(), "command-line")
    elif approving:
        raise ConfigError("in production a request is approved on the pages, by somebody signed in", code="sign_in_to_approve")
    elif account:
        raise ConfigError("in production --as is believed nobody here: leave it out", code="who")
    if settings.environment == "production":
        return _machine_user(settings)
    actor = command_actor(account)
    return Principal(actor.account, actor.account, frozenset(believed), frozenset(teams))


def _machine_user(settings: Settings) -> Principal:
    number = str(os.getuid())
    user = settings.login.command_users.get(number, CommandUser())
    whose = person_key(read_key(settings, "worklist.key"), user.person)
    return Principal(f"os:{number}", f"os:{number}", known_roles(user.roles), frozenset(user.teams), whose)


def _password() -> str:
    """Asked for and not shown; from a pipe one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, err=True)
    return typed
