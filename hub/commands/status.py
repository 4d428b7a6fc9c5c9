"""`hub status`: what runs, how far behind it is, and what was refused."""

from __future__ import annotations

import json
from typing import Any

import typer

from hub.commands.options import Home, Json

__all__ = ["status"]

_PICKED = {
    "hub_worker_lag", "hub_worker_in_flight", "hub_worker_recovering", "hub_outbox_pending", "hub_delivery_open_tasks",
    "hub_delivery_overdue_tasks", "hub_statutory_messages", "hub_ledger_events", "hub_connector_records", "hub_registry_consents",
}  # fmt: skip


def status(home: Home = None, as_json: Json = False) -> None:
    """Show the running processes with the figures that matter, and the topics' lengths.

    Exits 1 when nothing runs.

    Example: hub status --json
    """
    from hub.settings import load_settings
    from hub.status import collect_status

    report = collect_status(load_settings(home), _PICKED)
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
    processes = Table("Process", "Pid", "Running for", "Figures", title="Processes")
    for process in report["processes"]:
        figures = ", ".join(f"{name} {value:g}" for name, value in process["figures"].items() if value) or "–"
        processes.add_row(process["name"], str(process["pid"]), f"{process['minutes']:.0f} min", figures)
    console.print(processes)
    topics = Table("Topic", "Records", title="Topics")
    for name, records in report["topics"].items():
        topics.add_row(name, f"{records}")
    console.print(topics if report["topics"] else f"Kafka does not answer: {report['kafka_error']}")
