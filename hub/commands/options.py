"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ROLE_HELP", "As", "Home", "Json"]

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
        help="The account this is done as, with its password; in production without accounts nobody's word is taken (default: "
        "the machine's user by number).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
