"""The queue of one connector instance: waiting → coded → published, or dismissed; both can be undone until published.
When the message comes with another content, what was decided waits anew.

`published` says that the coded notice went to the gate, and never what the gate decided: whether somebody has a reference is not
to be read from it. A database of its own, beside the instance's ledger: the connector adds and takes, the officer decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.coding.tables import notices
from hub.database import answering, build_engine, migrate, truncate_log
from hub.errors import RejectedError

__all__ = ["CodingQueue", "NoticeState", "QueuedNotice"]

_MIGRATIONS = Path(__file__).with_name("migrations")
_CHUNK = 500  # bound parameters of one statement


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    CODED = "coded"
    DISMISSED = "dismissed"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """One notice. `number` names its report in the statutory store; `reason`: why it is here, or is here again."""

    number: str
    reason: str
    found_at: datetime
    state: NoticeState
    changed_at: datetime
    ready_at: datetime | None = None
    taken: bool = False
    sealed: bytes = field(default=b"", repr=False)

    @property
    def can_be_undone(self) -> bool:
        """Whether it can be put back to wait."""
        return self.state is NoticeState.DISMISSED or (self.state is NoticeState.CODED and not self.taken)


_FRESH = {"state": NoticeState.WAITING.value, "taken": False, "sealed": b""}


class CodingQueue:
    """Every method may raise RetriableError when the file is held by another process for long."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engine = build_engine(f"sqlite:///{file}")
        self._residue = True  # whoever was here before may have died before it emptied the log
        try:
            migrate(self._engine, _MIGRATIONS)
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Release the file."""
        self._engine.dispose()

    def add(self, found: Mapping[str, str], now: datetime, contents: Mapping[str, str] = MappingProxyType({})) -> None:
        """Put these to wait, number → reason. Durable on return.

        `contents`: number → a mark of all contents that the message has come with. One that is known stays as it is unless its
        mark is another: then what was decided was about less, and it waits anew; one that is coded does so once it is published.
        """
        with self._writing() as connection:
            known: dict[str, str] = {}
            numbers = list(found)
            for first in range(0, len(numbers), _CHUNK):
                chunk = numbers[first : first + _CHUNK]
                query = select(notices.c.number, notices.c.contents).where(notices.c.number.in_(chunk))
                known.update({row.number: row.contents for row in connection.execute(query)})
            rows = [
                {
                    "number": number,
                    "reason": reason,
                    "found_at": now,
                    "changed_at": now,
                    "contents": contents.get(number, ""),
                    "decided": "",
                    **_FRESH,
                }
                for number, reason in found.items()
                if number not in known
            ]
            if rows:
                connection.execute(insert(notices), rows)
            for number, mark in known.items():
                if contents.get(number, "") not in {"", mark}:
                    _wait_anew(connection, number, found[number], contents[number], now)

    def all(self, states: Collection[NoticeState] = tuple(NoticeState), *, most: int = 1000) -> list[QueuedNotice]:
        """Those in one of the states, the last changed first."""
        wanted = notices.c.state.in_([state.value for state in states])
        query = select(notices).where(wanted).order_by(notices.c.changed_at.desc(), notices.c.number).limit(most)
        with answering(), self._engine.connect() as connection:
            return [_notice(row) for row in connection.execute(query)]

    def oldest_waiting(self, most: int) -> list[QueuedNotice]:
        """Those that nobody has decided about, the first found first."""
        waiting = notices.c.state == NoticeState.WAITING.value
        query = select(notices).where(waiting).order_by(notices.c.found_at, notices.c.number).limit(most)
        with answering(), self._engine.connect() as connection:
            return [_notice(row) for row in connection.execute(query)]

    def find(self, number: str) -> QueuedNotice | None:
        """One notice."""
        with answering(), self._engine.connect() as connection:
            row = connection.execute(select(notices).where(notices.c.number == number)).first()
        return None if row is None else _notice(row)

    def waiting(self) -> int:
        """How many nobody has decided about."""
        query = select(func.count()).select_from(notices).where(notices.c.state == NoticeState.WAITING.value)
        with answering(), self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def waiting_since(self) -> datetime | None:
        """Since when the one waits that has waited longest; one that waits again does so since it was brought back."""
        query = select(func.min(notices.c.changed_at)).where(notices.c.state == NoticeState.WAITING.value)
        with answering(), self._engine.connect() as connection:
            since: datetime | None = connection.scalar(query)
        return since

    def code(self, number: str, sealed: bytes, now: datetime, ready_at: datetime, recorded: Callable[[], object]) -> None:
        """A person has coded it. `recorded` is called before this holds, and what it raises undoes it.

        Raises RejectedError `not_waiting` when somebody decided otherwise meanwhile.
        """
        values = {"state": NoticeState.CODED.value, "sealed": sealed, "ready_at": ready_at}
        self._decide(number, NoticeState.WAITING, values, now, recorded)

    def dismiss(self, number: str, now: datetime, recorded: Callable[[], object]) -> None:
        """It is not a matter for the hub. As `code`."""
        self._decide(number, NoticeState.WAITING, {"state": NoticeState.DISMISSED.value}, now, recorded)

    def undo(self, number: str, now: datetime, recorded: Callable[[], object]) -> None:
        """It waits again. Raises RejectedError `not_undone` when it is published, or about to be."""
        values = {"state": NoticeState.WAITING.value, "sealed": b"", "ready_at": None}
        here = (notices.c.number == number) & ~notices.c.taken
        undone = here & notices.c.state.in_([NoticeState.CODED.value, NoticeState.DISMISSED.value])
        with self._writing() as connection:
            if not connection.execute(update(notices).where(undone).values(**values, changed_at=now)).rowcount:
                raise RejectedError("it is published, about to be, or waits already", code="not_undone")
            recorded()
        self._residue = True
        self.tidy()

    def take(self, now: datetime, most: int) -> list[QueuedNotice]:
        """Coded notices that are due, the oldest first; from now on nobody undoes them. Again until they are settled."""
        coded = notices.c.state == NoticeState.CODED.value
        due = select(notices).where(coded & (notices.c.taken | (notices.c.ready_at <= now)))
        with self._writing() as connection:
            rows = connection.execute(due.order_by(notices.c.changed_at, notices.c.number).limit(most)).all()
            if rows:
                chosen = notices.c.number.in_([row.number for row in rows])
                connection.execute(update(notices).where(chosen).values(taken=True))
        return [_notice(row) for row in rows]

    def due(self, now: datetime) -> bool:
        """Whether `take` would give something."""
        coded = notices.c.state == NoticeState.CODED.value
        query = select(notices.c.number).where(coded & (notices.c.taken | (notices.c.ready_at <= now))).limit(1)
        with answering(), self._engine.connect() as connection:
            return connection.scalar(query) is not None

    def settle(self, ended: Mapping[str, str], now: datetime) -> None:
        """What became of taken ones: number → nothing, it is published; or the code of why it waits again."""
        with self._writing() as connection:
            for number, reason in ended.items():
                values: dict[str, Any] = {"state": NoticeState.PUBLISHED.value}
                if reason:
                    values = {"state": NoticeState.WAITING.value, "reason": reason}
                blank = {"sealed": b"", "ready_at": None, "taken": False, "changed_at": now}
                here = notices.c.number == number
                connection.execute(update(notices).where(here).values(**values, **blank))
                # Another content came while this one was on its way.
                more = here & (notices.c.contents != notices.c.decided)
                connection.execute(update(notices).where(more).values(state=NoticeState.WAITING.value))
        self._residue = True
        self.tidy()

    def tidy(self) -> None:
        """Empty the file's log of coded results that are gone. A reader in the way postpones it to the next call."""
        if self._residue:
            with answering():
                self._residue = not truncate_log(self._engine)

    def _decide(
        self, number: str, before: NoticeState, values: dict[str, Any], now: datetime, recorded: Callable[[], object]
    ) -> None:
        with self._writing() as connection:
            here = (notices.c.number == number) & (notices.c.state == before.value)
            values = {**values, "decided": notices.c.contents, "changed_at": now}
            if not connection.execute(update(notices).where(here).values(**values)).rowcount:
                raise RejectedError("somebody has decided about it meanwhile, or there is no such notice", code="not_waiting")
            recorded()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with answering(), self._engine.begin() as connection:
            yield connection


def _wait_anew(connection: Connection, number: str, reason: str, contents: str, now: datetime) -> None:
    here = notices.c.number == number
    connection.execute(update(notices).where(here).values(reason=reason, contents=contents))
    ended = here & notices.c.state.in_([NoticeState.DISMISSED.value, NoticeState.PUBLISHED.value])
    connection.execute(update(notices).where(ended).values(state=NoticeState.WAITING.value, changed_at=now))


def _notice(row: Row[Any]) -> QueuedNotice:
    return QueuedNotice(
        number=row.number, reason=row.reason, found_at=row.found_at, state=NoticeState(row.state), changed_at=row.changed_at,
        ready_at=row.ready_at, taken=row.taken, sealed=row.sealed,
    )  # fmt: skip
