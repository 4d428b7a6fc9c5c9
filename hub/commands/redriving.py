"""Has letters mapped again, and sent again: by the connector where it runs, else here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from hub.commands.letter_texts import progressing
from hub.connect.letter_box import Filed, Look
from hub.connect.letters import LetterState
from hub.errors import ConfigError, HubError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.commands.letter_person import Admitted
    from hub.connect.recall import Recalled
    from hub.connect.showing import Shown

__all__ = ["Tried", "choose", "recalled", "redrive", "tried"]

_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 120.0  # a connector looks every few seconds, and a source may be slow


@dataclass(frozen=True, slots=True)
class Tried:
    """What the mapping makes of a letter's record now, or why it could not be had."""

    shown: tuple[Shown, ...]
    reason: str = ""

    @property
    def outcome(self) -> str:
        """`mapped`, or the first reason why not; what is as it should be is `mapped` too: nothing is left to do."""
        faults = [one.reason for one in self.shown if one.outcome != "mapped" and not one.intentional]
        return self.reason or next(iter(faults), "mapped")


def choose(
    place: Admitted, ids: Sequence[str], look: Look, limit: int, *, every: bool, state: LetterState = LetterState.WAITING
) -> tuple[list[Filed], int]:
    """The letters that are meant, oldest first, at most `limit`; and how many more there are. Only those in `state`.

    Raises RejectedError `which_letters` when none are named, and `no_such_letter` for a name that is none.
    """
    if not ids and not every:
        raise RejectedError("say which: letters as `hub dlq list` prints them, or --all", code="which_letters")
    for one in ids:
        place.box.find(one)
    wanted = Look(connector=look.connector, reason=look.reason, states=frozenset({state}), ids=frozenset(ids))
    found = place.box.letters(wanted)
    return found[:limit], max(0, len(found) - limit)


def recalled(place: Admitted, letters: Sequence[Filed]) -> dict[str, Recalled]:
    """By letter, its record again: from the source, or as it was kept."""
    from hub.connect.instance import load_instance
    from hub.connect.recalling import build_recall

    found: dict[str, Recalled] = {}
    for name, own in _by_connector(letters):
        instance = load_instance(place.settings, name)
        recall = build_recall(instance, place.clock, lambda _: True, instance.origin())
        found |= recall([one.letter for one in own])
    return found


def tried(place: Admitted, letters: Sequence[Filed]) -> dict[str, Tried]:
    """By letter, what would become of it up to the gate."""
    from hub.connect.instance import load_instance
    from hub.connect.showing import show

    found, now = recalled(place, letters), place.clock.now()
    origins = {name: load_instance(place.settings, name).origin() for name, _ in _by_connector(letters)}
    outcomes = {}
    for one in letters:
        again = found[one.letter.letter_id]
        shown = tuple(show(record, origins[one.connector], now) for record in again.records)
        outcomes[one.letter.letter_id] = Tried(shown, again.reason)
    return outcomes


def redrive(place: Admitted, letters: Sequence[Filed], *, quiet: bool = False) -> list[Filed]:
    """Queue the letters, have them done, and answer how they stand then.

    A running connector takes them itself. Where none runs it is done here; when that fails they wait again, and the error leaves.
    """
    with progressing(len(letters), quiet=quiet) as advance:
        done = 0
        for name, own in _by_connector(letters):
            ids = [one.letter.letter_id for one in own]
            place.box.move(name, ids, LetterState.WAITING, LetterState.QUEUED, place.clock.now())
            try:
                _have_done(place, name, ids, partial(_advance, advance, done))
            except HubError:
                place.box.move(name, ids, LetterState.QUEUED, LetterState.WAITING, place.clock.now())
                raise
            done += len(ids)
            advance(done)
    if not letters:
        return []
    ids = [one.letter.letter_id for one in letters]
    return place.box.letters(Look(ids=frozenset(ids), states=frozenset(LetterState)))


def _advance(advance: Callable[[int], None], before: int, number: int) -> None:
    advance(before + number)


def _have_done(place: Admitted, name: str, ids: Sequence[str], advance: Callable[[int], None]) -> None:
    """Until none is queued, or patience is over."""
    from hub.bootstrap import build_runner

    failures: list[HubError] = []
    runner = build_runner(place.settings, name, threading.Event())

    def run() -> None:
        try:
            runner.redrive()
        except HubError as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="redrive")
    thread.start()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (queued := place.box.states(name, ids)[LetterState.QUEUED]) and time.monotonic() < deadline:
        advance(len(ids) - queued)
        if not thread.is_alive() and failures and not _runs_elsewhere(failures[0]):
            raise failures[0]
        time.sleep(_LOOK_SECONDS)
    thread.join()
    if failures and not _runs_elsewhere(failures[0]):
        raise failures[0]


def _runs_elsewhere(error: HubError) -> bool:
    return isinstance(error, ConfigError) and error.code == "runs_already"


def _by_connector(letters: Sequence[Filed]) -> Iterator[tuple[str, list[Filed]]]:
    for name, own in groupby(sorted(letters, key=lambda one: one.connector), key=lambda one: one.connector):
        yield name, list(own)
