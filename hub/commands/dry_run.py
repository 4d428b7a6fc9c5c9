"""`hub connect NAME --dry-run`: what a connector would make of its source's records, shown to whoever sets it up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.connect.dry_run import Trial
    from hub.connect.showing import Shown
    from hub.settings import Settings

__all__ = ["print_shown", "reading", "shown_as_json", "try_out"]

_NOT_RUNNING = "left out: the connector does not run, and what the gate decides is told of its last whole day only"


def try_out(settings: Settings, name: str, limit: int, *, as_json: bool) -> None:
    """Make the trial and print it, in the audit log first; raises typer.Exit(1) when the source could not be read to the limit
    or its end, RetriableError `audit` before anything is read.
    """
    from hub.audit.actions import Action
    from hub.bootstrap import build_clock
    from hub.commands.auditing import log_first
    from hub.connect.dry_run import dry_run
    from hub.connect.instance import load_instance
    from hub.logs import configure_logs
    from hub.status import gate_figures

    configure_logs(f"connect-{name}-dry-run", level="WARNING")
    instance = load_instance(settings, name)
    log_first(settings, Action.CONNECTOR_TRIED, purpose=f"connector:{name}")
    with reading("records read") as tell:
        trial = dry_run(instance, build_clock(settings), limit, tell)
    figures = gate_figures(settings, name)
    if as_json:
        typer.echo(json.dumps(_as_json(trial, figures), indent=2, ensure_ascii=False))
    else:
        _print(name, trial, figures)
    if trial.code:
        raise typer.Exit(1)


@contextmanager
def reading(what: str) -> Iterator[Callable[[int], None]]:
    """A line on a terminal's stderr that says how many there are so far; gone when the block ends."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(what) as status:
        yield lambda number: status.update(f"{number} {what}")


def _as_json(trial: Trial, figures: dict[str, int] | None) -> dict[str, Any]:
    counts = [{"outcome": outcome, "reason": reason, "records": number} for (outcome, reason), number in _counted(trial)]
    gate = {"left_out": _NOT_RUNNING} if figures is None else {"persons_on_the_last_whole_day": _told(figures)}
    return {
        "records": [{"number": number, **shown_as_json(one)} for number, one in enumerate(trial.records, start=1)],
        "counts": counts,
        "limit_reached": trial.more,
        "source_error": trial.code,
        "gate": gate,
    }


def shown_as_json(one: Shown) -> dict[str, Any]:
    """One record, as data."""
    if one.outcome == "mapped":
        return {"outcome": one.outcome, "topic": one.topic, "fields": dict(one.fields)}
    return {"outcome": one.outcome, "reason": one.reason, "intentional": one.intentional}


def _counted(trial: Trial) -> list[tuple[tuple[str, str], int]]:
    return sorted(trial.counts.items())


def _told(figures: dict[str, int]) -> dict[str, str]:
    return {outcome: f"about {number}" if number else "few or no" for outcome, number in figures.items()}


def _print(name: str, trial: Trial, figures: dict[str, int] | None) -> None:
    typer.echo(f"Dry run of {name}: nothing is published, no cursor moves. Before the gate:\n")
    for number, one in enumerate(trial.records, start=1):
        print_shown(f"{number:>5}", one)
    if not trial.records:
        typer.echo("The source gave no record." if not trial.code else "Nothing came before the source failed.")
    typer.echo("")
    for (outcome, reason), count in _counted(trial):
        typer.echo(f"{count:>8}  {outcome}" + (f": {reason}" if reason else ""))
    if trial.more:
        typer.echo("There may be more records: see them with a higher --limit.")
    if trial.code:
        typer.echo(f"The source could not be read on ({trial.code}): `hub connectors describe` tells its settings.")
    typer.echo(f"\nThe gate's outcomes are {_NOT_RUNNING}." if figures is None else "\nThe gate, on the last whole day:")
    for outcome, told in _told(figures or {}).items():
        typer.echo(f"  {told} persons {outcome}")


def print_shown(label: str, one: Shown) -> None:
    """One record field by field, under a label."""
    if one.outcome != "mapped":
        typer.echo(f"{label}  {one.outcome}: {one.reason}" + (" (as it should be)" if one.intentional else ""))
        return
    typer.echo(f"{label}  mapped, for {one.topic}")
    for field, value in one.fields.items():
        typer.echo(f"{'':>{len(label)}}  {field}: {json.dumps(value, ensure_ascii=False).strip(chr(34))}")
