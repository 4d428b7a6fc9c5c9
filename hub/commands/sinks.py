"""`hub sinks`: the ways to teams' own systems: how they are, trying one, pausing, resuming, handing over again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.delivery.sink_states import SinkState

__all__ = ["app"]

app = typer.Typer(
    name="sinks",
    help="Teams' own systems that are told of their tasks: how each is, trying, pausing, resuming, and handing over again.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="The sink, as hub.toml names it under `sinks`.")]


@app.command("list")
def list_sinks(home: Home = None, as_json: Json = False) -> None:
    """List the sinks: what waits and since when, last success, last error's code, next try, and what was refused.

    It reads what `hub deliver` wrote down, so it answers while that is down, too. It exits 1 when a sink is stopped, or has
    refused something.

    Example: hub sinks list
    """
    from hub.bootstrap import build_delivery_engine
    from hub.delivery.sink_states import read_sinks
    from hub.settings import load_settings

    settings = load_settings(home)
    engine = build_delivery_engine(settings)
    try:
        found = read_sinks(engine, settings.sinks)
    finally:
        engine.dispose()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False, default=_written))
    else:
        _print(found)
    if any(one.stopped_at is not None or one.refused for one in found):
        raise typer.Exit(1)


@app.command("test")
def try_out(name: Name, home: Home = None, account: As = "", as_json: Json = False) -> None:
    """Hand one errand to the receiver that is of no task, and take it back. It takes an operator.

    The receiver sees a task of the function `connection_test`, and then the word that it is cancelled; tell whoever works there.
    Address, secret and rights are tried as hub.toml and `keys/` have them now. Exit codes: 0 it has both; 2 the address, a secret
    or a right is wrong; 3 it refuses them; 4 it does not answer.

    Example: hub sinks test outreach-system
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.audit.actions import Action as Logged
    from hub.audit.entries import Entry
    from hub.commands.letter_person import admitted
    from hub.delivery.sink_trial import try_sink
    from hub.delivery.sinks import load_sink
    from hub.installation import load_teams

    with admitted(home, account, Action.OPERATIONS_ACT) as place:
        sink = load_sink(place.settings, name)
        team = next((code for code, one in load_teams(place.settings.home).items() if name in one.sinks), "test")
        place.audit.append(Entry(actor_of(place.who, Action.OPERATIONS_ACT), Logged.SINK_TESTED, purpose=f"sink:{name}"))
        told = try_sink(sink.build(place.clock), team, place.clock.now())
    if as_json:
        typer.echo(json.dumps(asdict(told), indent=2))
        return
    reference = f" as {told.reference}" if told.reference else ""
    typer.echo(f"The receiver of {name} took the errand{reference}, and the word that takes it back.")


@app.command()
def pause(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why, in a short line without a person's number.")],
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pause a sink: its receiver is told nothing more until somebody resumes it; errands wait. It takes an operator.

    A running `hub deliver` heeds it within seconds. Tasks come to the team's worklist as ever.

    Example: hub sinks pause outreach-system --reason "The case system is being moved"
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.sink_place import at_desk

    with at_desk(home, account) as (desk, who):
        done = desk.pause(name, actor_of(who, Action.OPERATIONS_ACT), reason)
    _tell(done, f"{name} is paused. Let it go on with: hub sinks resume {name}", as_json=as_json)


@app.command()
def resume(name: Name, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Let a sink go on: one that somebody paused, or one that a wrong address, secret or right had stopped. It takes an operator.

    A secret in `keys/` is read anew. After a change in hub.toml restart `hub deliver` as well.

    Example: hub sinks resume outreach-system
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.sink_place import at_desk

    with at_desk(home, account) as (desk, who):
        done = desk.resume(name, actor_of(who, Action.OPERATIONS_ACT))
    _tell(done, f"{name} goes on; {done.waiting} wait. See with `hub sinks list` whether they arrive.", as_json=as_json)


@app.command()
def redrive(
    name: Name,
    task: Annotated[str, typer.Argument(metavar="TASK_ID", help="The task, by its id or at least its first 8 characters.")],
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Hand over again what the receiver has refused of a task, once its system can take it. It takes an operator.

    Example: hub sinks redrive outreach-system 3f0c2b1e
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.sink_place import at_desk

    with at_desk(home, account) as (desk, who):
        task_id = desk.redrive(name, task, actor_of(who, Action.OPERATIONS_ACT))
    typer.echo(json.dumps({"task_id": task_id, "sink": name}) if as_json else f"{task_id} is handed to {name} again.")


def _tell(state: SinkState, text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(asdict(state), indent=2, ensure_ascii=False, default=_written) if as_json else text)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print(found: list[SinkState]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    if not found:
        typer.echo(
            "hub.toml has no sinks: tasks are in the worklist, and no other system is told of them. README.md, *Teams' own "
            "systems*, says how to add one."
        )
        return
    days = [Column(name, min_width=10) for name in ("Oldest", "Last success", "Next try")]
    columns = [Column("Sink", min_width=10), Column("State", ratio=1), Column("Waiting", justify="right")]
    table = Table(*columns, *days, Column("Refused", justify="right"), box=SIMPLE_HEAD, pad_edge=False)
    for one in found:
        instants = (_at(one.oldest), _at(one.last_success), _at(one.next_try))
        table.add_row(escape(one.name), escape(_standing(one)), str(one.waiting), *instants, str(one.refused))
    console = Console()
    console.print(table)
    for one in found:
        for refused in one.latest:
            text = f"{one.name} refused {refused.state} of {refused.task_id} ({refused.team}) {_at(refused.at)}: {refused.code}"
            console.print(text, markup=False, highlight=False)


def _standing(one: SinkState) -> str:
    if not one.configured:
        return "not in hub.toml: what waits for it is not handed over"
    if one.stopped_at is not None:
        return f"stopped since {_at(one.stopped_at)}: {one.stopped_code}. Put it straight, then: hub sinks resume {one.name}"
    if one.paused_at is not None:
        return f"paused since {_at(one.paused_at)} by {one.paused_by}: {one.paused_reason}"
    if one.breaker.since is not None:
        return f"left alone since {_at(one.breaker.since)} after {one.breaker.failures} failures ({one.breaker.code})"
    if one.last_error is not None and (one.last_success is None or one.last_error > one.last_success):
        return f"the last call failed: {one.last_code}"
    return "hands over"


def _at(instant: datetime | None) -> str:
    """Swedish time."""
    from hub.clock import STOCKHOLM

    return "-" if instant is None else f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
