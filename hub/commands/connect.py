"""`hub connect NAME`: the process of one connector instance."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import Home, Json

if TYPE_CHECKING:
    from hub.connect.loop import Polled

__all__ = ["connect"]

_WHAT_TO_DO = {
    "stale_directory": "The consent registry has not answered for too long, so nothing is published. Start it: hub registry",
    "paused": "Somebody paused this connector (`hub connectors state`). Let it go on: hub connectors resume NAME",
    "breaker_open": "The source failed again and again and is left alone for a while (`hub connectors state`). Does it answer?",
    "kafka": "Kafka does not answer, so nothing is published. Start it: hub up, or hub broker",
}


def connect(
    name: Annotated[str, typer.Argument(help="The instance, as hub.toml names it under `connectors`.")],
    home: Home = None,
    once: Annotated[bool, typer.Option("--once", help="Poll each lane once, print what was done, and end.")] = False,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Pull and map, show the records before the gate, and do nothing with them.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many records a dry run shows.")] = 20,
    history: Annotated[bool, typer.Option("--history", help="Import the source's history since --since, and end.")] = False,
    since: Annotated[str, typer.Option(metavar="DATE", help="The first day of the history, as 2024-08-19.")] = "",
    as_json: Json = False,
) -> None:
    """Run a connector until it is stopped: pull from its source, publish what consent covers, keep the rest out.

    With --once it exits 1 unless every lane was read to its end. What consent let pass or kept out is not told, not even as a
    count: one crafted row would tell whether a given person has a reference.

    With --dry-run nothing is published or kept, no cursor moves and the statutory lane is not touched: it runs beside the
    connector, and without Kafka or the registry. Persons are not shown, and the audit log has who tried. It exits 1 when the
    source could not be read.

    With --history the time since DATE is read, with a bar of how far it has come; run again, it goes on where it was cut off.
    Stop the connector meanwhile.

    Example: hub connect ss12000

    Example: hub connect ss12000 --dry-run --limit 5

    Example: hub connect ss12000 --history --since 2024-08-19
    """
    from hub.settings import load_settings

    settings = load_settings(home)
    if dry_run:
        from hub.commands.dry_run import try_out

        try_out(settings, name, limit, as_json=as_json)
        return
    if history or since:
        from hub.commands.connect_history import import_history

        import_history(settings, name, since if history else "", as_json=as_json)
        return
    from hub.bootstrap import build_runner
    from hub.process import process_frame

    with process_frame(settings, f"connect-{name}{'-once' if once else ''}", started=time.time()) as stop:
        runner = build_runner(settings, name, stop)
        if not once:
            runner.run()
            return
        results = runner.once()
    _print_summary(results, as_json=as_json)
    if any(polled.result != "ok" for polled in results.values()):
        raise typer.Exit(1)


def _print_summary(results: dict[str, Polled], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({lane: _as_json(polled) for lane, polled in results.items()}, indent=2))
        return
    for lane, polled in results.items():
        typer.echo(f"{lane}: {polled.result}" + (f" ({polled.code})" if polled.code else ""))
        if polled.code in _WHAT_TO_DO:
            typer.echo(f"  {_WHAT_TO_DO[polled.code]}")
        for outcome, reason, number in _told(polled):
            typer.echo(f"  {number:>8}  {outcome}" + (f": {reason}" if reason else ""))


def _as_json(polled: Polled) -> dict[str, object]:
    counts = [{"outcome": outcome, "reason": reason, "records": number} for outcome, reason, number in _told(polled)]
    return {"result": polled.result, "code": polled.code, "counts": counts}


def _told(polled: Polled) -> list[tuple[str, str, int]]:
    """The counts that do not depend on anybody's consent."""
    from hub.exposition import tells_of_nobody

    counts = sorted(polled.counts.items())
    return [(outcome, reason, number) for (outcome, reason), number in counts if tells_of_nobody(outcome, reason)]
