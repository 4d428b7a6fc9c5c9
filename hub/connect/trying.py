"""Which letters are meant, what their records are now, and what the mapping as it is now makes of them; nothing is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from hub.clock import Clock
from hub.connect.gate import Origin, Publishable, judge_place
from hub.connect.instance import load_instance
from hub.connect.last_words import CORRECTED_SINCE, LastWords
from hub.connect.letter_box import Filed, LetterBox, Look
from hub.connect.letters import LetterState
from hub.connect.recall import Recalled
from hub.connect.recalling import build_recall
from hub.connect.showing import Shown, show
from hub.connector import PlaceRecord, Record, Unmapped
from hub.contract.covering import without_identifiers
from hub.errors import RejectedError
from hub.settings import Settings

__all__ = ["Tried", "bodies", "by_connector", "choose", "recalled", "tried"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the mapping makes of a letter's record now, or why it could not be had; `away`: as of `Recalled`."""

    shown: tuple[Shown, ...]
    reason: str = ""
    away: bool = False

    @property
    def outcome(self) -> str:
        """`mapped`, or the first reason why not; what is as it should be is `mapped` too: nothing is left to do."""
        faults = [one.reason for one in self.shown if one.outcome != "mapped" and not one.intentional]
        return self.reason or next(iter(faults), "mapped")


def choose(
    box: LetterBox, ids: Sequence[str], look: Look, limit: int, *, every: bool, state: LetterState = LetterState.WAITING
) -> tuple[list[Filed], int]:
    """The letters that are meant, at most `limit`, and how many more there are; only those in `state`. Oldest first; of all there
    are, those that were sent again in vain come last: they must not keep the others from their turn.

    Raises RejectedError `which_letters` when none are named, and `no_such_letter` for a name that is none.
    """
    if not ids and not every:
        raise RejectedError("say which: letters as `hub dlq list` prints them, or --all", code="which_letters")
    known = box.letters(Look(states=frozenset(LetterState), ids=frozenset(ids))) if ids else []
    if len(known) < len(set(ids)):
        raise RejectedError("there is no such letter: see `hub dlq list --all`", code="no_such_letter")
    wanted = Look(connector=look.connector, reason=look.reason, states=frozenset({state}), ids=frozenset(ids))
    found = box.letters(wanted)
    if not ids:
        found.sort(key=lambda one: (one.letter.attempts, one.letter.changed_at or one.letter.found_at))  # stable: by age within
    return found[:limit], max(0, len(found) - limit)


def recalled(settings: Settings, clock: Clock, letters: Sequence[Filed]) -> dict[str, Recalled]:
    """By letter, its record again: from the source, or as it was kept. Raises ConfigError."""
    found: dict[str, Recalled] = {}
    for name, own in by_connector(letters):
        instance = load_instance(settings, name)
        recall = build_recall(instance, clock, lambda _: True, instance.origin())
        found |= recall([one.letter for one in own])
    return found


def tried(settings: Settings, clock: Clock, letters: Sequence[Filed]) -> dict[str, Tried]:
    """By letter, what would become of it up to the gate; `corrected_since` where that would undo what the source said since.

    Raises ConfigError, and RetriableError when a store does not answer.
    """
    found, now = recalled(settings, clock, letters), clock.now()
    outcomes, box = {}, LetterBox(settings)
    for name, own in by_connector(letters):
        origin, words = load_instance(settings, name).origin(), LastWords(partial(box.heard, name))
        for letter in (one.letter for one in own):
            again = found[letter.letter_id]
            shown = tuple(show(record, origin, now) for record in again.records)
            sound = _sound(again.records, origin, now) if letter.sealed else []
            outdated = CORRECTED_SINCE if len(words.of(letter, sound)) < len(sound) else ""
            outcomes[letter.letter_id] = Tried(shown, again.reason or outdated, again.away)
    return outcomes


def _sound(records: Sequence[Record], origin: Origin, now: datetime) -> list[Publishable]:
    """What of a kept record would go: only what tells of places alone is kept."""
    judged = [judge_place(one, origin, now) for one in records if isinstance(one, PlaceRecord)]
    return [one for one in judged if isinstance(one, Publishable)]


def bodies(found: Recalled) -> list[str]:
    """The source's own records as text, whatever looks like an identifier covered."""
    contents = [record.content for record in found.records if isinstance(record, Unmapped) and record.content]
    return [without_identifiers(content.decode("utf-8", "replace")) for content in contents]


def by_connector(letters: Sequence[Filed]) -> Iterator[tuple[str, list[Filed]]]:
    """The letters of each instance, in its name's order."""
    for name, own in groupby(sorted(letters, key=lambda one: one.connector), key=lambda one: one.connector):
        yield name, list(own)
