"""Who stands at the command line: an account with its password, where there are accounts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hub.access.opening import open_accounts, own_accounts
from hub.access.persons import person_key
from hub.access.rights import read_words
from hub.access.roles import Principal, Rights, Role
from hub.commands.acting import NOBODY_BELIEVED, acting, password
from hub.errors import ConfigError
from hub.installation import load_teams, read_key
from hub.login_settings import CommandUser

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from hub.audit.log import AuditLog
    from hub.settings import Settings

__all__ = ["person"]

_AUDITOR: Final[Rights] = {Role.AUDITOR: frozenset()}
_APPROVE: Final = "in production a request is approved on the pages, by somebody signed in"
_APPROVE_MADE: Final = f"{_APPROVE}, or here by an account with its password: there is none yet (`hub account add`)"


def person(
    settings: Settings,
    engine: Engine,
    audit: AuditLog,
    account: str,
    *,
    approving: bool = False,
    believed: Rights = _AUDITOR,
) -> Principal:
    """The principal that `account` names.

    With accounts of the installation's own it is a user name, and the password is asked for. Without, and until the first is
    made, it is in production the machine's user, with roles and as the person that `[login.command_users]` says; she can ask and
    open, but approves nothing: one person may be several users of a machine. Elsewhere (a demo, a first trial) any name is
    `believed` to have these roles. Raises RejectedError of the sign-in, ConfigError `sign_in_to_approve`, and what `read_words`
    says of that setting.
    """
    accounts = open_accounts(settings, engine, audit) if own_accounts(settings) else None
    if accounts is not None and accounts.any():
        if not account:
            raise ConfigError("this installation has accounts: say which is yours with --as USERNAME", code="who")
        return accounts.authenticate(account, password(), "command-line")
    if settings.environment == "production":
        if approving:
            raise ConfigError(_APPROVE_MADE if accounts is not None else _APPROVE, code="sign_in_to_approve")
        if account:
            raise ConfigError(NOBODY_BELIEVED, code="who")
        return _machine_user(settings)
    actor = acting(settings, account, audit=audit)
    return Principal(actor.account, actor.account, believed)


def _machine_user(settings: Settings) -> Principal:
    number = str(os.getuid())
    user = settings.login.command_users.get(number, CommandUser())
    whose = person_key(read_key(settings, "worklist.key"), user.person)
    roles = read_words(user.roles, user.teams, load_teams(settings.home), f"login.command_users.{number}.roles")
    return Principal(f"os:{number}", f"os:{number}", roles, whose)
