"""`hub web` and `hub web-login`: the teams' pages."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.access.roles import Role
from hub.commands.options import Home

__all__ = ["web", "web_login"]


def web(home: Home = None) -> None:
    """Serve the teams' pages until it is stopped; on loopback, unless web.host says otherwise.

    Example: hub web --home ./norrkoping
    """
    from hub.bootstrap_pages import run_web

    run_web(home)


def web_login(
    home: Home = None,
    team: Annotated[
        list[str] | None, typer.Option(help="A team that the role is bound to; repeat for several (default: all).")
    ] = None,
    role: Annotated[
        list[Role] | None, typer.Option(help="A role; repeat for several (default: team-member).", case_sensitive=False)
    ] = None,
    person: Annotated[str, typer.Option(help="Which person it is, as in `hub account person`; four eyes compare persons.")] = "",
    name: Annotated[str, typer.Option(help="The function shown on the pages; not a person's number.")] = "Handläggare",
) -> None:
    """Print an address that signs its holder in: once, within ten minutes.

    Examples: hub web-login --team outreach    hub web-login --role consent-officer --team sspf --name Samtycken
    """
    from hub.bootstrap_pages import sign_in_address
    from hub.settings import load_settings

    typer.echo(sign_in_address(load_settings(home), name, team, role, person=person))
