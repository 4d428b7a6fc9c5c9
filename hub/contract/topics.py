"""The topic catalogue: the one place that knows every topic, its key, its message and its clean-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.contract import models
from hub.contract.models import InfoKind, Message

__all__ = [
    "CATALOGUE",
    "CONSENTS",
    "COOPERATIONS",
    "ERASURES",
    "PLACE_EVENTS",
    "POLICE_NOTICES",
    "PRESENCE_TASKS",
    "RISK_EVENTS",
    "RULES",
    "SCHOOL_ABSENCES",
    "TASKS_OUTREACH",
    "TASKS_SIG",
    "TASK_EVENTS",
    "TOPIC_OF_KIND",
    "YOUTH_TOPICS",
    "Cleanup",
    "KeyKind",
    "Topic",
    "dead_letter_topic",
]


class KeyKind(StrEnum):
    YOUTH_REF = "youth_ref"
    AREA = "area"
    YOUTH_REF_OR_AREA = "youth_ref_or_area"
    RULES_VERSION = "rules_version"
    ANY_OR_NONE = "any_or_none"


class Cleanup(StrEnum):
    COMPACT = "compact"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its message's model, what its key is, how it is cleaned, and whether a worker co-partitions it."""

    name: str
    message: type[Message]
    key: KeyKind
    cleanup: Cleanup
    co_partitioned: bool = True
    retention_days: int | None = None  # None: the configured longest window + replay margin

    @property
    def subject(self) -> str:
        """Schema subject, in Confluent's topic-name strategy."""
        return f"{self.name}-value"


CONSENTS = Topic("hub.consents.v1", models.ConsentRecord, KeyKind.YOUTH_REF, Cleanup.COMPACT)
SCHOOL_ABSENCES = Topic("hub.school-absences.v1", models.SchoolAbsence, KeyKind.YOUTH_REF, Cleanup.DELETE)
POLICE_NOTICES = Topic("hub.police-notices.v1", models.PoliceNotice, KeyKind.YOUTH_REF, Cleanup.DELETE)
RISK_EVENTS = Topic("hub.risk-events.v1", models.RiskEvent, KeyKind.YOUTH_REF, Cleanup.DELETE)
PLACE_EVENTS = Topic("hub.place-events.v1", models.PlaceEvent, KeyKind.AREA, Cleanup.DELETE, co_partitioned=False)
TASKS_OUTREACH = Topic("hub.referral-tasks.outreach.v1", models.ReferralTask, KeyKind.YOUTH_REF, Cleanup.DELETE)
TASKS_SIG = Topic("hub.referral-tasks.sig.v1", models.ReferralTask, KeyKind.YOUTH_REF, Cleanup.DELETE)
PRESENCE_TASKS = Topic("hub.presence-tasks.v1", models.PresenceTask, KeyKind.AREA, Cleanup.DELETE, co_partitioned=False)
TASK_EVENTS = Topic("hub.task-events.v1", models.TaskEvent, KeyKind.YOUTH_REF_OR_AREA, Cleanup.DELETE)
RULES = Topic("hub.rules.v1", models.RuleMarker, KeyKind.RULES_VERSION, Cleanup.COMPACT)
ERASURES = Topic("hub.erasures.v1", models.Erasure, KeyKind.YOUTH_REF, Cleanup.DELETE)
COOPERATIONS = Topic("hub.cooperations.v1", models.CooperationRecord, KeyKind.YOUTH_REF, Cleanup.COMPACT)

_PRIMARY = (
    CONSENTS,
    SCHOOL_ABSENCES,
    POLICE_NOTICES,
    RISK_EVENTS,
    PLACE_EVENTS,
    TASKS_OUTREACH,
    TASKS_SIG,
    PRESENCE_TASKS,
    TASK_EVENTS,
    RULES,
    ERASURES,
    COOPERATIONS,
)


def dead_letter_topic(topic: Topic) -> Topic:
    """The topic that takes what `topic` could not: keyed only when the key parses as ours, kept for two weeks."""
    return Topic(
        f"{topic.name}.dlq",
        models.DeadLetter,
        KeyKind.ANY_OR_NONE,
        Cleanup.DELETE,
        co_partitioned=False,
        retention_days=14,
    )


CATALOGUE: dict[str, Topic] = {topic.name: topic for topic in (*_PRIMARY, *map(dead_letter_topic, _PRIMARY))}
YOUTH_TOPICS = (CONSENTS, SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS, TASK_EVENTS, COOPERATIONS, RULES)
TOPIC_OF_KIND = {
    InfoKind.SCHOOL_ABSENCE: SCHOOL_ABSENCES,
    InfoKind.POLICE_NOTICE: POLICE_NOTICES,
    InfoKind.RISK_EVENT: RISK_EVENTS,
}
