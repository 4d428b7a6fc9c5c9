"""`hub topics`: make the topics as the catalogue wants them, and say where they differ."""

from __future__ import annotations

import json

import typer

from hub.commands.options import Home, Json

__all__ = ["app"]

app = typer.Typer(help="Create and check the Kafka topics of the catalogue.", no_args_is_help=True)


@app.command()
def apply(home: Home = None, as_json: Json = False) -> None:
    """Create missing topics and set what differs. Refuses to change the partition count of a topic that exists.

    Safe to repeat.

    Example: hub topics apply --home ./norrkoping
    """
    from hub.kafka import apply_topics
    from hub.settings import load_settings

    changes = apply_topics(load_settings(home))
    if as_json:
        typer.echo(json.dumps({"changes": changes}))
        return
    typer.echo("\n".join(changes) or "Nothing to change.")


@app.command()
def check(home: Home = None, as_json: Json = False) -> None:
    """Print the differences between the brokers' topics and the catalogue; exit 1 when there are any.

    Example: hub topics check --home ./norrkoping
    """
    from hub.kafka import check_topics
    from hub.settings import load_settings

    differences = check_topics(load_settings(home))
    if as_json:
        typer.echo(json.dumps({"differences": differences}))
    else:
        typer.echo("\n".join(differences) or "All topics are as the catalogue wants them.")
    raise typer.Exit(1 if differences else 0)
