"""What a team that teams.yaml has no more keeps beside its tasks: cases, orders, and who asks to be reached.

A case goes to the successor where consent lets that read it now: elsewhere it would be hidden from both, and a withdrawal of what
named the gone team would end it no more. So it stays until a consent names the successor too, and is told by number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.audit.actions import Action
from hub.audit.entries import Subject, SubjectKind
from hub.cases.consenting import may_read
from hub.cases.moves import CaseState
from hub.cases.orders import OPEN
from hub.cases.tables import CaseRow, ContactRow, OrderRow
from hub.cases.views import consent_of
from hub.contract.models import Cooperation

__all__ = ["Keeps", "KeptBeside"]


class Keeps(Protocol):
    """What is asked of a successor; `hub.installation.Team` is the real one."""

    @property
    def cases(self) -> bool:
        """Whether it keeps the cases of its cooperation."""
        ...

    @property
    def cooperation(self) -> Cooperation:
        """The one that it stands under."""
        ...

    @property
    def takes_orders(self) -> bool:
        """Whether it gives what can be ordered without a person."""
        ...


class KeptBeside:
    """A `hub.delivery.gone_teams.Beside` over the teams of teams.yaml; works within the transaction that it is given."""

    def __init__(self, teams: Mapping[str, Keeps]) -> None:
        self._teams = teams

    def left_of(self, session: Session, known: Collection[str]) -> Mapping[str, int]:
        """As `Beside.left_of`: open cases and orders, and ways of contact."""
        found: Counter[str] = Counter()
        for row, still in (
            (CaseRow, CaseRow.state == CaseState.OPEN.value), (OrderRow, OrderRow.state.in_(OPEN)), (ContactRow, None),
        ):  # fmt: skip
            query = select(row.team, func.count()).where(row.team.not_in(known)).group_by(row.team)
            found.update({team: int(number) for team, number in session.execute(query if still is None else query.where(still))})
        return found

    def hand_on(self, session: Session, team: str, to: str, now: datetime) -> list[tuple[Action, Subject]]:
        """As `Beside.hand_on`: what has ended goes too, where the successor may have it."""
        taker, done = self._teams[to], []
        for row in session.scalars(select(CaseRow).where(CaseRow.team == team).order_by(CaseRow.case_id)).all():
            if taker.cases and row.cooperation == taker.cooperation.value and _may_have(session, row, to, now):
                _give(session, row, to)
                done.append((Action.CASE_CHANGED, Subject(SubjectKind.CASE, row.case_id)))
        if taker.takes_orders:
            done += self._unnamed(session, team, to)
        session.flush()
        return done

    @staticmethod
    def _unnamed(session: Session, team: str, to: str) -> Iterator[tuple[Action, Subject]]:
        for order in session.scalars(select(OrderRow).where(OrderRow.team == team).order_by(OrderRow.order_id)).all():
            order.team = to
            yield Action.ORDER_CHANGED, Subject(SubjectKind.ORDER, order.order_id)
        asking = select(ContactRow).where(ContactRow.team == team).order_by(ContactRow.contact_id)
        for contact in session.scalars(asking).all():
            contact.team = to
            yield Action.CONTACT_REGISTERED, Subject(SubjectKind.CONTACT, contact.contact_id)


def _may_have(session: Session, row: CaseRow, to: str, now: datetime) -> bool:
    """What says nothing any more anybody may have."""
    if row.subject is None:
        return True
    return may_read(consent_of(session, row.subject), to, Cooperation(row.cooperation), now).permit


def _give(session: Session, row: CaseRow, to: str) -> None:
    if row.open_key is not None:
        key = f"{row.subject}|{to}"
        taken = session.scalar(select(CaseRow.case_id).where(CaseRow.open_key == key)) is not None
        row.open_key = f"{row.subject}|{row.case_id}" if taken else key  # the successor has one of its own: it closes both
    row.team = to
