"""`hub account`: who may sign in with an account of this installation, and as what."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.account_sessions import sessions, sign_out
from hub.commands.options import ROLE_HELP, Home, Json

if TYPE_CHECKING:
    from hub.access.accounts import Account, Accounts
    from hub.access.roles import Rights
    from hub.settings import Settings

__all__ = ["app"]

app = typer.Typer(
    help=(
        "Accounts of this installation, for a demo and a single machine; a municipality signs in with OpenID Connect "
        "(hub.toml, [login.oidc]).\n\nExample: hub account add anna --role team-member:outreach"
    ),
    no_args_is_help=True,
)
app.command()(sessions)
app.command("sign-out")(sign_out)
Username = Annotated[str, typer.Argument(help="The user name to sign in with; never a person's number.")]
Roles = Annotated[
    list[str], typer.Option("--role", help=f"A role, with its teams where it goes by team; repeat for several. {ROLE_HELP}")
]
Teams = Annotated[list[str] | None, typer.Option("--team", help="The team of a --role that names none; repeat for several.")]
Own = Annotated[
    bool, typer.Option("--own", help="The account is your own: no other password has to be chosen at the first sign-in.")
]


@contextmanager
def _opened(home: Home) -> Iterator[tuple[Settings, Accounts]]:
    from hub.bootstrap import build_audit
    from hub.bootstrap_pages import build_accounts
    from hub.settings import load_settings

    settings = load_settings(home)
    audit = build_audit(settings)
    try:
        yield settings, build_accounts(settings, audit)
    finally:
        audit.close()


@app.command()
def add(  # noqa: PLR0917 -- typer reads one option per parameter
    username: Username,
    role: Roles,
    team: Teams = None,
    name: Annotated[str, typer.Option(help="The function shown on the pages (default: the user name).")] = "",
    person: Annotated[str, typer.Option(help="Which person it is, by what the provider calls her: see `person`.")] = "",
    own: Own = False,
    home: Home = None,
) -> None:
    """Make an account; the password is asked for, never given on the command line. Its owner then chooses another.

    The password may also come as one line on standard input.

    Example: hub account add anna --role team-head:outreach --role team-member:sig,sspf --name Gruppledare
    """
    from hub.access.accounts import Newcomer
    from hub.access.trail import system_user

    with _opened(home) as (settings, accounts):
        whose = _person_key(settings, person)
        newcomer = Newcomer(username, name or username, _rights(settings, role, team), whose)
        made = accounts.add(newcomer, _ask_password(), system_user(), own=own)
        _warn_of_production(settings, made.username)
    typer.echo(f"{made.username} may sign in" + ("" if own else " and must choose another password within seven days"))


@app.command()
def matrix() -> None:
    """Print who may do what, a role in each column.

    `all`, `own` (for the account's own teams), or nothing.

    Example: hub account matrix
    """
    from hub.access.matrix import matrix_text

    sys.stdout.write(matrix_text())


@app.command("list")
def list_accounts(home: Home = None, as_json: Json = False) -> None:
    """Show every account with its roles, each with its teams.

    Example: hub account list --json
    """
    with _opened(home) as (_settings, accounts):
        found = accounts.all()
    if as_json:
        sys.stdout.write(json.dumps([_shown(one) for one in found], indent=2, ensure_ascii=False) + "\n")
        return
    if not found:
        typer.echo("No account yet. Make one: hub account add NAME --role team-member:outreach")
    for one in found:
        state = "shut" if one.disabled else "first password" if one.initial else "open"
        typer.echo(f"{one.username}  {one.name}  {state}  {_told(one)}")


@app.command()
def disable(username: Username, home: Home = None) -> None:
    """Shut an account at once: its sessions end, and nobody signs in with it. `enable` undoes it.

    Example: hub account disable anna
    """
    from hub.access.trail import system_user

    with _opened(home) as (_settings, accounts):
        accounts.set_disabled(username, system_user(), disabled=True)
    typer.echo(f"{username} is shut. Undo: hub account enable {username}")


@app.command()
def enable(username: Username, home: Home = None) -> None:
    """Open an account again.

    Example: hub account enable anna
    """
    from hub.access.trail import system_user

    with _opened(home) as (_settings, accounts):
        accounts.set_disabled(username, system_user(), disabled=False)
    typer.echo(f"{username} may sign in again")


@app.command()
def password(username: Username, own: Own = False, home: Home = None) -> None:
    """Set a forgotten password anew; its owner must choose another at the next sign-in, within seven days.

    Example: hub account password anna
    """
    from hub.access.trail import system_user

    with _opened(home) as (_settings, accounts):
        accounts.named(username)  # before anybody types a password for nothing
        accounts.set_password(username, _ask_password(), system_user(), own=own)
    typer.echo(f"{username} has a new password, and is signed out everywhere")


@app.command()
def roles(username: Username, role: Roles, team: Teams = None, home: Home = None) -> None:
    """Give an account exactly these roles, each for its own teams; it is signed out everywhere, so that they hold at once.

    Example: hub account roles anna --role team-head:outreach --role team-member:sig
    """
    from hub.access.trail import system_user

    with _opened(home) as (settings, accounts):
        changed = accounts.set_rights(username, _rights(settings, role, team), system_user())
    typer.echo(f"{username} now is {_told(changed)}")


@app.command()
def remove(
    username: Username,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
) -> None:
    """Take an account away for good; the audit log keeps what it did. To shut it only: `disable`.

    Example: hub account remove anna
    """
    from hub.access.trail import system_user

    with _opened(home) as (_settings, accounts):
        accounts.named(username)
        if not yes:
            typer.confirm(f"Take {username} away for good?", abort=True)
        accounts.remove(username, system_user())
    typer.echo(f"{username} is gone")


@app.command()
def person(
    username: Username,
    value: Annotated[str, typer.Argument(help="What the provider calls her (login.oidc.person_claim); empty: nobody knows.")],
    home: Home = None,
) -> None:
    """Say which person an account is, so that nobody is both of four eyes with two accounts; it is signed out everywhere.

    Kept is a keyed hash. The same value belongs to her account at the identity provider and in [login.command_users].

    Example: hub account person anna anna.berg@kommun.se
    """
    from hub.access.trail import system_user

    with _opened(home) as (settings, accounts):
        accounts.set_person(username, _person_key(settings, value), system_user())
    typer.echo(f"{username} is {'known as that person' if value.strip() else 'known as nobody in particular'}")


def _person_key(settings: Settings, value: str) -> str:
    from hub.access.persons import person_key
    from hub.installation import read_key

    return person_key(read_key(settings, "worklist.key"), value)


def _rights(settings: Settings, roles: list[str], teams: list[str] | None) -> Rights:
    from hub.access.rights import read_words
    from hub.installation import load_teams

    return read_words(roles, teams or (), load_teams(settings.home), "--role")


def _told(account: Account) -> str:
    from hub.access.rights import words_of

    return ", ".join(words_of(account.roles)) or "–"


def _ask_password() -> str:
    """Typed twice and not shown; from a pipe one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    prompt = "Password (at least 12 characters; four or five words that do not belong together are good)"
    typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt="Once more")
    return typed


def _warn_of_production(settings: Settings, username: str) -> None:
    from hub.access.opening import own_codes

    if not own_codes(settings) and username not in settings.login.emergency_accounts:
        text = "Note: production signs in with OpenID Connect; name this account in login.emergency_accounts to let it in"
        typer.echo(text, err=True)


def _shown(account: Account) -> dict[str, object]:
    from hub.access.rights import words_of

    return {
        "username": account.username, "account": account.account, "name": account.name, "roles": words_of(account.roles),
        "disabled": account.disabled, "first_password": account.initial,
        "person_known": bool(account.person),
    }  # fmt: skip
