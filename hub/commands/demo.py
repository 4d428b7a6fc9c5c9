"""`hub demo`: the whole hub on this machine, with a fictive town; and the simulators it plays against."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import Json

if TYPE_CHECKING:
    from hub.demo.run import Demo
    from hub.stopping import Stop

__all__ = ["demo", "simulate"]

_LIVE_PAUSE, _ONCE_PAUSE = 5.0, 0.5


def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the scenario to its end, check the outcome, and stop.")] = False,
    as_json: Json = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the demo's files here, in a new or empty folder (default: a temporary one).")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="Try the rules of this folder instead of the shipped ones; with --once: see what would change."),
    ] = None,
) -> None:
    """Run everything on this machine with a fictive town: Kafka, foreign systems, connectors, correlation, delivery, pages.

    Without --once it stays up, and prints the address of the teams' pages, until Ctrl-C. With --once it exits 0 only when
    exactly the expected tasks came out, whatever was counted balances, and everything stopped cleanly.

    Examples: hub demo    hub demo --once --json    hub demo --once --rules ./my-rules
    """
    from hub.stopping import Stop, ask_on_signals

    stop = Stop()
    ask_on_signals(stop.ask)
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as temporary:
        passed = _run(folder or Path(temporary), stop, once=once, as_json=as_json, rules=rules)
    raise typer.Exit(0 if passed else 1)


def _run(folder: Path, stop: Stop, *, once: bool, as_json: bool, rules: Path | None) -> bool:
    from hub.demo.run import Demo
    from hub.demo.telling import Teller
    from hub.errors import FatalError
    from hub.logs import configure_logs

    configure_logs("demo", level="WARNING")
    tell = Teller()
    stage = Demo(folder, tell, stop, pause_seconds=_ONCE_PAUSE if once else _LIVE_PAUSE, rules=rules)
    try:
        with tell:
            if once:
                outcome = stage.play()
            else:
                stage.start()
        if not once:
            _stay(stage, stop.event)
            return True
    except (FatalError, KeyboardInterrupt):
        if stop.event.is_set():  # the person asked for it
            return False
        raise
    finally:
        stubborn = stage.close()
    if stubborn:
        typer.echo(f"had to be ended: {', '.join(stubborn)}", err=True)
    passed = outcome["matches_expected"] and outcome["balanced"] and not stubborn
    _print(outcome, as_json=as_json)
    return bool(passed)


def _print(outcome: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(outcome, indent=2) + "\n")
        return
    for name, value in outcome.items():
        typer.echo(f"{name}: {json.dumps(value)}")


def _stay(stage: Demo, stop: threading.Event) -> None:
    """Say where to look, and keep the demo up."""
    from hub.bootstrap import build_worklist
    from hub.bootstrap_pages import sign_in_address
    from hub.demo.verdict import open_per_team

    settings = stage.stage.settings
    typer.echo("\nOpen this in a browser (it works once, within ten minutes):")
    typer.echo(f"  {sign_in_address(settings, 'Demo')}")
    typer.echo("Or come as somebody with one role (a private window each):")
    for name, role in (
        ("Samtyckeshandläggare", "consent-officer"),
        ("Fältare", "team-member:outreach"),
        ("SIG-samordnare", "team-head:sig"),
        ("SSPF-samordnare", "team-head:sspf"),
        ("Revisor", "auditor"),
    ):
        typer.echo(f"  {name}: {sign_in_address(settings, name, [role])}")
    typer.echo(f"Another one: hub web-login --home {settings.home}    Stop: Ctrl-C\n")
    worklist, shown = build_worklist(stage.stage.settings, stage.stage.clock), ""
    while not stop.wait(1.0):
        stage.supervisor.tend()
        waiting = open_per_team(worklist.all_tasks())
        line = ", ".join(f"{team} {number}" for team, number in waiting.items()) or "none yet"
        if line != shown:
            typer.echo(f"Open tasks: {line}", err=True)
            shown = line
    typer.echo("Stopping …", err=True)


def simulate(
    datasets: Annotated[Path, typer.Argument(help="A folder with one folder per connector, as each connector's README says.")],
    port: Annotated[int, typer.Option(help="Loopback port.")] = 8790,
    clock: Annotated[
        str, typer.Option(envvar="HUB_CLOCK", help="Another time than the machine's: ISO-INSTANT@EPOCH-SECONDS.")
    ] = "",
) -> None:
    """Play the foreign systems on loopback, each under /NAME: for demos and for trying a connector.

    Example: hub simulate ./town --port 8790
    """
    from hub.clock import parse_clock
    from hub.demo.simulators import build_simulators, serve_simulators
    from hub.process import end_with_supervisor

    end_with_supervisor()
    from hub.stopping import Stop, ask_on_signals

    stop = Stop()
    ask_on_signals(stop.ask)
    serve_simulators(build_simulators(datasets, parse_clock(clock), {}), port, stop.event)
