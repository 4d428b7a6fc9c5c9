"""What a lane remembers: how far it read, what it published under which revision, what became of every record.

Write-ahead, so that a crash repeats the same identities and never loses a change:
1. `plan` gives revisions and writes them down as intents (committed),  2. the caller publishes and awaits every
acknowledgement,  3. `settle` turns intents into events and moves cursor and counts, in one transaction.
An intent found by a later `plan` may or may not be on Kafka: the same content takes the same revision again if nothing else was
written down behind it; anything else takes a higher one than all of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select

from hub.connect import rows
from hub.connect.database import open_store
from hub.connect.gate import Publishable
from hub.connect.letter_rows import Bounds, Published, Result, add_letters, add_published, find_letters, purge, set_results
from hub.connect.letters import Letter, LetterState
from hub.connect.moving import moved
from hub.connect.news import add_news
from hub.connect.ports import Removed
from hub.connect.revisions import Plan, assign
from hub.connect.tables import cursors, events, intents, journal, kept, letters, outcomes, receipts
from hub.connector import Cursor
from hub.database import truncate_log

__all__ = ["Ledger", "Receipt", "Tally"]

Tally: TypeAlias = Counter[tuple[str, str]]
"""Records by (outcome, reason)."""
_NOTHING: Mapping[str, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Receipt:
    """An erasure that was done here and has not been acknowledged by Kafka."""

    erasure_id: str
    youth_ref: str
    erased_at: datetime


class Ledger:
    """One lane's durable memory, keyed by reference and event identity; safe to read from another thread."""

    def __init__(self, file: Path, bounds: Bounds | None = None) -> None:
        self._engine = open_store(file)
        self._bounds = bounds or Bounds()

    @property
    def engine(self) -> Engine:
        """The store's own, for what lies beside the ledger: pauses, and how the lane is."""
        return self._engine

    def close(self) -> None:
        """Release the file."""
        self._engine.dispose()

    def cursor(self, lane: str) -> Cursor | None:
        """Where the lane goes on, None at its very beginning."""
        with self._engine.connect() as connection:
            text = connection.scalar(select(cursors.c.cursor).where(cursors.c.lane == lane))
        return None if text is None else dict(json.loads(text))

    def totals(self) -> Tally:
        """Records since the first start."""
        with self._engine.connect() as connection:
            return Counter({(row.outcome, row.reason): row.records for row in connection.execute(select(outcomes))})

    def unconfirmed(self) -> int:
        """Intents that are open now: at rest, what a crash left in doubt and the source no longer tells."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(intents)) or 0

    def plan(self, items: Sequence[Publishable]) -> Plan:
        """Give every item its revision, and note the new ones as intents before anything is published.

        An event at a place that is told of another area than before is taken back there first, in the same plan.
        What an earlier attempt may have sent is counted here as `uncertain`, attempt by attempt, whether Kafka got it or not.
        """
        with self._engine.begin() as connection:
            histories = rows.load_histories(connection, (item.event_id for item in items))
            told = moved(items, histories)
            plan = assign(told.items, histories, passed=told.passed)
            rows.add_intents(connection, plan.sends)
            rows.add_counts(connection, [(("uncertain", ""), plan.uncertain)])
        return plan

    def told(self, subjects: Iterable[str]) -> dict[str, dict[str, datetime | None]]:
        """What Kafka has or may have of these references: reference → event id → when it occurred."""
        with self._engine.connect() as connection:
            return rows.load_told(connection, subjects)

    def settle(
        self,
        lane: str,
        cursor: Cursor,
        now: datetime,
        plan: Plan,
        counts: Tally,
        *,
        published: Sequence[Published] = (),
        refused: Sequence[Letter] = (),
        heard: Iterable[str] = (),
    ) -> None:
        """All of `plan` is acknowledged, as `published` says: remember it, move the cursor, count, and write what was refused.

        `heard`: the events that were said, new or not, where it matters when.
        """
        with self._engine.begin() as connection:
            self._acknowledge(connection, plan, counts, published)
            rows.hear(connection, dict.fromkeys(heard, now))
            rows.move_cursor(connection, lane, cursor, now)
            add_news(connection, lane, now, counts)
            add_letters(connection, refused[-self._bounds.letters :] if self._bounds.letters else ())
            purge(connection, self._bounds, now, grown=bool(refused))

    def settle_redriven(
        self,
        now: datetime,
        plan: Plan,
        counts: Tally,
        results: Sequence[Result],
        published: Sequence[Published],
        *,
        heard: Mapping[str, datetime] = _NOTHING,
    ) -> None:
        """The same for letters that were redriven; no cursor moves. `heard`: when the source said what was kept of them."""
        with self._engine.begin() as connection:
            self._acknowledge(connection, plan, counts, published)
            rows.hear(connection, heard)
            set_results(connection, results, now)

    def heard(self, event_ids: Iterable[str]) -> dict[str, list[rows.Heard]]:
        """What was said of these events, and when the source said it last."""
        with self._engine.connect() as connection:
            return rows.load_heard(connection, event_ids)

    @staticmethod
    def _acknowledge(connection: Connection, plan: Plan, counts: Tally, published: Sequence[Published]) -> None:
        rows.store_events(connection, plan.sends)
        rows.drop_intents(connection, plan.sends)
        rows.add_counts(connection, counts.items())
        add_published(connection, published)

    def queued(self, limit: int) -> list[Letter]:
        """Letters that somebody wants redriven, oldest first."""
        with self._engine.connect() as connection:
            return find_letters(connection, letters.c.state == LetterState.QUEUED.value, limit=limit)

    def waiting(self) -> int:
        """How many letters nobody has done anything about."""
        with self._engine.connect() as connection:
            query = select(func.count()).select_from(letters).where(letters.c.state == LetterState.WAITING.value)
            return connection.scalar(query) or 0

    def erase(self, removed: Iterable[Removed], now: datetime) -> int:
        """Forget everything about references whose erasure is asked for, and note the receipts; durable on return.

        Returns how many intents went with them: `overtaken`, for Kafka may have them.
        A reference that is removed without an erasure (a consent at rest) keeps its revisions: it may come back.
        """
        wanted = [one for one in removed if one.erasure_id is not None]
        if not wanted:
            return 0
        overtaken = 0
        with self._engine.begin() as connection:
            for one in wanted:
                connection.execute(delete(events).where(events.c.subject == one.youth_ref))
                connection.execute(delete(journal).where(journal.c.subject == one.youth_ref))
                overtaken += connection.execute(delete(intents).where(intents.c.subject == one.youth_ref)).rowcount
                connection.execute(delete(receipts).where(receipts.c.erasure_id == one.erasure_id))
                row = {"erasure_id": one.erasure_id, "youth_ref": one.youth_ref, "erased_at": now}
                connection.execute(insert(receipts), row)
            rows.add_counts(connection, [(("overtaken", ""), overtaken)])
        truncate_log(self._engine)
        return overtaken

    def receipts(self) -> list[Receipt]:
        """Receipts that Kafka has not acknowledged."""
        with self._engine.connect() as connection:
            found = connection.execute(select(receipts).order_by(receipts.c.erasure_id)).all()
        return [Receipt(row.erasure_id, row.youth_ref, row.erased_at) for row in found]

    def receipts_sent(self, sent: Sequence[Receipt]) -> None:
        """Kafka has them: forget them, the reference included."""
        with self._engine.begin() as connection:
            for one in sent:
                connection.execute(delete(receipts).where(receipts.c.erasure_id == one.erasure_id))
        truncate_log(self._engine)

    def keep(self, number: int, content: bytes, now: datetime) -> None:
        """Put a batch that the source will not show again on disk; durable on return."""
        with self._engine.begin() as connection:
            connection.execute(insert(kept).values(number=number, content=content, pulled_at=now))

    def kept_after(self, number: int) -> tuple[int, bytes] | None:
        """The first kept batch after that number, with its own."""
        return self._kept(select(kept).where(kept.c.number > number).order_by(kept.c.number).limit(1))

    def newest_kept(self) -> tuple[int, bytes] | None:
        """The last kept batch with its number."""
        return self._kept(select(kept).order_by(kept.c.number.desc()).limit(1))

    def _kept(self, query: Select[Any]) -> tuple[int, bytes] | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.number, row.content)

    def count_kept(self) -> int:
        """How many batches wait."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(kept)) or 0

    def forget_kept(self, number: int) -> None:
        """Kafka has what was kept up to that number."""
        with self._engine.begin() as connection:
            connection.execute(delete(kept).where(kept.c.number <= number))

    def secure(self, lane: str, cursor: Cursor, now: datetime, digests: Sequence[str], before: Sequence[str] = ()) -> int:
        """These messages, by digest, are in the statutory store: remember it and move the cursor. Returns how many are new.

        Those of `before` have been there for long, under another digest: they are remembered and not counted again.
        """
        with self._engine.begin() as connection:
            known = rows.load_known_messages(connection, [*digests, *before])
            fresh = [digest for digest in dict.fromkeys(digests) if digest not in known]
            rows.remember_messages(connection, dict.fromkeys([*fresh, *(one for one in before if one not in known)]))
            rows.move_cursor(connection, lane, cursor, now)
            rows.add_counts(connection, [(("secured", ""), len(fresh))])
            add_news(connection, lane, now, {("secured", ""): len(fresh)})
        return len(fresh)

    def is_secured(self, digest: str) -> bool:
        """Whether the statutory store has the message with this digest."""
        with self._engine.connect() as connection:
            return bool(rows.load_known_messages(connection, [digest]))
