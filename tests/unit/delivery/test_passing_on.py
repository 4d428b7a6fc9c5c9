"""A task that another team gets: the former team's system hears that it is no longer theirs, the new team's gets it, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentRecord, ConsentStatus, ReferralTask
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.answering import Answering
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.errands import HAD_LET_GO, ErrandWriter
from hub.delivery.inbox import Inbox
from hub.delivery.listing import Shown
from hub.delivery.moves import Asked, DeclineReason, Move, Who
from hub.delivery.routing import Routing
from hub.errors import RejectedError, RetriableError
from tests.unit.delivery.make import Desk, make_consent, make_task
from tests.unit.delivery.receiving import Receiver, always, dispatching, errands, then
from tests.unit.delivery.test_calls import DUE, come, make_calls, nothing, view
from tests.unit.delivery.test_routing import Receives

TEAMS = {"outreach": Receives(), "field": Receives(areas=("0581-hageby",))}
SINKS = {"outreach": ("first", "shared"), "field": ("shared", "second")}


class Moving:
    """One task of a youth, whom the newest consent gives to a team, and the three systems that are told."""

    def __init__(self, desk: Desk, engine: Engine, clock: ManualClock) -> None:
        self.desk, self.clock = desk, clock
        desk.inbox = Inbox(engine, desk.codec, clock, routing=Routing(TEAMS), errands=ErrandWriter(SINKS))
        self.receivers = {name: Receiver() for name in ("first", "shared", "second")}
        self.dispatchers: dict[str, Dispatcher] = {
            name: dispatching(desk, receiver, name) for name, receiver in self.receivers.items()
        }
        self.ref, self.version = new_youth_ref(), 0
        self.task = make_task(self.ref)

    def consent(self, *teams: str, status: ConsentStatus = ConsentStatus.IN_FORCE) -> ConsentRecord:
        self.version += 1
        record = make_consent(self.ref, self.version, status=status)
        scopes = tuple(scope.model_copy(update={"recipients": teams}) for scope in record.scopes)
        return record.model_copy(update={"scopes": scopes})

    def give(self, team: str) -> None:
        """A newer consent names this team, or this one too."""
        named = ("outreach", "field") if team == "field" else ("outreach",)
        self.desk.inbox.take([self.desk.record(CONSENTS, self.ref, self.consent(*named))])

    def arrive(self) -> None:
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, self.ref, self.task)])

    def end(self, word: str) -> None:
        if word == "recalled":
            gone = make_task(self.ref, action=Action.GROUND_LOST)
            self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, self.ref, gone)])
        else:
            withdrawn = self.consent(status=ConsentStatus.WITHDRAWN)
            self.desk.inbox.take([self.desk.record(CONSENTS, self.ref, withdrawn)])

    def hand_over(self, *names: str) -> None:
        for name in names or self.dispatchers:
            for _ in range(6):
                self.clock.advance(timedelta(minutes=10))
                self.dispatchers[name].run_once()

    def told(self, name: str) -> list[str]:
        """The words that one system has, in the order in which they came."""
        return [identity.rpartition(":")[2] for identity in self.receivers[name].has]

    def stand(self, name: str) -> list[tuple[str, str, str]]:
        return [(row.state, row.status, row.team) for row in errands(self.desk.engine) if row.sink == name]


@pytest.fixture
def moving(desk: Desk, engine: Engine, clock: ManualClock) -> Moving:
    return Moving(desk, engine, clock)


def test_the_former_team_s_system_lets_it_go_and_the_new_team_s_has_it(moving: Moving) -> None:
    moving.arrive()
    moving.hand_over()
    moving.give("field")
    moving.give("field")
    moving.hand_over()
    assert (moving.told("first"), moving.told("second")) == (["requested", "cancelled"], ["requested"])
    assert moving.told("shared") == ["requested"]
    assert [row.team for row in errands(moving.desk.engine) if row.sink == "second"] == ["field"]


def test_a_system_that_has_not_heard_of_it_hears_nothing(moving: Moving) -> None:
    moving.arrive()
    moving.give("field")
    moving.hand_over()
    assert (moving.told("first"), moving.told("second"), moving.told("shared")) == ([], ["requested"], ["requested"])
    assert moving.stand("first") == [("requested", "dropped", "outreach")]
    assert moving.stand("shared") == [("requested", "delivered", "field")]


def test_task_and_consent_in_one_batch_are_told_to_the_team_that_has_it_then(moving: Moving) -> None:
    desk = moving.desk
    consent = moving.consent("outreach", "field")
    desk.inbox.take([desk.record(TASKS_OUTREACH, moving.ref, moving.task), desk.record(CONSENTS, moving.ref, consent)])
    moving.hand_over()
    assert (moving.told("first"), moving.told("second"), moving.told("shared")) == ([], ["requested"], ["requested"])


def test_a_call_whose_answer_was_lost_is_settled_before_the_word_that_takes_it_back(moving: Moving) -> None:
    moving.receivers["first"].after = then(RetriableError("lost", code="timeout"))
    moving.arrive()
    moving.dispatchers["first"].run_once()
    moving.give("field")
    moving.hand_over()
    assert moving.told("first") == ["requested", "cancelled"]


@pytest.mark.parametrize("word", ["recalled", "cancelled"])
def test_its_end_is_told_to_the_team_that_has_it_and_not_again_to_the_former(moving: Moving, word: str) -> None:
    moving.arrive()
    moving.hand_over()
    moving.give("field")
    moving.hand_over("second")
    moving.end(word)
    moving.hand_over()
    assert moving.told("first") == ["requested", "cancelled"]
    assert moving.told("second") == moving.told("shared") == ["requested", word]


def test_it_comes_back_before_its_former_system_had_heard_and_nothing_is_said_there(moving: Moving) -> None:
    moving.arrive()
    moving.hand_over()
    for team in ("field", "outreach"):
        moving.give(team)
    moving.hand_over()
    assert (moving.told("first"), moving.told("second")) == (["requested"], [])
    moving.give("field")
    moving.hand_over()
    assert (moving.told("first"), moving.told("second")) == (["requested", "cancelled"], ["requested"])


def test_what_a_system_has_let_go_of_is_not_told_there_again_and_a_person_sees_it(moving: Moving) -> None:
    moving.arrive()
    moving.hand_over()
    moving.give("field")
    moving.hand_over()
    moving.give("outreach")
    moving.hand_over()
    assert (moving.told("first"), moving.told("second")) == (["requested", "cancelled"], ["requested", "cancelled"])
    assert moving.stand("first")[0] == ("requested", "refused", "outreach")
    view = moving.desk.worklist.of_team("outreach")[0]
    assert [(one.sink, one.code) for one in view.not_handed] == [("first", HAD_LET_GO)]
    moving.give("field")
    assert moving.stand("first")[0] == ("requested", "lapsed", "outreach")


def test_a_system_that_refused_it_is_not_to_be_handed_it_any_more_and_is_when_it_is_theirs_again(moving: Moving) -> None:
    moving.receivers["first"].answers = then(RejectedError("no", code="status_422"))
    moving.arrive()
    moving.hand_over()
    moving.give("field")
    assert moving.stand("first") == [("requested", "lapsed", "outreach")]
    moving.give("outreach")
    moving.hand_over()
    assert moving.told("first") == ["requested"]


def test_the_new_team_s_end_of_it_in_the_hub_keeps_the_word_that_the_former_has_yet_to_hear(moving: Moving) -> None:
    moving.arrive()
    moving.hand_over()
    moving.give("field")
    desk, task_id = moving.desk, moving.task.task_id
    view, asked = desk.worklist.open_task(task_id, "field"), Asked(Move.DECLINE, DeclineReason.NO_CAPACITY.value)
    desk.answering.move(task_id, "field", asked, Who("anna"), seen=view.version, record=lambda: None)
    assert moving.stand("second") == [("requested", "lapsed", "field")]
    moving.hand_over()
    assert (moving.told("first"), moving.told("second")) == (["requested", "cancelled"], [])


def test_a_task_that_stays_where_it_is_is_told_once(moving: Moving) -> None:
    moving.arrive()
    moving.hand_over()
    moving.give("outreach")
    moving.hand_over()
    assert moving.told("first") == moving.told("shared") == ["requested"]
    assert len(errands(moving.desk.engine)) == 2


@dataclass
class TakenOver:
    """A task that SSPF took over from the outreach team, which has a system of its own, `first`; `second` is SSPF's, `both` theirs."""

    desk: Desk
    task: ReferralTask
    receivers: dict[str, Receiver]
    dispatchers: list[Dispatcher]

    def hand_over(self) -> None:
        for _ in range(3):
            self.desk.clock.advance(timedelta(minutes=10))
            for dispatcher in self.dispatchers:
                dispatcher.run_once()

    def told(self, team: str) -> list[tuple[str, str]]:
        """What a team is told of its own tasks: which system does not take which word."""
        return [(one.sink, one.state) for view in self.desk.worklist.of_team(team, Shown.ALL) for one in view.not_handed]

    def left(self, team: str) -> list[tuple[str, str, str]]:
        return [(task_id, one.sink, one.code) for task_id, one in self.desk.worklist.left_behind(team)]


def take_over(desk: Desk, engine: Engine, clock: ManualClock, *, refused: str = "", in_doubt: bool = False) -> TakenOver:
    """`refused`: the system that takes nothing once the task was taken over; `in_doubt`: nor said whether it took the first word."""
    writer = ErrandWriter({"outreach": ("first", "both"), "sspf": ("second", "both")})
    desk.inbox = Inbox(engine, desk.codec, clock, errands=writer)
    desk.answering = Answering(
        engine, lambda: desk.codec, clock, stale=lambda: False, follow_up=lambda _team, at: at, errands=writer
    )
    receivers = {name: Receiver() for name in ("first", "second", "both")}
    if in_doubt:
        receivers[refused].answers = then(RetriableError("lost", code="timeout"))
    dispatchers = [dispatching(desk, receiver, name) for name, receiver in receivers.items()]
    task = come(desk, recipients=("outreach", "sspf"))
    for dispatcher in dispatchers:
        dispatcher.run_once()
    clock.set(DUE)
    make_calls(desk).make_due()
    desk.answering.take_over(task.task_id, "sspf", "bo", seen=view(desk).version, record=nothing)
    if refused:
        receivers[refused].answers = always(RejectedError("closed there", code="status_422"))
    return TakenOver(desk, task, receivers, dispatchers)


def test_the_team_before_is_told_that_its_system_keeps_a_task_and_the_one_that_took_it_over_is_not(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    taken = take_over(desk, engine, clock, refused="first")
    taken.hand_over()
    assert taken.left("outreach") == [(taken.task.task_id, "first", "status_422")]
    assert (taken.told("sspf"), taken.left("sspf")) == ([], [])
    withdrawn = make_consent(taken.task.youth_ref, 2, status=ConsentStatus.WITHDRAWN)
    desk.inbox.take([desk.record(CONSENTS, taken.task.youth_ref, withdrawn)])
    taken.hand_over()
    assert (taken.told("sspf"), len(taken.left("outreach"))) == ([], 1)
    clock.advance(timedelta(days=31))
    assert taken.left("outreach") == []


def test_a_system_that_never_took_a_task_is_told_to_no_team_once_another_has_it(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    taken = take_over(desk, engine, clock, refused="first", in_doubt=True)
    taken.hand_over()
    assert (taken.told("sspf"), taken.left("outreach")) == ([], [])


@pytest.mark.parametrize("in_doubt", [True, False])
def test_of_a_system_of_both_teams_the_one_that_has_the_task_is_told(
    desk: Desk, engine: Engine, clock: ManualClock, *, in_doubt: bool
) -> None:
    taken = take_over(desk, engine, clock, refused="both", in_doubt=in_doubt)
    if not in_doubt:
        withdrawn = make_consent(taken.task.youth_ref, 2, status=ConsentStatus.WITHDRAWN)
        desk.inbox.take([desk.record(CONSENTS, taken.task.youth_ref, withdrawn)])
    taken.hand_over()
    assert taken.told("sspf") == [("both", "requested" if in_doubt else view(desk).state.value)]


def test_a_team_that_takes_it_over_has_it_in_its_system_and_the_one_that_had_it_no_longer(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    writer = ErrandWriter({"outreach": ("first",), "sspf": ("second",)})
    desk.inbox = Inbox(engine, desk.codec, clock, errands=writer)
    desk.answering = Answering(
        engine, lambda: desk.codec, clock, stale=lambda: False, follow_up=lambda _team, at: at, errands=writer
    )
    first, second = Receiver(), Receiver()
    dispatchers = [dispatching(desk, first, "first"), dispatching(desk, second, "second")]
    task = come(desk, recipients=("outreach", "sspf"))
    dispatchers[0].run_once()
    clock.set(DUE)
    make_calls(desk).make_due()
    desk.answering.take_over(task.task_id, "sspf", "bo", seen=view(desk).version, record=nothing)
    for dispatcher in dispatchers:
        dispatcher.run_once()
    assert first.has.keys() == {f"{task.task_id}:requested", f"{task.task_id}:cancelled"}
    assert second.has.keys() == {f"{task.task_id}:requested"}
