"""Requests to erase, their receipts, and when a withdrawal is complete.

Complete means: worker, delivery and every connector instance of each agency that learned the reference have answered. An
agency has learned it when it fetched its directory while the reference was in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.registry.tables import Answer, ErasureRequest
from hub.registry.work import Work

__all__ = ["ErasureStatus", "erasure_status", "record_receipt", "repeat_open_requests", "request_erasure"]

_ALWAYS = ("worker", "delivery")


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """One withdrawal: when it was asked for, who still has to answer, when the last of them did."""

    erasure_id: str
    requested_at: datetime
    waiting_for: tuple[str, ...]
    answered: tuple[str, ...]
    completed_at: datetime | None

    @property
    def complete(self) -> bool:
        return self.completed_at is not None


def request_erasure(work: Work, erasure_id: str, youth_ref: str, learned: Iterable[str]) -> None:
    """Ask, and write down who has to answer."""
    answers = [Answer(component=name, expected=True) for name in _ALWAYS]
    for agency in learned:
        keys = work.tools.agencies.get(agency)
        names = [f"connector-{instance}" for instance in (keys.instances if keys is not None else ())]
        # Somebody fetched with this agency's token but no connector is configured for it: the wait must show.
        names = names or [f"connector-of-{agency}"]
        answers.extend(Answer(component=name, agency=agency, expected=True) for name in names)
    work.session.add(
        ErasureRequest(erasure_id=erasure_id, youth_ref=youth_ref, requested_at=work.now, completed_at=None, answers=answers)
    )
    _send(work, erasure_id, youth_ref, work.now)


def repeat_open_requests(work: Work) -> int:
    """Ask again where somebody has not answered: a request may have been lost with a broker's disk. Answers how many."""
    rows = work.session.scalars(select(ErasureRequest).where(ErasureRequest.completed_at.is_(None))).all()
    for row in rows:
        _send(work, row.erasure_id, row.youth_ref, row.requested_at)
    return len(rows)


def record_receipt(session: Session, receipt: Erasure, now: datetime) -> bool:
    """Store one receipt; a repeat changes nothing. False when it answers no request of ours."""
    query = select(ErasureRequest).where(ErasureRequest.erasure_id == receipt.erasure_id)
    request = session.scalars(query.options(selectinload(ErasureRequest.answers)).with_for_update()).one_or_none()
    if request is None or request.youth_ref != receipt.youth_ref or receipt.component is None:
        return False
    answer = next((one for one in request.answers if one.component == receipt.component), None)
    if answer is None:
        answer = Answer(component=receipt.component, expected=False)
        request.answers.append(answer)
    if answer.answered_at is None:
        answer.answered_at = now
        _conclude(request, now)
    return True


def erasure_status(session: Session, *, only_open: bool = False) -> list[ErasureStatus]:
    """Every withdrawal, oldest first."""
    query = select(ErasureRequest).order_by(ErasureRequest.requested_at, ErasureRequest.erasure_id)
    if only_open:
        query = query.where(ErasureRequest.completed_at.is_(None))
    return [
        ErasureStatus(
            row.erasure_id,
            row.requested_at,
            tuple(one.component for one in row.answers if one.expected and one.answered_at is None),
            tuple(one.component for one in row.answers if one.answered_at is not None),
            row.completed_at,
        )
        for row in session.scalars(query.options(selectinload(ErasureRequest.answers)))
    ]


def _conclude(request: ErasureRequest, now: datetime) -> None:
    waiting = [one for one in request.answers if one.expected and one.answered_at is None]
    if not waiting and request.completed_at is None:
        request.completed_at = now


def _send(work: Work, erasure_id: str, youth_ref: str, at: datetime) -> None:
    message = Erasure(kind=ErasureKind.REQUEST, erasure_id=erasure_id, youth_ref=youth_ref, component=None, occurred_at=at)
    work.send(ERASURES, youth_ref, message, event_id=f"{erasure_id}.request")
