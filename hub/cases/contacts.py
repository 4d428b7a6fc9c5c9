"""Somebody asks to be reached: a youth, a parent or a sibling. Only a way of contact is kept, sealed, until it was used or its
days are over; then nothing of it is left.

It needs no consent: whoever asks for contact gives it. It is no case, no task, and is never correlated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.cases.tables import ContactRow
from hub.clock import Clock
from hub.contract.fields import holds_long_number
from hub.contract.written_numbers import numbers_of_persons
from hub.database import answering
from hub.delivery.trying import again
from hub.errors import RejectedError
from hub.sealed import Seal

__all__ = ["LONGEST", "Asking", "ContactRequest", "Contacts", "lapse_contacts"]

LONGEST: Final = 120
"""Characters of a way of contact."""
_MOST: Final = 500
_PERSONAL_NUMBER_DIGITS: Final = 12
# A mobile number has the digits of a date of birth: what tells them apart is how it begins and where it is set apart.
_TELEPHONE: Final = re.compile(r"\+|08\D|0\d{2,3}\D|0\d{9}\Z")


class Asking(StrEnum):
    """Who asks."""

    YOUTH = "youth"
    PARENT = "parent"
    SIBLING = "sibling"


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """One that waits. The way of contact is no part of it: that is opened by an act. `until`: when it goes by itself."""

    contact_id: str
    asking: Asking
    received_at: datetime
    until: datetime


class Contacts:
    """Safe for several threads. `key` as of `CaseSeal`; `kept`: for how long one is kept."""

    def __init__(self, engine: Engine, key: bytes, clock: Clock, *, kept: timedelta) -> None:
        self._engine = engine
        self._seal = Seal(key, b"hub contact requests")
        self._clock = clock
        self._kept = kept

    def of_team(self, team: str) -> list[ContactRequest]:
        """Those that wait, the oldest first; at most 500."""
        query = select(ContactRow).where(ContactRow.team == team, ContactRow.until > self._clock.now())
        with answering(), Session(self._engine) as session:
            rows = session.scalars(query.order_by(ContactRow.received_at, ContactRow.contact_id).limit(_MOST))
            return [_request(row) for row in rows]

    def receive(self, team: str, asking: Asking, way: str, *, record: Callable[[str], object]) -> str:
        """Keep a way of contact, sealed; its id. `record` (id) writes the audit log before it holds.

        Raises RejectedError `no_way`, `too_long`, `person` for what could be a personal number: a way of contact is a telephone
        number, an address or a place and time; RetriableError: then nothing was kept.
        """
        return again(partial(self._receive, team, asking, _checked(way), record))

    def open(self, contact_id: str, team: str) -> tuple[ContactRequest, str]:
        """One, and the way of contact; empty when that was sealed under another key. Raises RejectedError `unknown_contact`."""
        with answering(), Session(self._engine) as session:
            row = self._row(session, contact_id, team)
            way = self._seal.open(contact_id.encode(), row.sealed)
            return _request(row), "" if way is None else way.decode()

    def done(self, contact_id: str, team: str, *, record: Callable[[], object]) -> None:
        """It was used, or is not wanted any more: all of it goes now. Raises as `open`, and RetriableError."""
        again(partial(self._done, contact_id, team, record))

    def _receive(self, team: str, asking: Asking, way: str, record: Callable[[str], object]) -> str:
        now, contact_id = self._clock.now(), str(uuid4())
        with answering(), Session(self._engine) as session, session.begin():
            sealed = self._seal.seal(contact_id.encode(), way.encode())
            row = ContactRow(
                contact_id=contact_id, team=team, asking=asking.value, received_at=now, until=now + self._kept, sealed=sealed
            )
            session.add(row)
            session.flush()
            record(contact_id)
        return contact_id

    def _done(self, contact_id: str, team: str, record: Callable[[], object]) -> None:
        with answering(), Session(self._engine) as session, session.begin():
            session.delete(self._row(session, contact_id, team))
            session.flush()
            record()

    def _row(self, session: Session, contact_id: str, team: str) -> ContactRow:
        row = session.get(ContactRow, contact_id)
        if row is None or row.team != team or row.until <= self._clock.now():
            raise RejectedError("no such request for this team", code="unknown_contact")
        return row


def lapse_contacts(session: Session, now: datetime) -> bool:
    """Delete those whose days are over; whether there were any."""
    over = ContactRow.until <= now
    if session.scalar(select(ContactRow.contact_id).where(over).limit(1)) is None:
        return False
    session.execute(delete(ContactRow).where(over))
    return True


def _request(row: ContactRow) -> ContactRequest:
    return ContactRequest(row.contact_id, Asking(row.asking), row.received_at, row.until)


def _checked(way: str) -> str:
    written = " ".join(way.split())
    if not written:
        raise RejectedError("way: nothing is written", code="no_way")
    if len(written) > LONGEST:
        raise RejectedError(f"way: at most {LONGEST} characters", code="too_long")
    digits = sum(letter.isdecimal() for letter in written)
    long = digits >= _PERSONAL_NUMBER_DIGITS and holds_long_number(written.replace(" ", ""))
    if long or any(_TELEPHONE.match(number) is None for number in numbers_of_persons(written)):
        raise RejectedError("way: leave out what could be a personal number", code="person")
    return written
