"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Home", "Json"]

Home = Annotated[
    Path | None,
    typer.Option("--home", "-H", envvar="HUB_HOME", help="The installation's folder (default: the user's data folder)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
