"""`hub worker`: the process that correlates, and how to have its state rebuilt."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hub.commands.options import Home, Json

__all__ = ["app"]

app = typer.Typer()


@app.callback(invoke_without_command=True)
def worker(context: typer.Context, home: Home = None) -> None:
    """Run the correlation worker until it is stopped: fold events per youth, write referral and presence tasks.

    Start more of them, on any machine that reaches the brokers, to share the partitions. Exit code 70: it gave up without
    committing; start it again.

    Example: hub worker --home ./norrkoping
    """
    if context.invoked_subcommand is not None:
        return
    from hub.bootstrap import run_worker
    from hub.settings import load_settings

    run_worker(load_settings(home))


@app.command()
def rebuild(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, home: Home = None, as_json: Json = False
) -> None:
    """Delete what workers keep (their changelog topics, and their folders on this machine), so that they rebuild it.

    No worker may run. The next one reads the topics from their beginnings, says nothing meanwhile, and then proposes exactly
    the tasks that teams lack. What has left the topics by then no longer counts.

    Example: hub worker rebuild --home ./norrkoping
    """
    from hub.bootstrap import check_worker_state_unused, forget_worker_state
    from hub.settings import load_settings

    settings = load_settings(home)
    if not yes:
        check_worker_state_unused(settings)
        typer.echo(
            "The workers' changelog topics and folders are deleted; workers rebuild their state when they start.", err=True
        )
        typer.confirm("Delete them?", abort=True, err=True)
    gone = forget_worker_state(settings)
    typer.echo(json.dumps({"deleted": list(gone)}) if as_json else "\n".join([*(f"{one}: deleted" for one in gone), _NEXT]))


_NEXT = "Start the workers: `hub status` shows how many partitions they still rebuild."
