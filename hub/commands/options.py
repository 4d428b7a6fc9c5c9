"""Options that many commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.audit.entries import Actor

__all__ = ["ROLE_HELP", "As", "Home", "Json", "command_actor"]

ROLE_HELP = "For example team-head:outreach, team-member:sig,sspf or auditor; `hub account matrix` shows what each may do."

Home = Annotated[
    Path | None,
    typer.Option("--home", "-H", envvar="HUB_HOME", help="The installation's folder (default: the user's data folder)."),
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="ACCOUNT",
        envvar="HUB_ACCOUNT",
        help="The account this is done as (default: the machine's user by number).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def command_actor(account: str = "", unit: str = "") -> Actor:
    """Who runs this command, for the audit log: a named account, else HUB_ACCOUNT, else the machine's user by number.

    Raises RejectedError when the name is no account's opaque id.
    """
    from hub.audit.entries import Actor

    return Actor(account or os.environ.get("HUB_ACCOUNT") or f"os:{os.getuid()}", unit=unit, role="command")
