"""What a team sees of the inbox."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus, InfoKind
from hub.contract.topics import CONSENTS, ERASURES, PRESENCE_TASKS, TASKS_OUTREACH
from hub.delivery.listing import Shown
from hub.delivery.tables import ReferenceRow, TaskRow
from hub.delivery.worklist import Stale, Worklist
from hub.errors import RejectedError, RetriableError
from tests.unit.delivery.make import NOW, Desk, make_consent, make_erasure, make_presence, make_task


def add_tasks(engine: Engine, number: int, **values: object) -> None:
    with Session(engine) as session, session.begin():
        for place in range(number):
            usual = {
                "task_id": f"{len(values):08d}-0000-4000-8000-{place:012d}", "kind": "referral", "team": "outreach", "function": "f",
                "rule_id": "r", "priority": "normal", "state": "received", "open_key": f"{sorted(values)}{place}",
                "created_at": NOW, "received_at": NOW + timedelta(minutes=place), "respond_by": NOW + timedelta(days=5), "due_by": NOW + timedelta(days=5),
            }  # fmt: skip
            session.add(TaskRow(**(usual | values)))


def arrive(desk: Desk, **settings: object) -> str:
    """A task with a consent that permits it."""
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref, **settings))])
    return ref


def test_a_late_task_comes_first_however_many_there_are(engine: Engine, desk: Desk, clock: ManualClock) -> None:
    add_tasks(engine, 510)
    arrive(desk, respond_by=NOW - timedelta(hours=1))
    seen = desk.worklist.of_team("outreach", limit=500)
    assert len(seen) == 500
    assert (seen[0].rule_id, seen[0].late) == ("absence-alone", True)
    assert [view.received_at for view in seen[1:]] == sorted(view.received_at for view in seen[1:])


def test_tasks_without_a_time_to_respond_come_after_those_with_one(desk: Desk) -> None:
    task = make_presence()
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, task)])
    arrive(desk)
    assert [view.kind for view in desk.worklist.of_team("outreach")] == ["referral", "presence"]


def test_closed_tasks_are_shown_when_asked_for_after_all_open_ones_newest_first(desk: Desk, clock: ManualClock) -> None:
    refs = [arrive(desk) for _ in range(3)]
    for ref in refs[:2]:
        clock.advance(timedelta(hours=1))
        desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    ids = [make_task(ref).task_id for ref in refs]
    assert [view.task_id for view in desk.worklist.of_team("outreach")] == [ids[2]]
    assert [view.task_id for view in desk.worklist.of_team("outreach", Shown.ALL)] == [ids[2], ids[1], ids[0]]


def test_a_team_sees_its_own_tasks_only(desk: Desk) -> None:
    arrive(desk)
    assert desk.worklist.of_team("sig") == []


def test_opening_is_noted_once_at_its_first_time(desk: Desk, clock: ManualClock) -> None:
    number = make_task(arrive(desk)).task_id
    first = desk.worklist.open_task(number, "outreach")
    clock.advance(timedelta(hours=1))
    assert desk.worklist.open_task(number, "outreach").opened_at == first.opened_at == NOW


def test_two_who_open_a_task_at_once_both_see_it(desk: Desk) -> None:
    """The second one's note of the opening finds the first one's: it is asked again, not an error."""
    number = make_task(arrive(desk)).task_id

    class Slow(Worklist):
        overtaken = False

        def _open(self, task_id, team):
            if not self.overtaken:
                self.overtaken = True
                desk.worklist.open_task(task_id, team)
                raise RetriableError("somebody else was quicker", code="database")
            return super()._open(task_id, team)

    assert Slow(desk.engine, desk.clock).open_task(number, "outreach").content is not None


def test_many_who_open_a_task_at_once_all_see_it(desk: Desk) -> None:
    number = make_task(arrive(desk)).task_id
    together, seen, errors = threading.Barrier(4), [], []

    def open_it() -> None:
        together.wait(timeout=10)
        try:
            seen.append(desk.worklist.open_task(number, "outreach").content)
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert errors == []
    assert len(seen) == 4
    assert all(seen)


def test_opening_shows_nothing_when_the_consent_no_longer_covers_what_the_task_tells(desk: Desk) -> None:
    """The consent was narrowed, and the inbox has not yet taken that in: here it is written past it."""
    ref = arrive(desk)
    narrowed = make_consent(ref, 2, kinds=(InfoKind.RISK_EVENT,))
    with Session(desk.engine) as session, session.begin():
        session.get_one(ReferenceRow, ref).record = narrowed.model_dump_json()
    assert desk.worklist.open_task(make_task(ref).task_id, "outreach").content is None


@pytest.mark.parametrize("status", [ConsentStatus.WITHDRAWN, ConsentStatus.SUSPENDED])
def test_a_task_that_was_cancelled_opens_without_content(desk: Desk, status: ConsentStatus) -> None:
    ref = arrive(desk)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=status))])
    view = desk.worklist.open_task(make_task(ref).task_id, "outreach")
    assert (view.content, view.opened_at, view.state) == (None, None, "cancelled")


def test_an_erased_task_can_be_listed_and_opened_without_harm(desk: Desk) -> None:
    ref = arrive(desk)
    desk.inbox.take([desk.record(ERASURES, ref, make_erasure(ref))])
    assert desk.worklist.open_task(make_task(ref).task_id, "outreach").content is None
    assert [view.area for view in desk.worklist.all_tasks()] == [None]


def test_a_task_is_found_by_the_beginning_of_its_number_among_given_teams(desk: Desk) -> None:
    number = make_task(arrive(desk)).task_id
    assert desk.worklist.find(number[:8], ["outreach", "sig"]) == [("outreach", number)]
    assert desk.worklist.find(number[:8], ["sig"]) == []
    assert desk.worklist.find("%", ["outreach"]) == []


def test_the_last_arrival_is_told(desk: Desk, clock: ManualClock) -> None:
    assert desk.worklist.last_received("outreach") is None
    arrive(desk)
    clock.advance(timedelta(hours=2))
    arrive(desk)
    assert desk.worklist.last_received("outreach") == NOW + timedelta(hours=2)


def test_opening_shows_no_content_without_a_consent_that_permits_it(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    view = desk.worklist.open_task(make_task(ref).task_id, "outreach")
    assert (view.content, view.opened_at) == (None, None)


def test_what_consent_answered_when_a_task_would_be_shown_is_counted_by_its_code(desk: Desk) -> None:
    def counted(decision: str) -> float:
        return REGISTRY.get_sample_value("hub_consent_decisions_total", {"point": "opening", "decision": decision}) or 0

    permitted, unknown = counted("permitted"), counted("no_consent")
    ref, nobody = arrive(desk), new_youth_ref()
    desk.worklist.open_task(make_task(ref).task_id, "outreach")
    assert (counted("permitted"), counted("no_consent")) == (permitted + 1, unknown)
    desk.inbox.take([desk.record(TASKS_OUTREACH, nobody, make_task(nobody))])
    desk.worklist.open_task(make_task(nobody).task_id, "outreach")
    assert (counted("permitted"), counted("no_consent")) == (permitted + 1, unknown + 1)


def test_another_team_cannot_open_the_task(desk: Desk) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    with pytest.raises(RejectedError, match="no such task"):
        desk.worklist.open_task(make_task(ref).task_id, "sig")


def test_tasks_past_their_time_to_respond_are_late(desk: Desk, clock: ManualClock) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert desk.worklist.overdue_by_team() == {}
    clock.advance(timedelta(days=6))
    assert desk.worklist.overdue_by_team() == {"outreach": 1}
    assert desk.worklist.of_team("outreach")[0].late


BOTH = ((CONSENTS.name, 0), (ERASURES.name, 0))


def watching(desk: Desk) -> Worklist:
    return Worklist(desk.engine, desk.clock, stale_after=timedelta(minutes=1))


def test_as_long_as_delivery_looks_for_withdrawals_all_is_shown(desk: Desk) -> None:
    arrive(desk)
    desk.inbox.beat(BOTH, NOW)
    desk.clock.advance(timedelta(minutes=1))
    (view,) = watching(desk).of_team("outreach")
    assert view.content is not None
    assert not view.withheld
    assert watching(desk).stale() is None


def test_when_it_has_not_looked_for_too_long_a_youths_task_says_nothing_and_cannot_be_opened(desk: Desk) -> None:
    arrive(desk)
    place = make_presence()
    desk.inbox.take([desk.record(PRESENCE_TASKS, place.area, place)])
    desk.inbox.beat(BOTH, NOW)
    desk.clock.advance(timedelta(seconds=61))
    worklist = watching(desk)
    assert worklist.stale() == Stale(NOW)
    referral, presence = worklist.of_team("outreach")
    assert (referral.withheld, referral.content) == (True, None)
    assert (presence.withheld, presence.content) == (False, place)
    opened = worklist.open_task(referral.task_id, "outreach")
    assert (opened.withheld, opened.content, opened.opened_at) == (True, None, None)
    desk.inbox.beat(BOTH, desk.clock.now())
    assert worklist.open_task(referral.task_id, "outreach").content is not None


def test_one_partition_that_was_not_read_is_enough_and_never_is_never(desk: Desk) -> None:
    assert watching(desk).stale() == Stale(None)
    desk.inbox.beat(((CONSENTS.name, 1),), NOW)
    desk.clock.advance(timedelta(minutes=5))
    desk.inbox.beat(BOTH, desk.clock.now())
    assert watching(desk).stale() == Stale(NOW)


def test_how_far_the_tasks_were_read_is_of_no_account(desk: Desk) -> None:
    desk.inbox.beat(((TASKS_OUTREACH.name, 0),), NOW)
    assert watching(desk).stale() == Stale(None)
