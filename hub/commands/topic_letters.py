"""The dead letters of topics, for `hub dlq`: where a record stands that a process of the hub could not take."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from hub.audit.actions import Action as Logged
from hub.commands.letter_texts import progressing, swedish_time
from hub.dead_letters.box import WAITING, TopicLetterBox, body_of, kafka_ports
from hub.dead_letters.reading import TopicLetter
from hub.dead_letters.store import Settled, SettledLetters
from hub.errors import RejectedError, RetriableError

if TYPE_CHECKING:
    from hub.commands.letter_person import Admitted

__all__ = [
    "are_places",
    "discard_topic_letters",
    "is_place",
    "listed_or_none",
    "redrive_topic_letters",
    "show_topic_letter",
    "try_topic_letters",
]

_WHY = {
    "gone": "its topic has let go of the record, by age or by compaction: nothing can be sent again",
    "not_redrivable": "what steers the hub is told anew by whoever holds it: never by writing an old record again",
    "no_consent_now": "there is no consent in force behind it now, so it is not written again",
    "bad_key": "its key has not the form of its topic",
    "key_mismatch": "its key and its message name different subjects",
}


def is_place(text: str) -> bool:
    """Whether a letter's name is that of a record on a topic."""
    return ":" in text


def are_places(ids: Sequence[str] | None, topic: str) -> bool:
    """Whether records on topics are meant. Raises RejectedError `mixed_letters` for some of each kind."""
    kinds = {is_place(one) for one in ids or ()} | ({True} if topic else set())
    if len(kinds) > 1:
        raise RejectedError("letters of connectors and of topics are handled one kind at a time", code="mixed_letters")
    return kinds == {True}


def listed_or_none(place: Admitted, *, every: bool) -> list[dict[str, Any]] | None:
    """What `hub dlq list` tells of the topics, oldest first; None when Kafka does not answer."""
    try:
        return [_facts(letter, state) for letter, state in _box(place).all() if every or state == WAITING]
    except RetriableError:
        return None


def show_topic_letter(place: Admitted, text: str, *, body: bool, as_json: bool) -> None:
    """Print where and why; with `body` the message too, if it can be read now, without whose it is."""
    letter, state = _box(place).find([text])[0]
    place.log(Logged.DEAD_LETTER_BODY_READ if body else Logged.DEAD_LETTER_READ, [text])
    document = _facts(letter, state)
    if body:
        judged = _box(place).judge([letter])[letter.place]
        document |= {"body": body_of(judged), "body_missing": judged.reason}
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for name, value in document.items():
        typer.echo(f"{name.replace('_', ' '):>16}: {json.dumps(value).strip(chr(34))}")


def try_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, as_json: bool) -> None:
    """Print what each record would meet now. Raises typer.Exit(1) when one could not be written again."""
    chosen = _box(place).choose(ids, topic, limit)
    place.log(Logged.DEAD_LETTER_TRIED, [str(one.place) for one in chosen])
    judged = _box(place).judge(chosen)
    if as_json:
        told = [_facts(one, WAITING) | {"now": judged[one.place].reason or "readable"} for one in chosen]
        typer.echo(json.dumps({"letters": told}, indent=2))
    for one in () if as_json else chosen:
        reason = judged[one.place].reason
        typer.echo(f"{one.place}  {one.reason} → {_told(reason) if reason else 'it can be read now'}")
    if any(one.reason for one in judged.values()):
        raise typer.Exit(1)


def redrive_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, yes: bool, as_json: bool) -> None:
    """Write the records again and print how many were. Raises typer.Exit(1) when one was not."""
    chosen = _box(place).choose(ids, topic, limit)
    names = [str(one.place) for one in chosen]
    if chosen and not yes:
        place.log(Logged.DEAD_LETTER_TRIED, names)
        outcomes = Counter(one.reason or "it can be read now" for one in _box(place).judge(chosen).values())
        for outcome, number in sorted(outcomes.items()):
            typer.echo(f"{number:>8}  {_told(outcome)}")
        typer.confirm(f"Write {len(chosen)} again?", abort=True, err=True)
    if chosen:
        place.log(Logged.DEAD_LETTER_REDRIVEN, names)
    with progressing(len(chosen), quiet=as_json) as advance:
        done = _box(place).redrive(chosen, advance)
    _print_done(done, as_json=as_json)


def discard_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, yes: bool, undo: bool) -> None:
    """They need nothing more; or, undone, they wait again."""
    chosen = _box(place).choose(ids, topic, limit, Settled.DISCARDED.value if undo else WAITING)
    if chosen and not yes:
        typer.confirm(f"{'Bring back' if undo else 'Discard'} {len(chosen)} letters?", abort=True, err=True)
    if chosen:
        place.log(Logged.DEAD_LETTER_RESOLVED, [str(one.place) for one in chosen])
    _box(place).discard(chosen, undo=undo)
    typer.echo(f"{len(chosen)} {'wait again' if undo else 'discarded. Undo: hub dlq discard --undo LETTER'}")


def _facts(letter: TopicLetter, state: str) -> dict[str, Any]:
    """Where and why; the key is left out."""
    return {
        "letter": str(letter.place), "found_at": letter.found_at.isoformat(), "found": swedish_time(letter.found_at),
        "reason": letter.reason, "refused_by": list(letter.stages), "attempts": letter.attempts, "state": state,
    }  # fmt: skip


def _told(reason: str) -> str:
    return f"{reason}: {_WHY[reason]}" if reason in _WHY else reason


def _print_done(done: Counter[str], *, as_json: bool) -> None:
    if as_json:
        told = [
            {"state": "waiting" if reason else "redriven", "reason": reason, "letters": done[reason]} for reason in sorted(done)
        ]
        typer.echo(json.dumps({"redriven": told}, indent=2))
    for reason, number in () if as_json else sorted(done.items()):
        typer.echo(f"{number:>8}  {_told(reason) if reason else 'written again; its reader decides'}")
    if not done and not as_json:
        typer.echo("Nothing waits that this would take.")
    if any(done):
        raise typer.Exit(1)


def _box(place: Admitted) -> TopicLetterBox:
    return TopicLetterBox(SettledLetters(place.settings), place.clock, kafka_ports(place.settings))
