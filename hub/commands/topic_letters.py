"""The dead letters of topics, for `hub dlq`: where a record stands that a process of the hub could not take."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from hub.audit.actions import Action as Logged
from hub.commands.letter_texts import progressing, swedish_time
from hub.dead_letters.reading import Place, TopicLetter
from hub.dead_letters.store import Settled, SettledLetters
from hub.errors import RejectedError, RetriableError

if TYPE_CHECKING:
    from hub.commands.letter_person import Admitted
    from hub.dead_letters.redrive import Judged, Redriver

__all__ = [
    "are_places",
    "discard_topic_letters",
    "is_place",
    "listed_or_none",
    "redrive_topic_letters",
    "show_topic_letter",
    "try_topic_letters",
]

_WAITING = "waiting"
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
        return [_facts(letter, state) for letter, state in _letters(place) if every or state == _WAITING]
    except RetriableError:
        return None


def show_topic_letter(place: Admitted, text: str, *, body: bool, as_json: bool) -> None:
    """Print where and why; with `body` the message too, if it can be read now, without whose it is."""
    letter, state = _found(place, [text])[0]
    place.log(Logged.DEAD_LETTER_BODY_READ if body else Logged.DEAD_LETTER_READ, [text])
    document = _facts(letter, state)
    if body:
        judged = _judged(place, [letter])[letter.place]
        document |= {"body": _body(judged), "body_missing": judged.reason}
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for name, value in document.items():
        typer.echo(f"{name.replace('_', ' '):>16}: {json.dumps(value).strip(chr(34))}")


def try_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, as_json: bool) -> None:
    """Print what each record would meet now. Raises typer.Exit(1) when one could not be written again."""
    chosen = _chosen(place, ids, topic, limit, _WAITING)
    place.log(Logged.DEAD_LETTER_TRIED, [str(one.place) for one in chosen])
    judged = _judged(place, chosen)
    if as_json:
        told = [_facts(one, _WAITING) | {"now": judged[one.place].reason or "readable"} for one in chosen]
        typer.echo(json.dumps({"letters": told}, indent=2))
    for one in () if as_json else chosen:
        reason = judged[one.place].reason
        typer.echo(f"{one.place}  {one.reason} → {_told(reason) if reason else 'it can be read now'}")
    if any(one.reason for one in judged.values()):
        raise typer.Exit(1)


def redrive_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, yes: bool, as_json: bool) -> None:
    """Write the records again and print how many were. Raises typer.Exit(1) when one was not."""
    chosen = _chosen(place, ids, topic, limit, _WAITING)
    names = [str(one.place) for one in chosen]
    if chosen and not yes:
        place.log(Logged.DEAD_LETTER_TRIED, names)
        outcomes = Counter(one.reason or "it can be read now" for one in _judged(place, chosen).values())
        for outcome, number in sorted(outcomes.items()):
            typer.echo(f"{number:>8}  {_told(outcome)}")
        typer.confirm(f"Write {len(chosen)} again?", abort=True, err=True)
    if chosen:
        place.log(Logged.DEAD_LETTER_REDRIVEN, names)
    done: Counter[str] = Counter()
    settled = SettledLetters(place.settings)
    with progressing(len(chosen), quiet=as_json) as advance, _redriver(place) as redriver:
        for number, one in enumerate(chosen, start=1):
            reason = redriver.redrive(one.place)
            done[reason] += 1
            if not reason:
                settled.settle(one.place, Settled.REDRIVEN, place.clock.now())
            advance(number)
    _print_done(done, as_json=as_json)


def discard_topic_letters(place: Admitted, ids: Sequence[str], topic: str, limit: int, *, yes: bool, undo: bool) -> None:
    """They need nothing more; or, undone, they wait again."""
    chosen = _chosen(place, ids, topic, limit, Settled.DISCARDED.value if undo else _WAITING)
    if chosen and not yes:
        typer.confirm(f"{'Bring back' if undo else 'Discard'} {len(chosen)} letters?", abort=True, err=True)
    if chosen:
        place.log(Logged.DEAD_LETTER_RESOLVED, [str(one.place) for one in chosen])
    settled = SettledLetters(place.settings)
    for one in chosen:
        settled.settle(one.place, None if undo else Settled.DISCARDED, place.clock.now())
    typer.echo(f"{len(chosen)} {'wait again' if undo else 'discarded. Undo: hub dlq discard --undo LETTER'}")


def _letters(place: Admitted) -> list[tuple[TopicLetter, str]]:
    """All, oldest first, each with its state."""
    from hub.contract.codec import Codec
    from hub.dead_letters.reading import read_all

    settled = SettledLetters(place.settings).all()
    found = read_all(place.settings.bootstrap_servers, Codec.load())
    return [(one, settled[one.place].value if one.place in settled else _WAITING) for one in found]


def _found(place: Admitted, ids: Sequence[str]) -> list[tuple[TopicLetter, str]]:
    wanted = {Place.of(one) for one in ids}
    found = [one for one in _letters(place) if one[0].place in wanted]
    if len(found) < len(wanted):
        raise RejectedError("there is no such letter: see `hub dlq list`", code="no_such_letter")
    return found


def _chosen(place: Admitted, ids: Sequence[str], topic: str, limit: int, state: str) -> list[TopicLetter]:
    """By name, or all of one topic; of those the ones in `state`, at most `limit`."""
    found = _found(place, ids) if ids else [one for one in _letters(place) if one[0].place.topic == topic]
    return [letter for letter, now in found if now == state][:limit]


def _judged(place: Admitted, letters: Sequence[TopicLetter]) -> dict[Place, Judged]:
    with _redriver(place) as redriver:
        return {one.place: redriver.judge(one.place) for one in letters}


def _body(found: Judged) -> dict[str, Any] | None:
    if found.message is None:
        return None
    return {name: value for name, value in found.message.model_dump(mode="json").items() if name != "youth_ref"}


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


@contextmanager
def _redriver(place: Admitted) -> Iterator[Redriver]:
    from hub.contract.codec import Codec
    from hub.dead_letters.redrive import Redriver
    from hub.kafka import Publisher
    from hub.kafka_places import KafkaPlaces

    servers = place.settings.bootstrap_servers
    publisher = Publisher(servers, "hub-dlq")
    try:
        yield Redriver(KafkaPlaces(servers), Codec.load(), publisher.publish)
    finally:
        publisher.close()
