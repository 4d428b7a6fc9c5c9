"""`hub init` and `hub up`: make an installation, and run it on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import Home, Json

if TYPE_CHECKING:
    from hub.settings import Settings

__all__ = ["init", "up"]


def init(
    folder: Annotated[Path | None, typer.Argument(help="Where to put it (default: HUB_HOME).")] = None,
    variant: Annotated[
        str, typer.Option(help="Whose rules of consent to begin with: norrkoping, sigtuna, vallentuna or sig-pilot.")
    ] = "norrkoping",
    as_json: Json = False,
) -> None:
    """Write a working installation: settings, rules, teams, areas, agencies, rules of consent and fresh keys.

    Safe to run again: what exists is left as it is, and checked.

    Example: hub init ./sigtuna --variant sigtuna
    """
    from hub.commands.gone_teams import tell_gone
    from hub.installation import initialise
    from hub.settings import default_home

    home = (folder or default_home()).expanduser().resolve()
    written = initialise(home, variant)
    settings = _look_through(home)
    if (settings.data / "delivery" / "delivery.db").is_file():  # an installation that has run
        tell_gone(settings)
    if as_json:
        typer.echo(json.dumps({"home": str(home), "written": [str(path.relative_to(home)) for path in written]}))
        return
    typer.echo(f"Installation in {home}: {len(written)} files written" if written else f"Installation in {home}: nothing to add")
    typer.echo(f"Next: look through {home / 'hub.toml'}, then start it with: hub up --home {home}")


def _look_through(home: Path) -> Settings:
    """Raise ConfigError for the first file that the processes would refuse: somebody may have changed what was there."""
    from hub.consent_file import load_consent_rules
    from hub.installation import load_agencies, load_places, read_key, read_secret
    from hub.rules_file import load_active_rules
    from hub.settings import load_settings

    settings = load_settings(home)
    load_places(home)
    load_active_rules(settings)
    load_consent_rules(settings.consent_file)
    for name in ("registry.key", "worklist.key", "audit.key", "audit-subject.key", "statutory.public"):
        read_key(settings, name)
    for agency in load_agencies(home):
        read_key(settings, f"agency-{agency}.hmac")
        read_secret(settings, f"agency-{agency}.token")
    return settings


def up(home: Home = None) -> None:
    """Run the whole installation on this machine until Ctrl-C: broker, registry, worker, delivery, web and connectors.

    A process that dies is started again. With kafka.bootstrap_servers set, those brokers are used instead of the embedded one.

    Example: hub up --home ./norrkoping
    """
    from hub.logs import configure_logs
    from hub.settings import load_settings
    from hub.single_machine import SingleMachine
    from hub.stopping import ask_on_signals

    settings = load_settings(home)
    configure_logs("up", level="WARNING")
    machine = SingleMachine(settings, lambda text: typer.echo(text, err=True))
    ask_on_signals(machine.ask_to_stop)

    def ready() -> None:
        typer.echo(f"Running. Pages: {settings.web_url}/  Sign in: hub web-login --home {settings.home}")
        typer.echo(f"Logs: {settings.data / 'logs'}  State: hub status --home {settings.home}  Stop: Ctrl-C")

    for name in machine.run(ready):
        typer.echo(f"{name} did not stop in time and was ended", err=True)
