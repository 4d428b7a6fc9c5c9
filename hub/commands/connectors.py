"""`hub connectors`: which connectors are installed, and what each wants to be told."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import Json

if TYPE_CHECKING:
    from hub.connector import Connector

__all__ = ["app"]

app = typer.Typer(name="connectors", help="The connectors that are installed, and their settings.", no_args_is_help=True)


@app.command("list")
def list_connectors(as_json: Json = False) -> None:
    """List every installed connector, with the kinds of information it may carry.

    Example: hub connectors list
    """
    from hub.connector import find_connectors

    found = [_facts(connector) for _, connector in sorted(find_connectors().items())]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Name", "Title", "Carries", "Statutory lane", "Simulator")
    for facts in found:
        carries = ", ".join(facts["kinds"]) or "-"
        table.add_row(facts["name"], facts["title"], carries, _yes(facts["statutory"]), _yes(facts["simulator"]))
    Console().print(table)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A connector's name, as `hub connectors list` prints it.")],
    as_json: Json = False,
) -> None:
    """Describe a connector: what it carries, and each field of its `[connectors.NAME.source]` in hub.toml.

    Example: hub connectors describe ss12000
    """
    from hub.connector import load_connector

    connector = load_connector(name)
    if as_json:
        schema = connector.config.model_json_schema()
        typer.echo(json.dumps({**_facts(connector), "config": schema}, indent=2, ensure_ascii=False))
        return
    _print_description(connector)


def _facts(connector: Connector) -> dict[str, Any]:
    return {
        "name": connector.name,
        "title": connector.title,
        "kinds": [*sorted(connector.kinds), *(["place"] if connector.places else [])],
        "statutory": connector.build_statutory is not None,
        "simulator": connector.build_simulator is not None,
    }


def _print_description(connector: Connector) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    facts = _facts(connector)
    console.print(f"[bold]{connector.name}[/bold]: {connector.title}")
    console.print(f"Carries: {', '.join(facts['kinds']) or 'nothing'}")
    if facts["statutory"]:
        console.print("Every message goes to the statutory store first, whatever its consent or shape.")
    about = inspect.getdoc(connector.config)
    if about and "model_config" not in about:
        console.print(f"\n{about}\n", markup=False, highlight=False)
    table = Table("Field", "Type", "Default", "Meaning", title=f"\\[connectors.{connector.name}.source]", title_justify="left")
    for field, told in connector.config.model_fields.items():
        shown = "required" if told.is_required() else json.dumps(_plain(told.get_default(call_default_factory=True)))
        table.add_row(field, _type_name(told.annotation), shown, told.description or "")
    console.print(table)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
