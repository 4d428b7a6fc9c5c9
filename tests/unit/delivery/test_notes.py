"""Notes: sealed at rest, shown with the content only, the safe contact first, and gone with the content."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentStatus, ReferralTask
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.notes import LONGEST, KeptElsewhere, NoteKind, Notes, NoteSeal
from hub.delivery.tables import CallRow, NoteRow, OutboxRow
from hub.delivery.views import TaskView
from hub.errors import RejectedError, RetriableError
from tests.unit.delivery.make import Desk, make_consent, make_task
from tests.unit.delivery.test_calls import DUE, come, make_calls, take_over, view

REF = new_youth_ref()
SAFE = "Ring inte hem, bara skolan"


def nothing() -> None:
    """An audit log that answers."""


def opened(desk: Desk) -> TaskView:
    task = make_task(REF)
    desk.inbox.take([desk.record(CONSENTS, REF, make_consent(REF)), desk.record(TASKS_OUTREACH, REF, task)])
    return desk.worklist.open_task(task.task_id, "outreach")


def note(desk: Desk, text: str, kind: NoteKind = NoteKind.NOTE) -> None:
    desk.notes.add(make_task(REF).task_id, "outreach", "anna", kind, text, record=nothing)


def rows(desk: Desk) -> list[bytes]:
    with Session(desk.engine) as session:
        return list(session.scalars(select(NoteRow.sealed)))


def test_the_safe_contact_comes_first_and_then_the_newest(desk: Desk, clock: ManualClock) -> None:
    task = opened(desk)
    for text, kind in (("first", NoteKind.NOTE), (SAFE, NoteKind.SAFE_CONTACT), ("last\r\nline", NoteKind.NOTE)):
        note(desk, text, kind)
        clock.advance(timedelta(minutes=1))
    assert [one.text for one in desk.notes.of(task)] == [SAFE, "last\nline", "first"]


def test_each_note_changes_what_forms_are_answered_against_two_at_one_instant_too(desk: Desk) -> None:
    """Else a note could slip in beside an erasure that has read the task already."""
    seen = [opened(desk).version]
    for text in ("one", "two"):
        note(desk, text)
        seen.append(desk.worklist.open_task(make_task(REF).task_id, "outreach").version)
    assert seen == sorted(set(seen))


def test_a_note_lies_sealed_and_nothing_of_it_is_told_to_the_bus(desk: Desk) -> None:
    opened(desk)
    note(desk, SAFE)
    assert all(b"Ring" not in sealed for sealed in rows(desk))
    with Session(desk.engine) as session:
        assert all(b"Ring" not in value for value in session.scalars(select(OutboxRow.value)))
    assert SAFE not in repr(desk.notes.of(desk.worklist.open_task(make_task(REF).task_id, "outreach")))


def test_a_note_under_another_key_is_shown_as_one_that_cannot_be_read(desk: Desk) -> None:
    task = opened(desk)
    note(desk, SAFE)
    other = Notes(desk.engine, NoteSeal(b"o" * 32), desk.clock, stale=lambda: False)
    assert [one.text for one in other.of(task)] == [None]


def test_a_note_moved_to_another_task_does_not_open() -> None:
    seal = NoteSeal(b"n" * 32)
    sealed = seal.seal("task", "note", SAFE)
    assert seal.open("task", "note", sealed) == SAFE
    assert seal.open("other", "note", sealed) is None
    assert seal.open("task", "other", sealed) is None
    assert seal.open("task", "note", sealed[:5]) is None


def test_a_withdrawal_takes_the_notes_with_the_content(desk: Desk) -> None:
    task = opened(desk)
    note(desk, SAFE)
    desk.inbox.take([desk.record(CONSENTS, REF, make_consent(REF, 2, status=ConsentStatus.WITHDRAWN))])
    assert rows(desk) == []
    with pytest.raises(RejectedError) as refused:
        note(desk, "afterwards")
    assert refused.value.code == "ended"
    assert desk.notes.of(desk.worklist.open_task(task.task_id, "outreach")) == []


def test_notes_are_shown_only_while_consent_shows_the_task(desk: Desk) -> None:
    opened(desk)
    note(desk, SAFE)
    desk.inbox.take([desk.record(CONSENTS, REF, make_consent(REF, 2, status=ConsentStatus.SUSPENDED))])
    assert desk.notes.of(desk.worklist.open_task(make_task(REF).task_id, "outreach")) == []


@pytest.mark.parametrize(("text", "code"), [(" \r\n ", "no_text"), ("x" * (LONGEST + 1), "too_long")])
def test_an_empty_or_an_endless_note_is_refused(desk: Desk, text: str, code: str) -> None:
    opened(desk)
    with pytest.raises(RejectedError) as refused:
        note(desk, text)
    assert refused.value.code == code
    assert rows(desk) == []


def test_another_teams_task_takes_no_note(desk: Desk) -> None:
    opened(desk)
    with pytest.raises(RejectedError) as refused:
        desk.notes.add(make_task(REF).task_id, "sig", "anna", NoteKind.NOTE, "x", record=nothing)
    assert refused.value.code == "unknown_task"


def test_nothing_is_noted_that_the_audit_log_does_not_have_nor_while_withdrawals_wait(desk: Desk) -> None:
    opened(desk)

    def refuses() -> None:
        raise RetriableError("no log", code="audit")

    with pytest.raises(RetriableError):
        desk.notes.add(make_task(REF).task_id, "outreach", "anna", NoteKind.NOTE, "x", record=refuses)
    desk.is_stale = True
    with pytest.raises(RejectedError) as refused:
        note(desk, "x")
    assert refused.value.code == "not_shown"
    assert rows(desk) == []


def taken_over(desk: Desk, clock: ManualClock) -> ReferralTask:
    """A task on which the outreach team has noted two things, and which SSPF has taken over."""
    task = come(desk, recipients=("outreach", "sspf"))
    for text, kind in (("said in confidence", NoteKind.NOTE), (SAFE, NoteKind.SAFE_CONTACT)):
        desk.notes.add(task.task_id, "outreach", "anna", kind, text, record=nothing)
    clock.set(DUE)
    make_calls(desk).make_due()
    take_over(desk, task)
    return task


def test_what_a_team_noted_stays_with_it_when_another_takes_the_task_over(desk: Desk, clock: ManualClock) -> None:
    task = taken_over(desk, clock)
    seen = desk.worklist.open_task(task.task_id, "sspf")
    assert seen.content is not None
    assert desk.notes.of(seen) == []
    assert desk.notes.elsewhere(seen) == [KeptElsewhere("outreach", 2, safe_contact=True)]
    desk.notes.add(task.task_id, "sspf", "bo", NoteKind.NOTE, "our own", record=nothing)
    assert [one.text for one in desk.notes.of(seen)] == ["our own"]
    (told,) = desk.worklist.of_reference(task.youth_ref)
    assert told.noted == (("outreach", 2), ("sspf", 1))


def test_that_another_team_noted_something_is_told_only_while_consent_shows_the_task(desk: Desk, clock: ManualClock) -> None:
    task = taken_over(desk, clock)
    suspended = make_consent(task.youth_ref, 2, status=ConsentStatus.SUSPENDED)
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, suspended)])
    assert desk.notes.elsewhere(desk.worklist.open_task(task.task_id, "sspf")) == []


def test_a_withdrawal_takes_the_notes_of_every_team_that_had_the_task(desk: Desk, clock: ManualClock) -> None:
    task = taken_over(desk, clock)
    desk.notes.add(task.task_id, "sspf", "bo", NoteKind.NOTE, "our own", record=nothing)
    withdrawn = make_consent(task.youth_ref, 2, status=ConsentStatus.WITHDRAWN)
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, withdrawn)])
    assert rows(desk) == []


def test_a_team_that_has_its_task_back_reads_its_notes_again(desk: Desk, clock: ManualClock) -> None:
    task = taken_over(desk, clock)
    with Session(desk.engine) as session, session.begin():
        session.add(CallRow(task_id=task.task_id, due_by=DUE, step="chain-1", addressee="team:outreach", at=DUE))
    take_over(desk, task, "outreach", seen=view(desk).version)
    again = desk.worklist.open_task(task.task_id, "outreach")
    assert [one.text for one in desk.notes.of(again)] == [SAFE, "said in confidence"]
    assert desk.notes.elsewhere(again) == []
