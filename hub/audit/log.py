"""The audit log: appended to before anything is shown or done, by several processes, in one order.

Guarantee: when `append` has returned, the entry is on the medium (SQLite with synchronous FULL, or PostgreSQL's own commit)
and every later entry of any process stands behind it. When it raises, the caller shows and does nothing: no audit, no read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, text
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from hub.audit.entries import Entry, Outcome, Subject, canonical_content, pseudonym
from hub.audit.merkle import leaf_hash
from hub.audit.tables import EntryRow, HorizonRow
from hub.clock import Clock
from hub.database import answering
from hub.errors import RejectedError, RetriableError

__all__ = ["FIRST_CHAIN", "AuditLog", "Draft", "chain_hash", "take_turn"]

FIRST_CHAIN = "0" * 64
Beside = Callable[[Connection, int], None]
_TURN = 0x41554454  # any number that only this log takes
_again = Retrying(
    retry=retry_if_exception_type(RetriableError), stop=stop_after_attempt(3), wait=wait_random(max=0.1), reraise=True
)


def chain_hash(previous: str, leaf: str) -> str:
    """The next link: SHA-256 of 0x02, the previous link and the entry's leaf hash; all in hexadecimal here."""
    return hashlib.sha256(b"\x02" + bytes.fromhex(previous) + bytes.fromhex(leaf)).hexdigest()


class Draft:
    """What is being read under `AuditLog.recorded`: the block says of it what it learns only by reading."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def about(self, *, subject: Subject | None = None, item: Subject | None = None) -> None:
        """Whom it turned out to be about."""
        self.entry = replace(self.entry, subject=subject or self.entry.subject, item=item or self.entry.item)

    def permitted(self, rule: str) -> None:
        """The rule that permitted it."""
        self.entry = replace(self.entry, rule=rule)

    def denied(self, rule: str) -> None:
        """It is refused, or shown without its content, by this rule."""
        self.entry = replace(self.entry, outcome=Outcome.DENY, rule=rule)


class AuditLog:
    """Appends. Safe for several threads and processes; `key` makes the pseudonyms (32 bytes)."""

    def __init__(self, engine: Engine, key: bytes, clock: Clock) -> None:
        self.engine = engine
        self._key = key
        self._clock = clock

    def append(self, entry: Entry) -> int:
        """Write one entry, stamped with the present instant, and return its position when it is on the medium.

        Raises RetriableError `audit` when it cannot be written: the caller must show and do nothing, and may try again.
        """
        return self.append_many([entry])

    def append_many(self, entries: Sequence[Entry], beside: Beside | None = None) -> int:
        """The same for several that belong together, in one transaction; returns the last one's position.

        `beside` writes something else in that transaction; it is told the connection and the first entry's position.
        """
        if not entries:
            raise ValueError("there is nothing to append")
        try:
            return _again(self._append, entries, beside)
        except RetriableError as error:
            raise RetriableError(
                "the audit log cannot be written, and nothing is shown or done unlogged: try again, then look at its database",
                code="audit",
            ) from error

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
        """Release the database."""
        self.engine.dispose()

    def _append(self, entries: Sequence[Entry], beside: Beside | None) -> int:
        with answering(), self.engine.begin() as connection:
            take_turn(connection)
            position, chain = _last(connection)
            if beside is not None:
                beside(connection, position + 1)
            rows = []
            for entry in entries:
                values = self._values(entry, self._clock.now())
                leaf = leaf_hash(canonical_content(*values.values())).hex()
                position, chain = position + 1, chain_hash(chain, leaf)
                rows.append({"position": position, **values, "leaf": leaf, "chain": chain})
            connection.execute(insert(EntryRow), rows)
        return position

    def _values(self, entry: Entry, now: datetime) -> dict[str, str]:
        return {
            "at": now.isoformat(timespec="microseconds"),
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


def take_turn(connection: Connection) -> None:
    """Hold, until the transaction's end, the right to append: others wait, and then see what was written here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _last(connection: Connection) -> tuple[int, str]:
    for table, place in ((EntryRow, EntryRow.position), (HorizonRow, HorizonRow.size)):
        found = connection.execute(select(place, table.chain).order_by(place.desc()).limit(1)).one_or_none()
        if found is not None:
            return int(found[0]), _link(str(found[1]))
    return 0, FIRST_CHAIN


def _link(chain: str) -> str:
    """Raises RetriableError when somebody made of the last entry's link what is none: nothing can be appended to it."""
    try:
        if len(bytes.fromhex(chain)) == len(FIRST_CHAIN) // 2:
            return chain
    except ValueError:
        pass
    raise RetriableError("the last entry of the audit log was changed: hub audit verify", code="audit_damaged")
