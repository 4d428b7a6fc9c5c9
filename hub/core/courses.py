"""Which cooperations work with a youth, as a state holds it, and when a rule that asks for it may go by it.

A course is held while some consent to its cooperation stands that is not withdrawn, and forgotten with the last one: what ends
a case ends it here too, whether its own record comes or not. A suspension, and a period that is over, hold it still, and for so
long no rule goes by it: its case is hidden then too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hub.contract.models import ConsentRecord, ConsentStatus, CooperationRecord
from hub.core.instants import to_ms

__all__ = ["Courses", "Forgotten", "courses_of", "fits_case", "still_carried"]


class Courses(NamedTuple):
    """What the latest record said: its instant, and by cooperation the date (Stockholm, its ordinal) of the open course."""

    at_ms: int
    since: Mapping[str, int]


class Forgotten(NamedTuple):
    """What says that nothing is kept any more of the courses of a reference."""

    youth_ref: str


def courses_of(record: CooperationRecord, consent: ConsentRecord) -> Courses:
    """What may be held of a record under a consent that is not withdrawn."""
    carried = _carried(consent)
    told: dict[str, int] = {one.cooperation.value: one.since.toordinal() for one in record.courses}
    return Courses(to_ms(record.recorded_at), {name: day for name, day in told.items() if name in carried})


def still_carried(courses: Courses | None, consent: ConsentRecord) -> Courses | None:
    """Without the courses that no consent carries any more; the very same where all are carried."""
    if courses is None:
        return None
    carried = _carried(consent)
    if courses.since.keys() <= carried:
        return courses
    return courses._replace(since={name: day for name, day in courses.since.items() if name in carried})


def fits_case(asked: str, courses: Courses | None, consent: ConsentRecord, at_ms: int) -> bool:
    """Whether it is as a rule asks (`sspf`, `sig`: such a case is open, `none`: no case is) at an instant (ms)."""
    open_now = set() if courses is None else {name for name in courses.since if _in_force(consent, name, at_ms)}
    return asked in open_now or (asked == "none" and not open_now)


def _in_force(consent: ConsentRecord, cooperation: str, at_ms: int) -> bool:
    return consent.status is ConsentStatus.IN_FORCE and any(
        scope.cooperation.value == cooperation
        and scope.withdrawn_at is None
        and to_ms(scope.valid_from) <= at_ms < to_ms(scope.valid_to)
        for scope in consent.scopes
    )


def _carried(consent: ConsentRecord) -> set[str]:
    """The cooperations to which some consent stands that is not withdrawn."""
    return {scope.cooperation.value for scope in consent.scopes if scope.withdrawn_at is None}
