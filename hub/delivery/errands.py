"""What teams' own systems are to be told, put down within the transaction that changes the task (a transactional outbox).

One errand for each task, state and sink. A task that is taken back:

* of which the receiver has not heard: neither word is handed over. Who was never told needs no taking back, and nothing more is
  told of a task once the consent to it is gone.
* of which the receiver has heard, or may have (a call was begun): both, in order. Whether a call that was cut off had its effect,
  nobody knows; a repeat under the same identity settles that, and only then has the word that takes it back something to take.
* which the receiver refused: nothing, for it has no such task.

A task that another team gets is so taken back from the former one's systems (`cancelled`, whatever becomes of it), and told to
those of the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, aliased

from hub.connector import Errand
from hub.contract.models import Priority, TaskState
from hub.delivery.tables import ErrandRow, TaskRow

__all__ = ["HAD_LET_GO", "ErrandWriter", "Status", "asked_to_let_go", "errand_of", "lapse"]

HAD_LET_GO: Final = "had_let_go"
"""The code of a word that is not told to a receiver that was told to let the task go before: a person hands it over."""
_REQUESTED: Final = TaskState.REQUESTED.value
_TAKEN_BACK: Final = frozenset({TaskState.RECALLED.value, TaskState.CANCELLED.value})


class Status(StrEnum):
    """What became of an errand. The values are kept: none is ever renamed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    """The receiver does not take it: a person hands the task over."""
    DROPPED = "dropped"
    """The task was taken back before the receiver had heard of it."""
    LAPSED = "lapsed"
    """Nobody needs it any more: its team ended the task before the receiver took it, the word that it takes back was refused, or
    the task is another team's now and the receiver had refused it.
    """


@dataclass(frozen=True, slots=True)
class ErrandWriter:
    """Writes for whoever changes a task. `sinks`: by team, whom to tell."""

    sinks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def tell(self, session: Session, row: TaskRow, now: datetime) -> None:
        """A new task of the team: one errand for each of its sinks."""
        for sink in self.sinks.get(row.team, ()):
            session.add(_requested(row, sink, now))

    def take_back(self, session: Session, row: TaskRow, now: datetime) -> None:
        """The task was recalled or cancelled: tell those sinks that have heard, or may have heard of it."""
        if row.state in _TAKEN_BACK:
            for said in _words_of(session, row.task_id).values():
                _let_go(session, said, row.state, now)

    def pass_on(self, session: Session, row: TaskRow, before: str, now: datetime) -> None:
        """The task lies with another team than `before`: that one's sinks let it go, those of the new one get it.

        A sink of both has it already: it is told anew where it was never asked yet. Does nothing where the team is the same.
        """
        if row.team == before:
            return
        said, theirs = _words_of(session, row.task_id), self.sinks.get(row.team, ())
        for sink in (one for one in said if one not in theirs):
            _let_go(session, said[sink], TaskState.CANCELLED.value, now)
            if said[sink][_REQUESTED].status == Status.REFUSED.value:  # it has none, and nobody is to hand it one any more
                _end(said[sink][_REQUESTED], Status.LAPSED, now)
        for sink in theirs:
            if sink in said:
                _ask_again(said[sink], row, now)
            else:
                session.add(_requested(row, sink, now))


def _words_of(session: Session, task_id: str) -> dict[str, dict[str, ErrandRow]]:
    """By sink and word what there is of a task, held until the transaction's end: no dispatcher begins with any of it meanwhile.

    On SQLite the transaction must have begun as one that writes. What it has added itself is among them; no flush, for a task's
    version moves once in one.
    """
    found: dict[str, dict[str, ErrandRow]] = {}
    stored = session.scalars(select(ErrandRow).where(ErrandRow.task_id == task_id).order_by(ErrandRow.id).with_for_update())
    fresh = [one for one in session.new if isinstance(one, ErrandRow) and one.task_id == task_id]
    for one in (*stored, *fresh):
        found.setdefault(one.sink, {})[one.state] = one
    return found


def _let_go(session: Session, said: Mapping[str, ErrandRow], state: str, now: datetime) -> None:
    """One sink is to hear that the task is no longer its team's, if it has heard of it and was not told that already."""
    first = said[_REQUESTED]
    if any(one.status != Status.DROPPED.value for one in said.values() if one is not first):
        return
    if first.status == Status.WAITING.value and first.begun_at is None:
        _end(first, Status.DROPPED, now)
    elif first.status in {Status.WAITING.value, Status.DELIVERED.value}:
        if (dropped := said.get(state)) is not None:
            _begin(dropped, now)
            dropped.written_at = now
        else:
            session.add(_again(first, state, now))


def _ask_again(said: Mapping[str, ErrandRow], row: TaskRow, now: datetime) -> None:
    """A sink that has a word of the task is one of the new team's."""
    first, let_go = said[_REQUESTED], False
    for one in said.values():
        if one is first or one.status in {Status.DROPPED.value, Status.LAPSED.value}:
            continue
        if one.status == Status.WAITING.value and one.begun_at is None:
            _end(one, Status.DROPPED, now)  # it never heard that it was to let go
        else:
            let_go = True
    if let_go:  # a receiver takes a word once: a person hands the task over
        _end(first, Status.REFUSED, now, code=HAD_LET_GO)
    elif first.status in {Status.DROPPED.value, Status.LAPSED.value}:
        _begin(first, now)
    if first.begun_at is None or first.status == Status.REFUSED.value:  # it is told to none, or by a person
        first.team, first.respond_by = row.team, _until(row)


def _begin(errand: ErrandRow, now: datetime) -> None:
    errand.status, errand.code, errand.next_try, errand.settled_at = Status.WAITING.value, "", now, None


def _end(errand: ErrandRow, status: Status, now: datetime, code: str = "") -> None:
    errand.status, errand.code, errand.next_try, errand.settled_at = status.value, code or errand.code or "", None, now


def _requested(row: TaskRow, sink: str, now: datetime) -> ErrandRow:
    return ErrandRow(
        task_id=row.task_id, state=_REQUESTED, sink=sink, team=row.team, function=row.function, priority=row.priority,
        created_at=row.created_at, respond_by=_until(row), written_at=now, status=Status.WAITING.value, next_try=now,
    )  # fmt: skip


def _again(first: ErrandRow, state: str, now: datetime) -> ErrandRow:
    """Another word of the same task to the same sink."""
    return ErrandRow(
        task_id=first.task_id, state=state, sink=first.sink, team=first.team, function=first.function, priority=first.priority,
        created_at=first.created_at, respond_by=first.respond_by, written_at=now, status=Status.WAITING.value, next_try=now,
    )  # fmt: skip


def asked_to_let_go() -> ColumnElement[bool]:
    """Of an errand in a query: whether its sink has been given another word of the task that takes it back."""
    other = aliased(ErrandRow)
    back = select(other.id).where(
        other.task_id == ErrandRow.task_id,
        other.sink == ErrandRow.sink,
        other.state != _REQUESTED,
        other.status != Status.DROPPED.value,
    )
    return back.exists()


def lapse(session: Session, task_id: str, now: datetime) -> None:
    """The team has ended the task in the hub: what its systems have not taken yet, nobody needs any more.

    But for a former team's, which is to let it go.
    """
    session.execute(
        update(ErrandRow)
        .where(ErrandRow.task_id == task_id, ErrandRow.status == Status.WAITING.value, ~asked_to_let_go())
        .values(status=Status.LAPSED.value, next_try=None, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def errand_of(row: ErrandRow) -> Errand:
    """As a sink is given it."""
    return Errand(
        task_id=row.task_id,
        state=TaskState(row.state),
        team=row.team,
        function=row.function,
        priority=Priority(row.priority),
        created_at=row.created_at,
        respond_by=row.respond_by,
    )


def _until(row: TaskRow) -> datetime:
    """By when the team is to respond; of a presence task, that its week ends."""
    assert row.respond_by is not None, "every open task has a clock"
    return row.respond_by
