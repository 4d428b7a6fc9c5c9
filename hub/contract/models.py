"""Frozen models of every message on the bus; `schemas/*.avsc` says the same in Avro, and a test holds them together.

Instants are UTC with millisecond precision. No field can hold a name, number, address or free text about a person: codes,
references and counts only (OSL 23, 26, 35).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = [
    "AbsenceKind",
    "Action",
    "Age",
    "Agency",
    "AreaCode",
    "Code",
    "ConsentRecord",
    "ConsentStatus",
    "Cooperation",
    "Count",
    "DeadLetter",
    "Erasure",
    "ErasureKind",
    "EventId",
    "Evidence",
    "InfoKind",
    "Instant",
    "Message",
    "PersonEvent",
    "PlaceCategory",
    "PlaceEvent",
    "PlaceKind",
    "PoliceCategory",
    "PoliceNotice",
    "PresenceTask",
    "Priority",
    "ReferralTask",
    "Revision",
    "RiskConcern",
    "RiskEvent",
    "RuleMarker",
    "RulesVersion",
    "SchoolAbsence",
    "Scope",
    "TaskEvent",
    "TaskState",
    "TopicName",
    "Uuid",
    "YouthRef",
]


_YEARS = range(1900, 3000)  # so that no sum of an instant and a window can overflow
_LONG_NUMBER = re.compile(r"\d{6}")
_INT32 = 2**31 - 1


def _to_millis(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError("an instant lies outside the years 1900 to 2999")
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _no_long_number(value: str) -> str:
    if _LONG_NUMBER.search(value):
        raise ValueError("six digits in a row could be a birth date")
    return value


Instant = Annotated[AwareDatetime, AfterValidator(_to_millis)]
YouthRef = Annotated[str, StringConstraints(pattern=r"^y[0-9a-f]{32}$")]
EventId = Annotated[str, StringConstraints(pattern=r"^e[0-9a-f]{40}$")]
AreaCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+){0,7}$", max_length=64), AfterValidator(_no_long_number)
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$"), AfterValidator(_no_long_number)]
Agency = Code
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
RulesVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Revision = Annotated[int, Field(ge=1, le=_INT32)]
Count = Annotated[int, Field(ge=0, le=_INT32)]
Age = Annotated[int, Field(ge=0, le=150)]


class Message(BaseModel):
    """What all messages share: immutable, and no unknown field passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cooperation(StrEnum):
    SSPF = "sspf"
    SIG = "sig"


class InfoKind(StrEnum):
    """The kinds of information a consent names."""

    SCHOOL_ABSENCE = "school_absence"
    POLICE_NOTICE = "police_notice"
    RISK_EVENT = "risk_event"


class ConsentStatus(StrEnum):
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


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


class AbsenceKind(StrEnum):
    UNEXCUSED = "unexcused"
    EXCUSED = "excused"


class SchoolAbsence(PersonEvent):
    """Absence from one lesson, in minutes; `offered_minutes` is the lesson's length when the source tells it."""

    kind: AbsenceKind
    minutes: Annotated[int, Field(ge=0, le=24 * 60)]
    offered_minutes: Annotated[int, Field(ge=0, le=24 * 60)] | None


class PoliceCategory(StrEnum):
    SUSPICION_NOT_RESPONSIBLE = "suspicion_not_responsible"
    SUSPICION_RESPONSIBLE = "suspicion_responsible"
    NARCOTICS = "narcotics"
    LOB = "lob"
    POLICE_ACT_12 = "police_act_12"
    PUBLIC_DISORDER = "public_disorder"
    VIOLENCE_VICTIM = "violence_victim"
    RISK_ENVIRONMENT = "risk_environment"
    OTHER_WORRY = "other_worry"


class PoliceNotice(PersonEvent):
    """The coded copy of a police notice. `may_tell_youth` decides whether an explanation may mention it."""

    category: PoliceCategory
    area: AreaCode | None
    may_tell_youth: bool


class RiskConcern(StrEnum):
    CRIMINAL_ENVIRONMENT = "criminal_environment"
    RECRUITMENT = "recruitment"
    SUBSTANCE_USE = "substance_use"
    VIOLENCE_EXPOSURE = "violence_exposure"
    RUNAWAY = "runaway"
    CONFLICT = "conflict"
    OTHER_WORRY = "other_worry"


class RiskEvent(PersonEvent):
    """A coded observation of a consenting youth by leisure staff, field workers or a school social team."""

    concern: RiskConcern
    area: AreaCode | None


class PlaceKind(StrEnum):
    EST_REPORT = "est_report"
    POLICE_EVENT = "police_event"
    PLANNED_EVENT = "planned_event"


class PlaceCategory(StrEnum):
    DISORDER = "disorder"
    VIOLENCE = "violence"
    NARCOTICS = "narcotics"
    VANDALISM = "vandalism"
    THEFT = "theft"
    FIRE = "fire"
    TRAFFIC = "traffic"
    GATHERING = "gathering"
    OTHER = "other"


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


class Action(StrEnum):
    OPEN = "open"
    GROUND_LOST = "ground_lost"


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class Evidence(Message):
    """One condition of a rule and the number that met it; `first_at`/`last_at` bound the events that counted."""

    condition: Code
    kind: InfoKind
    measure: Code
    at_least: Count
    met: Count
    unit: Code
    window_days: Count
    first_at: Instant
    last_at: Instant
    agencies: tuple[Agency, ...]
    may_tell_youth: bool


class ReferralTask(Message):
    """A proposal to one function of one team, or (`ground_lost`) word that its ground is gone. A human decides, always."""

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


class PresenceTask(Message):
    """A proposal to be present at a place during a week; `week` is ISO (2025-W20), Stockholm."""

    action: Action
    task_id: Uuid
    area: AreaCode
    rule_id: Code
    rules_version: RulesVersion
    week: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-W[0-9]{2}$")]
    created_at: Instant
    incidents: Count
    at_least: Count
    window_days: Count
    categories: tuple[PlaceCategory, ...]
    first_at: Instant
    last_at: Instant


class TaskState(StrEnum):
    """FHIR Task states, and `recalled`, which is ours."""

    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RECALLED = "recalled"


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


class RuleMarker(Message):
    """Says in every partition which rule set is in force from here on."""

    version: RulesVersion
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    activated_at: Instant


class ErasureKind(StrEnum):
    REQUEST = "request"
    RECEIPT = "receipt"


class Erasure(Message):
    """A request to erase what is held of a reference, or one component's receipt that it has."""

    kind: ErasureKind
    erasure_id: Uuid
    youth_ref: YouthRef
    component: Code | None
    occurred_at: Instant


class DeadLetter(Message):
    """Where a refused record stands and why; never its content."""

    origin_topic: TopicName
    origin_partition: Count
    origin_offset: Annotated[int, Field(ge=0, le=2**63 - 1)]
    stage: Code
    error_class: Code
    attempts: Revision
    occurred_at: Instant
