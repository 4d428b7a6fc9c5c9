"""Orders of a service, as a team keeps them: nobody stands in one, so nothing is sealed and no consent is asked.

Guarantee: a deed and its change stand in one transaction, the audit log first; of two people the second is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cases.ordering import Order, OrderMove, OrderOutcome, OrderState, Service, checked, moved
from hub.cases.tables import OrderRow
from hub.clock import Clock, stockholm_date
from hub.database import answering
from hub.delivery.trying import again
from hub.errors import RejectedError

__all__ = ["OPEN", "KeptOrder", "Orders"]

_MOST: Final = 500
OPEN: Final = (OrderState.RECEIVED.value, OrderState.ACCEPTED.value)
"""The states of an order that somebody has yet to do something about."""


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """An order as it stands; `outcome` and `people` (how many came) of one that was carried out."""

    order_id: str
    order: Order
    state: OrderState
    outcome: OrderOutcome | None
    people: int | None
    received_at: datetime
    changed_at: datetime
    version: int

    def is_late(self, today: date) -> bool:
        """Open, and its day has passed."""
        return self.state.value in OPEN and self.order.day < today


class Orders:
    """Safe for several threads: each call is a session of its own."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of_team(self, team: str, *, ended: bool = False) -> list[KeptOrder]:
        """The team's open orders by their day, or those that have ended, the last first; at most 500."""
        chosen = OrderRow.state.not_in(OPEN) if ended else OrderRow.state.in_(OPEN)
        query = select(OrderRow).where(OrderRow.team == team, chosen)
        query = query.order_by(OrderRow.changed_at.desc() if ended else OrderRow.day, OrderRow.order_id)
        with answering(), Session(self._engine) as session:
            return [_kept(row) for row in session.scalars(query.limit(_MOST))]

    def read(self, order_id: str, team: str) -> KeptOrder:
        """One of the team's. Raises RejectedError `unknown_order`."""
        with answering(), Session(self._engine) as session:
            return _kept(_row(session, order_id, team))

    def receive(self, team: str, order: Order, *, record: Callable[[], object]) -> str:
        """Keep a new order; its id. Raises what `checked` raises; RetriableError: then nothing was kept."""
        now = self._clock.now()
        asked = checked(order, today=stockholm_date(now))
        return again(partial(self._receive, team, asked, now, record))

    def move(
        self,
        order_id: str,
        team: str,
        move: OrderMove,
        *,
        seen: int,
        record: Callable[[], object],
        outcome: OrderOutcome | None = None,
        people: int | None = None,
    ) -> None:
        """Do one thing with an order, as it stood when `seen` was its version.

        Raises what `moved` raises, and RejectedError `unknown_order`, `changed_meanwhile`; RetriableError: then nothing was done.
        """
        again(partial(self._move, order_id, team, move, seen=seen, record=record, told=(outcome, people)))

    def _receive(self, team: str, order: Order, now: datetime, record: Callable[[], object]) -> str:
        order_id = str(uuid4())
        with answering(), Session(self._engine) as session, session.begin():
            row = OrderRow(
                order_id=order_id, team=team, service=order.service.value, ordered_by=order.ordered_by, place=order.place,
                theme=order.theme, day=order.day, time=order.time, state=OrderState.RECEIVED.value, outcome="", people=None,
                received_at=now, changed_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            record()
        return order_id

    def _move(
        self,
        order_id: str,
        team: str,
        move: OrderMove,
        *,
        seen: int,
        record: Callable[[], object],
        told: tuple[OrderOutcome | None, int | None],
    ) -> None:
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            row, (outcome, people) = _row(session, order_id, team), told
            after = moved(OrderState(row.state), move, outcome, people)
            if row.version != seen:
                raise RejectedError("somebody else has done something with the order", code="changed_meanwhile")
            row.state, row.changed_at = after.value, self._clock.now()
            if move is OrderMove.CARRY_OUT and outcome is not None:
                row.outcome, row.people = outcome.value, people
            session.flush()  # somebody else may just have been quicker: then all is asked again
            record()


def _row(session: Session, order_id: str, team: str) -> OrderRow:
    row = session.get(OrderRow, order_id)
    if row is None or row.team != team:
        raise RejectedError("no such order for this team", code="unknown_order")
    return row


def _kept(row: OrderRow) -> KeptOrder:
    order = Order(Service(row.service), row.ordered_by, row.place, row.theme, row.day, row.time)
    outcome = OrderOutcome(row.outcome) if row.outcome else None
    return KeptOrder(
        row.order_id, order, OrderState(row.state), outcome, row.people, row.received_at, row.changed_at, row.version
    )
