"""Who runs a command, for the audit log: nobody is believed to be somebody else."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import typer

from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.audit.entries import Actor
    from hub.audit.log import AuditLog
    from hub.settings import Settings

__all__ = ["NOBODY_BELIEVED", "acting", "password"]

NOBODY_BELIEVED: Final = "in production --as is believed nobody here: leave it out"


def acting(settings: Settings, account: str = "", *, unit: str = "", audit: AuditLog | None = None) -> Actor:
    """The machine's user by number, or the account that --as or HUB_ACCOUNT names, by the rule of `hub vault`.

    Where the installation has accounts it must be one of them, and its password is asked for; `audit` is where that is written
    (None: a command without --as, which asks nobody and takes no account). Without accounts, in production, nobody is believed.
    Elsewhere (a demo, a first trial) any name is. Raises ConfigError `who`, RejectedError of the sign-in, and one when the name
    is no account's opaque id.
    """
    from hub.audit.entries import Actor

    named = account or os.environ.get("HUB_ACCOUNT", "")
    if not named:
        return Actor(f"os:{os.getuid()}", unit=unit, role="command")
    return Actor(_known(settings, named, audit) or named, unit=unit, role="command")


def _known(settings: Settings, named: str, audit: AuditLog | None) -> str:
    """The account that has given its password; empty where there are no accounts and any name is believed."""
    from hub.access.opening import build_access_engine, open_accounts, own_accounts
    from hub.bootstrap import build_audit

    if own_accounts(settings):
        engine, log = build_access_engine(settings), audit or build_audit(settings)
        try:
            accounts = open_accounts(settings, engine, log)
            if accounts.any():
                if audit is None:
                    text = "this installation has accounts, and HUB_ACCOUNT is believed nobody here: leave it out"
                    raise ConfigError(text, code="who")
                return accounts.authenticate(named, password(), "command-line").account
        finally:
            engine.dispose()
            if audit is None:
                log.close()
    if settings.environment == "production":
        raise ConfigError(NOBODY_BELIEVED, code="who")
    return ""


def password() -> str:
    """Asked for and not shown; from a pipe one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, err=True)
    return typed
