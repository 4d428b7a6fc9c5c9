"""`hub dlq paused` and `hub dlq resume`: topics' partitions that pause for their dead letters, and letting them go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.commands.letter_person import Admitted
    from hub.dead_letters.answers import Answer
    from hub.dead_letters.pauses import Board, Mark
    from hub.dead_letters.resuming import Resuming
    from hub.settings import Settings

__all__ = ["board_of", "paused", "resume"]

_ANSWERS = 20
Topic = Annotated[str, typer.Option("--topic", "-t", metavar="TOPIC", help="Only of this topic.")]
Partitions = Annotated[
    list[int] | None,
    typer.Option("--partition", "-p", metavar="N", min=0, help="Only this partition; may be given several times."),
]


def paused(account: As = "", home: Home = None, as_json: Json = False) -> None:
    """List the topics' partitions that a worker does not read on because too many of their records were dead letters.

    The limit is worker.dead_letter_share of the last worker.dead_letter_records (hub.toml). Consents, rules and erasures never
    pause, nor does anything else of the same partition. It is told by Kafka, also when no worker runs.

    Example: hub dlq paused
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands.letter_person import admitted

    with admitted(home, account, Action.LETTER_SEE) as place:
        place.log(Logged.DEAD_LETTER_LISTED)
        resuming = _resuming(place)
        marks, answers = resuming.paused(), resuming.history(_ANSWERS)
    if as_json:
        document = {"sources": [_facts(one) for one in marks], "answers": [_answer(one) for one in answers]}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    _print(marks, answers)


def resume(
    *,
    topic: Topic = "",
    partition: Partitions = None,
    every: Annotated[bool, typer.Option("--all", help="Every one that is paused.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, in one line without anybody's number: it is kept.")],
    limit: Annotated[
        int,
        typer.Option("--limit", min=0, max=1_000_000, help="So many more dead letters of each are put aside before they count."),
    ] = 0,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let paused partitions go on where they stood. It takes an operator.

    What was put aside stays a dead letter; the share is counted anew from here, and a partition that is still mostly bad pauses
    again. Where more are known to come, --limit lets so many pass. A running worker takes the answer within seconds, one that is
    down when it starts. Mend the source first where you can: what is put aside must be sent again by hand (`hub dlq redrive`).

    Example: hub dlq resume --topic hub.school-absences.v1 --partition 3 --reason "The export is mended" --as anna
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.letter_person import admitted

    with admitted(home, account, Action.OPERATIONS_ACT) as place:
        resuming = _resuming(place)
        chosen = resuming.choose(topic, partition or (), every=every)
        resuming.resume(chosen, actor_of(place.who, Action.OPERATIONS_ACT), reason, limit)
    if as_json:
        typer.echo(json.dumps({"resumed": [_facts(one.answered(limit)) for one in chosen]}, indent=2))
        return
    for one in chosen:
        typer.echo(f"{one.topic} partition {one.partition} goes on at {one.at} within seconds, or when its worker starts.")


def board_of(settings: Settings) -> Board:
    """Where an installation's workers tell what they have paused."""
    from hub.dead_letters.pauses import KafkaBoard

    return KafkaBoard(settings.bootstrap_servers, settings.worker.group)


def _resuming(place: Admitted) -> Resuming:
    from hub.dead_letters.answers import Answers
    from hub.dead_letters.resuming import Resuming

    return Resuming(board_of(place.settings), Answers(place.settings), place.clock, place.audit)


def _facts(one: Mark) -> dict[str, Any]:
    return {
        "topic": one.topic, "partition": one.partition, "at": one.at, "dead_letters": one.letters, "of_the_last": one.records,
        "since": datetime.fromtimestamp(one.since, UTC).isoformat(), "state": "answered" if one.resumed else "paused",
        "allowed": one.allowed,
    }  # fmt: skip


def _answer(one: Answer) -> dict[str, Any]:
    return {
        "topic": one.topic, "partition": one.partition, "at": one.at, "allowed": one.allowed, "by": one.by, "reason": one.reason,
        "answered_at": one.when.isoformat(),
    }  # fmt: skip


def _print(marks: Sequence[Mark], answers: Sequence[Answer]) -> None:
    from hub.commands.letter_texts import swedish_time

    waiting = [one for one in marks if not one.resumed]
    if not waiting:
        typer.echo("Nothing is paused.")
    for one in waiting:
        since = swedish_time(datetime.fromtimestamp(one.since, UTC))
        typer.echo(
            f"{one.topic} partition {one.partition}: paused at {one.at} since {since}, {one.letters} of the last {one.records} "
            "were dead letters"
        )
    if waiting:
        typer.echo("Why: hub dlq list. Let one go on: hub dlq resume --topic TOPIC --partition N --reason TEXT")
    for answer in answers:
        where = f"{answer.topic} partition {answer.partition} at {answer.at}"
        more = f", {answer.allowed} more allowed" if answer.allowed else ""
        typer.echo(f"Resumed {swedish_time(answer.when)} by {answer.by}: {where}{more}: {answer.reason}")
