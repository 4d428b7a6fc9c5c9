"""Cases: opened under a consent, read and worked with only while it permits, one deed at a time, sealed on disk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.cases import moves
from hub.cases.content import Content
from hub.cases.moves import CaseMove, CaseState, IllegalCaseMoveError
from hub.cases.store import Cases, Source
from hub.cases.tables import CaseMoveRow
from hub.cases.views import CaseSeal, CaseView
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentRecord, ConsentStatus
from hub.errors import RejectedError, RetriableError
from tests.unit.cases.make import BO, SIG, SSPF, CaseDesk, no_log, same, soon
from tests.unit.core.make import NOW, SIG_SCOPE, YOUTH, ago, make_consent, make_scope, make_sig_scope

PLACE = "Ungdomens hus, rum 3"


def a_meeting(view: CaseView, content: Content) -> Content:
    return moves.plan(content, NOW + soon(), PLACE, content.parties, named=view.named, now=NOW)


def refused(desk: CaseDesk, code: str, case: str, move: CaseMove = CaseMove.PLAN, **options: object) -> None:
    with pytest.raises(RejectedError) as error:
        desk.change(case, move, a_meeting if move is CaseMove.PLAN else same, **options)
    assert error.value.code == code


def test_a_case_is_opened_by_the_number_of_a_consent_and_read_again(desk: CaseDesk) -> None:
    desk.consent()
    told: list[tuple[str, str]] = []
    case = desk.open(record=lambda *about: told.append(about))
    assert told == [(YOUTH, case)]
    view = desk.read(case)
    assert (view.state, view.untold, view.youth_ref, view.runs_out) == (CaseState.OPEN, "", YOUTH, ago(-200))
    assert view.content is not None
    assert (view.content.worry_at_start, view.content.parties) == (4, view.named)


def test_what_a_case_says_lies_sealed_and_opens_nowhere_else(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    desk.change(case, CaseMove.PLAN, a_meeting)
    sealed = desk.row(case).sealed
    assert sealed is not None
    assert PLACE.encode() not in sealed
    assert CaseSeal(b"c" * 32).open("another", sealed) is None
    assert CaseSeal(b"d" * 32).open(case, sealed) is None
    other = Cases(desk.engine, lambda: desk.codec, CaseSeal(b"d" * 32), desk.clock, desk.results, stale=lambda: False)
    assert other.read(case, "sspf").untold == "unreadable"


@pytest.mark.parametrize(
    "record",
    [
        make_consent(make_scope(recipients=("outreach",))), make_consent(make_scope(valid_to=NOW)),
        make_consent(status=ConsentStatus.SUSPENDED), make_consent(make_scope(withdrawn_at=ago(1))),
    ],
)  # fmt: skip
def test_without_a_consent_that_names_the_team_now_no_case_is_opened(desk: CaseDesk, record: ConsentRecord) -> None:
    desk.consent(record)
    with pytest.raises(RejectedError) as error:
        desk.open()
    assert error.value.code == "no_consent"


@pytest.mark.parametrize("number", ["", "%", "00000000", "00000000-0000-4000-8000-00000000000_", SIG_SCOPE, "in_force"])
def test_what_is_no_number_of_such_a_consent_opens_nothing_and_is_told_alike(desk: CaseDesk, number: str) -> None:
    desk.consent(make_consent(make_scope(), make_sig_scope()))
    with pytest.raises(RejectedError) as error:
        desk.open(number=number)
    assert error.value.code == "no_consent"
    assert desk.open(team="sig", cooperation=SIG, number=SIG_SCOPE, worry=None)


def test_a_task_that_the_team_has_accepted_leads_to_a_case(desk: CaseDesk) -> None:
    ref = new_youth_ref()
    task = desk.accepted_task(ref)
    assert desk.cases.subject_for(Source(task_id=task), "sspf", SSPF) == ref
    view = desk.read(_from(desk, task))
    assert (view.youth_ref, view.task_id) == (ref, task)


@pytest.mark.parametrize("team", ["sspf", "sig"])
def test_a_task_that_is_not_accepted_or_another_teams_opens_nothing(desk: CaseDesk, team: str) -> None:
    task = desk.accepted_task(new_youth_ref(), accept=team == "sig")
    with pytest.raises(RejectedError) as error:
        _from(desk, task, team)
    assert error.value.code == "not_accepted"


def _from(desk: CaseDesk, task: str, team: str = "sspf") -> str:
    cooperation = SIG if team == "sig" else SSPF
    return desk.cases.open(Source(task_id=task), team, cooperation, lambda _: Content(), BO, record=no_log)


def test_a_youth_has_one_open_case_of_a_team(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    with pytest.raises(RejectedError) as error:
        desk.open()
    assert error.value.code == "open_already"
    desk.change(case, CaseMove.CLOSE)
    assert desk.open() != case


def test_while_withdrawals_may_wait_unread_nothing_is_shown_opened_or_done(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    desk.is_stale = True
    assert (desk.read(case).untold, desk.read(case).content, desk.read(case).youth_ref) == ("stale", None, None)
    refused(desk, "not_shown", case)
    refused(desk, "not_shown", case, CaseMove.CLOSE)
    with pytest.raises(RejectedError) as error:
        desk.open()
    assert error.value.code == "not_looked"


def test_of_two_at_once_the_second_is_refused(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    seen = desk.read(case).version
    desk.change(case, CaseMove.PLAN, a_meeting, seen=seen)
    refused(desk, "changed_meanwhile", case, seen=seen)
    content = desk.read(case).content
    assert content is not None
    assert len(content.meetings) == 1


def test_what_the_log_does_not_take_is_not_done(desk: CaseDesk) -> None:
    def away(*_: object) -> None:
        raise RetriableError("no log", code="audit")

    desk.consent()
    with pytest.raises(RetriableError):
        desk.open(record=away)
    case = desk.open()
    with pytest.raises(RetriableError):
        desk.change(case, CaseMove.PLAN, a_meeting, record=away)
    content = desk.read(case).content
    assert content is not None
    assert content.meetings == ()
    assert [one.move for one in desk.cases.history(case)] == [CaseMove.OPEN]


def test_another_team_has_no_such_case(desk: CaseDesk) -> None:
    desk.consent(make_consent(make_scope(recipients=("outreach", "sspf"))))
    case = desk.open()
    with pytest.raises(RejectedError) as error:
        desk.read(case, "outreach")
    assert error.value.code == "unknown_case"
    assert desk.cases.of_team("outreach") == []
    assert desk.cases.reference_of(case, "outreach") is None
    assert desk.cases.reference_of(case, "sspf") == YOUTH


def test_what_has_ended_is_told_apart_and_nothing_more_is_done_with_it(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    desk.change(case, CaseMove.CLOSE)
    with pytest.raises(IllegalCaseMoveError):
        desk.change(case, CaseMove.PLAN, a_meeting)
    assert [one.case_id for one in desk.cases.of_team("sspf", ended=True)] == [case]
    assert desk.cases.of_team("sspf") == []
    assert desk.cases.reference_of(case, "sspf") is None


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        (make_consent(version=2, status=ConsentStatus.SUSPENDED), "suspended"),
        (make_consent(make_scope(valid_to=NOW), version=2), "outside_period"),
    ],
)
def test_what_may_hold_again_hides_a_case_and_ends_nothing(desk: CaseDesk, record: ConsentRecord, rule: str) -> None:
    desk.consent()
    case = desk.open()
    desk.consent(record)
    assert (desk.read(case).untold, desk.read(case).content, desk.read(case).state) == (rule, None, CaseState.OPEN)
    refused(desk, "not_shown", case)
    desk.consent(make_consent(version=3))
    assert desk.read(case).content is not None


def test_a_case_whose_consent_has_run_out_is_closed_unread_and_emptied(desk: CaseDesk) -> None:
    desk.consent(make_consent(make_scope(valid_to=NOW + timedelta(days=1))))
    case = desk.open()
    desk.clock.advance(timedelta(days=1))
    desk.change(case, CaseMove.CLOSE)
    row = desk.row(case)
    assert (row.state, row.reason, row.sealed, row.subject, row.open_key) == ("closed", "outside_period", None, None, None)
    assert desk.results.of_team("sspf") == {}
    with Session(desk.engine) as session:
        assert [one.move for one in session.query(CaseMoveRow)] == ["open", "close"]
