"""`hub tasks settle`: what becomes of the tasks of a team that teams.yaml has no more."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.settings import Settings

__all__ = ["settle", "tell_gone"]


def settle(
    team: Annotated[str, typer.Argument(help="The code that teams.yaml has no more.")],
    to: Annotated[str, typer.Option(help="The team that is the same unit under its new code: it gets everything.")] = "",
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Settle what a team that is gone from teams.yaml leaves behind. It takes an operator; every task is in the audit log.

    Exits 1 while an open task is left that no team can have, or a case, an order or a way of contact.

    Its open tasks go to the teams that are there for them, where the consent names those, else to the fallback; as new ones, with
    their clock running. Withdrawals that it was to acknowledge await it no more. What it noted is read by nobody else. With --to,
    the successor has its tasks as they stand, its notes, its withdrawals to acknowledge, its orders and ways of contact, and
    its cases where consent names it. Consents name teams by their codes:
    a successor sees a task's content only where a consent names it. To change only what a team is called, change its title.

    Example: hub tasks settle outreach --to prevention --as operator-1
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.bootstrap import build_delivery_engine
    from hub.bootstrap_deliver import build_gone_teams
    from hub.commands.letter_person import admitted

    with admitted(home, account, Action.OPERATIONS_ACT) as place:
        engine = build_delivery_engine(place.settings)
        try:
            who = actor_of(place.who, Action.OPERATIONS_ACT)
            done = build_gone_teams(place.settings, engine).settle(team, who, place.audit, to=to)
        finally:
            engine.dispose()
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        typer.echo(f"{done.moved} tasks of {team} lie with another team now; {done.ended} withdrawals await it no more.")
        if done.kept:
            typer.echo(f"{done.kept} of its cases, orders and ways of contact are {to}'s now.")
    if done.kept_left:
        typer.echo(
            f"hub: {done.kept_left} open cases, orders and ways of contact are still {team}'s. They go to a successor (--to) "
            "that by teams.yaml must keep cases of the same cooperation and take orders; a case, once a consent in force "
            "names it: have that registered, and settle again.",
            err=True,
        )
    if done.left:
        typer.echo(
            f"hub: {done.left} open tasks fit no team, and there is no fallback: in teams.yaml give a team their function "
            "(event_presence, where they are of an area), or one `fallback: true`, and settle again.",
            err=True,
        )
    if done.left or done.kept_left:
        raise typer.Exit(1)


def tell_gone(settings: Settings) -> None:
    """Say by name, on the error stream, which teams the inbox still holds something of though teams.yaml has them no more."""
    from hub.bootstrap import build_delivery_engine
    from hub.cases.gone_teams import KeptBeside
    from hub.delivery.gone_teams import gone_teams
    from hub.installation import load_teams

    engine = build_delivery_engine(settings)
    try:
        teams = load_teams(settings.home)
        found = gone_teams(engine, teams, KeptBeside(teams))
    finally:
        engine.dispose()
    for one in found:
        typer.echo(
            f"hub: teams.yaml has no team {one.team} (any more), and the inbox holds {one.open_tasks} open tasks of it, "
            f"{one.to_acknowledge} withdrawals that it is to acknowledge, {one.read} tasks that it has read, for which a "
            f"withdrawal would await it, and {one.kept} open cases, orders and ways of contact. "
            "Put it back in teams.yaml, or settle it with: "
            f"hub tasks settle {one.team}",
            err=True,
        )
