"""`hub connect NAME --history --since DATE`: what a source knows of the time before, with a progress bar."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections import Counter

    from hub.settings import Settings

__all__ = ["import_history"]


def import_history(settings: Settings, name: str, since: str, *, as_json: bool) -> None:
    """Import, and print what was read; exits 1 when it was stopped before the present, with what to do next."""
    from hub.bootstrap import build_runner
    from hub.process import process_frame

    begin = _begin(since)
    read, reached, began = 0, begin, time.perf_counter()
    with process_frame(settings, f"connect-{name}-history", started=time.time()) as stop:
        runner = build_runner(settings, name, stop)
        bar, task = (None, None) if as_json else _bar(name)
        with bar or nullcontext():

            def heard(at: datetime, counts: Counter[tuple[str, str]]) -> bool:
                nonlocal read, reached
                read, reached = counts["handled", ""], max(reached, at)
                if bar is not None and task is not None:
                    share = (reached - begin).total_seconds() / max(1.0, (runner.now() - begin).total_seconds())
                    bar.update(task, completed=min(1.0, share), told=f"{read} records, at {reached:%Y-%m-%d}")
                return True

            whole = runner.history(begin, heard)
    seconds = time.perf_counter() - began
    if as_json:
        facts = {"whole": whole, "records": read, "reached": reached.isoformat(), "seconds": round(seconds, 1)}
        typer.echo(json.dumps(facts, indent=2))
    else:
        typer.echo(f"{read} records of persons read in {seconds:.1f} s.")
    if not whole:
        typer.echo(f"Stopped before the present. Run the same command again: it goes on at {reached:%Y-%m-%d}.", err=True)
        raise typer.Exit(1)


def _begin(text: str) -> datetime:
    """The beginning of a day in Sweden."""
    from hub.clock import STOCKHOLM, reachable

    try:
        return reachable(datetime.combine(date.fromisoformat(text), datetime.min.time(), STOCKHOLM))
    except ValueError:
        raise typer.BadParameter("--history needs --since with a date, as 2024-08-19, and --since goes with --history") from None


def _bar(name: str) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True))
    return bar, bar.add_task(f"History of {name}", total=1.0, told="")
