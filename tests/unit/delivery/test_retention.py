"""What the inbox lets go of: content of ended tasks, their notes and history; never what somebody has yet to hear of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentStatus, TaskState
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.delivery.moves import Asked, DeclineReason, Move, Who
from hub.delivery.notes import NoteKind
from hub.delivery.readers import ReaderRow
from hub.delivery.retention import inbox_kinds
from hub.delivery.tables import CallRow, ErrandRow, MoveRow, NoteRow, OutboxRow, TaskRow
from hub.retention import Due, Kind
from hub.retention_settings import RetentionSettings
from tests.unit.delivery.make import Desk, make_consent, make_erasure, make_task

LATER = timedelta(days=91)


def kind(desk: Desk, name: str) -> Kind:
    (found,) = [one for one in inbox_kinds(desk.engine, RetentionSettings()) if one.name == name]
    return found


def ended(desk: Desk, ref: str, opened_by: str = "e1") -> str:
    task = make_task(ref, opened_by=opened_by)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    desk.worklist.open_task(task.task_id, "outreach")
    desk.notes.add(task.task_id, "outreach", "anna", NoteKind.NOTE, "ring skolan", record=lambda: None)
    view, asked = desk.worklist.open_task(task.task_id, "outreach"), Asked(Move.DECLINE, DeclineReason.NO_CAPACITY.value)
    desk.answering.move(task.task_id, "outreach", asked, Who("anna"), seen=view.version, record=lambda: None)
    return task.task_id


def acknowledged(desk: Desk) -> None:
    """Kafka has confirmed everything."""
    with Session(desk.engine) as session, session.begin():
        session.execute(delete(OutboxRow))


def count(desk: Desk, row: type) -> int:
    with Session(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def row(desk: Desk, task_id: str) -> TaskRow:
    with Session(desk.engine) as session:
        return session.get_one(TaskRow, task_id)


def test_an_ended_task_is_bare_after_its_time_and_its_note_is_gone(desk: Desk) -> None:
    task_id = ended(desk, new_youth_ref())
    acknowledged(desk)
    tasks, now = kind(desk, "tasks"), desk.clock.now()
    assert tasks.due(now - timedelta(seconds=1)) == Due(0, 1)
    assert tasks.due(now).due == 1
    assert tasks.let_go(now, 500) == 1
    bare = row(desk, task_id)
    assert (bare.subject, bare.payload, bare.area, bare.state) == (None, None, None, "rejected")
    assert count(desk, NoteRow) == 0
    view = desk.worklist.open_task(task_id, "outreach")
    assert (view.content, view.state) == (None, TaskState.REJECTED)
    assert (tasks.due(now), tasks.let_go(now, 500)) == (Due(0, 0), 0)


def test_a_task_whose_end_kafka_has_not_confirmed_stays_and_is_counted(desk: Desk) -> None:
    waiting = ended(desk, new_youth_ref())
    acknowledged(desk)
    free = ended(desk, new_youth_ref())
    with Session(desk.engine) as session, session.begin():
        session.execute(delete(OutboxRow))
        session.add(OutboxRow(topic="t", key=(row(desk, waiting).subject or "").encode(), value=b"v", headers="[]"))
    tasks = kind(desk, "tasks")
    found = tasks.due(desk.clock.now())
    assert (found.due, found.kept_back) == (1, {"not_delivered": 1})
    assert tasks.let_go(desk.clock.now(), 1) == 1
    assert tasks.let_go(desk.clock.now(), 1) == 0
    assert row(desk, waiting).payload is not None
    assert row(desk, free).payload is None


def test_a_task_of_which_a_system_of_its_team_has_yet_to_take_a_word_stays_and_is_counted(desk: Desk) -> None:
    task_id, now = ended(desk, new_youth_ref()), desk.clock.now()
    acknowledged(desk)
    errand = ErrandRow(
        task_id=task_id, state="recalled", sink="errands", team="outreach", function="information", priority="normal",
        created_at=now, respond_by=now, written_at=now, status="waiting", begun_at=now, next_try=now,
    )  # fmt: skip
    with Session(desk.engine) as session, session.begin():
        session.add(errand)
    tasks = kind(desk, "tasks")
    assert tasks.due(now) == Due(0, 0, None, {"not_delivered": 1})
    assert tasks.let_go(now, 500) == 0
    with Session(desk.engine) as session, session.begin():
        session.execute(update(ErrandRow).values(status="delivered"))
    assert (tasks.due(now).due, tasks.let_go(now, 500)) == (1, 1)


def recalled_of(desk: Desk) -> list[str | None]:
    with Session(desk.engine) as session:
        return [reader.recall_of for reader in session.scalars(select(ReaderRow))]


def test_which_team_opened_a_task_goes_with_its_history_and_not_before_its_acknowledgement_is_told(desk: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    desk.worklist.open_task(task.task_id, "outreach")
    readers, at = kind(desk, "readers"), desk.clock.now()
    assert readers.due(at) == Due(0, 0, None, {"task_kept": 1})
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref))])
    assert (readers.let_go(at, 500), recalled_of(desk)) == (0, [ref])
    desk.worklist.acknowledge(task.task_id, "outreach")
    desk.inbox.pass_on_acknowledgements()
    assert (readers.let_go(at, 500), recalled_of(desk)) == (1, [])


def test_a_recall_that_the_team_has_not_acknowledged_stays(desk: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    desk.worklist.open_task(task.task_id, "outreach")
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    acknowledged(desk)
    assert recalled_of(desk) == [ref]
    with Session(desk.engine) as session, session.begin():
        session.get_one(TaskRow, task.task_id).subject = ref  # as of a version that kept it until then
    tasks = kind(desk, "tasks")
    assert tasks.due(desk.clock.now()) == Due(0, 0, None, {"not_acknowledged": 1})
    assert tasks.let_go(desk.clock.now(), 500) == 0
    assert recalled_of(desk) == [ref]


def test_an_open_task_stays_whatever_its_age(desk: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    desk.clock.advance(timedelta(days=5000))
    for one in inbox_kinds(desk.engine, RetentionSettings()):
        assert one.due(desk.clock.now()).due == 0
        assert one.let_go(desk.clock.now(), 500) == 0
    assert row(desk, task.task_id).payload is not None


def test_the_same_proposal_told_again_opens_nothing_anew(desk: Desk) -> None:
    ref = new_youth_ref()
    task_id = ended(desk, ref)
    acknowledged(desk)
    kind(desk, "tasks").let_go(desk.clock.now(), 500)
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert count(desk, TaskRow) == 1
    assert row(desk, task_id).closed_at is not None


def test_notes_go_by_their_own_time_and_the_history_after_the_content(desk: Desk) -> None:
    ended(desk, new_youth_ref())
    acknowledged(desk)
    desk.clock.advance(LATER)
    now = desk.clock.now()
    notes, moves, tasks = (kind(desk, name) for name in ("notes", "moves", "tasks"))
    assert notes.due(now).due == notes.let_go(now, 500) == 1
    assert moves.due(now).kept_back == {"task_kept": count(desk, MoveRow)}
    assert moves.let_go(now, 500) == 0
    tasks.let_go(now, 500)
    assert moves.due(now).due == moves.let_go(now, 500) > 0
    assert count(desk, MoveRow) == 0


def test_a_colleague_s_name_goes_after_she_was_last_seen(desk: Desk) -> None:
    ended(desk, new_youth_ref())
    desk.answering.meet("outreach", "anna", "Anna")
    colleagues, now = kind(desk, "colleagues"), desk.clock.now()
    assert colleagues.due(now - timedelta(seconds=1)).due == 0
    assert colleagues.due(now).due == colleagues.let_go(now, 500) == 1


def told(desk: Desk, task_id: str, sink: str, *words: tuple[str, str]) -> None:
    """What a system was told of a task: each word (state) and what became of it."""
    now = desk.clock.now()
    with Session(desk.engine) as session, session.begin():
        for state, status in words:
            session.add(
                ErrandRow(
                    task_id=task_id, state=state, sink=sink, team="outreach", function="information", priority="normal",
                    created_at=now, respond_by=now, written_at=now, status=status,
                    settled_at=None if status == "waiting" else now,
                )
            )  # fmt: skip


def test_what_a_system_was_told_goes_when_it_has_taken_all_of_it_and_the_task_has_ended(desk: Desk) -> None:
    task_id, now = ended(desk, new_youth_ref()), desk.clock.now()
    told(desk, task_id, "system", ("requested", "delivered"), ("cancelled", "delivered"))
    told(desk, task_id, "mail", ("requested", "refused"))
    errands = kind(desk, "errands")
    assert errands.due(now - timedelta(seconds=1)) == Due(0, 3)
    assert errands.due(now) == Due(3, 0, now)
    assert (errands.let_go(now, 500), errands.let_go(now, 500), count(desk, ErrandRow)) == (3, 0, 0)


@pytest.mark.parametrize("word", [("requested", "waiting"), ("recalled", "waiting"), ("cancelled", "refused")])
def test_what_was_told_of_a_task_that_a_system_may_still_hold_stays_whole(desk: Desk, word: tuple[str, str]) -> None:
    task_id = ended(desk, new_youth_ref())
    told(desk, task_id, "mail", ("requested", "delivered"))
    told(desk, task_id, "system", word)
    desk.clock.advance(timedelta(days=5000))
    errands, now = kind(desk, "errands"), desk.clock.now()
    assert errands.due(now) == Due(0, 0, None, {"not_taken": 2})
    assert (errands.let_go(now, 500), count(desk, ErrandRow)) == (0, 2)


def test_what_was_told_of_an_open_task_stays_and_what_was_taken_lately_too(desk: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    told(desk, task.task_id, "system", ("requested", "delivered"))
    late = ended(desk, new_youth_ref())
    desk.clock.advance(LATER)
    told(desk, late, "system", ("requested", "delivered"))
    errands, before = kind(desk, "errands"), desk.clock.now() - timedelta(days=1)
    assert errands.due(before) == Due(0, 2)
    assert (errands.let_go(before, 500), count(desk, ErrandRow)) == (0, 2)


def test_a_batch_of_words_parts_no_task(desk: Desk) -> None:
    for _ in range(3):
        told(desk, ended(desk, new_youth_ref()), "system", ("requested", "delivered"), ("cancelled", "delivered"))
    errands, now = kind(desk, "errands"), desk.clock.now()
    assert [errands.let_go(now, 5) for _ in range(3)] == [4, 2, 0]


def test_who_was_called_for_a_task_goes_with_its_history(desk: Desk) -> None:
    task_id, now = ended(desk, new_youth_ref()), desk.clock.now()
    acknowledged(desk)
    with Session(desk.engine) as session, session.begin():
        session.add(CallRow(task_id=task_id, due_by=now, step="reminder", addressee="own", at=now))
    calls = kind(desk, "calls")
    assert (calls.due(now).kept_back, calls.let_go(now, 500)) == ({"task_kept": 1}, 0)
    kind(desk, "tasks").let_go(now, 500)
    assert calls.due(now).due == calls.let_go(now, 500) == 1
    assert count(desk, CallRow) == 0
