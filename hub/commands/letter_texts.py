"""How letters are printed: where each stands and why, never whose it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from hub.commands.dry_run import print_shown, shown_as_json

if TYPE_CHECKING:
    from hub.connect.letter_box import Filed
    from hub.connect.recall import Recalled
    from hub.connect.trying import Tried

__all__ = ["print_letter", "print_list", "print_preview", "print_redriven", "print_trial", "progressing", "swedish_time"]

_WHY = {
    "not_at_source": "the source does not show it any more; once it is seen to there: hub dlq discard",
    "not_kept": (
        "it was not kept, or under a key that is no more, and the source cannot be asked again; "
        "once it is seen to: hub dlq discard"
    ),
    "corrected_since": "the source has told it anew since, which this would undo; nothing was sent: hub dlq discard",
}
_AWAY = "the source does not answer now; try again later"
_NO_ANSWER = "the source did not answer then: hub dlq redrive again later"
_REFUSED = "the source refused to answer then: look at the connector's address, secret and rights"


def print_list(found: Sequence[Filed], topics: Sequence[Mapping[str, Any]] | None, limit: int, *, as_json: bool) -> None:
    """Letters, and how many there are by connector and reason; `topics`: those of records on Kafka, None when it is away."""
    counts = Counter((one.connector, one.letter.reason, one.letter.state.value) for one in found)
    if as_json:
        told = [{"connector": c, "reason": r, "state": s, "letters": number} for (c, r, s), number in sorted(counts.items())]
        listed = None if topics is None else list(topics[:limit])
        _print_json({"letters": [_facts(one) for one in found[:limit]], "counts": told, "topics": listed})
        return
    if not (found or topics):
        typer.echo("No letter waits: nothing was refused for what it is, or all is seen to.")
    if found:
        _print_found(found, counts, limit)
    if topics:
        _print_topics(topics, limit)
    if topics is None:
        typer.echo("Those of topics are left out: Kafka does not answer.")


def _print_topics(topics: Sequence[Mapping[str, Any]], limit: int) -> None:
    table = _table("Record on Kafka", "Found", "Reason", "Refused by", "State")
    for one in topics[:limit]:
        table.add_row(one["letter"], one["found"], one["reason"], ", ".join(one["refused_by"]), one["state"])
    _show(table)
    if len(topics) > limit:
        typer.echo(f"{len(topics) - limit} more on topics: --limit {min(1000, len(topics))}.")


def _print_found(found: Sequence[Filed], counts: Mapping[tuple[str, str, str], int], limit: int) -> None:
    table = _table("Letter", "Connector", "Found", "Reason", "State", "Tries", "Last try")
    for one in found[:limit]:
        letter = one.letter
        cells = (letter.letter_id, one.connector, swedish_time(letter.found_at), letter.reason, letter.state.value)
        table.add_row(*cells, str(letter.attempts), letter.result)
    _show(table)
    for (connector, reason, state), number in sorted(counts.items()):
        typer.echo(f"{number:>8}  {connector}: {reason}, {state}")
    if len(found) > limit:
        typer.echo(f"{len(found) - limit} more: --limit {min(1000, len(found))}, or name a --connector or --reason.")


def print_letter(filed: Filed, found: Recalled | None, *, as_json: bool) -> None:
    """One letter; `found` is what it holds, for whoever may see that."""
    from hub.connect.trying import bodies as bodies_of

    bodies = None if found is None else bodies_of(found)
    if as_json:
        _print_json(_facts(filed) | ({} if found is None else {"body": bodies, "body_missing": found.reason}))
        return
    for name, value in _facts(filed).items():
        why = _why(filed.letter.result) if name == "last_try" else ""
        typer.echo(f"{name.replace('_', ' '):>16}: {value}{why}")
    if found is None:
        return
    typer.echo(f"\nWhat it holds, identifiers covered{'' if bodies else ': nothing that can be shown'}.")
    why = found.reason or "it is mapped now: hub dlq try"
    for body in bodies or [f"{why}: {_AWAY}" if found.away else _WHY.get(why, why)]:
        typer.echo(body)


def print_trial(filed: Filed, tried: Tried, *, as_json: bool) -> None:
    """What the mapping makes of one letter now."""
    if as_json:
        shown = [shown_as_json(one) for one in tried.shown]
        _print_json({"letter": filed.letter.letter_id, "outcome": tried.outcome, "records": shown})
        return
    for one in tried.shown:
        print_shown(filed.letter.letter_id, one)
    if tried.reason:
        why = _AWAY if tried.away else _WHY.get(tried.reason, "the source did not give it")
        typer.echo(f"{filed.letter.letter_id}  {tried.reason}: {why}")


def print_preview(chosen: Sequence[Filed], outcomes: Mapping[str, Tried], more: int, *, as_json: bool) -> None:
    """What would be sent again, and what each would give up to the gate."""
    counts = Counter(outcomes[one.letter.letter_id].outcome for one in chosen)
    if as_json:
        told = [_facts(one) | {"now": outcomes[one.letter.letter_id].outcome} for one in chosen]
        _print_json({"letters": told, "now": dict(sorted(counts.items())), "more": more})
        return
    if not chosen:
        typer.echo("Nothing waits that this would take.")
        return
    table = _table("Letter", "Connector", "Found", "Refused for", "Now")
    for one in chosen:
        letter = one.letter
        table.add_row(
            letter.letter_id, one.connector, swedish_time(letter.found_at), letter.reason, outcomes[letter.letter_id].outcome
        )
    _show(table)
    away = {one.outcome for one in outcomes.values() if one.away}
    for outcome, number in sorted(counts.items()):
        why = _AWAY if outcome in away else _WHY.get(outcome, "")
        typer.echo(f"{number:>8}  {outcome}" + (f" ({why})" if why else ""))
    _tell_more(more)


def print_redriven(done: Sequence[Filed], more: int, *, as_json: bool) -> None:
    """How the letters stand now. What consent decided is not told."""
    counts = Counter((one.letter.state.value, one.letter.result) for one in done)
    if as_json:
        told = [{"state": state, "reason": reason, "letters": number} for (state, reason), number in sorted(counts.items())]
        _print_json({"redriven": told, "more": more})
        return
    if not done:
        typer.echo("Nothing waited that this would take.")
    for (state, reason), number in sorted(counts.items()):
        typer.echo(f"{number:>8}  {state}" + (f": {reason}{_why(reason)}" if reason else ""))
    if any(one.letter.state.value == "queued" for one in done):
        typer.echo("Those that are queued are taken by the running connector at its next look: hub dlq list")
    _tell_more(more)


def _why(code: str) -> str:
    """What an attempt met, in words, where the code needs any."""
    from hub.connect.recall import gave_no_answer, refused_to_answer

    told = _NO_ANSWER if gave_no_answer(code) else _REFUSED if refused_to_answer(code) else _WHY.get(code, "")
    return f" ({told})" if told else ""


@contextmanager
def progressing(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal's stderr; what it yields is told how many are done."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("Sending again", total=total)
        yield lambda number: progress.update(task, completed=number)


def _tell_more(more: int) -> None:
    if more:
        typer.echo(f"{more} more wait beyond the --limit.")


def _facts(filed: Filed) -> dict[str, Any]:
    letter = filed.letter
    return {
        "letter": letter.letter_id,
        "connector": filed.connector,
        "found_at": letter.found_at.isoformat(),
        "reason": letter.reason,
        "cursor": letter.cursor_digest,
        "place": letter.ordinal,
        "state": letter.state.value,
        "tries": letter.attempts,
        "changed_at": letter.changed_at.isoformat() if letter.changed_at else None,
        "last_try": letter.result,
    }


def swedish_time(at: Any) -> str:
    """Day and minute in Sweden, for people."""
    from hub.clock import STOCKHOLM

    return f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def _table(*columns: str) -> Any:
    from rich.table import Table

    return Table(*columns)


def _show(table: Any) -> None:
    from rich.console import Console

    Console().print(table)


def _print_json(document: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
