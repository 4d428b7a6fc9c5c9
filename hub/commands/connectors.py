"""`hub connectors`: which connectors are installed, what each wants to be told, how they are, and a new one to start from."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands import connector_states
from hub.commands.options import Json

if TYPE_CHECKING:
    from hub.connector import Connector

__all__ = ["app"]

app = typer.Typer(
    name="connectors",
    help="The connectors that are installed, their settings, how they are, pausing them, and a new one.",
    no_args_is_help=True,
)
app.command()(connector_states.state)
app.command()(connector_states.pause)
app.command()(connector_states.resume)


@app.command("list")
def list_connectors(as_json: Json = False) -> None:
    """List every installed connector, with the kinds of information it may carry and what it can do.

    Example: hub connectors list
    """
    from hub.commands.connector_texts import facts_of
    from hub.connector import find_connectors

    found = [facts_of(connector) for _, connector in sorted(find_connectors().items())]
    if as_json:
        shown = ("name", "title", "kinds", "capabilities", "statutory", "simulator")
        typer.echo(json.dumps([{name: facts[name] for name in shown} for facts in found], indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Name", "Title", "Carries", "Can do")
    for facts in found:
        table.add_row(facts["name"], facts["title"], ", ".join(facts["kinds"]) or "-", ", ".join(facts["capabilities"]))
    Console().print(table)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A connector's name, as `hub connectors list` prints it.")],
    as_json: Json = False,
) -> None:
    """Describe a connector: what it carries and can do, each of its settings, and an example for hub.toml.

    Example: hub connectors describe ss12000
    """
    from hub.commands.connector_texts import facts_of
    from hub.connector import load_connector

    connector = load_connector(name)
    if as_json:
        schema = connector.config.model_json_schema()
        typer.echo(json.dumps({**facts_of(connector), "config": schema}, indent=2, ensure_ascii=False))
        return
    _print_description(connector)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The connector's name: lower-case words joined by _ or -.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to write the package (default: a folder of that name, here).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a connector in a package of its own: it runs, has a simulator, and passes the suite as it is.

    Example: hub connectors new absence_reports
    """
    from hub.commands.connector_skeleton import checked_name, next_steps, write_package

    checked_name(name)
    target = (folder or Path(name)).absolute()
    files = write_package(name, target)
    steps = next_steps(name, target)
    if as_json:
        told = {"name": name, "folder": str(target), "files": [str(file) for file in files], "next": steps}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo(f"Written to {target}:")
    for file in files:
        typer.echo(f"  {file}")
    typer.echo("\nTry it:\n")
    for step in steps:
        typer.echo(f"  {step}")
    typer.echo("\nThen make it yours, step by step, as its README.md says.")


def _print_description(connector: Connector) -> None:
    from rich.console import Console
    from rich.table import Table

    from hub.commands.connector_texts import CAPABILITIES, example_block, facts_of, fields_of

    console = Console()
    facts = facts_of(connector)
    console.print(f"[bold]{connector.name}[/bold]: {connector.title}")
    console.print(f"Carries: {', '.join(facts['kinds']) or 'nothing'}")
    for capability in sorted(connector.capabilities):
        console.print(f"- {capability}: {CAPABILITIES[capability]}", highlight=False)
    for expected in connector.expects:
        console.print(f"Expected: {expected.words()}", highlight=False)
    console.print(f"Guarantee: {facts['guarantee']}", highlight=False)
    about = inspect.getdoc(connector.config)
    if about and "model_config" not in about:
        console.print(f"\n{about}\n", markup=False, highlight=False)
    place = f"\\[connectors.{connector.name}.source]" if connector.build_source else "\\[sinks.NAME.settings]"
    table = Table("Field", "Type", "Default", "Meaning", title=place, title_justify="left")
    for field in fields_of(connector):
        table.add_row(field.name, field.type, "required" if field.default is None else field.default, field.meaning)
    console.print(table)
    console.print("\nExample for hub.toml:\n", highlight=False)
    console.print(example_block(connector), markup=False, highlight=False, soft_wrap=True)
