"""`hub web` and `hub web-login`: the teams' pages."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.options import Home

__all__ = ["web", "web_login"]


def web(home: Home = None) -> None:
    """Serve the teams' pages until it is stopped; on loopback, unless web.host says otherwise.

    Example: hub web --home ./norrkoping
    """
    from hub.bootstrap import run_web

    run_web(home)


def web_login(
    home: Home = None,
    team: Annotated[
        list[str] | None, typer.Option(help="A team whose tasks may be seen; repeat for several (default: all).")
    ] = None,
    name: Annotated[str, typer.Option(help="The function shown on the pages; not a person's number.")] = "Handläggare",
) -> None:
    """Print an address that signs its holder in: once, within ten minutes.

    Example: hub web-login --team outreach
    """
    from hub.bootstrap import sign_in_address
    from hub.settings import load_settings

    typer.echo(sign_in_address(load_settings(home), name, team))
