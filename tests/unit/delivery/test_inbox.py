"""The inbox: one effect per task, whatever the order and however often a record comes."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus, ErasureKind, InfoKind, RuleMarker, TaskState
from hub.contract.topics import (
    CONSENTS,
    ERASURES,
    PRESENCE_TASKS,
    RULES,
    TASK_EVENTS,
    TASKS_OUTREACH,
    TASKS_SIG,
    dead_letter_topic,
)
from hub.delivery.inbox import Inbox
from hub.delivery.tables import TaskRow
from hub.errors import RetriableError
from tests.unit.delivery.make import NOW, SCOPE, Desk, make_consent, make_erasure, make_presence, make_task


def test_a_task_is_received_once_and_told_once_however_often_it_comes(desk: Desk) -> None:
    ref = new_youth_ref()
    first = desk.record(TASKS_OUTREACH, ref, make_task(ref))
    repeat = desk.record(TASKS_OUTREACH, ref, make_task(ref))
    assert desk.inbox.take([first]) == 1
    assert desk.inbox.take([first, repeat]) == 1
    assert desk.states() == [(TaskState.RECEIVED, None)]
    assert len(desk.outbox(TASK_EVENTS)) == 1
    assert desk.worklist.counts() == {(TASKS_OUTREACH.name, "opened"): 1, (TASKS_OUTREACH.name, "duplicate"): 1}


def test_a_second_open_task_of_the_same_youth_and_rule_is_absorbed_whatever_its_id(desk: Desk) -> None:
    ref = new_youth_ref()
    records = [desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by=event)) for event in ("e1", "e2")]
    desk.inbox.take(records)
    assert len(desk.states()) == 1
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "absorbed"] == 1


def test_withdrawal_before_the_task_refuses_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert desk.states() == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "refused_withdrawn"] == 1


def test_withdrawal_after_the_task_cancels_it_and_empties_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]
    with Session(desk.engine) as session:
        row = session.scalars(select(TaskRow)).one()
        assert (row.subject, row.payload, row.area, row.open_key) == (None, None, None, None)
    assert [event.state for event in desk.outbox(TASK_EVENTS)] == [TaskState.RECEIVED, TaskState.CANCELLED]


def test_after_a_withdrawal_the_next_record_is_read_though_a_scope_was_withdrawn_by_a_later_clock(desk: Desk) -> None:
    ref = new_youth_ref()
    first = make_consent(ref, 1)
    closed = tuple(scope.model_copy(update={"withdrawn_at": NOW + timedelta(seconds=1)}) for scope in first.scopes)
    desk.inbox.take([desk.record(CONSENTS, ref, first.model_copy(update={"scopes": closed}))])
    withdrawn = make_consent(ref, 2, status=ConsentStatus.WITHDRAWN)
    for _ in range(2):
        desk.inbox.take([desk.record(CONSENTS, ref, withdrawn)])
    assert desk.worklist.counts() == {(CONSENTS.name, "processed"): 2, (CONSENTS.name, "duplicate"): 1}


def test_an_older_consent_never_replaces_a_withdrawal(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 1))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert desk.states() == []


@pytest.mark.parametrize("before", ["known already", "still to come"])
def test_a_consent_older_than_the_one_a_task_was_decided_under_neither_refuses_nor_cancels_it(desk: Desk, before: str) -> None:
    # Topics are read side by side: a delivery that lags (after a crash) may have a task before the consent it rests on.
    ref = new_youth_ref()
    old = desk.record(CONSENTS, ref, make_consent(ref, 1, kinds=(InfoKind.RISK_EVENT,)))
    task = desk.record(TASKS_OUTREACH, ref, make_task(ref).model_copy(update={"consent_version": 2}))
    for record in (old, task) if before == "known already" else (task, old):
        desk.inbox.take([record])
    assert desk.states() == [(TaskState.RECEIVED, None)]
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 3, kinds=(InfoKind.RISK_EVENT,)))])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]


def test_a_withdrawal_refuses_a_task_whatever_version_it_was_decided_under(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref).model_copy(update={"consent_version": 9}))])
    assert desk.states() == []


def test_an_erasure_request_is_answered_with_a_receipt(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref)), desk.record(ERASURES, ref, make_erasure(ref))])
    receipts = desk.outbox(ERASURES)
    assert [(receipt.kind, receipt.component, receipt.erasure_id) for receipt in receipts] == [("receipt", "delivery", SCOPE)]
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]


def test_lost_ground_recalls_a_task_nobody_has_opened(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    assert desk.states() == [(TaskState.RECALLED, "ground_lost")]


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
    ref = new_youth_ref()
    desk.inbox.take([desk.raw(TASKS_OUTREACH, key, value), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    letters = desk.outbox(dead_letter_topic(TASKS_OUTREACH))
    assert [(letter.error_class, letter.origin_offset) for letter in letters] == [(error_class, 0)]
    assert desk.states() == [(TaskState.RECEIVED, None)]


def test_a_key_that_is_not_the_messages_own_is_a_dead_letter(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, new_youth_ref(), make_task(ref))])
    assert desk.states() == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "dead_lettered"] == 1


def test_a_presence_task_is_received_once_per_area_rule_and_week(desk: Desk) -> None:
    task = make_presence()
    other = task.model_copy(update={"task_id": "22222222-2222-4222-8222-222222222222"})
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, one) for one in (task, other)])
    assert len(desk.states()) == 1


def test_a_batch_taken_again_after_a_crash_before_the_groups_commit_has_no_second_effect(desk: Desk) -> None:
    ref = new_youth_ref()
    batch = [desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))]
    assert desk.inbox.take(batch) == 2
    again = Inbox(desk.engine, desk.codec, desk.clock)
    assert again.take(batch) == 0
    assert desk.states() == [(TaskState.RECEIVED, None)]
    assert len(desk.outbox(TASK_EVENTS)) == 1
    assert sum(desk.worklist.counts().values()) == 2


def test_partitions_may_come_in_any_mixture_and_each_keeps_its_own_place(desk: Desk) -> None:
    refs = [new_youth_ref() for _ in range(6)]
    records = [desk.record(TASKS_OUTREACH, ref, make_task(ref), partition=number % 3) for number, ref in enumerate(refs)]
    mixed = [records[place] for place in (2, 0, 1, 3, 5, 4)]
    assert desk.inbox.take(mixed[:4]) == 4
    assert desk.inbox.take(mixed[1:]) == 2
    assert len(desk.states()) == 6
    assert desk.worklist.counts() == {(TASKS_OUTREACH.name, "opened"): 6}


def test_an_erasure_that_comes_before_the_withdrawal_shuts_the_door_to_later_tasks(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(ERASURES, ref, make_erasure(ref))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref)), desk.record(CONSENTS, ref, make_consent(ref, 2))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2"))])
    assert desk.states() == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "refused_withdrawn"] == 2
    withdrawn = make_consent(ref, 3, status=ConsentStatus.WITHDRAWN)
    desk.inbox.take([desk.record(CONSENTS, ref, withdrawn)])
    assert desk.worklist.counts()[CONSENTS.name, "processed"] == 2


def test_an_erasure_of_somebody_never_heard_of_is_answered_and_remembered(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref)), desk.record(CONSENTS, ref, make_consent(ref))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert desk.states() == []
    assert len(desk.outbox(ERASURES)) == 1


def test_an_erasure_asked_for_again_is_answered_again(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref)) for _ in range(2)])
    assert len(desk.outbox(ERASURES)) == 2


def test_the_receipts_of_others_are_not_for_the_inbox(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take(
        [desk.record(TASKS_OUTREACH, ref, make_task(ref)), desk.record(ERASURES, ref, make_erasure(ref, ErasureKind.RECEIPT))]
    )
    assert desk.states() == [(TaskState.RECEIVED, None)]
    assert desk.worklist.counts()[ERASURES.name, "not_for_us"] == 1


def test_what_was_erased_stands_nowhere_in_the_file_or_its_log(sqlite_engine: Engine, clock: ManualClock) -> None:
    desk = Desk(sqlite_engine, clock)

    def found() -> bool:
        file = Path(str(sqlite_engine.url.database))
        return any(b"school_attendance" in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))

    ref = new_youth_ref()
    marked = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, marked)])
    assert found()
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref))])
    with Session(sqlite_engine) as session:
        session.execute(text("UPDATE task SET function = 'x'"))
        session.commit()
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref))])
    assert not found()


def test_a_reader_in_the_way_postpones_the_emptying_of_the_log(sqlite_engine: Engine, clock: ManualClock) -> None:
    desk = Desk(sqlite_engine, clock)
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    with sqlite_engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM task").all()
        with sqlite_engine.connect() as quick:
            quick.exec_driver_sql("PRAGMA busy_timeout=1")  # this pooled connection is the one that the inbox takes next
        desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref))])
        log = Path(f"{sqlite_engine.url.database}-wal")
        assert log.stat().st_size > 0
    desk.inbox.tidy()
    assert log.stat().st_size == 0


def test_ground_lost_again_is_told_of_a_task_that_was_reinstated(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.worklist.open_task(make_task(ref).task_id, "outreach")
    lost, found = make_task(ref, action=Action.GROUND_LOST), make_task(ref, opened_by="e2")
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, one) for one in (lost, found)])
    assert desk.worklist.all_tasks()[0].ground_lost_at is None
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, one) for one in (lost, found)])  # a repeat of what was said last
    assert desk.worklist.all_tasks()[0].ground_lost_at is None
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2", action=Action.GROUND_LOST))])
    assert desk.worklist.all_tasks()[0].ground_lost_at == NOW


def test_a_recalled_task_makes_room_for_the_next_also_within_one_batch(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    next_ones = (make_task(ref, action=Action.GROUND_LOST), make_task(ref, opened_by="e2"))
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, one) for one in next_ones])
    assert sorted(desk.states()) == [(TaskState.RECALLED, "ground_lost"), (TaskState.RECEIVED, None)]
    assert [event.state for event in desk.outbox(TASK_EVENTS)] == [TaskState.RECEIVED, TaskState.RECALLED, TaskState.RECEIVED]


def test_a_recalled_task_that_comes_once_more_stays_recalled(desk: Desk) -> None:
    ref = new_youth_ref()
    for task in (make_task(ref), make_task(ref, action=Action.GROUND_LOST), make_task(ref)):
        desk.inbox.take([desk.record(TASKS_OUTREACH, ref, task)])
    assert desk.states() == [(TaskState.RECALLED, "ground_lost")]


def test_a_presence_task_is_recalled_and_may_come_again_under_another_id(desk: Desk) -> None:
    for task in (make_presence(), make_presence(action=Action.GROUND_LOST), make_presence("2025-W20#2")):
        desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, task)])
    assert sorted(desk.states()) == [(TaskState.RECALLED, "ground_lost"), (TaskState.RECEIVED, None)]


def test_a_consent_that_no_longer_covers_what_a_task_builds_on_cancels_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    narrowed = make_consent(ref, 2, kinds=(InfoKind.RISK_EVENT,))
    desk.inbox.take([desk.record(CONSENTS, ref, narrowed)])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2"))])
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "refused_kind_not_in_scope"] == 1


def test_a_suspended_consent_cancels_and_a_renewed_one_lets_tasks_in(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.SUSPENDED))])
    desk.inbox.take(
        [desk.record(CONSENTS, ref, make_consent(ref, 3)), desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2"))]
    )
    assert sorted(desk.states()) == [(TaskState.CANCELLED, "no_consent"), (TaskState.RECEIVED, None)]


def test_a_message_of_no_interest_is_counted_and_passed(desk: Desk) -> None:
    marker = RuleMarker(version="1", sha256="0" * 64, activated_at=NOW)
    raw = desk.raw(RULES, b"1", desk.codec.encode(RULES, marker))
    desk.inbox.take([raw])
    assert sum(desk.worklist.counts().values()) == 1


# In SQLite a batch is the only writer from its begin on, and nobody is quicker.
@pytest.mark.parametrize("databases", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_somebody_who_opens_a_task_while_it_is_recalled_makes_the_batch_come_again(desk: Desk) -> None:
    """Whoever was quicker, the other one asks again: here the team read the task first, so it cannot be recalled unread."""
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    lost = desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))

    class ReadsFirst(Inbox):
        def _apply(self, work, message):
            outcome = super()._apply(work, message)
            desk.worklist.open_task(make_task(ref).task_id, "outreach")
            return outcome

    with pytest.raises(RetriableError):
        ReadsFirst(desk.engine, desk.codec, desk.clock).take([lost])
    assert desk.worklist.all_tasks()[0].ground_lost_at is None
    assert desk.inbox.take([lost]) == 1
    assert (desk.states(), desk.worklist.all_tasks()[0].ground_lost_at) == ([(TaskState.RECEIVED, None)], NOW)


def test_a_task_for_a_team_that_nobody_knows_is_kept_and_can_be_seen(desk: Desk) -> None:
    ref = new_youth_ref()
    stray = make_task(ref).model_copy(update={"team": "unheard-of"})
    desk.inbox.take([desk.record(TASKS_SIG, ref, stray)])
    assert [view.team for view in desk.worklist.all_tasks()] == ["unheard-of"]
    assert desk.worklist.open_by_team() == {("unheard-of", "received"): 1}


def test_five_hundred_records_are_taken_in_well_under_a_second_of_work(desk: Desk, report) -> None:
    refs = [new_youth_ref() for _ in range(250)]
    batch = [desk.record(CONSENTS, ref, make_consent(ref)) for ref in refs]
    batch += [desk.record(TASKS_OUTREACH, ref, make_task(ref)) for ref in refs]
    began = time.process_time()
    desk.inbox.take(batch)
    spent = time.process_time() - began
    report(f"{spent:.2f} s of processor time")
    assert spent < 0.9


_STEPS = st.lists(st.sampled_from(["consent", "withdraw", "erase", "open1", "open2", "lost1", "lost2", "repeat"]), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS, st.integers(1, 5))
def test_however_the_records_fall_into_batches_the_outcome_is_the_same(desk: Desk, steps: list[str], size: int) -> None:
    """And a reference that was withdrawn never has an open task, nor content, after its erasure."""
    alone, together = new_youth_ref(), new_youth_ref()
    told = []
    for ref, at_once in ((alone, 1), (together, size)):
        records = [_step(desk, ref, step, number) for number, step in enumerate(steps) if step != "repeat"]
        repeats = [records[-1]] if "repeat" in steps and records else []
        records += repeats
        for start in range(0, len(records), at_once):
            desk.inbox.take(records[start : start + at_once])
        ids = {make_task(ref, opened_by=opener).task_id for opener in ("e1", "e2")}
        views = [view for view in desk.worklist.all_tasks() if view.task_id in ids]
        told.append(sorted((view.state, view.reason or "", view.content is None) for view in views))
        if "erase" in steps or "withdraw" in steps:
            assert all(state in {"cancelled", "recalled"} and empty for state, _reason, empty in told[-1])
    assert told[0] == told[1]


def _step(desk: Desk, ref: str, step: str, number: int):
    match step:
        case "consent":
            return desk.record(CONSENTS, ref, make_consent(ref, number + 1))
        case "withdraw":
            return desk.record(CONSENTS, ref, make_consent(ref, number + 1, status=ConsentStatus.WITHDRAWN))
        case "erase":
            return desk.record(ERASURES, ref, make_erasure(ref))
        case _:
            action = Action.OPEN if step.startswith("open") else Action.GROUND_LOST
            return desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by=f"e{step[-1]}", action=action))
