"""Two persons, one deed, once, in time; and everything in the audit log first."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from hub.access.four_eyes import FourEyes
from hub.access.grounds import Ground
from hub.access.matters import Matter, RequestState
from hub.access.opening import open_four_eyes
from hub.access.roles import Principal, Role
from hub.audit.entries import Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.tables import EntryRow
from hub.clock import ManualClock
from hub.errors import RejectedError, RetriableError
from hub.settings import Settings
from tests.unit.access.conftest import NOW
from tests.unit.access.make import AUDITOR, HEAD, OFFICER, OPS, SECOND, FullLog, logged, make_principal

DOCUMENT = "document-0001"
GROUND = Ground("GDPR art. 58", "KS 2025/117")


def asked(four_eyes: FourEyes) -> str:
    return four_eyes.ask(AUDITOR, Matter.SEALED, DOCUMENT, "supervision", ground=GROUND).request_id


def approved(four_eyes: FourEyes) -> str:
    return four_eyes.approve(SECOND, asked(four_eyes)).request_id


def test_one_asks_another_approves_and_the_first_does_it_once(four_eyes: FourEyes, audit: AuditLog) -> None:
    request = four_eyes.ask(AUDITOR, Matter.SEALED, DOCUMENT, "supervision", ground=GROUND)
    assert (request.state, request.until) == (RequestState.WAITING, NOW + timedelta(hours=72))
    permitted = four_eyes.approve(SECOND, request.request_id)
    assert (permitted.state, permitted.until, permitted.decider_name) == (
        RequestState.APPROVED, NOW + timedelta(hours=4), SECOND.name,
    )  # fmt: skip
    assert four_eyes.use(AUDITOR, request.request_id, Matter.SEALED, DOCUMENT).state is RequestState.USED
    with pytest.raises(RejectedError) as refused:
        four_eyes.use(AUDITOR, request.request_id, Matter.SEALED, DOCUMENT)
    assert refused.value.code == "not_approved"
    assert logged(audit) == [
        ("auditor-1", "auditor", "vault_requested", "permit", "four-eyes"),
        ("auditor-2", "auditor", "vault_approved", "permit", "four-eyes"),
        ("auditor-1", "auditor", "vault_opened", "permit", "four-eyes"),
        ("auditor-1", "auditor", "vault_opened", "deny", "not_approved"),
    ]


def test_nobody_approves_their_own_request_whatever_they_may(four_eyes: FourEyes, audit: AuditLog) -> None:
    request_id = asked(four_eyes)
    with pytest.raises(RejectedError, match="another person"):
        four_eyes.approve(AUDITOR, request_id)
    with pytest.raises(RejectedError):
        four_eyes.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)
    assert logged(audit)[1] == ("auditor-1", "auditor", "vault_approved", "deny", "own_request")


@pytest.mark.parametrize("asker", [HEAD, OPS, OFFICER], ids=lambda one: one.account)
def test_who_has_not_the_right_cannot_ask(four_eyes: FourEyes, audit: AuditLog, asker: Principal) -> None:
    with pytest.raises(RejectedError) as refused:
        four_eyes.ask(asker, Matter.SEALED, DOCUMENT, "supervision", ground=GROUND)
    assert refused.value.code == "not_permitted"
    assert [entry[3:] for entry in logged(audit)] == [("deny", "not_permitted")]


def test_who_has_not_the_right_to_approve_does_not_even_learn_of_the_request(four_eyes: FourEyes, audit: AuditLog) -> None:
    request_id = asked(four_eyes)
    for stranger in (OPS, HEAD):
        assert four_eyes.waiting_for(stranger) == []
        for step in (four_eyes.approve, four_eyes.refuse):
            with pytest.raises(RejectedError) as refused:
                step(stranger, request_id)
            assert refused.value.code == "no_such_request"
    assert {entry[2:] for entry in logged(audit)[1:]} == {("request_refused", "deny", "no_such_request")}


@pytest.mark.parametrize("number", ["", "nonsense", "\x00" * 32, "0" * 32, "%" * 32])
def test_what_is_no_request_is_refused(four_eyes: FourEyes, number: str) -> None:
    with pytest.raises(RejectedError) as refused:
        four_eyes.use(AUDITOR, number, Matter.SEALED, DOCUMENT)
    assert refused.value.code == "no_such_request"


def test_a_consent_officer_may_be_the_second_person(four_eyes: FourEyes) -> None:
    assert four_eyes.approve(OFFICER, asked(four_eyes)).state is RequestState.APPROVED


def test_rights_that_go_by_team_are_asked_with_the_team(four_eyes: FourEyes) -> None:
    with pytest.raises(RejectedError):
        four_eyes.ask(HEAD, Matter.IDENTITY, "yref", "worry")
    with pytest.raises(RejectedError):
        four_eyes.ask(HEAD, Matter.IDENTITY, "yref", "worry", "sig")
    request = four_eyes.ask(HEAD, Matter.IDENTITY, "yref", "worry", "sspf")
    foreign = make_principal("head-2", Role.TEAM_HEAD, teams=("sig",))
    assert four_eyes.waiting_for(foreign) == []
    assert four_eyes.waiting_for(OFFICER) == [request]
    four_eyes.approve(OFFICER, request.request_id)
    assert four_eyes.use(HEAD, request.request_id, Matter.IDENTITY, "yref").state is RequestState.USED


def test_an_approval_is_for_exactly_what_was_asked_and_by_whom(four_eyes: FourEyes) -> None:
    request_id = approved(four_eyes)
    for who, matter, item in (
        (SECOND, Matter.SEALED, DOCUMENT), (AUDITOR, Matter.SEALED, "document-0002"), (AUDITOR, Matter.IDENTITY, DOCUMENT),
    ):  # fmt: skip
        with pytest.raises(RejectedError) as refused:
            four_eyes.use(who, request_id, matter, item)
        assert refused.value.code == "not_approved"
    four_eyes.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)


def test_a_role_taken_away_meanwhile_ends_the_approval(four_eyes: FourEyes) -> None:
    request_id = approved(four_eyes)
    with pytest.raises(RejectedError) as refused:
        four_eyes.use(make_principal(AUDITOR.account, Role.OBSERVER), request_id, Matter.SEALED, DOCUMENT)
    assert refused.value.code == "not_permitted"


def test_a_request_that_nobody_decides_lapses(four_eyes: FourEyes, clock: ManualClock) -> None:
    request_id = asked(four_eyes)
    clock.advance(timedelta(hours=72))
    assert four_eyes.waiting_for(SECOND) == []
    with pytest.raises(RejectedError) as refused:
        four_eyes.approve(SECOND, request_id)
    assert refused.value.code == "lapsed"


def test_an_approval_that_nobody_uses_lapses(four_eyes: FourEyes, clock: ManualClock) -> None:
    request_id = approved(four_eyes)
    clock.advance(timedelta(hours=4))
    with pytest.raises(RejectedError) as refused:
        four_eyes.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)
    assert refused.value.code == "lapsed"
    assert [one.state for one in four_eyes.own(AUDITOR)] == [RequestState.LAPSED]


def test_a_refusal_is_final_and_one_can_take_ones_own_back(four_eyes: FourEyes) -> None:
    for decider in (SECOND, AUDITOR):
        request_id = asked(four_eyes)
        assert four_eyes.refuse(decider, request_id).state is RequestState.REFUSED
        with pytest.raises(RejectedError) as refused:
            four_eyes.approve(SECOND, request_id)
        assert refused.value.code == "not_waiting"


def test_of_many_uses_at_once_one_succeeds(four_eyes: FourEyes) -> None:
    request_id, outcomes = approved(four_eyes), []

    def use() -> None:
        try:
            four_eyes.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)
            outcomes.append("used")
        except RejectedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["not_approved"] * 5 + ["used"]


def test_of_many_requests_at_once_five_are_open(four_eyes: FourEyes) -> None:
    outcomes: list[str] = []

    def ask(number: int) -> None:
        try:
            four_eyes.ask(AUDITOR, Matter.SEALED, f"document-{number:04}", "supervision", ground=GROUND)
            outcomes.append("asked")
        except RejectedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked"] * 5 + ["too_many"] * 7


def test_when_the_log_cannot_be_written_nothing_happens(
    settings: Settings, engine: Engine, four_eyes: FourEyes, clock: ManualClock
) -> None:
    unlogged = open_four_eyes(settings, engine, FullLog(), clock)
    with pytest.raises(RetriableError):
        asked(unlogged)
    assert four_eyes.own(AUDITOR) == []
    request_id = asked(four_eyes)
    with pytest.raises(RetriableError):
        unlogged.approve(SECOND, request_id)
    four_eyes.approve(SECOND, request_id)
    with pytest.raises(RetriableError):
        unlogged.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)
    four_eyes.use(AUDITOR, request_id, Matter.SEALED, DOCUMENT)


def test_requests_outlast_the_process_and_go_thirty_days_after_their_end(
    settings: Settings, engine: Engine, audit: AuditLog, four_eyes: FourEyes, clock: ManualClock
) -> None:
    request_id = approved(four_eyes)
    again = open_four_eyes(settings, engine, audit, clock)
    assert [one.request_id for one in again.own(AUDITOR)] == [request_id]
    clock.advance(timedelta(days=31))
    latest = asked(four_eyes)
    assert [one.request_id for one in four_eyes.own(AUDITOR)] == [latest]


def test_the_item_stands_in_no_text(four_eyes: FourEyes) -> None:
    assert DOCUMENT not in repr(four_eyes.ask(AUDITOR, Matter.SEALED, DOCUMENT, "supervision", ground=GROUND))


def test_whose_identity_it_is_stands_where_a_register_extract_finds_it(four_eyes: FourEyes, audit: AuditLog) -> None:
    four_eyes.ask(HEAD, Matter.IDENTITY, "yref", "worry", "sspf")
    (expected,) = audit.pseudonyms([Subject(SubjectKind.REFERENCE, "yref")])
    with audit.engine.connect() as connection:
        assert connection.execute(select(EntryRow.subject, EntryRow.item)).all() == [(expected, "")]
