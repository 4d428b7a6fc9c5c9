"""The history of one youth, and the order in which the hub came to know it.

Only history that may be used now: of a youth whose newest consent is withdrawn or suspended nothing is read again, and of a
scope withdrawn since, every earlier record is read as if it had been withdrawn then already. All else is decided by the core,
with the consents as they stood at the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Self, TypeAlias

from pydantic import model_validator

from hub.contract.fields import Message, YouthRef
from hub.contract.models import (
    ConsentRecord,
    ConsentStatus,
    CooperationRecord,
    InfoKind,
    PoliceNotice,
    RiskEvent,
    SchoolAbsence,
    Scope,
    TaskEvent,
)
from hub.core.consent import covers_event
from hub.core.instants import from_ms, stockholm_midnight
from hub.core.step import YouthEvent

__all__ = ["Fact", "YouthHistory", "newest_consent", "school_of", "timeline", "usable"]

Fact: TypeAlias = SchoolAbsence | PoliceNotice | RiskEvent
_FIRST_VERSION = 1


class YouthHistory(Message):
    """All that is known of one reference. ValidationError when something of another reference stands in it."""

    youth_ref: YouthRef
    consents: tuple[ConsentRecord, ...] = ()
    absences: tuple[SchoolAbsence, ...] = ()
    notices: tuple[PoliceNotice, ...] = ()
    observations: tuple[RiskEvent, ...] = ()
    answers: tuple[TaskEvent, ...] = ()
    cooperations: tuple[CooperationRecord, ...] = ()

    @model_validator(mode="after")
    def _of_one_reference(self) -> Self:
        everything = (self.consents, self.absences, self.notices, self.observations, self.answers, self.cooperations)
        if any(one.youth_ref != self.youth_ref for some in everything for one in some):
            raise ValueError("something of another reference")
        return self

    def facts(self) -> Iterator[Fact]:
        """The events, in no order."""
        yield from self.absences
        yield from self.notices
        yield from self.observations


def newest_consent(history: YouthHistory) -> ConsentRecord | None:
    """The record of the highest version; None when there is none."""
    return max(history.consents, key=lambda record: record.version, default=None)


def usable(history: YouthHistory) -> str:
    """Why the history may not be read again: `no_consent`, `withdrawn` or `suspended`; empty when it may."""
    newest = newest_consent(history)
    if newest is None:
        return "no_consent"
    return "" if newest.status is ConsentStatus.IN_FORCE else newest.status.value


def timeline(history: YouthHistory, *, at_once: bool = False) -> list[tuple[datetime, YouthEvent]]:
    """Everything with the instant (UTC) at which the hub knew it, in that order: consents before events of the same instant.

    `at_once`: as if every event, and every correction of it, had been told as it occurred, under consents known before. That
    is how a history is read that was imported afterwards, all of it recorded on one day.

    The topic of consents keeps the newest record for ever and older ones for hours only. Where the first version is gone, the
    oldest record that is left is taken as known from the beginning: it is cumulative, and its scopes say from when they hold.
    Of cases too only the newest word is left in the end, and each is taken as known from the date on which it was opened.
    """
    facts: list[tuple[datetime, int, str, int, YouthEvent]] = [
        (one.occurred_at if at_once else one.recorded_at, 1, one.event_id, one.revision, one) for one in history.facts()
    ]
    facts += [(one.occurred_at, 2, one.task_id, 0, one) for one in history.answers]
    facts += [(one.recorded_at, 1, "", 0, one) for one in _cases(history)]
    consents = sorted(_struck(history), key=lambda record: record.version)
    begin = min((one[0] for one in facts), default=None)
    for number, record in enumerate(consents):
        known_before = number == 0 and (at_once or record.version > _FIRST_VERSION)
        at = min(record.recorded_at, begin) if known_before and begin is not None else record.recorded_at
        facts.append((at, 0, "", record.version, record))
    facts.sort(key=lambda one: one[:4])
    return [(at, event) for at, _, _, _, event in facts]


def school_of(history: YouthHistory) -> str:
    """The agency of the newest school absence that the newest consent covers; empty without one."""
    consent = newest_consent(history)
    if consent is None:
        return ""
    for one in sorted(history.absences, key=lambda absence: (absence.occurred_at, absence.agency), reverse=True):
        if covers_event(consent, source=one.agency, kind=InfoKind.SCHOOL_ABSENCE, at=one.occurred_at):
            return one.agency
    return ""


def _cases(history: YouthHistory) -> Iterator[CooperationRecord]:
    """What was told of cases, and before that what it says of earlier days."""
    told = sorted(history.cooperations, key=lambda record: record.recorded_at)
    yield from told
    for since in sorted({course.since for course in told[0].courses} if told else ()):
        began = from_ms(stockholm_midnight(since.toordinal()))
        if began < told[0].recorded_at:
            known = tuple(course for course in told[0].courses if course.since <= since)
            yield CooperationRecord(youth_ref=history.youth_ref, recorded_at=began, courses=known)


def _struck(history: YouthHistory) -> list[ConsentRecord]:
    newest = newest_consent(history)
    if newest is None:
        return []
    gone = {scope.scope_id: scope.withdrawn_at for scope in newest.scopes if scope.withdrawn_at is not None}
    if not gone:
        return list(history.consents)
    return [one.model_copy(update={"scopes": tuple(_strike(scope, gone) for scope in one.scopes)}) for one in history.consents]


def _strike(scope: Scope, gone: dict[str, datetime]) -> Scope:
    at = gone.get(scope.scope_id)
    return scope if at is None or scope.withdrawn_at is not None else scope.model_copy(update={"withdrawn_at": at})
