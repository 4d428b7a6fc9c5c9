"""Frozen models of every message on the bus; `schemas/*.avsc` says the same in Avro, and a test holds them together.

Instants are UTC with millisecond precision. No field can hold a name, number, address or free text about a person: codes,
references and counts only (OSL 23, 26, 35).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.contract.codes import (
    AbsenceKind,
    Action,
    ConsentStatus,
    Cooperation,
    ErasureKind,
    InfoKind,
    PlaceCategory,
    PlaceKind,
    PoliceCategory,
    Priority,
    RiskConcern,
    TaskState,
)
from hub.contract.control import DeadLetter, Erasure, RuleMarker
from hub.contract.evidence import Between, Earlier, Evidence, EvidenceEvent, Fallen, Followed, Narrowing
from hub.contract.fields import (
    Age,
    Agency,
    AreaCode,
    Code,
    Count,
    EventId,
    Instant,
    IsoWeek,
    Message,
    Revision,
    RulesVersion,
    Uuid,
    YouthRef,
)

__all__ = [
    "AbsenceKind",
    "Action",
    "Agency",
    "AreaCode",
    "Between",
    "Code",
    "ConsentRecord",
    "ConsentStatus",
    "Cooperation",
    "CooperationRecord",
    "Course",
    "DeadLetter",
    "Earlier",
    "Erasure",
    "ErasureKind",
    "EventId",
    "Evidence",
    "EvidenceEvent",
    "Fallen",
    "Followed",
    "InfoKind",
    "Instant",
    "Message",
    "Narrowing",
    "PersonEvent",
    "PlaceCategory",
    "PlaceEvent",
    "PlaceKind",
    "PoliceCategory",
    "PoliceNotice",
    "PresenceTask",
    "Priority",
    "ReferralTask",
    "RiskConcern",
    "RiskEvent",
    "RuleMarker",
    "SchoolAbsence",
    "Scope",
    "TaskEvent",
    "TaskState",
    "YouthRef",
]


class Scope(Message):
    """One thing consented to: who may tell what to whom, in which cooperation, from when to when (half-open)."""

    scope_id: Uuid
    cooperation: Cooperation
    agencies: tuple[Agency, ...]
    recipients: tuple[Code, ...]
    kinds: tuple[InfoKind, ...]
    valid_from: Instant
    valid_to: Instant
    withdrawn_at: Instant | None = None


class ConsentRecord(Message):
    """The cumulative state of all consents of one reference; `version` only grows. `withdrawn` is for ever."""

    youth_ref: YouthRef
    version: Revision
    status: ConsentStatus
    age_years: Age | None
    age_valid_until: date | None
    area: AreaCode | None
    legal_basis: Code
    scopes: tuple[Scope, ...]
    recorded_at: Instant

    @model_validator(mode="after")
    def _withdrawn_is_bare(self) -> Self:
        if self.status is ConsentStatus.WITHDRAWN and (self.scopes or self.age_years is not None or self.area):
            raise ValueError("a withdrawn record carries nothing but its reference and version")
        return self


class Course(Message):
    """That a cooperation works with a youth: which one, and since which date (Stockholm). Never why, by whom or with whom."""

    cooperation: Cooperation
    since: date


class CooperationRecord(Message):
    """All open courses of one reference, at most one of each cooperation; the record of the latest instant holds."""

    youth_ref: YouthRef
    recorded_at: Instant
    courses: tuple[Course, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.cooperation for one in self.courses}) != len(self.courses):
            raise ValueError("a cooperation stands twice")
        return self


class PersonEvent(Message):
    """What every event about a consenting youth carries. `event_id` is HMAC(link key, source id), never the source's own."""

    youth_ref: YouthRef
    event_id: EventId
    revision: Revision
    retracted: bool
    agency: Agency
    connector: Code
    occurred_at: Instant
    recorded_at: Instant


class SchoolAbsence(PersonEvent):
    """Absence from one lesson, in minutes; `offered_minutes` is the lesson's length when the source tells it."""

    kind: AbsenceKind
    minutes: Annotated[int, Field(ge=0, le=24 * 60)]
    offered_minutes: Annotated[int, Field(ge=0, le=24 * 60)] | None


class PoliceNotice(PersonEvent):
    """The coded copy of a police notice. `may_tell_youth` decides whether an explanation may mention it."""

    category: PoliceCategory
    area: AreaCode | None
    may_tell_youth: bool


class RiskEvent(PersonEvent):
    """A coded observation of a consenting youth by leisure staff, field workers or a school social team."""

    concern: RiskConcern
    area: AreaCode | None


class PlaceEvent(Message):
    """Something at a place; never tied to a person. `incidents` is 1 for a single event, a count for a weekly row."""

    area: AreaCode
    event_id: EventId
    revision: Revision
    retracted: bool
    agency: Agency
    connector: Code
    occurred_at: Instant
    ends_at: Instant | None
    recorded_at: Instant
    kind: PlaceKind
    category: PlaceCategory
    incidents: Annotated[int, Field(ge=0, le=100_000)]


class ReferralTask(Message):
    """A proposal to one function of one team, or (`ground_lost`) word that its ground is gone. A human decides, always.

    `at_least_agencies`: from how many agencies together the events had to come, where the rule asks for more than one.
    `agencies_withheld`: events of agencies that may not be named counted too; null in what was written before it was told.
    """

    action: Action
    task_id: Uuid
    youth_ref: YouthRef
    rule_id: Code
    rules_version: RulesVersion
    team: Code
    function: Code
    cooperation: Cooperation
    priority: Priority
    created_at: Instant
    respond_by: Instant
    evidence: tuple[Evidence, ...]
    consent_version: Revision
    scope_id: Uuid
    area: AreaCode | None
    age_years: Age | None
    at_least_agencies: Count | None = None
    agencies_withheld: bool | None = None


class PresenceTask(Message):
    """A proposal to be present at a place during a week; `week` is ISO (2025-W20), Stockholm."""

    action: Action
    task_id: Uuid
    area: AreaCode
    rule_id: Code
    rules_version: RulesVersion
    week: IsoWeek
    created_at: Instant
    incidents: Count
    at_least: Count
    window_days: Count
    categories: tuple[PlaceCategory, ...]
    first_at: Instant
    last_at: Instant


class TaskEvent(Message):
    """What became of a task at its receiver. Goes to correlation only, never back to a source (OSL 26:1)."""

    task_id: Uuid
    youth_ref: YouthRef | None
    area: AreaCode | None
    rule_id: Code
    team: Code
    state: TaskState
    reason: Code | None
    occurred_at: Instant
