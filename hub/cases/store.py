"""The one way to cases. Each deed stands in one transaction with its line of the history, the audit log first.

Guarantee: nothing is shown, and nothing is done but closing, unless consent permits it at that instant; two people at once: the
second is refused, and sees how it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cases.content import Content
from hub.cases.courses import tell_courses
from hub.cases.moves import CaseMove, CaseState, check_move
from hub.cases.results import Results
from hub.cases.reviewing import open_case_of_task, open_review_of
from hub.cases.subjects import Source, subject_for
from hub.cases.tables import CaseMoveRow, CaseRow
from hub.cases.views import STALE, CaseSeal, CaseView, view_of
from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.models import Cooperation
from hub.database import answering
from hub.delivery.telling import Telling
from hub.delivery.trying import again
from hub.errors import RejectedError

__all__ = ["Cases", "Deed", "Happened", "Source"]

Deed = Callable[[CaseView, Content], Content]
"""What a case's content is after a deed, by how it stands; raises RejectedError."""
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a case's history."""

    at: datetime
    account: str
    move: CaseMove


class Cases:
    """Safe for several threads: each call is a session of its own. `codec` gives what spells messages, `stale` says whether
    withdrawals may wait unread.
    """

    def __init__(
        self, engine: Engine, codec: Callable[[], Codec], seal: CaseSeal, clock: Clock, results: Results, *,
        stale: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._engine = engine
        self._codec = codec
        self._seal = seal
        self._clock = clock
        self._results = results
        self._stale = stale

    def of_team(self, team: str, *, ended: bool = False) -> list[CaseView]:
        """The team's open cases, the oldest first, or those that have ended, the last first; at most 500.

        Content is part of it where consent permits: who reads it has it in the audit log before it is shown.
        """
        now, stale = self._clock.now(), self._stale()
        chosen = CaseRow.state != CaseState.OPEN.value if ended else CaseRow.state == CaseState.OPEN.value
        query = select(CaseRow).where(CaseRow.team == team, chosen)
        order = CaseRow.closed_at.desc() if ended else CaseRow.opened_at
        with answering(), Session(self._engine) as session:
            rows = session.scalars(query.order_by(order, CaseRow.case_id).limit(_MOST))
            return [view_of(session, row, self._seal, now, stale=stale) for row in rows]

    def read(self, case_id: str, team: str) -> CaseView:
        """One case of the team. Raises RejectedError `unknown_case` when there is none of that id for that team."""
        now, stale = self._clock.now(), self._stale()
        with answering(), Session(self._engine) as session:
            return view_of(session, _row(session, case_id, team), self._seal, now, stale=stale)

    def find(self, number: str, teams: Iterable[str]) -> list[tuple[str, str]]:
        """(team, case id) of the cases of `teams` whose id begins with `number`; two at most, because two are too many."""
        query = select(CaseRow.team, CaseRow.case_id).where(
            CaseRow.case_id.startswith(number, autoescape=True), CaseRow.team.in_(list(teams))
        )
        with answering(), Session(self._engine) as session:
            return [(team, case_id) for team, case_id in session.execute(query.limit(2))]

    def open_from(self, task_id: str, team: str) -> str | None:
        """The team's open case that was opened from a task."""
        query = select(CaseRow.case_id).where(
            CaseRow.task_id == task_id, CaseRow.team == team, CaseRow.state == CaseState.OPEN.value
        )
        with answering(), Session(self._engine) as session:
            return session.scalar(query)

    def reference_of(self, case_id: str, team: str) -> str | None:
        """Whom an open case of the team is about, when consent lets the team read it now; else None."""
        try:
            view = self.read(case_id, team)
        except RejectedError:
            return None
        return view.youth_ref if view.state is CaseState.OPEN else None

    def of_task(self, task_id: str, team: str) -> str | None:
        """The team's open case of the youth whom a task of the team is about, when the team may read it now; else None."""
        with answering(), Session(self._engine) as session:
            case_id = open_case_of_task(session, task_id, team)
        return case_id if case_id is not None and self.reference_of(case_id, team) is not None else None

    def review_of(self, view: CaseView) -> str | None:
        """The team's open task to look at whether an open case, which it may read now, can end; else None."""
        if view.youth_ref is None or view.state is not CaseState.OPEN:
            return None
        with answering(), Session(self._engine) as session:
            return open_review_of(session, view.youth_ref, view.team)

    def history(self, case_id: str) -> list[Happened]:
        """What was done with it, oldest first."""
        query = select(CaseMoveRow).where(CaseMoveRow.case_id == case_id).order_by(CaseMoveRow.id)
        with answering(), Session(self._engine) as session:
            return [Happened(row.at, row.account, CaseMove(row.move)) for row in session.scalars(query)]

    def subject_for(self, source: Source, team: str, cooperation: Cooperation) -> str:
        """The reference of the youth whom a case is to be opened for. Raises as `open` does."""
        now = self._clock.now()
        with answering(), Session(self._engine) as session:
            return self._subject(session, source, team, cooperation, now)

    def open(
        self,
        source: Source,
        team: str,
        cooperation: Cooperation,
        begun: Callable[[Sequence[str]], Content],
        account: str,
        *,
        record: Callable[[str, str], object],
    ) -> str:
        """Open a case; its id. `begun` gives the first content, by who may take part. `record` (reference, case id) writes the
        audit log before it holds.

        Raises RejectedError `not_accepted` (the task is none that the team has accepted), `no_consent` (none that is known
        permits it now; there may be none of that number), `not_looked` (withdrawals may wait unread), `open_already`, and what
        `begun` raises; RetriableError when a database does not answer: then nothing was done.
        """
        return again(partial(self._open, source, team, cooperation, begun, account, record=record))

    def change(
        self, case_id: str, team: str, move: CaseMove, deed: Deed, account: str, *, seen: int, record: Callable[[str], object]
    ) -> None:
        """Do one thing with a case, as it stood when `seen` was its version. `record` (reference) writes the audit log first.

        Closing a case that consent no longer lets the team see ends it, and takes what it says unread.

        Raises IllegalCaseMoveError, what `deed` raises, and RejectedError `unknown_case`, `changed_meanwhile`, `not_shown`;
        RetriableError when a database does not answer: then nothing was done.
        """
        again(partial(self._change, case_id, team, move, deed, account, seen=seen, record=record))

    def _open(
        self,
        source: Source,
        team: str,
        cooperation: Cooperation,
        begun: Callable[[Sequence[str]], Content],
        account: str,
        *,
        record: Callable[[str, str], object],
    ) -> str:
        now, case_id = self._clock.now(), str(uuid4())
        with answering(), Session(self._engine) as session, session.begin():
            youth_ref = self._subject(session, source, team, cooperation, now)
            key = f"{youth_ref}|{team}"
            if session.scalar(select(CaseRow.case_id).where(CaseRow.open_key == key)) is not None:
                raise RejectedError("there is an open case already", code="open_already")
            row = CaseRow(
                case_id=case_id, cooperation=cooperation.value, team=team, subject=youth_ref, open_key=key,
                task_id=source.task_id, state=CaseState.OPEN.value, reason="", opened_at=now, sealed=b"",
            )  # fmt: skip
            content = begun(view_of(session, row, self._seal, now, stale=False).named)
            row.sealed = self._seal.seal(case_id, content)
            session.add_all((row, CaseMoveRow(case_id=case_id, at=now, account=account, move=CaseMove.OPEN.value)))
            session.flush()  # somebody else may just have opened one: then all is asked again
            tell_courses(Telling(self._codec(), session, now), youth_ref)
            record(youth_ref, case_id)
        return case_id

    def _change(
        self, case_id: str, team: str, move: CaseMove, deed: Deed, account: str, *, seen: int, record: Callable[[str], object]
    ) -> None:
        now, stale = self._clock.now(), self._stale()
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            row = _row(session, case_id, team)
            after = check_move(CaseState(row.state), move)
            if row.version != seen:
                raise RejectedError("somebody else has done something with the case", code="changed_meanwhile")
            view = view_of(session, row, self._seal, now, stale=stale)
            if view.content is not None:
                content = deed(view, view.content)
                row.sealed = self._seal.seal(case_id, content)
                self._results.keep(session, move, team, content, (view.opened_at, now))
            elif move is CaseMove.CLOSE and view.untold != STALE:
                row.sealed, row.reason = None, view.untold
            else:
                raise RejectedError("no consent in force permits it now", code="not_shown")
            youth_ref = row.subject or ""
            _settle(row, after, now)
            session.add(CaseMoveRow(case_id=case_id, at=now, account=account, move=move.value))
            session.flush()  # somebody else may just have been quicker: then all is asked again
            if after is not CaseState.OPEN:
                tell_courses(Telling(self._codec(), session, now), youth_ref)
            record(youth_ref)

    def _subject(self, session: Session, source: Source, team: str, cooperation: Cooperation, now: datetime) -> str:
        if self._stale():
            raise RejectedError("withdrawals may wait unread", code="not_looked")
        return subject_for(session, source, team, cooperation, now)


def _row(session: Session, case_id: str, team: str) -> CaseRow:
    row = session.get(CaseRow, case_id)
    if row is None or row.team != team:
        raise RejectedError("no such case for this team", code="unknown_case")
    return row


def _settle(row: CaseRow, after: CaseState, now: datetime) -> None:
    row.state = after.value
    if after is not CaseState.OPEN:
        row.open_key, row.closed_at = None, now
    if row.sealed is None:
        row.subject = None
