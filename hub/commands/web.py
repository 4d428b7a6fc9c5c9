"""`hub web` and `hub web-login`: the teams' pages."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.options import ROLE_HELP, Home

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
        list[str] | None, typer.Option(help="The team of a --role that names none; repeat for several (default: every team).")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A role, with its teams where it goes by team; repeat for several (default: team-member). {ROLE_HELP}"
        ),
    ] = None,
    person: Annotated[str, typer.Option(help="Which person it is, as in `hub account person`; four eyes compare persons.")] = "",
    name: Annotated[str, typer.Option(help="The function shown on the pages; not a person's number.")] = "Handläggare",
) -> None:
    """Print an address that signs its holder in: once, within ten minutes.

    Examples: hub web-login --team outreach    hub web-login --role consent-officer:sspf --role team-head:sig --name Samtycken
    """
    from hub.bootstrap_pages import sign_in_address
    from hub.settings import load_settings

    typer.echo(sign_in_address(load_settings(home), name, role or (), team or (), person=person))
