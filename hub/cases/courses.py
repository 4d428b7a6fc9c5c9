"""What the bus is told of cases: which cooperations have an open case of a youth, and since which date. Nothing else of them.

Told in the transaction of the change, with an instant that grows with each record of the reference, so that a late or repeated
one is known as such. That all have ended is said by a record too: a reader that was away for longer than Kafka keeps the mark of
a deletion would not hear of one. The mark (no value) follows when nothing of the reference is kept here any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.moves import CaseState
from hub.cases.tables import CaseRow, CourseRow
from hub.cases.views import consent_of
from hub.clock import stockholm_date
from hub.contract.cloudevents import cloud_event_headers
from hub.contract.models import ConsentStatus, Cooperation, CooperationRecord, Course
from hub.contract.topics import COOPERATIONS
from hub.delivery.outbox import enqueue
from hub.delivery.telling import SOURCE, Telling
from hub.kafka import Outgoing

__all__ = ["catch_up", "forget_courses", "tell_courses"]

_LATER: Final = timedelta(milliseconds=1)


def tell_courses(telling: Telling, youth_ref: str) -> None:
    """Say how it stands with a youth's cases now; of a reference that is withdrawn nothing is told any more.

    Of two who change them at once the second is refused (`StaleDataError`, or an `IntegrityError` of the first record), and asks
    again: what is told later so stands later in the outbox.
    """
    session = telling.session
    session.flush()
    consent = consent_of(session, youth_ref)
    if consent is not None and consent.status is ConsentStatus.WITHDRAWN:
        forget_courses(session, youth_ref, telling.now)
        return
    told = session.get(CourseRow, youth_ref)
    at = telling.now if told is None else max(telling.now, told.told_at + _LATER)
    record = CooperationRecord(youth_ref=youth_ref, recorded_at=at, courses=_open_courses(session, youth_ref))
    if told is None:
        session.add(CourseRow(youth_ref=youth_ref, told_at=record.recorded_at))
    else:
        told.told_at = record.recorded_at
    session.flush()
    telling.courses(record)


def forget_courses(session: Session, youth_ref: str, now: datetime) -> None:
    """Take from the bus what was ever told of the reference; nothing where nothing was."""
    told = session.get(CourseRow, youth_ref)
    if told is None:
        return
    session.delete(told)
    session.flush()
    headers = cloud_event_headers(COOPERATIONS, f"{youth_ref}.forgotten", SOURCE, now)
    enqueue(session, Outgoing(COOPERATIONS.name, youth_ref.encode("ascii"), None, headers))


def catch_up(telling: Telling) -> None:
    """Tell of open cases that the bus has not heard of: they are from before it was told of any."""
    told = select(CourseRow.youth_ref)
    query = select(CaseRow.subject).where(CaseRow.state == CaseState.OPEN.value, CaseRow.subject.not_in(told)).distinct()
    for youth_ref in telling.session.scalars(query.order_by(CaseRow.subject)).all():
        if youth_ref is not None:
            tell_courses(telling, youth_ref)


def _open_courses(session: Session, youth_ref: str) -> tuple[Course, ...]:
    """The oldest case of each cooperation; how many teams have one is not told."""
    query = select(CaseRow.cooperation, func.min(CaseRow.opened_at)).where(
        CaseRow.subject == youth_ref, CaseRow.state == CaseState.OPEN.value
    )
    rows = session.execute(query.group_by(CaseRow.cooperation).order_by(CaseRow.cooperation)).all()
    return tuple(Course(cooperation=Cooperation(name), since=stockholm_date(opened_at)) for name, opened_at in rows)
