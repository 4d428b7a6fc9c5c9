"""The coded values of messages: each enum is an Avro enum of the same name, with the same symbols in the same order."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AbsenceKind",
    "Action",
    "ConsentStatus",
    "Cooperation",
    "ErasureKind",
    "InfoKind",
    "PlaceCategory",
    "PlaceKind",
    "PoliceCategory",
    "Priority",
    "RiskConcern",
    "TaskState",
]


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


class AbsenceKind(StrEnum):
    UNEXCUSED = "unexcused"
    EXCUSED = "excused"


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


class RiskConcern(StrEnum):
    CRIMINAL_ENVIRONMENT = "criminal_environment"
    RECRUITMENT = "recruitment"
    SUBSTANCE_USE = "substance_use"
    VIOLENCE_EXPOSURE = "violence_exposure"
    RUNAWAY = "runaway"
    CONFLICT = "conflict"
    OTHER_WORRY = "other_worry"


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


class Action(StrEnum):
    OPEN = "open"
    GROUND_LOST = "ground_lost"


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


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


class ErasureKind(StrEnum):
    REQUEST = "request"
    RECEIPT = "receipt"
