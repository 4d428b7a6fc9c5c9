"""The audit log: appended to before anything is shown or done, by several processes, in one order.

Guarantee: when `append` has returned, the entry is on the medium (SQLite with synchronous FULL, or PostgreSQL's own commit)
and every later entry of any process stands behind it. When it raises, the caller shows and does nothing: no audit, no read.
Only what nothing may stop (`hub.audit.unstoppable`) can be kept on this machine's disk instead, when the database does not
answer; whoever next writes to the log carries it over first.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from hub.audit.actions import Action
from hub.audit.carrying import load_of
from hub.audit.damage import read_as_it_stands
from hub.audit.draft import Draft
from hub.audit.entries import SYSTEM, Entry, Outcome, Subject, SubjectKind, canonical_content, pseudonym
from hub.audit.merkle import leaf_hash
from hub.audit.reading import stored
from hub.audit.spool import Spool, Spooled
from hub.audit.tables import CarriedRow, EntryRow, HorizonRow, SealedRow
from hub.audit.unstoppable import may_wait
from hub.clock import Clock
from hub.database import answering
from hub.errors import ConfigError, RejectedError, RetriableError

__all__ = ["FIRST_CHAIN", "AuditLog", "chain_hash", "last_entry", "take_turn"]

FIRST_CHAIN = "0" * 64
_log = logging.getLogger(__name__)
_VALUES = ("at", "account", "unit", "role", "action", "subject", "item", "purpose", "outcome", "rule")
_TURN = 0x41554454  # any number that only this log takes
_again = Retrying(
    retry=retry_if_exception_type(RetriableError), stop=stop_after_attempt(3), wait=wait_random(max=0.1), reraise=True
)


def chain_hash(previous: str, leaf: str) -> str:
    """The next link: SHA-256 of 0x02, the previous link and the entry's leaf hash; all in hexadecimal here."""
    return hashlib.sha256(b"\x02" + bytes.fromhex(previous) + bytes.fromhex(leaf)).hexdigest()


class AuditLog:
    """Appends. Safe for several threads and processes; `key` makes the pseudonyms (32 bytes).

    `spool`: where entries wait that may; without it none may. `prepare` migrates the database, once, before the first entry.
    `let_go` is called when the log is closed.
    """

    def __init__(
        self,
        engine: Engine,
        key: bytes,
        clock: Clock,
        *,
        spool: Spool | None = None,
        prepare: Callable[[Engine], None] | None = None,
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        read_as_it_stands(engine)
        self.engine = engine
        self.spool = spool
        self._key = key
        self._clock = clock
        self._prepare = prepare
        self._let_go = let_go

    def append(self, entry: Entry) -> int:
        """Write one entry, stamped with the present instant, and return its position when it is on the medium.

        Raises RetriableError `audit` when it cannot be written: the caller must show and do nothing, and may try again. An
        entry that may wait, and does, has the position 0.
        """
        return self.append_many([entry])

    def require(self) -> None:
        """Before something is shown that an earlier entry stands for: nothing is written.

        Raises RetriableError `audit` when none could be.
        """
        try:
            _again(self._require)
        except (RetriableError, ConfigError) as error:
            raise _unlogged() from error

    def append_many(self, entries: Sequence[Entry], sealed: Sequence[Mapping[str, Any]] = ()) -> int:
        """The same for several that belong together, in one transaction; returns the last one's position.

        `sealed`: for each entry the part of the sealed vault that it vouches for, kept in that transaction.
        """
        if not entries:
            raise ValueError("there is nothing to append")
        waits = self.spool is not None and may_wait(entry.action for entry in entries)
        try:
            return self._append(entries, sealed) if waits else _again(self._append, entries, sealed)
        except (RetriableError, ConfigError) as error:
            if waits and self.spool is not None:
                self.spool.append(self._rows(entries, sealed))
                return 0
            if isinstance(error, ConfigError):
                raise
            raise _unlogged() from error

    def document(self, name: str) -> str:
        """What the log calls a document of the sealed vault."""
        return pseudonym(self._key, Subject(SubjectKind.DOCUMENT, name))

    def prepare(self) -> None:
        """Migrate the database, if that was not done. Raises RetriableError when it does not answer, ConfigError."""
        prepare = self._prepare
        if prepare is not None:
            prepare(self.engine)  # by several threads at once too: the first does it
            self._prepare = None

    def carry(self) -> int:
        """Bring what waits on this machine's disk into the log, in its order, each entry once; answers how many came.

        That they came late, and how many are lost, is an entry of its own. Raises RetriableError when the database does not
        answer. What cannot be read on the disk is logged and stays there: it holds nobody else's entry up.
        """
        if self.spool is None or not self.spool.waits():
            return 0
        self.prepare()
        try:
            return self._carry(self.spool)
        except RetriableError as error:
            if error.code != "audit_waiting":
                raise
            _log.warning("%s", error)
            return 0

    def _carry(self, spool: Spool) -> int:
        with answering(), self.engine.begin() as connection:
            take_turn(connection)
            waiting = spool.look()
            load = load_of(connection, waiting)
            first, last = self._write(connection, load.entries) if load.entries else (1, 0)
            places = zip(load.entries, range(first, last + 1), strict=True)
            rows = [
                {"spool": waiting.spool, "number": one.number, "position": position}
                for one, position in places
                if one.number not in load.carried
            ]
            if rows:
                connection.execute(insert(CarriedRow), rows)
            if rows or load.lost:
                self._write(connection, self._rows([_arrival(len(rows), len(load.lost))]))
        spool.clear(waiting)
        return len(load.entries)

    @contextmanager
    def recorded(self, entry: Entry) -> Iterator[Draft]:
        """Read inside the block, answer after it: the entry is written in between.

        A RejectedError that leaves the block is written as a refusal with its code as the rule, and goes on. Raises
        RetriableError `audit` at the block's end when the entry cannot be written; what was read must not be shown then.
        Not for changes: those `append` before they commit, so that no change stands that nobody logged.
        """
        draft = Draft(entry)
        try:
            yield draft
        except RejectedError as error:
            draft.denied(error.code)
            self.append(draft.entry)
            raise
        self.append(draft.entry)

    def now(self) -> datetime:
        """The present instant by the clock that stamps entries."""
        return self._clock.now()

    def pseudonyms(self, subjects: Sequence[Subject]) -> list[str]:
        """What the log says instead of these references: with them a register extract looks its entries up."""
        return [pseudonym(self._key, subject) for subject in subjects]

    def close(self) -> None:
        """Release the database, and what was held for as long as it is open."""
        self.engine.dispose()
        self._let_go()

    def _append(self, entries: Sequence[Entry], sealed: Sequence[Mapping[str, Any]]) -> int:
        self.prepare()
        self.carry()
        with answering(), self.engine.begin() as connection:
            take_turn(connection)
            return self._write(connection, self._rows(entries, sealed))[1]

    def _require(self) -> None:
        self.prepare()
        with answering(), self.engine.begin() as connection:
            take_turn(connection)
            last_entry(connection)

    def _write(self, connection: Connection, entries: Sequence[Spooled]) -> tuple[int, int]:
        """Behind the last one, whose turn is held; answers the first and the last position."""
        position, chain = last_entry(connection)
        rows, sealed, first = [], [], position + 1
        for entry in entries:
            leaf = leaf_hash(canonical_content(*(entry.values[name] for name in _VALUES))).hex()
            position, chain = position + 1, chain_hash(chain, leaf)
            rows.append({"position": position, **entry.values, "leaf": leaf, "chain": chain})
            if entry.sealed is not None:
                sealed.append({"position": position, **entry.sealed})
        connection.execute(insert(EntryRow), rows)
        if sealed:
            connection.execute(insert(SealedRow), sealed)
        return first, position

    def _rows(self, entries: Sequence[Entry], sealed: Sequence[Mapping[str, Any]] = ()) -> list[Spooled]:
        now = self._clock.now()
        parts: Sequence[Mapping[str, Any] | None] = sealed or (None,) * len(entries)
        return [Spooled(self._values(entry, now), part) for entry, part in zip(entries, parts, strict=True)]

    def _values(self, entry: Entry, now: datetime) -> dict[str, str]:
        return {
            "at": stored(now),
            "account": entry.actor.account,
            "unit": entry.actor.unit,
            "role": entry.actor.role,
            "action": entry.action.value,
            "subject": pseudonym(self._key, entry.subject),
            "item": pseudonym(self._key, entry.item),
            "purpose": entry.purpose,
            "outcome": entry.outcome.value,
            "rule": entry.rule,
        }


def _unlogged() -> RetriableError:
    text = "the audit log cannot be written, and nothing is shown or done unlogged: try again, then look at its database"
    return RetriableError(text, code="audit")


def _arrival(number: int, lost: int) -> Entry:
    """What the log says of entries that came late."""
    outcome = Outcome.DENY if lost else Outcome.PERMIT
    return Entry(SYSTEM, Action.AUDIT_CARRIED, outcome=outcome, rule=f"n{number}.lost{lost}")


def take_turn(connection: Connection) -> None:
    """Hold, until the transaction's end, the right to append: others wait, and then see what was written here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def last_entry(connection: Connection) -> tuple[int, str]:
    """Position and link of the last entry, of the last that retention let go of where there is none, and else of an empty log."""
    for table, place in ((EntryRow, EntryRow.position), (HorizonRow, HorizonRow.size)):
        found = connection.execute(select(place, table.chain).order_by(place.desc()).limit(1)).one_or_none()
        if found is not None:
            return _place(found[0]), _link(found[1])
    return 0, FIRST_CHAIN


def _place(position: object) -> int:
    """Raises RetriableError when somebody made of the last entry's position what is no number."""
    if type(position) is int:
        return position
    raise RetriableError("the last entry of the audit log was changed: hub audit verify", code="audit_damaged")


def _link(chain: object) -> str:
    """Raises RetriableError when somebody made of the last entry's link what is none: nothing can be appended to it."""
    try:
        if isinstance(chain, str) and len(bytes.fromhex(chain)) == len(FIRST_CHAIN) // 2:
            return chain
    except ValueError:
        pass
    raise RetriableError("the last entry of the audit log was changed: hub audit verify", code="audit_damaged")
