"""`hub compile`: the same hub in less processor time, where there is a C compiler."""

from __future__ import annotations

import time
from typing import Annotated

import typer

__all__ = ["compile_"]


def compile_(
    remove: Annotated[bool, typer.Option("--remove", help="Take the compiled form away again.")] = False,
) -> None:
    """Compile the modules that every event goes through, for this environment, from its own sources. It takes a minute or so.

    Results and refusals are the same; without it, and after every upgrade until it is run again, the hub runs in pure Python.
    `hub --version` says which form runs. Needs the extra `fast` and a C compiler, at this moment only. Processes that run keep
    what they have: start them again.

    Example: hub compile
    """
    from hub.compiled.build import compile_into
    from hub.compiled.build import remove as take_away
    from hub.compiled.form import folder

    where = folder()
    if remove:
        typer.echo(f"Removed from {where}: pure Python from now on." if take_away(where) else "Nothing is compiled here.")
        return
    typer.echo("Compiling …", err=True)
    began = time.monotonic()
    modules = compile_into(where)
    typer.echo(f"{modules} modules compiled in {time.monotonic() - began:.0f} s, in {where}. Start the hub's processes again.")
