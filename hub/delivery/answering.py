"""What people of a team do with a task: accepted, declined, undone, started, handed over, completed.

Guarantee: the move, its line in the task's history and the word to the correlation (outbox) stand in one transaction, and the
audit log has the entry before that commits. Two people at once: the one who comes second is refused, and told how it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.calls import Call, Caller, called
from hub.delivery.errands import ErrandWriter, lapse
from hub.delivery.holding import alone_with_consents
from hub.delivery.moves import BY_PEOPLE, NEEDS_CONSENT, OPEN_STATES, Asked, IllegalMoveError, Move, Standing, Who, moved
from hub.delivery.own_part import own_calls, own_moves
from hub.delivery.readers import note_reader
from hub.delivery.sink_rows import alone
from hub.delivery.tables import ColleagueRow, MoveRow, TaskRow
from hub.delivery.telling import Telling
from hub.delivery.trying import again
from hub.delivery.views import TaskView, may_open, view_of
from hub.errors import RejectedError

__all__ = ["Answering", "Colleague", "Happened"]

_SEEN_WITHIN: Final = timedelta(days=90)
_SEEN_AGAIN: Final = timedelta(hours=12)
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who has been at the team's pages within 90 days; `name` is what the account is called."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a task's history; `detail`: a reason, an outcome, whom it was handed to, or the worry told of."""

    at: datetime
    account: str
    move: Move
    detail: str


class Answering:
    """Safe for several threads. `codec` is loaded by the first move; `stale` says whether withdrawals may wait unread.

    `follow_up`: by when a team (its code) that accepts at an instant is to have followed up; None: no such clock. `errands`:
    whose systems are told of what; without it nobody's.
    """

    def __init__(
        self,
        engine: Engine,
        codec: Callable[[], Codec],
        clock: Clock,
        *,
        stale: Callable[[], bool],
        follow_up: Callable[[str, datetime], datetime | None],
        errands: ErrandWriter | None = None,
    ) -> None:
        self._engine = engine
        self._codec = codec
        self._clock = clock
        self._stale = stale
        self._follow_up = follow_up
        self._errands = errands or ErrandWriter()

    def move(self, task_id: str, team: str, asked: Asked, who: Who, *, seen: int, record: Callable[[], object]) -> TaskView:
        """Do one thing with a task, as it stood when `seen` (`TaskView.version`) was its version.

        `record` writes the audit log; when it raises nothing is done. Raises what `moved` raises, and RejectedError
        `unknown_task`, `changed_meanwhile` (look at it again), `not_shown` (no consent permits beginning now),
        `unknown_colleague`; RetriableError when a database does not answer: then nothing was done.
        """
        return again(partial(self._move, task_id, team, asked, who, seen=seen, record=record))

    def take_over(self, task_id: str, team: str, account: str, *, seen: int, record: Callable[[], object]) -> TaskView:
        """A team that is called in another's place has the task from now on; whether it does it is the next question.

        Consent must name it: until it has the task it sees nothing of whom it is about. Raises RejectedError `unknown_task` (nor
        does it call this team), `changed_meanwhile`, `not_shown` (no consent in force names the team); RetriableError as `move`.
        """
        return again(partial(self._take_over, task_id, team, account, seen=seen, record=record))

    def now(self) -> datetime:
        """The instant by which it goes."""
        return self._clock.now()

    def history(self, task_id: str, team: str) -> list[Happened]:
        """What people of the team that has it did with it, oldest first, and who took it over from whom.

        What another team did while it had the task, and whether that told of a worry, is that team's own (OSL 8:1-2): one that
        has it no more is told nothing.
        """
        with answering(), Session(self._engine) as session:
            return [Happened(row.at, row.account, Move(row.move), row.detail) for row in own_moves(session, task_id, team)]

    def calls(self, task_id: str, team: str) -> list[Call]:
        """Whom it called as the clock of the team that has it ran out, and that it called this team; oldest first.

        That another team was called for it is that one's own, as in `history`.
        """
        with answering(), Session(self._engine) as session:
            return [Call(row.at, row.step, row.addressee) for row in own_calls(session, task_id, team)]

    def meet(self, team: str, account: str, name: str) -> None:
        """Somebody of the team is here; written down twice a day at most. Raises RetriableError."""
        now = self._clock.now()
        with answering(), Session(self._engine) as session, session.begin():
            row = session.get(ColleagueRow, (team, account))
            if row is None or row.name != name or now - row.seen_at > _SEEN_AGAIN:
                session.merge(ColleagueRow(team=team, account=account, name=name, seen_at=now))

    def seen_at(self, team: str, account: str) -> datetime | None:
        """When somebody was last at the team's pages, to half a day; None when never."""
        with answering(), Session(self._engine) as session:
            row = session.get(ColleagueRow, (team, account))
            return None if row is None else row.seen_at

    def colleagues(self, team: str) -> list[Colleague]:
        """Who can be handed a task of the team, by name."""
        query = select(ColleagueRow).where(ColleagueRow.team == team, ColleagueRow.seen_at >= self._clock.now() - _SEEN_WITHIN)
        with answering(), Session(self._engine) as session:
            rows = session.scalars(query.order_by(ColleagueRow.name, ColleagueRow.account).limit(_MOST))
            return [Colleague(row.account, row.name) for row in rows]

    def names(self, team: str) -> dict[str, str]:
        """What accounts of the team are called, of those who have left too."""
        with answering(), Session(self._engine) as session:
            return {row.account: row.name for row in session.scalars(select(ColleagueRow).where(ColleagueRow.team == team))}

    def _move(self, task_id: str, team: str, asked: Asked, who: Who, *, seen: int, record: Callable[[], object]) -> TaskView:
        now, stale = self._clock.now(), self._stale()
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            row = session.get(TaskRow, task_id)
            if row is None or row.team != team:
                raise RejectedError("no such task for this team", code="unknown_task")
            before = TaskState(row.state)
            if asked.move not in BY_PEOPLE:
                raise IllegalMoveError(before, asked.move)
            after = moved(Standing(before, row.holder, row.reason), asked, who)
            if row.version != seen:
                raise RejectedError("somebody else has done something with the task", code="changed_meanwhile")
            if asked.move in NEEDS_CONSENT and row.kind != "presence" and (stale or not may_open(session, row, now)):
                raise RejectedError("no consent in force permits it now", code="not_shown")
            if asked.move is Move.HAND_OVER:
                self._require_colleague(session, team, asked.to, now)
            self._apply(row, after, asked, now)
            if row.closed_at is not None:
                lapse(session, task_id, now)
            session.add(MoveRow(task_id=task_id, at=now, account=who.account, move=asked.move.value, detail=_detail(asked)))
            if after.state is not before:
                Telling(self._codec(), session, now).state_of(row, seen)
            if asked.move is Move.ACCEPT:
                note_reader(session, row, now)
            session.flush()  # somebody else may just have been quicker: then all is asked again
            record()
            return view_of(row, now, with_content=False)

    def _take_over(self, task_id: str, team: str, account: str, *, seen: int, record: Callable[[], object]) -> TaskView:
        now, stale = self._clock.now(), self._stale()
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            alone_with_consents(session)
            alone(session)  # with the errands that change hands
            query = select(TaskRow).where(TaskRow.task_id == task_id, TaskRow.team != team, called(Caller(team, account)))
            row = session.scalar(query)
            if row is None:
                raise RejectedError("no such task calls this team", code="unknown_task")
            if row.version != seen:
                raise RejectedError("somebody else has done something with the task", code="changed_meanwhile")
            if row.kind != "presence" and (stale or not may_open(session, row, now, recipient=team)):
                raise RejectedError("no consent in force names this team", code="not_shown")
            before = row.team
            row.addressed_to, row.team = row.addressed_to or before, team
            row.holder, row.opened_at, row.routed, row.call_at = None, now, None, now
            self._errands.pass_on(session, row, before, now)
            move = Move.TAKE_OVER.value
            session.add(MoveRow(task_id=task_id, at=now, account=account, move=move, detail=f"{before}>{team}"[:64]))
            note_reader(session, row, now)
            session.flush()
            record()
            return view_of(row, now, with_content=False)

    def _apply(self, row: TaskRow, after: Standing, asked: Asked, now: datetime) -> None:
        row.state, row.holder, row.reason = after.state.value, after.holder, after.reason
        match asked.move:
            case Move.ACCEPT:
                row.answered_at, row.call_at = now, now
                if row.kind != "presence":  # that is carried out in its week, whoever goes
                    row.due_by = self._follow_up(row.team, now)
                row.opened_at = row.opened_at or now  # it cannot be called unread any more
            case Move.DECLINE:
                row.answered_at = now
            case Move.UNDO:
                row.answered_at, row.due_by, row.call_at = None, row.respond_by, now
            case _:
                pass
        if after.state not in OPEN_STATES:
            row.closed_at, row.open_key, row.call_at = now, None, None

    @staticmethod
    def _require_colleague(session: Session, team: str, account: str, now: datetime) -> None:
        row = session.get(ColleagueRow, (team, account))
        if row is None or now - row.seen_at > _SEEN_WITHIN:
            raise RejectedError("nobody of that account has been at the team's pages lately", code="unknown_colleague")


def _detail(asked: Asked) -> str:
    if asked.move is Move.ACCEPT:
        return "concern" if asked.concern else "no_concern"
    return asked.reason or asked.to
