"""`hub init` and `hub up`: make an installation, and run it on this machine."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.options import Home, Json

__all__ = ["init", "up"]


def init(
    folder: Annotated[Path | None, typer.Argument(help="Where to put it (default: HUB_HOME).")] = None,
    as_json: Json = False,
) -> None:
    """Write a working installation: settings, rules, teams, areas, agencies and fresh keys.

    Safe to run again: what exists is left as it is.

    Example: hub init ./norrkoping
    """
    from hub.installation import initialise
    from hub.settings import default_home

    home = (folder or default_home()).expanduser().resolve()
    written = initialise(home)
    if as_json:
        typer.echo(json.dumps({"home": str(home), "written": [str(path.relative_to(home)) for path in written]}))
        return
    typer.echo(f"Installation in {home}: {len(written)} files written" if written else f"Installation in {home}: nothing to add")
    typer.echo(f"Next: look through {home / 'hub.toml'}, then start it with: hub up --home {home}")


def up(home: Home = None) -> None:
    """Run the whole installation on this machine until Ctrl-C: broker, registry, worker, delivery, web and connectors.

    A process that dies is started again. With kafka.bootstrap_servers set, those brokers are used instead of the embedded one.

    Example: hub up --home ./norrkoping
    """
    from hub.bootstrap import start_installation
    from hub.logs import configure_logs
    from hub.settings import load_settings
    from hub.supervise import Supervisor

    settings = load_settings(home)
    configure_logs("up", level="WARNING")
    environment: Mapping[str, str] = {"HUB_HOME": str(settings.home)}
    supervisor = Supervisor(settings.data / "logs", environment, lambda name, text: typer.echo(f"{name}: {text}", err=True))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        start_installation(settings, supervisor, say=typer.echo)
        if not stop.is_set():
            typer.echo(f"Running. Pages: http://{settings.web.host}:{settings.web.port}/  Sign in with: hub web-login")
            typer.echo(f"Logs: {settings.data / 'logs'}  State: hub status --home {settings.home}  Stop: Ctrl-C")
        while not stop.wait(0.5):
            supervisor.tend()
    finally:
        typer.echo("Stopping …")
        for name in supervisor.stop():
            typer.echo(f"{name} did not stop in time and was ended", err=True)
