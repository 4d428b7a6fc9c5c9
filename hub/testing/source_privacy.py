"""Cases about what a source leaves where others may read it: nobody's number, no secret, and no hint of who has a consent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote_plus

from hub.connector import Backfill, Batch, Cursor, PersonRecord, StatutoryBatch
from hub.testing.reading import facts, persons_of, stored
from hub.testing.serving import Asked, garbled, refusing
from hub.testing.source_later import SourceLater
from hub.testing.suite import case
from hub.testing.trouble import GARBLED
from hub.testing.world import World, named_in, overheard

__all__ = ["SourcePrivacy"]

_HEADER = "a header"
_NAMED = "somebody is named in {place}: persons stand in records alone"
_SIGNED = "a secret is in {place}: it belongs in a header, or in the body that asks for a token"
_WRITTEN = (
    "a file was written: whoever is no subject of the hub must not leave the process's memory; what has to be remembered stands "
    "in the cursor, and names nobody"
)
_WHOM = (
    "a backfill for one person asks the server otherwise than one for everybody: it would learn there who has a consent. Ask for "
    "everybody's, and put `subjects` the question in memory"
)
_TOKEN = b"grant_type="  # RFC 6749, 4: every request for a token has it


@dataclass(slots=True)
class _Left:
    """All that was told, and what was left behind meanwhile, by the place where it can be read."""

    told: list[Batch] = field(default_factory=list)
    places: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    written: bool = False

    def hear(self, batches: Iterable[Batch]) -> list[Batch]:
        """Read to the end, and keep it."""
        heard = list(batches)
        self.told += heard
        self.note(heard)
        return heard

    def note(self, batches: Sequence[Batch | StatutoryBatch]) -> None:
        """What is stored of batches, and what they print."""
        self.places["a cursor"] += [json.dumps(batch.cursor, ensure_ascii=False) for batch in batches]
        self.places["a repr"] += map(repr, batches)

    def sent(self, requests: Iterable[Asked]) -> None:
        """What the other side, and whatever stands between, writes into its log."""
        for asked in requests:
            self.places["an address"] += [asked.line, unquote_plus(asked.line)]
            self.places[_HEADER] += [f"{name}: {value}" for name, value in asked.headers]

    def look(self, folder: Path, given: Path) -> None:
        """Whether anything in the installation's folder is not as it was given."""
        for path in folder.rglob("*"):
            before = given / path.relative_to(folder)
            if path.is_file() and not (before.is_file() and before.read_bytes() == path.read_bytes()):
                self.written = True


class SourcePrivacy(SourceLater):
    """The part of the suite that looks beside the records: at a first poll, at later ones, in a backfill, in trouble."""

    @case
    def test_no_person_and_no_secret_is_where_it_can_be_read(self, tmp_path: Path) -> None:
        left = self._all_that_is_left(tmp_path)
        persons, secrets = persons_of(left.told), list(self.trial.secrets.values())
        for place, texts in left.places.items():
            assert not any(named_in(text, persons) for text in texts), _NAMED.format(place=place)
            found = any(secret in text for secret in secrets for text in texts)
            assert place == _HEADER or not found, _SIGNED.format(place=place)
        people = _people(left.told)
        assert not any(one.source_id in repr(one) for one in people), "a record prints its source id"
        assert not (persons and left.written), _WRITTEN

    @case
    def test_a_backfill_asks_the_server_the_same_whomever_it_is_for(self, tmp_path: Path) -> None:
        asked: list[Counter[tuple[str, bytes]]] = []
        with self.world(tmp_path, "corrected") as world:
            people = _people(self.read_all(world))
            persons = {one.person_id for one in people}
            for wanted in (persons, {one.person_id for one in people[-1:]}):
                before = len(world.server.asked) if world.server else 0
                self._backfill(world, wanted, _start_of(people, self.trial.now))
                asked.append(Counter(map(_question, world.server.asked[before:] if world.server else ())))
        assert asked[0] == asked[1], _WHOM

    def _all_that_is_left(self, folder: Path) -> _Left:
        left = _Left()
        with overheard() as heard, self.world(folder) as world:
            cursor = self._first_and_later(world, left)
            for dataset, start in (("late", cursor), ("broken", None)):
                world.show(dataset)
                with world.source() as source, world.statutory() as statutory:
                    left.hear(source.batches(start))
                    if statutory is not None:
                        left.note(list(statutory.batches(None)))
                self._look(world, left, dataset)
            left.places["an error"] += self._in_trouble(world, persons_of(left.told), cursor)
            left.places["a label of a metric"] += world.labels
            left.sent(world.server.asked if world.server else ())
        left.places["the log"].append(heard())
        return left

    def _first_and_later(self, world: World, left: _Left) -> Cursor | None:
        """A first poll, a later one of the same process, and a backfill for everybody. The first one's cursor."""
        with world.source() as source:
            cursor = stored(left.hear(source.batches(None))[-1].cursor)
            self._look(world, left, "usual")
            world.show("corrected")
            left.hear(source.batches(cursor))
        people = _people(left.told)
        left.hear(self._backfill(world, {one.person_id for one in people}, _start_of(people, self.trial.now)))
        self._look(world, left, "corrected")
        return cursor

    def _backfill(self, world: World, persons: Container[str], start: datetime) -> list[Batch]:
        """By a process that has read nothing yet; nothing where the source does not offer it."""
        with world.source() as source:
            return list(source.backfill(lambda one: one in persons, start)) if isinstance(source, Backfill) else []

    def _look(self, world: World, left: _Left, dataset: str) -> None:
        assert self.trial.datasets is not None
        left.look(world.dataset, self.trial.datasets / dataset)

    @staticmethod
    def _in_trouble(world: World, persons: Sequence[str], cursor: Cursor | None) -> Iterator[str]:
        """What leaves a source that is answered with 500, or with the half of an answer in which somebody is named."""
        if world.server is None:
            return
        naming = GARBLED.replace(b'"1"', json.dumps(persons[0]).encode()) if persons else GARBLED
        for fault in (refusing(500), garbled(naming)):
            world.server.fault = fault
            for start in (None, cursor):
                with world.source() as source:
                    try:
                        list(source.batches(start))
                    except Exception as error:  # noqa: BLE001 -- whatever leaves a source is what the case asks about
                        yield from _said_by(error)
        world.server.fault = None


def _people(batches: Iterable[Batch]) -> list[PersonRecord]:
    return [one for one in facts(batches) if isinstance(one, PersonRecord)]


def _start_of(people: Iterable[PersonRecord], otherwise: datetime) -> datetime:
    return min((one.occurred_at for one in people), default=otherwise)


def _question(asked: Asked) -> tuple[str, bytes]:
    """What the server is asked. A request for a token says who asks, and may say it differently each time."""
    body = bytes(asked.body)
    return asked.line, b"" if _TOKEN in body else body


def _said_by(error: BaseException | None) -> Iterator[str]:
    """An error, and those that are printed with it."""
    while error is not None:
        yield repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
