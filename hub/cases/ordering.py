"""Orders of a service without a person: an information session, support to a group, parental support. Pure.

A school or another unit orders it for a place, a time and a theme; nobody stands in it. What looks like a personal number is
refused, and the form says that no name belongs there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.contract.fields import holds_long_number
from hub.contract.written_numbers import holds_personal_number
from hub.errors import RejectedError

__all__ = [
    "LONGEST",
    "MOST_PEOPLE",
    "TABLE",
    "IllegalOrderMoveError",
    "Order",
    "OrderMove",
    "OrderOutcome",
    "OrderState",
    "Service",
    "checked",
    "moved",
]

LONGEST: Final = 200
"""Characters of who orders, of a place and of a theme."""
MOST_PEOPLE: Final = 10_000


class Service(StrEnum):
    """What is ordered."""

    INFORMATION = "information"  # informationsinsats
    GROUP_SUPPORT = "group_support"  # gruppstöd
    PARENTAL_SUPPORT = "parental_support"  # föräldraskapsstöd


class OrderState(StrEnum):
    """Where an order stands. The values are kept: none is ever renamed."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    CARRIED_OUT = "carried_out"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class OrderMove(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    CARRY_OUT = "carry-out"
    CANCEL = "cancel"
    UNDO = "undo"  # of an acceptance


class OrderOutcome(StrEnum):
    """What became of one that was carried out."""

    AS_ORDERED = "as_ordered"
    TO_BE_FOLLOWED = "to_be_followed"  # another time is wanted
    FEW_CAME = "few_came"


TABLE: Final[Mapping[OrderState, Mapping[OrderMove, OrderState]]] = MappingProxyType(
    {
        OrderState.RECEIVED: {
            OrderMove.ACCEPT: OrderState.ACCEPTED,
            OrderMove.DECLINE: OrderState.DECLINED,
            OrderMove.CANCEL: OrderState.CANCELLED,
        },
        OrderState.ACCEPTED: {
            OrderMove.CARRY_OUT: OrderState.CARRIED_OUT,
            OrderMove.CANCEL: OrderState.CANCELLED,
            OrderMove.UNDO: OrderState.RECEIVED,
        },
        OrderState.CARRIED_OUT: {},
        OrderState.DECLINED: {},
        OrderState.CANCELLED: {},
    }
)
"""Where each move leads. From what has ended none does: what is wanted again is ordered again."""


class IllegalOrderMoveError(RejectedError):
    """The order's state does not permit the move; `legal` are those that it does."""

    def __init__(self, state: OrderState, move: OrderMove) -> None:
        self.legal = tuple(TABLE[state])
        possible = ", ".join(self.legal) or "nothing: it has ended"
        super().__init__(f"{move} is not possible for an order that is {state}; possible: {possible}", code="illegal_move")


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered: by which unit, where, what about, on which Stockholm day, at which time of day (as people write it)."""

    service: Service
    ordered_by: str
    place: str
    theme: str
    day: date
    time: str = ""


def checked(order: Order, *, today: date) -> Order:
    """The order, its texts stripped.

    Raises RejectedError `no_ordered_by`, `no_place`, `no_theme`, `too_long_…`, `person_…` for a text that could hold a personal
    number, and `past_day`.
    """
    if order.day < today:
        raise RejectedError("day: it has passed", code="past_day")
    texts = {name: _text(name, getattr(order, name)) for name in ("ordered_by", "place", "theme")}
    return Order(order.service, texts["ordered_by"], texts["place"], texts["theme"], order.day, order.time)


def moved(state: OrderState, move: OrderMove, outcome: OrderOutcome | None, people: int | None) -> OrderState:
    """Where the order then stands.

    Raises IllegalOrderMoveError, and of carrying out RejectedError `no_outcome`, `bad_people` (0 to 10,000 came).
    """
    after = TABLE[state].get(move)
    if after is None:
        raise IllegalOrderMoveError(state, move)
    if move is OrderMove.CARRY_OUT:
        if outcome is None:
            raise RejectedError("outcome: say what became of it", code="no_outcome")
        if people is None or not 0 <= people <= MOST_PEOPLE:
            raise RejectedError(f"people: a number from 0 to {MOST_PEOPLE}", code="bad_people")
    return after


def _text(name: str, text: str) -> str:
    written = " ".join(text.split())
    if not written:
        raise RejectedError(f"{name}: nothing is written", code=f"no_{name}")
    if len(written) > LONGEST:
        raise RejectedError(f"{name}: at most {LONGEST} characters", code=f"too_long_{name}")
    if holds_long_number(written.replace(" ", "")) or holds_personal_number(written):
        raise RejectedError(f"{name}: leave out what could be a personal number", code=f"person_{name}")
    return written
