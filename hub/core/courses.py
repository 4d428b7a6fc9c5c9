"""Which cooperations work with a youth, as a state holds it, and when a rule that asks for it may go by it.

A course is forgotten with the withdrawal of the last consent to its cooperation: what ends a case ends it here too, whether its
own record comes or not. Only a withdrawal that the record names is one, and only of what was told before it: what is suspended
beside others in force is left out, and what was told later is of a case under another consent, which may be read afterwards. A
suspension, and a period that is over, hold a course still, and for so long no rule goes by it: its case is hidden then too.
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
    told = Courses(to_ms(record.recorded_at), {one.cooperation.value: one.since.toordinal() for one in record.courses})
    return _carried(told, consent)


def still_carried(courses: Courses | None, consent: ConsentRecord) -> Courses | None:
    """Without the courses that a withdrawal has ended; the very same where none is."""
    return None if courses is None else _carried(courses, consent)


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


def _carried(courses: Courses, consent: ConsentRecord) -> Courses:
    standing = {scope.cooperation.value for scope in consent.scopes if scope.withdrawn_at is None}
    at_risk = courses.since.keys() - standing
    if not at_risk:
        return courses
    ended = set[str]()
    for scope in consent.scopes:
        if scope.withdrawn_at is not None and courses.at_ms <= to_ms(scope.withdrawn_at):
            # A mark does not know of which cooperation it is: of one that the record leaves out.
            ended |= {scope.cooperation.value} if scope.recipients else at_risk
    kept = {name: day for name, day in courses.since.items() if name not in ended or name in standing}
    return courses if len(kept) == len(courses.since) else courses._replace(since=kept)
