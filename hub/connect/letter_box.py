"""The letters and journals of all connector instances, for whoever looks after them. A running connector is not disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from hub.connect.database import open_store
from hub.connect.letter_rows import Published, find_letters, move_letters
from hub.connect.letters import Letter, LetterState
from hub.connect.rows import Heard, load_heard
from hub.connect.tables import journal, letters
from hub.contract.topics import PLACE_EVENTS
from hub.database import answering
from hub.errors import RejectedError
from hub.settings import Settings

_Answer = TypeVar("_Answer")

__all__ = ["Filed", "LetterBox", "Line", "Look"]


@dataclass(frozen=True, slots=True)
class Filed:
    """A letter and the instance that it is of."""

    connector: str
    letter: Letter


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an instance's journal."""

    connector: str
    published: Published


@dataclass(frozen=True, slots=True)
class Look:
    """What to look for; what is empty does not count. Times are UTC instants, half-open."""

    connector: str = ""
    reason: str = ""
    states: Collection[LetterState] = frozenset({LetterState.WAITING, LetterState.QUEUED})
    ids: Collection[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


class LetterBox:
    """Every method may raise RetriableError when a store does not answer, and ConfigError for an unknown instance."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def letters(self, look: Look, limit: int | None = None) -> list[Filed]:
        """Oldest first, over all instances."""
        conditions: list[Any] = [letters.c.state.in_([state.value for state in look.states])]
        conditions += [letters.c.reason == look.reason] if look.reason else []
        conditions += [letters.c.letter_id.in_(look.ids)] if look.ids else []
        conditions += [letters.c.found_at >= look.since] if look.since else []
        conditions += [letters.c.found_at < look.until] if look.until else []
        found = [
            Filed(name, letter)
            for name in self._names(look.connector)
            for letter in self._read(name, lambda connection: find_letters(connection, *conditions, limit=limit))
        ]
        return sorted(found, key=lambda one: (one.letter.found_at, one.connector, one.letter.letter_id))[:limit]

    def find(self, letter_id: str) -> Filed:
        """One letter, whatever became of it. Raises RejectedError `no_such_letter`."""
        found = self.letters(Look(ids=frozenset({letter_id}), states=frozenset(LetterState)))
        if not found:
            raise RejectedError("there is no such letter: see `hub dlq list --all`", code="no_such_letter")
        return found[0]

    def states(self, connector: str, ids: Collection[str]) -> Counter[LetterState]:
        """How many of these letters are in which state."""
        found = self.letters(Look(connector=connector, ids=frozenset(ids), states=frozenset(LetterState)))
        return Counter(one.letter.state for one in found)

    def heard(self, connector: str, event_ids: Iterable[str]) -> dict[str, list[Heard]]:
        """What one instance has said of these events, and when its source said it last."""
        with self._connected(connector) as connection:
            return load_heard(connection, event_ids)

    def move(self, connector: str, ids: Sequence[str], before: LetterState, after: LetterState, now: datetime) -> list[str]:
        """Move those that are still in the state `before`; the answer is which: two at once do it once."""
        with self._connected(connector) as connection:
            return move_letters(connection, ids, before, after, now)

    def journal(self, look: Look, *, event_id: str = "", outcome: str = "", persons: bool, limit: int) -> list[Line]:
        """Newest first; `look.ids` are the letters that they were redriven from. `persons`: lines about persons too; without it
        they are given for a whole event id only.

        A list of them by time would tell whoever feeds one record about a person, and looks, whether she has a reference.
        """
        conditions: list[Any] = [journal.c.topic == PLACE_EVENTS.name] if not (persons or event_id) else []
        conditions += [journal.c.event_id == event_id] if event_id else []
        conditions += [journal.c.outcome == outcome] if outcome else []
        conditions += [journal.c.letter_id.in_(look.ids)] if look.ids else []
        conditions += [journal.c.settled_at >= look.since] if look.since else []
        conditions += [journal.c.settled_at < look.until] if look.until else []
        query = select(journal).where(*conditions).order_by(journal.c.number.desc()).limit(limit)
        lines = [
            Line(name, Published(*(row._mapping[field] for field in Published.__match_args__)))  # noqa: SLF001 -- its public name
            for name in self._names(look.connector)
            for row in self._read(name, lambda connection: connection.execute(query).all())
        ]
        return sorted(lines, key=lambda line: line.published.settled_at, reverse=True)[:limit]

    def _names(self, chosen: str) -> list[str]:
        if chosen and chosen not in self._settings.connectors:
            known = ", ".join(sorted(self._settings.connectors)) or "none"
            raise RejectedError(f"hub.toml has no such connector; there are: {known}", code="unknown_instance")
        return [name for name in sorted(self._settings.connectors) if self._file(name).is_file() and chosen in {"", name}]

    def _file(self, name: str) -> Path:
        return self._settings.data / "connect" / name / "ledger.db"

    def _read(self, name: str, question: Callable[[Connection], Sequence[_Answer]]) -> Sequence[_Answer]:
        with self._connected(name) as connection:
            return question(connection)

    @contextmanager
    def _connected(self, name: str) -> Iterator[Connection]:
        engine = open_store(self._file(name))
        try:
            with answering(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
