"""`hub journal`: what connectors have published, by event, time and outcome."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.connect.letter_box import Line

__all__ = ["app"]

app = typer.Typer(
    name="journal",
    help="What each connector has published, and where it stands on Kafka; what it refused is in `hub dlq`. It is never searched "
    "by a person. Messages about persons are found by their whole event id; a list of them takes the role auditor.",
    no_args_is_help=True,
)
_TIME = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


@app.callback()
def _root() -> None:
    """Keeps `search` a command of its own."""


@app.command()
def search(
    event_id: Annotated[str, typer.Option("--event", metavar="ID", help="A whole event id (`e` and 40 digits).")] = "",
    connector: Annotated[str, typer.Option("--connector", "-c", metavar="NAME", help="Only of this instance.")] = "",
    outcome: Annotated[str, typer.Option(help="published or retracted.")] = "",
    since: Annotated[datetime | None, typer.Option(formats=_TIME, help="From this Swedish time on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_TIME, help="Before this Swedish time.")] = None,
    *,
    persons: Annotated[bool, typer.Option("--persons", help="List messages about persons, too: for auditors.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 50,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Search by event id, time and outcome, newest first. It exits 1 when nothing is found.

    Example: hub journal search --event e4b1… --json

    Example: hub journal search --connector polisen --since "2025-05-19 07:00"
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands.letter_person import admitted
    from hub.connect.letter_box import Look

    if outcome not in {"", "published", "retracted"}:
        raise typer.BadParameter("it must be published or retracted", param_hint="--outcome")
    look = Look(connector=connector, since=_instant(since), until=_instant(until))
    with admitted(home, account, Action.JOURNAL_PERSONS if persons else Action.JOURNAL_SEE) as place:
        place.log(Logged.JOURNAL_SEARCHED)
        lines = place.box.journal(look, event_id=event_id, outcome=outcome, persons=persons, limit=limit)
    _print(lines, about_places=not (persons or event_id), as_json=as_json)
    if not lines:
        raise typer.Exit(1)


def _instant(at: datetime | None) -> datetime | None:
    from hub.clock import STOCKHOLM, reachable

    try:
        return reachable(at.replace(tzinfo=STOCKHOLM)) if at else None
    except ValueError:
        raise typer.BadParameter("give a day and time as 2025-05-19 07:30", param_hint="--since, --until") from None


def _facts(line: Line) -> dict[str, Any]:
    """Nothing says of whom it is: the key is left out."""
    one = line.published
    return {
        "event": one.event_id, "revision": one.revision, "connector": line.connector, "at": one.settled_at.isoformat(),
        "outcome": one.outcome, "topic": one.topic, "partition": one.partition, "offset": one.offset,
        "letter": one.letter_id or None,
    }  # fmt: skip


def _print(lines: list[Line], *, about_places: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_facts(line) for line in lines], indent=2))
        return
    if not lines:
        typer.echo("Nothing is found." + (" Only messages about places were looked at." if about_places else ""))
        return
    from rich.console import Console
    from rich.table import Table

    from hub.clock import STOCKHOLM

    table = Table("At", "Connector", "Outcome", "Event", "Rev", "Topic", "Partition:offset", "Letter")
    for line in lines:
        one = line.published
        at = f"{one.settled_at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"
        where = f"{one.partition}:{one.offset}"
        table.add_row(at, line.connector, one.outcome, one.event_id, str(one.revision), one.topic, where, one.letter_id)
    Console().print(table)
