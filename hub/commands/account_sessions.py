"""`hub account sessions` and `hub account sign-out`: who is signed in now, and ending it at once, whichever way they came in."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import Home, Json

if TYPE_CHECKING:
    from hub.audit.log import AuditLog
    from hub.settings import Settings
    from hub.web.principal import Login

__all__ = ["sessions", "sign_out"]


@contextmanager
def _opened(home: Home) -> Iterator[tuple[Settings, AuditLog, Login]]:
    from hub.bootstrap import build_audit
    from hub.bootstrap_pages import build_login
    from hub.settings import load_settings

    settings = load_settings(home)
    audit = build_audit(settings)
    try:
        yield settings, audit, build_login(settings, audit)
    finally:
        audit.close()


def sessions(home: Home = None, as_json: Json = False) -> None:
    """Show who is signed in now: account, function, way in, since when, last use. `sign-out` ends them.

    Example: hub account sessions --json
    """
    from hub.clock import STOCKHOLM

    with _opened(home) as (_, _, login):
        found = login.sessions.everybodys()
    if as_json:
        listed = [
            {
                "account": one.account, "name": one.name, "way": one.way, "begun_at": one.begun_at.isoformat(),
                "seen_at": one.seen_at.isoformat(), "until": one.until.isoformat(),
            }
            for one in found
        ]  # fmt: skip
        sys.stdout.write(json.dumps(listed, indent=2, ensure_ascii=False) + "\n")
        return
    if not found:
        typer.echo("Nobody is signed in.")
    for one in found:
        begun, seen = (instant.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M") for instant in (one.begun_at, one.seen_at))
        typer.echo(f"{one.account}  {one.name}  {one.way}  since {begun}, last used {seen}")


def sign_out(
    account: Annotated[
        str | None, typer.Argument(help="Whose sessions to end: a user name, or an account as `sessions` prints it.")
    ] = None,
    person: Annotated[
        str, typer.Option(help="End those of every account of this person, by what the identity provider calls her.")
    ] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="End every session there is, whoever it belongs to.")] = False,
    home: Home = None,
) -> None:
    """End the sessions of an account, of a person, or of everybody, at once; at the identity provider take the role away too.

    Examples: hub account sign-out anna    hub account sign-out --person anna.berg@kommun.se    hub account sign-out --everybody
    """
    from hub.access.trail import note_sign_out, system_user
    from hub.audit.unstoppable import Unstoppable, unstoppable

    if sum((account is not None, bool(person), everybody)) != 1:
        raise typer.BadParameter("name an account, or a --person, or say --everybody")
    with unstoppable(Unstoppable.SIGN_OUT), _opened(home) as (settings, audit, login):
        if person:
            from hub.access.persons import person_key
            from hub.installation import read_key

            key = person_key(read_key(settings, "worklist.key"), person)
            ended, whose = login.sessions.end_person(key), f"person-{key}"
        else:
            of = None if account is None else _account(login, account)
            ended, whose = login.sessions.end_all(of), of or "everybody"
        note_sign_out(audit, whose, actor=system_user())
    typer.echo(f"{ended} {'session has' if ended == 1 else 'sessions have'} ended")


def _account(login: Login, named: str) -> str:
    """The account of a user name; else one that has a session. Raises RejectedError `no_account`."""
    from hub.errors import RejectedError

    if any(one.account == named for one in login.sessions.everybodys()):
        return named
    if login.accounts is None:
        text = "nobody of that account is signed in: see `hub account sessions`, or end everybody's with --everybody"
        raise RejectedError(text, code="no_account")
    return login.accounts.named(named).account
