"""`hub status`: what runs, how far behind it is, and what was refused."""

from __future__ import annotations

import json
from typing import Any

import typer

from hub.commands.options import Home, Json

__all__ = ["status"]


def status(home: Home = None, as_json: Json = False) -> None:
    """Show the running processes with the figures that matter, and the topics' lengths.

    Nothing here tells whether a given person has a consent: what the gate decided is shown in persons of yesterday, blurred at
    random and in multiples of 5, and topics about persons are left out. Waits at most 5 seconds for each process. Exits 1 when
    nothing runs.

    Example: hub status --json
    """
    from rich.console import Console

    from hub.settings import load_settings
    from hub.status import collect_status

    settings = load_settings(home)
    with Console(stderr=True).status("Asking the processes and Kafka …"):  # seen at a terminal only
        report = collect_status(settings)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print_tables(report)
    if not report["processes"]:
        raise typer.Exit(1)


def _print_tables(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not report["processes"]:
        console.print("Nothing is running here. Start it with: hub up")
        return
    processes = Table("Process", "Pid", "Since", "Figures", title="Processes")
    for process in report["processes"]:
        processes.add_row(process["name"], str(process["pid"]), _since(process["minutes"]), "\n".join(process["summary"]) or "–")
    console.print(processes)
    console.print("Databases: " + "; ".join(f"{part} {place}" for part, place in report["databases"].items()), soft_wrap=True)
    if report["kafka_error"]:
        console.print(f"Kafka does not answer: {report['kafka_error']}")
        return
    topics = Table("Topic", "Records", title="Topics")
    for name, records in report["topics"].items():
        topics.add_row(name, f"{records}")
    console.print(topics)


def _since(minutes: float) -> str:
    if minutes < 1:
        return "just now"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
