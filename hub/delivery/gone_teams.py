"""Teams that teams.yaml has no more, while the inbox still holds something of theirs: told by name, and what becomes of it.

What nobody has opened is placed anew by itself, whenever delivery starts. What somebody has begun, and withdrawals that the team
is to acknowledge, are settled by an operator: for a slip of the pen in teams.yaml, read at a start, must undo nobody's work.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Engine, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from hub.access.trail import Trail
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Subject, SubjectKind
from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.models import ConsentRecord, TaskState
from hub.database import answering
from hub.delivery.errands import ErrandWriter
from hub.delivery.moves import OPEN_STATES, UNANSWERED, Move
from hub.delivery.placing import Placing
from hub.delivery.readers import ReaderRow, reader_of
from hub.delivery.routing import Routed
from hub.delivery.sink_rows import alone
from hub.delivery.tables import ColleagueRow, MoveRow, NoteRow, ReferenceRow, TaskRow
from hub.delivery.telling import Telling
from hub.errors import RejectedError
from hub.logs import get_logger

__all__ = ["Beside", "GoneTeam", "GoneTeams", "Settled", "gone_teams"]

_TEAM_GONE = "team_gone"
_OPEN = tuple(state.value for state in OPEN_STATES)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GoneTeam:
    """What the inbox holds of a team that teams.yaml has no more: its open tasks, withdrawals it is to acknowledge, and how many
    tasks it has `read`, whoever has them now: a withdrawal that comes would await it. `kept`: what it keeps beside tasks.
    """

    team: str
    open_tasks: int
    to_acknowledge: int
    read: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it: tasks that another team has now, those that none has, and withdrawals that await it no more; of what it
    kept beside tasks, how much was handed on, and what of it still is its own.
    """

    moved: int
    left: int
    ended: int
    kept: int = 0
    kept_left: int = 0


class Beside(Protocol):
    """What a team keeps beside tasks in the inbox' database; `hub.cases.gone_teams.KeptBeside` is the real one."""

    def left_of(self, session: Session, known: Collection[str]) -> Mapping[str, int]:
        """By team that is not `known`, how much that has not ended is its own."""
        ...

    def hand_on(self, session: Session, team: str, to: str, now: datetime) -> Sequence[tuple[Action, Subject]]:
        """Give `to` what of it it may have; what was done, for the audit log."""
        ...


def gone_teams(engine: Engine, known: Collection[str], beside: Beside | None = None) -> list[GoneTeam]:
    """By code; `known` are those of teams.yaml. Raises RetriableError."""
    tasks = select(TaskRow.team, func.count()).where(TaskRow.state.in_(_OPEN), TaskRow.team.not_in(known)).group_by(TaskRow.team)
    asked, read = (
        select(ReaderRow.team, func.count()).where(which, ReaderRow.team.not_in(known)).group_by(ReaderRow.team)
        for which in (_asked(), _unasked())
    )
    with answering(), Session(engine) as session:
        held = [{team: int(number) for team, number in session.execute(query)} for query in (tasks, asked, read)]
        held.append({} if beside is None else dict(beside.left_of(session, known)))
    return [GoneTeam(team, *(one.get(team, 0) for one in held)) for team in sorted(set().union(*held))]


class GoneTeams:
    """Settles what is theirs. `known` are the codes of teams.yaml, by which `placing` goes; `errands`: whose systems are told,
    `beside`: what else of a team lies with the inbox.
    """

    def __init__(
        self, engine: Engine, clock: Clock, codec: Callable[[], Codec], *, known: Collection[str], placing: Placing,
        errands: ErrandWriter, beside: Beside | None = None,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._clock = clock
        self._codec = codec
        self._known = known
        self._placing = placing
        self._errands = errands
        self._beside = beside

    def place_unopened(self) -> int:
        """Place anew what lies, unopened, with a gone team, or with the fallback because its team was gone; how many moved.

        Then tell the log of each gone team that still has something. Raises RetriableError.
        """
        untouched = (TaskRow.opened_at.is_(None), TaskRow.answered_at.is_(None), TaskRow.holder.is_(None))
        unopened = and_(TaskRow.state.in_([one.value for one in UNANSWERED]), *untouched)
        displaced = or_(TaskRow.team.not_in(self._known), TaskRow.routed == Routed.FALLBACK.value)
        with self._alone() as session:
            moved = sum(self._place(session, row) for row in _tasks(session, unopened & displaced))
        for one in gone_teams(self._engine, self._known, self._beside):
            _log.warning(
                "teams.yaml has no such team, and the inbox holds something of it", team=one.team, open_tasks=one.open_tasks,
                to_acknowledge=one.to_acknowledge, read=one.read, kept=one.kept,
                next=f"put it back in teams.yaml, or: hub tasks settle {one.team}",
            )  # fmt: skip
        return moved

    def settle(self, team: str, who: Actor, trail: Trail, *, to: str = "") -> Settled:
        """End what a gone team has: each task, and each withdrawal that awaited it, in the audit log before it holds.

        `to`: the team that is the same unit under its new code. It has everything from then on, notes and withdrawals too.
        Without it open tasks are placed anew by area, age and consent, else with the fallback, as if nobody had opened them; the
        notes stay unread, the withdrawals await nobody, and what it keeps beside tasks stays. Raises RejectedError `team_known`,
        `unknown_team`, `nothing_there`; RetriableError when a database or the log does not answer: then nothing was done.
        """
        if team in self._known:
            raise RejectedError(f"{team} is in teams.yaml: what is there is its own", code="team_known")
        if to and to not in self._known:
            raise RejectedError(f"teams.yaml has no team {to}; it has: {', '.join(self._known)}", code="unknown_team")
        with self._alone() as session:
            rows = list(_tasks(session, (TaskRow.team == team) & TaskRow.state.in_(_OPEN)))
            asked = list(session.scalars(select(ReaderRow).where(_asked(), ReaderRow.team == team)))
            read = session.scalar(select(ReaderRow.id).where(ReaderRow.team == team).limit(1))
            if not (rows or asked or read or self._kept(session, team)):
                raise RejectedError(f"nothing of {team} is left in the inbox", code="nothing_there")
            ended = self._end_waiting(session, asked, who, trail, to)
            if to:
                self._hand_on(session, rows, team, to)
                moved = rows
            else:
                session.execute(delete(ReaderRow).where(ReaderRow.team == team, ReaderRow.recall_of.is_(None)))
                moved = [row for row in rows if self._place(session, row, who)]
            handed = self._beside.hand_on(session, team, to, self._clock.now()) if to and self._beside is not None else ()
            for action, item in handed:
                trail.append(Entry(who, action, item=item, purpose=f"{_TEAM_GONE}:{team}"))
            for row in moved:
                item = Subject(SubjectKind.TASK, row.task_id)
                trail.append(Entry(who, Action.TASK_MOVED, item=item, purpose=f"{_TEAM_GONE}:{team}"))
            kept_left = self._kept(session, team)
        return Settled(len(moved), len(rows) - len(moved), ended, len(handed), kept_left)

    def _kept(self, session: Session, team: str) -> int:
        return 0 if self._beside is None else self._beside.left_of(session, self._known).get(team, 0)

    def _end_waiting(self, session: Session, asked: Collection[ReaderRow], who: Actor, trail: Trail, to: str) -> int:
        """The erasures await the gone team no more; but its successor, which has the withdrawal to acknowledge in its place."""
        telling, now = Telling(self._codec(), session, self._clock.now()), self._clock.now()
        awaited = {(one.recall_id, one.recall_of or "") for one in asked if to and _pass_on(session, one, to, now)}
        for erasure_id, youth_ref in sorted((erasure, youth) for erasure, youth in awaited if erasure is not None):
            telling.awaits(erasure_id, youth_ref, to)
        for reader in asked:
            item = Subject(SubjectKind.TASK, reader.task_id)
            trail.append(Entry(who, Action.WITHDRAWAL_ACKNOWLEDGED, item=item, purpose=f"{_TEAM_GONE}:{reader.team}"))
            reader.acknowledged_at = now  # told to its erasure by the inbox, as any other
        return len(asked)

    def _hand_on(self, session: Session, rows: Collection[TaskRow], team: str, to: str) -> None:
        now = self._clock.now()
        for row in rows:
            row.addressed_to, row.team, row.call_at = row.addressed_to or team, to, now if row.due_by is not None else None
            self._errands.pass_on(session, row, team, now)
        session.flush()
        for move in session.scalars(select(MoveRow).where(MoveRow.move == Move.TAKE_OVER.value)):
            move.detail = ">".join(to if one == team else one for one in move.detail.split(">"))[
                :64
            ]  # else its history is another's
        session.execute(update(TaskRow).where(TaskRow.team == team).values(team=to, version=TaskRow.version + 1))
        session.execute(update(NoteRow).where(NoteRow.team == team).values(team=to))
        _hand_on_reading(session, team, to)
        known = select(ColleagueRow.account).where(ColleagueRow.team == to)
        session.execute(update(ColleagueRow).where(ColleagueRow.team == team, ColleagueRow.account.not_in(known)).values(team=to))

    def _place(self, session: Session, row: TaskRow, who: Actor | None = None) -> bool:
        """Give one open task to whom it falls now, new to that team; false where nobody else is to have it."""
        reference = session.get(ReferenceRow, row.subject)
        consent = None if reference is None else ConsentRecord.model_validate_json(reference.record)
        before, state, seen, now = row.team, row.state, row.version, self._clock.now()
        if not self._placing.place_elsewhere(row, consent, now, self._known):
            return False
        row.state, row.reason, row.holder, row.opened_at, row.answered_at = TaskState.RECEIVED.value, None, None, None, None
        self._errands.pass_on(session, row, before, now)
        if who is not None:
            _moved(session, row, before, who, now)
        if state not in {one.value for one in UNANSWERED}:
            Telling(self._codec(), session, now).state_of(row, seen)
        return True

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            alone(session)  # with the errands that change hands
            yield session


def _tasks(session: Session, which: ColumnElement[bool]) -> Iterator[TaskRow]:
    yield from session.scalars(select(TaskRow).where(which).order_by(TaskRow.task_id)).all()


def _asked() -> ColumnElement[bool]:
    return ReaderRow.recall_of.is_not(None) & ReaderRow.acknowledged_at.is_(None)


def _unasked() -> ColumnElement[bool]:
    """What a team has read, and nothing has taken back from it since."""
    return ReaderRow.recall_of.is_(None) & ReaderRow.acknowledged_at.is_(None)


def _pass_on(session: Session, reader: ReaderRow, to: str, now: datetime) -> bool:
    """The withdrawal is `to`'s to acknowledge, unless it has read the task itself; whether its erasure awaits `to` for it.

    Of what it has read it is asked as any reader: where nothing takes the task back from it, there is nothing it could say.
    """
    own = reader_of(session, reader.task_id, to)
    if own is not None:
        return own.is_asked and own.recall_id == reader.recall_id
    session.add(ReaderRow(task_id=reader.task_id, team=to, at=now, recall_of=reader.recall_of, recall_id=reader.recall_id))
    return True


def _hand_on_reading(session: Session, team: str, to: str) -> None:
    """What the gone team has read, `to` has: nothing is left that a later withdrawal would await the gone one for."""
    for reader in session.scalars(select(ReaderRow).where(ReaderRow.team == team, _unasked())).all():
        own = reader_of(session, reader.task_id, to)
        if own is None:
            reader.team = to
            continue
        if own.acknowledged_at is not None and own.recall_of is None:  # it has read the task since, by the other's eyes
            own.at, own.recall_id, own.acknowledged_at = reader.at, None, None
        session.delete(reader)


def _moved(session: Session, row: TaskRow, before: str, who: Actor, now: datetime) -> None:
    detail = f"{before}>{row.team}"[:64]
    session.add(MoveRow(task_id=row.task_id, at=now, account=who.account, move=Move.TAKE_OVER.value, detail=detail))
