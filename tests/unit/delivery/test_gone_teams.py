"""A team that teams.yaml has no more takes neither its tasks along nor the end of an erasure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.audit.entries import Actor, Entry
from hub.contract.ids import new_youth_ref
from hub.contract.models import PresenceTask, ReferralTask, TaskState
from hub.contract.topics import CONSENTS, ERASURES, PRESENCE_TASKS, TASK_EVENTS, TASKS_OUTREACH
from hub.delivery.calls import Calls
from hub.delivery.clocks import Clocks
from hub.delivery.errands import ErrandWriter
from hub.delivery.gone_teams import GoneTeam, GoneTeams, Settled, gone_teams
from hub.delivery.inbox import Inbox
from hub.delivery.ladder import Ladder
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.notes import KeptElsewhere, NoteKind
from hub.delivery.place_weeks import PlaceWeeks
from hub.delivery.placing import Placing
from hub.delivery.readers import ReaderRow
from hub.delivery.routing import Routing
from hub.delivery.views import TaskView
from hub.errors import RejectedError, RetriableError
from hub.working_time import WorkingTime
from tests.unit.delivery.make import SCOPE, Desk, make_erasure, make_presence, make_task
from tests.unit.delivery.test_calls import DUE, make_calls
from tests.unit.delivery.test_calls import come as come_due
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.delivery.test_placing import naming
from tests.unit.delivery.test_routing import Receives

SSPF_SCOPE = "33333333-3333-4333-8333-333333333333"
WHO = Actor("operator-1", role="operator")
PREVENTION = {"prevention": Receives()}
WITH_FALLBACK = {"sspf": Receives(functions=()), "duty": Receives(functions=(), fallback=True)}


class Trail:
    """An audit log in hand, which answers or not."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.away = False

    def append(self, entry: Entry) -> int:
        if self.away:
            raise RetriableError("no log", code="audit")
        self.entries.append(entry)
        return len(self.entries)


def without_outreach(desk: Desk, teams: Mapping[str, Receives]) -> GoneTeams:
    """As delivery has it once outreach is gone from teams.yaml."""
    times = {code: SimpleNamespace(working_time=WorkingTime(), follow_up_within_days=20) for code in teams}
    placing = Placing(Clocks(times), Routing(teams))
    return GoneTeams(desk.engine, desk.clock, lambda: desk.codec, known=list(teams), placing=placing, errands=ErrandWriter())


def come(desk: Desk, *recipients: str) -> ReferralTask:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, naming(ref, "outreach", *recipients)), desk.record(TASKS_OUTREACH, ref, task)])
    return task


def begun(desk: Desk, *recipients: str) -> ReferralTask:
    task = come(desk, *recipients)
    seen = desk.worklist.open_task(task.task_id, "outreach").version
    desk.answering.move(task.task_id, "outreach", Asked(Move.ACCEPT, concern=False), Who("anna"), seen=seen, record=int)
    desk.notes.add(task.task_id, "outreach", "anna", NoteKind.NOTE, "ours", record=int)
    return task


def view(desk: Desk, task: ReferralTask) -> TaskView:
    return next(one for one in desk.worklist.all_tasks() if one.task_id == task.task_id)


def receipts(desk: Desk) -> list[tuple[str | None, str | None]]:
    return [(one.component, one.awaits) for one in desk.outbox(ERASURES)]


def test_gone_teams_are_told_by_name_with_what_the_inbox_holds_of_them(desk: Desk) -> None:
    come(desk)
    recalled = begun(desk)
    desk.inbox.take([desk.record(ERASURES, recalled.youth_ref, make_erasure(recalled.youth_ref))])
    assert gone_teams(desk.engine, ["sspf"]) == [GoneTeam("outreach", 1, 1)]
    assert gone_teams(desk.engine, ["outreach"]) == []


@pytest.mark.parametrize(
    ("teams", "named", "team", "routed"),
    [
        (PREVENTION, ("prevention",), "prevention", "fits"),
        (PREVENTION | WITH_FALLBACK, (), "duty", "fallback"),
        (PREVENTION, (), "outreach", None),
    ],
)
def test_what_nobody_opened_is_placed_anew_as_delivery_starts_and_calls_by_its_clock(
    desk: Desk, teams: Mapping[str, Receives], named: tuple[str, ...], team: str, routed: str | None
) -> None:
    task, opened = come(desk, *named), begun(desk, *named)
    gone = without_outreach(desk, teams)
    assert gone.place_unopened() == (team != "outreach")
    assert gone.place_unopened() == 0
    assert (view(desk, task).team, view(desk, task).routed) == (team, routed)
    assert view(desk, opened).team == "outreach"
    calls = Calls(desk.engine, desk.clock, Ladder({"prevention": TeamCalls(), "duty": TeamCalls()}))
    desk.clock.advance(timedelta(days=30))
    assert (calls.make_due() > 0) is (team != "outreach")


def test_a_team_that_comes_back_gets_from_the_fallback_what_nobody_opened_there(desk: Desk) -> None:
    task = come(desk)
    without_outreach(desk, WITH_FALLBACK).place_unopened()
    assert view(desk, task).team == "duty"
    without_outreach(desk, WITH_FALLBACK | {"outreach": Receives()}).place_unopened()
    assert (view(desk, task).team, view(desk, task).routed) == ("outreach", None)


def test_what_was_begun_goes_as_a_new_task_to_a_team_that_the_consent_names_and_the_notes_stay_unread(desk: Desk) -> None:
    task, trail = begun(desk, "prevention"), Trail()
    assert without_outreach(desk, PREVENTION).settle("outreach", WHO, trail) == Settled(1, 0, 0)
    seen = view(desk, task)
    assert (seen.team, seen.state, seen.holder, seen.opened_at) == ("prevention", TaskState.RECEIVED, None, None)
    assert [(one.action.value, one.purpose) for one in trail.entries] == [("task_moved", "team_gone:outreach")]
    assert [one.state for one in desk.outbox(TASK_EVENTS)][-2:] == [TaskState.ACCEPTED, TaskState.RECEIVED]
    assert [one.move for one in desk.answering.history(task.task_id, "prevention")] == [Move.TAKE_OVER]
    opened = desk.worklist.open_task(task.task_id, "prevention")
    assert (desk.notes.of(opened), desk.notes.elsewhere(opened)) == ([], [KeptElsewhere("outreach", 1, safe_contact=False)])


def test_what_was_begun_goes_to_the_fallback_where_no_consent_names_another_team_and_shows_nothing_there(desk: Desk) -> None:
    task = begun(desk)
    assert without_outreach(desk, WITH_FALLBACK).settle("outreach", WHO, Trail()) == Settled(1, 0, 0)
    assert (view(desk, task).team, view(desk, task).routed) == ("duty", "fallback")
    assert desk.worklist.open_task(task.task_id, "duty").content is None
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, naming(task.youth_ref, "outreach", "sspf", version=2))])
    assert view(desk, task).state is TaskState.RECEIVED


def test_without_any_team_to_have_it_a_task_stays_and_is_counted(desk: Desk) -> None:
    task = begun(desk)
    assert without_outreach(desk, PREVENTION).settle("outreach", WHO, Trail()) == Settled(0, 1, 0)
    assert (view(desk, task).team, view(desk, task).state) == ("outreach", TaskState.ACCEPTED)


def test_a_withdrawal_that_awaited_a_gone_team_is_ended_with_its_reason_in_the_log(desk: Desk) -> None:
    recalled, later, trail = begun(desk), begun(desk, "prevention"), Trail()
    desk.inbox.take([desk.record(ERASURES, recalled.youth_ref, make_erasure(recalled.youth_ref))])
    assert receipts(desk)[-1] == ("delivery", "outreach")
    assert without_outreach(desk, PREVENTION).settle("outreach", WHO, trail) == Settled(1, 0, 1)
    assert ("withdrawal_acknowledged", "team_gone:outreach") in [(one.action.value, one.purpose) for one in trail.entries]
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert receipts(desk)[-1] == ("receiver-outreach", None)
    desk.inbox.take([desk.record(ERASURES, later.youth_ref, make_erasure(later.youth_ref))])
    assert receipts(desk)[-1] == ("delivery", None)


def test_a_successor_has_tasks_notes_and_withdrawals_as_they_stand(desk: Desk) -> None:
    recalled, task, trail = begun(desk, "prevention"), begun(desk, "prevention"), Trail()
    desk.inbox.take([desk.record(ERASURES, recalled.youth_ref, make_erasure(recalled.youth_ref))])
    desk.answering.meet("outreach", "anna", "Anna")
    assert without_outreach(desk, PREVENTION).settle("outreach", WHO, trail, to="prevention") == Settled(1, 0, 1)
    seen = desk.worklist.open_task(task.task_id, "prevention")
    assert (seen.state, seen.holder, desk.answering.names("prevention")) == (TaskState.ACCEPTED, "anna", {"anna": "Anna"})
    assert [one.text for one in desk.notes.of(seen)] == ["ours"]
    assert [one.move for one in desk.answering.history(task.task_id, "prevention")] == [Move.ACCEPT]
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert receipts(desk)[-2:] == [("delivery", "prevention"), ("receiver-outreach", None)]
    desk.worklist.acknowledge(recalled.task_id, "prevention")
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert receipts(desk)[-1] == ("receiver-prevention", None)
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    with Session(desk.engine) as session:
        query = select(ReaderRow.team).where(ReaderRow.task_id == task.task_id)
        assert list(session.scalars(query)) == ["prevention"]
    assert gone_teams(desk.engine, ["prevention"]) == []


@pytest.mark.parametrize(
    ("team", "to", "code"),
    [("prevention", "", "team_known"), ("outreach", "nowhere", "unknown_team"), ("nowhere", "", "nothing_there")],
)
def test_what_cannot_be_settled_says_why(desk: Desk, team: str, to: str, code: str) -> None:
    begun(desk)
    with pytest.raises(RejectedError) as refused:
        without_outreach(desk, PREVENTION).settle(team, WHO, Trail(), to=to)
    assert refused.value.code == code


def test_nothing_is_settled_that_the_audit_log_does_not_have(desk: Desk) -> None:
    task, trail = begun(desk, "prevention"), Trail()
    trail.away = True
    with pytest.raises(RetriableError):
        without_outreach(desk, PREVENTION).settle("outreach", WHO, trail)
    assert view(desk, task).team == "outreach"


def taken_over(desk: Desk) -> ReferralTask:
    """Outreach has read it, and so has SSPF, which has taken it over."""
    task = come_due(desk, recipients=("outreach",))
    named = naming(task.youth_ref, "outreach", version=2)
    other = named.scopes[0].model_copy(update={"scope_id": SSPF_SCOPE, "recipients": ("sspf",)})
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, named.model_copy(update={"scopes": (*named.scopes, other)}))])
    desk.worklist.open_task(task.task_id, "outreach")
    desk.clock.set(DUE)
    make_calls(desk).make_due()
    desk.answering.take_over(task.task_id, "sspf", "bo", seen=view(desk, task).version, record=lambda: 0)
    desk.worklist.open_task(task.task_id, "sspf")
    return task


def asked_and_answered(desk: Desk) -> tuple[set[str], set[str]]:
    told = receipts(desk)
    return {awaits for _, awaits in told if awaits}, {(who or "") for who, _ in told if (who or "").startswith("receiver-")}


def test_an_erasure_does_not_await_a_successor_that_has_read_the_task_itself_and_was_not_asked(desk: Desk) -> None:
    task = taken_over(desk)
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref).model_copy(update={"scope_id": SCOPE}))])
    assert without_outreach(desk, {"sspf": Receives()}).settle("outreach", WHO, Trail(), to="sspf") == Settled(0, 0, 1)
    desk.inbox.pass_on_acknowledgements()
    assert asked_and_answered(desk) == ({"outreach"}, {"receiver-outreach"})
    assert not view(desk, task).recalled


def test_an_erasure_that_awaits_both_hears_of_the_successor_once(desk: Desk) -> None:
    task = taken_over(desk)
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    without_outreach(desk, {"sspf": Receives()}).settle("outreach", WHO, Trail(), to="sspf")
    desk.worklist.acknowledge(task.task_id, "sspf")
    desk.inbox.pass_on_acknowledgements()
    assert asked_and_answered(desk) == ({"outreach", "sspf"}, {"receiver-outreach", "receiver-sspf"})


def test_a_later_withdrawal_asks_the_successor_alone_of_what_both_have_read(desk: Desk) -> None:
    task = taken_over(desk)
    without_outreach(desk, {"sspf": Receives()}).settle("outreach", WHO, Trail(), to="sspf")
    assert gone_teams(desk.engine, ["sspf"]) == []
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    assert asked_and_answered(desk) == ({"sspf"}, set())


def test_a_successor_that_has_acknowledged_is_asked_again_of_what_the_gone_team_has_read_since(desk: Desk) -> None:
    task = taken_over(desk)
    with Session(desk.engine) as session, session.begin():
        own = session.scalars(select(ReaderRow).where(ReaderRow.team == "sspf")).one()
        own.acknowledged_at = desk.clock.now()
    without_outreach(desk, {"sspf": Receives()}).settle("outreach", WHO, Trail(), to="sspf")
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    assert asked_and_answered(desk) == ({"sspf"}, set())


def test_what_a_gone_team_has_only_read_is_told_before_a_withdrawal_awaits_it(desk: Desk) -> None:
    task, gone = taken_over(desk), without_outreach(desk, {"sspf": Receives()})
    assert gone_teams(desk.engine, ["sspf"]) == [GoneTeam("outreach", 0, 0, read=1)]
    assert gone.settle("outreach", WHO, Trail()) == Settled(0, 0, 0)
    assert gone_teams(desk.engine, ["sspf"]) == []
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    assert asked_and_answered(desk) == ({"sspf"}, set())


def come_to_area(desk: Desk, week: str = "2025-W21") -> PresenceTask:
    task = make_presence(week, week=week)
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, task)])
    return task


def seen_there(desk: Desk, task: PresenceTask) -> TaskView:
    return next(one for one in desk.worklist.all_tasks() if one.task_id == task.task_id)


@pytest.mark.parametrize(
    ("teams", "team", "routed"),
    [(WITH_FALLBACK, "duty", "fallback"), (WITH_FALLBACK | {"field": Receives(("event_presence",))}, "field", "fits")],
)
def test_presence_of_a_gone_team_is_placed_anew_until_its_week_is_over(
    desk: Desk, teams: Mapping[str, Receives], team: str, routed: str
) -> None:
    task, gone = come_to_area(desk), without_outreach(desk, teams)
    due_by = seen_there(desk, task).due_by
    assert (gone.place_unopened(), gone.place_unopened()) == (1, 0)
    seen = seen_there(desk, task)
    assert (seen.team, seen.routed, seen.due_by) == (team, routed, due_by)
    assert gone_teams(desk.engine, list(teams)) == []
    desk.clock.advance(timedelta(days=30))
    assert PlaceWeeks(desk.engine, desk.codec, desk.clock, ErrandWriter(), teams).end_due() == 1


def test_presence_that_a_gone_team_has_begun_is_settled_and_told_as_the_one_team_that_proposed_it_knows_it(desk: Desk) -> None:
    task, trail = come_to_area(desk), Trail()
    seen = desk.worklist.open_task(task.task_id, "outreach").version
    desk.answering.move(task.task_id, "outreach", Asked(Move.ACCEPT, concern=False), Who("anna"), seen=seen, record=int)
    assert without_outreach(desk, PREVENTION).settle("outreach", WHO, trail) == Settled(0, 1, 0)
    assert without_outreach(desk, WITH_FALLBACK).settle("outreach", WHO, trail) == Settled(1, 0, 0)
    assert (seen_there(desk, task).team, seen_there(desk, task).state) == ("duty", TaskState.RECEIVED)
    assert [(one.team, one.state) for one in desk.outbox(TASK_EVENTS)][-1] == ("outreach", TaskState.RECEIVED)


def test_the_next_weeks_presence_goes_to_who_is_out_there_now_and_back_to_the_team_that_comes_back(desk: Desk) -> None:
    desk.inbox = Inbox(desk.engine, desk.codec, desk.clock, routing=Routing(WITH_FALLBACK))
    task = come_to_area(desk)
    assert (seen_there(desk, task).team, seen_there(desk, task).routed) == ("duty", "fallback")
    without_outreach(desk, WITH_FALLBACK | {"outreach": Receives()}).place_unopened()
    assert (seen_there(desk, task).team, seen_there(desk, task).routed) == ("outreach", None)
