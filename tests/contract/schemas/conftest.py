from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.contract import models, topics
from hub.contract.codec import Codec
from hub.contract.models import Message
from hub.contract.topics import CATALOGUE, Topic
from hub.resources import schemas_folder

REF = "y" + "0123456789abcdef" * 2
UUID = "7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10"
AT = datetime(2025, 5, 12, 8, 15, 30, 250_000, tzinfo=UTC)
LATER = datetime(2025, 5, 12, 9, 0, tzinfo=UTC)

_PERSON = {
    "youth_ref": REF,
    "event_id": "e" + "ab" * 20,
    "revision": 2,
    "retracted": False,
    "agency": "school-norrkoping",
    "connector": "ss12000",
    "occurred_at": AT,
    "recorded_at": LATER,
}
_SCOPE = models.Scope(
    scope_id=UUID,
    cooperation="sspf",
    agencies=("school-norrkoping", "police-ost"),
    recipients=("outreach",),
    kinds=("school_absence", "police_notice"),
    valid_from=AT,
    valid_to=LATER,
)
_EVIDENCE = models.Evidence(
    condition="unexcused-minutes",
    kind="school_absence",
    measure="minutes",
    at_least=480,
    met=485,
    unit="minutes",
    window_days=28,
    first_at=AT,
    last_at=LATER,
    agencies=("school-norrkoping",),
    may_tell_youth=True,
    narrowing=models.Narrowing(
        on_school_days=True,
        within_school_days=20,
        between=models.Between(from_minute=1320, to_minute=360),
        against_earlier=models.Earlier(days=56, percent=200, compared=120),
        then=models.Followed(condition="police_notices", kind="police_notice", within_hours=48, happens=True),
        fallen=models.Fallen(within_days=14, at_most=60, left=30, school_days=10),
    ),
    events=(
        models.EvidenceEvent(kind="school_absence", occurred_at=AT, agency="school-norrkoping"),
        models.EvidenceEvent(kind="police_notice", occurred_at=LATER, agency="police-ost"),
    ),
    older_events=3,
)
_TASK = models.ReferralTask(
    action="open",
    task_id=UUID,
    youth_ref=REF,
    rule_id="absence-alone",
    rules_version="2025.1",
    team="outreach",
    function="school_attendance",
    cooperation="sspf",
    priority="normal",
    created_at=AT,
    respond_by=LATER,
    evidence=(_EVIDENCE,),
    consent_version=3,
    scope_id=UUID,
    area="0581-hageby",
    age_years=15,
    at_least_agencies=2,
    agencies_withheld=True,
)
_EXAMPLES: dict[Topic, Message] = {
    topics.CONSENTS: models.ConsentRecord(
        youth_ref=REF,
        version=3,
        status="in_force",
        age_years=15,
        age_valid_until=date(2025, 11, 2),
        area="0581-hageby",
        legal_basis="consent",
        scopes=(_SCOPE,),
        recorded_at=AT,
    ),
    topics.SCHOOL_ABSENCES: models.SchoolAbsence(**_PERSON, kind="unexcused", minutes=60, offered_minutes=None),
    topics.POLICE_NOTICES: models.PoliceNotice(**_PERSON, category="narcotics", area="0581-city", may_tell_youth=False),
    topics.RISK_EVENTS: models.RiskEvent(**_PERSON, concern="recruitment", area=None),
    topics.PLACE_EVENTS: models.PlaceEvent(
        area="0581-hageby",
        event_id="e" + "cd" * 20,
        revision=1,
        retracted=False,
        agency="police-public",
        connector="polisen",
        occurred_at=AT,
        ends_at=None,
        recorded_at=LATER,
        kind="police_event",
        category="vandalism",
        incidents=1,
    ),
    topics.TASKS_OUTREACH: _TASK,
    topics.TASKS_SIG: _TASK.model_copy(update={"action": models.Action.GROUND_LOST, "team": "sig", "evidence": (), "area": None}),
    topics.PRESENCE_TASKS: models.PresenceTask(
        action="open",
        task_id=UUID,
        area="0581-hageby",
        rule_id="place-presence",
        rules_version="2025.1",
        week="2025-W20",
        created_at=AT,
        incidents=6,
        at_least=5,
        window_days=7,
        categories=("disorder", "vandalism"),
        first_at=AT,
        last_at=LATER,
    ),
    topics.TASK_EVENTS: models.TaskEvent(
        task_id=UUID,
        youth_ref=REF,
        area=None,
        rule_id="absence-alone",
        team="outreach",
        state="rejected",
        reason="other_support",
        occurred_at=AT,
    ),
    topics.RULES: models.RuleMarker(version="2025.1", sha256="ab" * 32, activated_at=AT, content='{"version":"2025.1"}'),
    topics.ERASURES: models.Erasure(
        kind="receipt",
        erasure_id=UUID,
        youth_ref=REF,
        component="delivery",
        occurred_at=AT,
        scope_id=UUID,
        awaits="outreach",
    ),
    topics.COOPERATIONS: models.CooperationRecord(
        youth_ref=REF,
        recorded_at=AT,
        courses=(
            models.Course(cooperation="sspf", since=date(2025, 3, 3)),
            models.Course(cooperation="sig", since=date(2025, 5, 12)),
        ),
    ),
}


def _example(topic: Topic) -> Message:
    if topic in _EXAMPLES:
        return _EXAMPLES[topic]
    return models.DeadLetter(
        origin_topic=topic.name.removesuffix(".dlq"),
        origin_partition=3,
        origin_offset=70_000_000_000,
        stage="decode",
        error_class="bad_magic",
        attempts=1,
        occurred_at=AT,
    )


@pytest.fixture(scope="session")
def codec() -> Codec:
    return Codec.load()


@pytest.fixture(scope="session")
def examples() -> dict[str, Message]:
    """One message of every topic, by topic name; the golden bytes are theirs."""
    return {name: _example(topic) for name, topic in CATALOGUE.items()}


@pytest.fixture
def schemas():
    return schemas_folder()
