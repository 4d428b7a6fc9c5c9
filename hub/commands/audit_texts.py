"""How `hub audit` reads its options and files, and prints what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.clock import STOCKHOLM
from hub.errors import ConfigError, RejectedError

if TYPE_CHECKING:
    from hub.audit.entries import Record
    from hub.audit.faults import Verdict
    from hub.audit.reading import Filter
    from hub.audit.review import Review
    from hub.audit.spool import Waiting
    from hub.audit.verify import Given

__all__ = [
    "print_pruned",
    "print_records",
    "print_review",
    "print_verdict",
    "progress",
    "read_checkpoint",
    "read_filter",
    "warn_of_waiting",
    "write_out",
]


def read_checkpoint(file: Path) -> Given:
    """A note from a file, or the one in the last line of an export. Raises ConfigError when it cannot be read."""
    from hub.audit.verify import Given

    try:
        text = file.read_text(encoding="utf-8")
        last = text.strip().splitlines()[-1] if text.strip() else ""
        return Given(file.name, str(json.loads(last)["checkpoint"]) if last.startswith("{") else text)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{file} holds no checkpoint ({type(error).__name__})", code="bad_checkpoint_file") from error


def read_filter(since: str, until: str, actions: list[str], account: str, outcome: str) -> Filter:
    """Raises RejectedError that names the option and what would be right."""
    from hub.audit.actions import Action
    from hub.audit.entries import Outcome
    from hub.audit.reading import Filter

    unknown = sorted(set(actions) - set(Action))
    if unknown:
        raise RejectedError(f"--action: no {', '.join(unknown)}; there are: {', '.join(Action)}", code="unknown_action")
    if outcome and outcome not in set(Outcome):
        raise RejectedError(f"--outcome: {' or '.join(Outcome)}", code="unknown_outcome")
    begin, end = _day("--since", since), _day("--until", until, later=1)
    return Filter(
        since=begin,
        until=end,
        actions=tuple(actions),
        account=account,
        outcome=Outcome(outcome) if outcome else None,
    )


def _day(option: str, text: str, later: int = 0) -> datetime | None:
    """Midnight in Sweden, so many days later, as UTC."""
    try:
        day = date.fromisoformat(text) + timedelta(days=later) if text else None
        return None if day is None else datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RejectedError(f"{option}: give a day as YYYY-MM-DD", code="bad_day") from None


@contextmanager
def progress(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, when somebody is looking; yields what to call with the number done."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def write_out(out: Path | None, lines: Iterable[str]) -> None:
    """To a file, whole or not at all, or to standard output. Raises ConfigError when the file cannot be written."""
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    fresh = out.with_name(f".{out.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        fresh.replace(out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}", code="cannot_write") from error
    finally:
        fresh.unlink(missing_ok=True)
    typer.echo(f"Written: {out}", err=True)


def warn_of_waiting(waiting: Waiting | None) -> None:
    """Said first, and on stderr: the database that they wait for may not answer."""
    if waiting is not None and waiting.entries:
        text = (
            f"{len(waiting.entries)} more wait on this machine's disk until the log's database answers; whoever next writes to it"
        )
        typer.echo(f"{text} carries them over. Let data/audit-waiting be.", err=True)


def print_verdict(verdict: Verdict, given: int, *, as_json: bool) -> None:
    """What was checked and what was found, each with what to do."""
    if as_json:
        findings = [{**asdict(one), "fault": one.fault.value, "advice": one.advice} for one in verdict.findings]
        document = {**asdict(verdict), "whole": verdict.whole, "findings": findings}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    typer.echo(f"Entries {verdict.first} to {verdict.size} read, {verdict.checkpoints} checkpoints agree.")
    for one in verdict.findings:
        typer.echo(f"{one.fault.value.upper()}: {one.seen}.\n  Next: {one.advice}")
    if verdict.whole:
        typer.echo("The log is whole.")
        if not given:
            typer.echo("Only --against a checkpoint kept elsewhere shows whether its end was cut off or all of it written anew.")


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"


def _as_json(record: Record) -> dict[str, Any]:
    return {**asdict(record), "at": record.at.isoformat()}


def print_records(records: list[Record], *, as_json: bool) -> None:
    """A table, or the same for a script."""
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in records], indent=2))
        return
    if not records:
        typer.echo("No entry is like that.")
        return
    _print_table([(one, "") for one in records], "")


def print_review(review: Review, *, as_json: bool) -> None:
    """Figures, then the rows to look at."""
    if as_json:
        rows = [{**_as_json(one.entry), "drawn": one.drawn, "followed": one.followed} for one in review.rows]
        typer.echo(json.dumps({**asdict(review), "rows": rows}, indent=2))
        return
    if not review.openings:
        typer.echo(f"Nothing of anybody's was opened in {review.month}.")
        return
    typer.echo(
        f"{review.month}: {review.openings} openings, {review.without_action} without an action after them. "
        f"Drawn with seed {review.seed}."
    )
    notes = {(True, True): "drawn", (True, False): "drawn, no action", (False, False): "no action"}
    _print_table([(one.entry, notes[one.drawn, one.followed]) for one in review.rows], "Why")


def _print_table(rows: list[tuple[Record, str]], last: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("No", "At", "Account", "Unit", "Action", "Subject", "On", "Outcome", *([last] if last else []))
    for one, note in rows:
        outcome = f"{one.outcome} ({one.rule})" if one.rule else one.outcome
        table.add_row(
            str(one.position), _local(one.at), one.account, one.unit, one.action, one.subject[:9], one.item[:9], outcome,
            *([note] if last else []),
        )  # fmt: skip
    Console().print(table)


def print_pruned(number: int, limit: datetime, *, done: bool, as_json: bool) -> None:
    """How many entries went, or would go."""
    if as_json:
        typer.echo(json.dumps({"before": limit.isoformat(), "entries": number, "removed": done}))
    elif not number:
        typer.echo(f"No entry under a signed checkpoint is older than {_local(limit)}.")
    elif done:
        typer.echo(f"{number} entries older than {_local(limit)} are gone.")
    else:
        typer.echo(f"The entries up to {number} are older than {_local(limit)}. To remove them: hub audit prune --yes")
