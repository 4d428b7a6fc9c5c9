"""`hub schemas`: keep the contract's schemas, their lock of ids and the AsyncAPI document together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.options import Json

__all__ = ["app"]

app = typer.Typer(help="Check, lock and describe the message schemas (for those who develop the contract).", no_args_is_help=True)
Folder = Annotated[Path | None, typer.Option("--folder", help="Folder of schemas (default: those shipped).")]


def _chosen(folder: Path | None) -> Path:
    from hub.resources import schemas_folder

    return folder or schemas_folder()


@app.command()
def check(folder: Folder = None, as_json: Json = False) -> None:
    """Say whether schemas, released versions, lock and AsyncAPI document agree; exit 1 when they do not.

    Example: hub schemas check
    """
    from hub.contract.asyncapi import ASYNCAPI_FILE, render_asyncapi
    from hub.contract.locking import check_schemas

    chosen = _chosen(folder)
    faults = check_schemas(chosen)
    path = chosen / ASYNCAPI_FILE
    if not path.is_file() or path.read_text(encoding="utf-8") != render_asyncapi(chosen):
        faults.append(f"{ASYNCAPI_FILE} is not the generated one: run `hub schemas asyncapi`")
    if as_json:
        typer.echo(json.dumps({"faults": faults}))
    else:
        typer.echo("\n".join(faults) or "Schemas, released versions, lock and AsyncAPI document agree.")
    raise typer.Exit(1 if faults else 0)


@app.command()
def lock(folder: Folder = None) -> None:
    """Release changed schemas under their next version and give them ids; refused when they are not compatible.

    Example: hub schemas lock --folder schemas
    """
    from hub.contract.locking import lock_schemas

    added = lock_schemas(_chosen(folder))
    typer.echo("\n".join(f"added {name}" for name in added) or "Nothing has changed.")


@app.command()
def asyncapi(folder: Folder = None) -> None:
    """Write asyncapi.yaml anew from the topic catalogue, the schemas and the lock.

    Example: hub schemas asyncapi --folder schemas
    """
    from hub.contract.asyncapi import ASYNCAPI_FILE, render_asyncapi

    path = _chosen(folder) / ASYNCAPI_FILE
    path.write_text(render_asyncapi(_chosen(folder)), encoding="utf-8")
    typer.echo(f"wrote {path}")
