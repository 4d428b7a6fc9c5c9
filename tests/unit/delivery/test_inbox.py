"""The inbox: one effect per task, whatever the order and however often a record comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

import hub.delivery
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.ids import new_youth_ref, task_id
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    Erasure,
    ErasureKind,
    Evidence,
    InfoKind,
    Message,
    PresenceTask,
    Priority,
    ReferralTask,
    Scope,
    TaskState,
)  # fmt: skip
from hub.contract.topics import CONSENTS, ERASURES, PRESENCE_TASKS, TASK_EVENTS, TASKS_OUTREACH, Topic
from hub.database import build_engine, migrate
from hub.delivery.inbox import Inbox
from hub.delivery.outbox import OutboxRelay, pending
from hub.delivery.tables import OutboxRow, TaskRow
from hub.delivery.worklist import Worklist
from hub.errors import RejectedError
from hub.kafka import Incoming
from hub.testing import MemoryPublisher

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
SCOPE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def engine(tmp_path: Path) -> Iterable[Engine]:
    engine = build_engine(f"sqlite:///{tmp_path / 'delivery.db'}")
    migrate(engine, Path(hub.delivery.__file__).parent / "migrations")
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class Desk:
    """An inbox with a bus in hand: numbers the offsets as Kafka would."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.codec = Codec.load()
        self.engine = engine
        self.inbox = Inbox(engine, self.codec, clock)
        self.worklist = Worklist(engine, clock)
        self.offsets: dict[str, int] = {}

    def record(self, topic: Topic, key: str, message: Message) -> Incoming:
        return self.raw(topic, key.encode(), self.codec.encode(topic, message))

    def raw(self, topic: Topic, key: bytes | None, value: bytes | None) -> Incoming:
        offset = self.offsets.get(topic.name, 0)
        self.offsets[topic.name] = offset + 1
        return Incoming(topic.name, 0, offset, key, value, (), 0)

    def outbox(self, topic: Topic) -> list[Message]:
        with Session(self.engine) as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == topic.name).order_by(OutboxRow.id))
            return [self.codec.decode(topic, row.value) for row in rows]


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    return Desk(engine, clock)


def make_consent(ref: str, version: int = 1, *, status: ConsentStatus = ConsentStatus.IN_FORCE) -> ConsentRecord:
    bare = status is ConsentStatus.WITHDRAWN
    scope = Scope(
        scope_id=SCOPE, cooperation=Cooperation.SSPF, agencies=("school",), recipients=("outreach",),
        kinds=(InfoKind.SCHOOL_ABSENCE,), valid_from=NOW - timedelta(days=30), valid_to=NOW + timedelta(days=30),
    )  # fmt: skip
    return ConsentRecord(
        youth_ref=ref, version=version, status=status, age_years=None if bare else 14, age_valid_until=None, area=None,
        legal_basis="consent", scopes=() if bare else (scope,), recorded_at=NOW,
    )  # fmt: skip


def make_task(ref: str, *, opened_by: str = "e1", action: Action = Action.OPEN, rule: str = "absence-alone") -> ReferralTask:
    evidence = Evidence(
        condition="unexcused", kind=InfoKind.SCHOOL_ABSENCE, measure="minutes", at_least=480, met=500, unit="minutes",
        window_days=28, first_at=NOW - timedelta(days=9), last_at=NOW - timedelta(days=1), agencies=("school",),
        may_tell_youth=True,
    )  # fmt: skip
    return ReferralTask(
        action=action, task_id=task_id(ref, rule, opened_by), youth_ref=ref, rule_id=rule, rules_version="1", team="outreach",
        function="school_attendance", cooperation=Cooperation.SSPF, priority=Priority.NORMAL, created_at=NOW,
        respond_by=NOW + timedelta(days=5), evidence=(evidence,), consent_version=1, scope_id=SCOPE, area="0581-hageby",
        age_years=14,
    )  # fmt: skip


def states(desk: Desk) -> list[tuple[TaskState, str | None]]:
    return [(view.state, view.reason) for view in desk.worklist.all_tasks()]


def test_a_task_is_received_once_and_told_once_however_often_it_comes(desk: Desk) -> None:
    ref = new_youth_ref()
    first = desk.record(TASKS_OUTREACH, ref, make_task(ref))
    repeat = desk.record(TASKS_OUTREACH, ref, make_task(ref))
    assert desk.inbox.take([first]) == 1
    assert desk.inbox.take([first, repeat]) == 1
    assert states(desk) == [(TaskState.RECEIVED, None)]
    assert len(desk.outbox(TASK_EVENTS)) == 1
    assert desk.worklist.counts() == {(TASKS_OUTREACH.name, "opened"): 1, (TASKS_OUTREACH.name, "duplicate"): 1}


def test_a_second_open_task_of_the_same_youth_and_rule_is_absorbed_whatever_its_id(desk: Desk) -> None:
    ref = new_youth_ref()
    records = [desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by=event)) for event in ("e1", "e2")]
    desk.inbox.take(records)
    assert len(states(desk)) == 1
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "absorbed"] == 1


def test_withdrawal_before_the_task_refuses_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert states(desk) == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "refused_withdrawn"] == 1


def test_withdrawal_after_the_task_cancels_it_and_empties_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    assert states(desk) == [(TaskState.CANCELLED, "no_consent")]
    with Session(desk.engine) as session:
        row = session.scalars(select(TaskRow)).one()
        assert (row.subject, row.payload, row.area, row.open_key) == (None, None, None, None)
    assert [event.state for event in desk.outbox(TASK_EVENTS)] == [TaskState.RECEIVED, TaskState.CANCELLED]


def test_an_older_consent_never_replaces_a_withdrawal(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 1))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert states(desk) == []


def test_an_erasure_request_is_answered_with_a_receipt(desk: Desk) -> None:
    ref = new_youth_ref()
    request = Erasure(kind=ErasureKind.REQUEST, erasure_id=SCOPE, youth_ref=ref, component=None, occurred_at=NOW)
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref)), desk.record(ERASURES, ref, request)])
    receipts = desk.outbox(ERASURES)
    assert [(receipt.kind, receipt.component, receipt.erasure_id) for receipt in receipts] == [("receipt", "delivery", SCOPE)]
    assert states(desk) == [(TaskState.CANCELLED, "no_consent")]


def test_lost_ground_recalls_a_task_nobody_has_opened(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    assert states(desk) == [(TaskState.RECALLED, "ground_lost")]


def test_lost_ground_only_annotates_a_task_somebody_has_opened(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    opened = desk.worklist.open_task(make_task(ref).task_id, "outreach")
    assert opened.content is not None
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    view = desk.worklist.all_tasks()[0]
    assert view.state is TaskState.RECEIVED
    assert view.ground_lost_at == NOW


def test_ground_found_again_takes_the_note_off_a_task_somebody_works_with(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.worklist.open_task(make_task(ref).task_id, "outreach")
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2"))])
    assert [(view.state, view.ground_lost_at) for view in desk.worklist.all_tasks()] == [(TaskState.RECEIVED, None)]


def test_the_same_rule_may_ask_two_teams(desk: Desk) -> None:
    ref = new_youth_ref()
    asked = make_task(ref).model_copy(update={"team": "sspf", "task_id": SCOPE})
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, task) for task in (make_task(ref), asked)])
    assert len(states(desk)) == 2


def test_opening_shows_no_content_without_a_consent_that_permits_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    view = desk.worklist.open_task(make_task(ref).task_id, "outreach")
    assert (view.content, view.opened_at) == (None, None)


def test_another_team_cannot_open_the_task(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    with pytest.raises(RejectedError, match="no such task"):
        desk.worklist.open_task(make_task(ref).task_id, "sig")


@pytest.mark.parametrize(
    ("key", "value", "error_class"),
    [
        (b"20150412-9807", b"anything", "bad_key"),
        (b"y" + b"0" * 32, b"\x01nonsense", "bad_magic"),
        (b"y" + b"0" * 32, None, "no_value"),
    ],
)
def test_a_record_that_breaks_the_contract_becomes_a_dead_letter_and_the_next_is_taken(
    desk: Desk, key: bytes, value: bytes | None, error_class: str
) -> None:
    from hub.contract.topics import dead_letter_topic

    ref = new_youth_ref()
    desk.inbox.take([desk.raw(TASKS_OUTREACH, key, value), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    letters = desk.outbox(dead_letter_topic(TASKS_OUTREACH))
    assert [(letter.error_class, letter.origin_offset) for letter in letters] == [(error_class, 0)]
    assert states(desk) == [(TaskState.RECEIVED, None)]


def test_a_key_that_is_not_the_messages_own_is_a_dead_letter(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, new_youth_ref(), make_task(ref))])
    assert states(desk) == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "dead_lettered"] == 1


def test_a_presence_task_is_received_once_per_area_rule_and_week(desk: Desk) -> None:
    task = PresenceTask(
        action=Action.OPEN, task_id=SCOPE, area="0581-hageby", rule_id="place-presence", rules_version="1", week="2025-W20",
        created_at=NOW, incidents=6, at_least=5, window_days=7, categories=(), first_at=NOW, last_at=NOW,
    )  # fmt: skip
    other = task.model_copy(update={"task_id": "22222222-2222-4222-8222-222222222222"})
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, one) for one in (task, other)])
    assert len(states(desk)) == 1


def test_the_relay_empties_the_outbox_only_when_kafka_has_acknowledged(desk: Desk, clock: ManualClock) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    publisher = MemoryPublisher()
    relay, other = OutboxRelay(desk.engine, publisher, clock), OutboxRelay(desk.engine, publisher, clock)
    assert relay.run_once() == 1
    assert pending(desk.engine) == 0
    assert other.run_once() == 0  # the first holds the lease


def test_tasks_past_their_time_to_respond_are_late(desk: Desk, clock: ManualClock) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert desk.worklist.overdue_by_team() == {}
    clock.advance(timedelta(days=6))
    assert desk.worklist.overdue_by_team() == {"outreach": 1}
    assert desk.worklist.of_team("outreach")[0].late
