"""`hub statutory receivers` and `simulate-receiver`: who takes mandatory reports over, and a trial of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.options import Home, Json

__all__ = ["receivers", "simulate_receiver"]

_PAUSE_SECONDS = 0.5


def receivers(home: Home = None, as_json: Json = False) -> None:
    """List who takes mandatory reports over, who does so now, and how many reports each has and has registered.

    Exits 1 when no receiver is named in hub.toml: then a person hands over each report, and records it.

    Example: hub statutory receivers --json
    """
    from hub.bootstrap import build_clock
    from hub.settings import load_settings
    from hub.statutory.lane import chosen_receiver
    from hub.statutory.opening import open_hand_overs, open_writer
    from hub.statutory.standing import standing_of

    settings = load_settings(home)
    clock, chosen = build_clock(settings), settings.statutory
    hand_overs, counts = open_hand_overs(settings), Counter[tuple[str, str]]()
    for path in open_writer(settings, clock).files():
        standing = standing_of(path, hand_overs)
        counts[standing.receiver, standing.stage.value] += 1
    now = chosen_receiver(chosen, clock.now())
    rows = [
        {
            "receiver": code,
            "title": one.title,
            "way": "folder" if one.folder else one.connector,
            "takes_now": code == now,
            "role": [role for role in ("receiver", "after_hours", "escalate_to") if getattr(chosen, role) == code],
            **{stage: counts[code, stage] for stage in ("waiting", "taken", "registered")},
        }
        for code, one in chosen.receivers.items()
    ]
    by_hand = {stage: counts["", stage] for stage in ("waiting", "taken", "registered")}
    if as_json:
        typer.echo(json.dumps({"receivers": rows, "by_hand": by_hand}, indent=2, ensure_ascii=False))
    else:
        _print(rows, by_hand)
    if not now:
        raise typer.Exit(1)


def simulate_receiver(
    inbox: Annotated[Path, typer.Argument(metavar="FOLDER", help="The receiver's folder, as hub.toml names it.")],
    register: Annotated[Path, typer.Option(help="Where the simulator keeps what it has registered.")],
    once: Annotated[bool, typer.Option("--once", help="Register what lies there now, and end.")] = False,
) -> None:
    """Play the receiver's case system: register every report in its folder once, and leave a receipt for the hub.

    For trials only: it takes the originals away as a case system does, and keeps none.

    Example: hub statutory simulate-receiver ./reception --register ./register --once
    """
    import threading

    from hub.statutory.simulator import CaseSystem
    from hub.stopping import stops_in_time

    system, stop = CaseSystem(inbox, register), threading.Event()
    with stops_in_time(stop):
        while True:
            if found := system.fetch():
                typer.echo(f"{found} registered, {len(system.register())} in all, {system.repeats} repeats")
            if once or stop.wait(_PAUSE_SECONDS):
                return


def _print(rows: list[dict[str, object]], by_hand: dict[str, int]) -> None:
    from rich.console import Console
    from rich.table import Table

    if rows:
        table = Table("Receiver", "By", "Takes", "Waiting", "Has it", "Registered", title="Who takes mandatory reports over")
        for row in rows:
            table.add_row(
                f"{row['title']} ({row['receiver']})",
                f"{row['way']}",
                "now" if row["takes_now"] else "",
                *(f"{row[stage]}" for stage in ("waiting", "taken", "registered")),
            )
        Console().print(table)
    else:
        typer.echo("No receiver is named: each report is handed over by a person, who records it with hub statutory hand-over.")
        typer.echo("Name one under [statutory.receivers] in hub.toml, and start `hub statutory` again.")
    if any(by_hand.values()):
        typer.echo(f"By hand: {by_hand['waiting']} waiting, {by_hand['registered']} registered")
