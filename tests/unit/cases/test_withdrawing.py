"""A withdrawal ends a case in whatever state it is, empties it in the same transaction, and says why to its team."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cases import moves
from hub.cases.content import Content
from hub.cases.moves import CaseMove, CaseState
from hub.cases.tables import PERSONAL
from hub.cases.views import CaseView
from hub.cases.withdrawing import GO_WITH_CONSENT, SYSTEM
from hub.contract.models import ConsentRecord, Cooperation, ErasureKind, Scope
from hub.contract.topics import CONSENTS, ERASURES
from hub.core.consent_rules import Signatory
from tests.unit.cases.make import CaseDesk, soon
from tests.unit.core.make import (
    NOW,
    POLICE,
    SIG_SCOPE,
    SSPF_SCOPE,
    YOUTH,
    ago,
    make_consent,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)
from tests.unit.delivery.make import make_erasure
from tests.unit.registry.support import Installation, make_grant, make_identifier

OTHER = "a" * 8 + "-0000-4000-8000-000000000000"


def with_a_meeting(view: CaseView, content: Content) -> Content:
    return moves.plan(content, NOW + soon(), "Skolan", content.parties, named=view.named, now=NOW)


def plan(desk: CaseDesk, case: str) -> None:
    desk.change(case, CaseMove.PLAN, with_a_meeting)


def close(desk: CaseDesk, case: str) -> None:
    desk.change(case, CaseMove.CLOSE)


def suspended(desk: CaseDesk, _case: str) -> None:
    desk.consent(make_consent(version=2, status="suspended"))


def run_out(desk: CaseDesk, _case: str) -> None:
    desk.clock.advance(soon(300))


def all_of_it(desk: CaseDesk) -> None:
    desk.inbox.take([desk.record(CONSENTS, YOUTH, make_withdrawn(9))])


def its_scope(desk: CaseDesk) -> None:
    desk.inbox.take([desk.record(CONSENTS, YOUTH, make_consent(make_scope(withdrawn_at=ago(0)), make_sig_scope(), version=9))])


def by_an_erasure(desk: CaseDesk) -> None:
    desk.inbox.take([desk.record(ERASURES, YOUTH, make_erasure(YOUTH))])


def by_an_erasure_of_its_scope(desk: CaseDesk) -> None:
    request = make_erasure(YOUTH, ErasureKind.REQUEST).model_copy(update={"scope_id": SSPF_SCOPE})
    desk.inbox.take([desk.record(ERASURES, YOUTH, request)])


@pytest.mark.parametrize("before", [None, plan, close, suspended, run_out], ids=lambda one: one.__name__ if one else "open")
@pytest.mark.parametrize("withdraw", [all_of_it, its_scope, by_an_erasure, by_an_erasure_of_its_scope])
def test_a_case_in_any_state_is_emptied(
    desk: CaseDesk, before: Callable[[CaseDesk, str], None] | None, withdraw: Callable[[CaseDesk], None]
) -> None:
    desk.consent()
    case = desk.open()
    if before is not None:
        before(desk, case)
    withdraw(desk)
    row = desk.row(case)
    assert (row.state, row.reason, row.subject, row.open_key, row.sealed) == ("withdrawn", "consent_withdrawn", None, None, None)
    view = desk.read(case)
    assert (view.state, view.untold, view.content, view.youth_ref) == (CaseState.WITHDRAWN, "consent_withdrawn", None, None)
    last = desk.cases.history(case)[-1]
    assert (last.move, last.account) == (CaseMove.WITHDRAW, SYSTEM)


def test_what_was_closed_unread_has_nothing_left_to_take(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    suspended(desk, case)
    close(desk, case)
    all_of_it(desk)
    assert (desk.row(case).state, desk.row(case).reason) == ("closed", "suspended")


def test_a_withdrawal_of_the_sig_consent_leaves_the_sspf_case(desk: CaseDesk) -> None:
    desk.consent(make_consent(make_scope(), make_sig_scope()))
    case = desk.open()
    desk.consent(make_consent(make_scope(), make_sig_scope(withdrawn_at=ago(0)), version=2))
    assert desk.read(case).content is not None


def sig_case(desk: CaseDesk, *gone: Scope) -> str:
    desk.consent(make_consent(make_scope(), make_sig_scope(), *gone))
    return desk.open(team="sig", cooperation=Cooperation.SIG, number=SIG_SCOPE, worry=None)


@pytest.mark.parametrize("gone", [(), (make_sig_scope(scope_id=OTHER, withdrawn_at=ago(9)),)], ids=["the first", "renewed"])
def test_a_consent_that_is_suspended_beside_another_hides_its_case_and_gives_it_back(
    desk: CaseDesk, gone: tuple[Scope, ...]
) -> None:
    """The record names what is in force and what is withdrawn, and leaves out what is suspended."""
    case = sig_case(desk, *gone)
    desk.consent(make_consent(make_scope(), *gone, version=2))
    assert (desk.row(case).state, desk.read(case, "sig").content) == ("open", None)
    desk.consent(make_consent(make_scope(), make_sig_scope(), *gone, version=3))
    assert desk.read(case, "sig").content is not None


@pytest.mark.parametrize("erased_first", [False, True])
def test_a_consent_that_is_withdrawn_while_suspended_ends_its_case(desk: CaseDesk, *, erased_first: bool) -> None:
    case = sig_case(desk)
    desk.consent(make_consent(make_scope(), version=2))
    if erased_first:
        request = make_erasure(YOUTH, ErasureKind.REQUEST).model_copy(update={"scope_id": SIG_SCOPE})
        desk.inbox.take([desk.record(ERASURES, YOUTH, request)])
        assert desk.row(case).sealed is None, "before it is said that all is erased"
    desk.consent(make_consent(make_scope(), make_sig_scope(withdrawn_at=ago(0)), version=3))
    assert (desk.row(case).state, desk.row(case).sealed) == ("withdrawn", None)


def test_a_case_outlives_a_suspension_that_the_registry_tells_of(sqlite_desk: CaseDesk, tmp_path: Path) -> None:
    office, youth = Installation(tmp_path), make_identifier()
    office.registry.grant(make_grant(youth))
    office.registry.grant(make_grant(youth, cooperation="sig", agencies=(POLICE,), recipients=("sig",), kinds=("police_notice",)))

    def tell() -> ConsentRecord:
        while office.relay.run_once():
            pass
        told.extend(map(sqlite_desk.consent, office.sent()[len(told) :]))
        return told[-1]

    told: list[ConsentRecord] = []
    number = next(scope.scope_id for scope in tell().scopes if scope.cooperation is Cooperation.SIG)
    case = sqlite_desk.open(team="sig", cooperation=Cooperation.SIG, number=number, worry=None)
    for _ in range(2):
        office.registry.suspend(youth, Cooperation.SIG)
        assert {scope.cooperation for scope in tell().scopes} == {Cooperation.SSPF}
        assert sqlite_desk.read(case, "sig").content is None
        for guardian in (Signatory.GUARDIAN_1, Signatory.GUARDIAN_2):
            office.registry.sign(youth, guardian, Cooperation.SIG)
        tell()
        assert sqlite_desk.read(case, "sig").content is not None
    office.registry.suspend(youth, Cooperation.SIG)
    office.registry.withdraw(youth, Cooperation.SIG)
    tell()
    assert sqlite_desk.row(case).sealed is None


def test_a_withdrawal_that_comes_twice_has_one_effect(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    by_an_erasure(desk)
    all_of_it(desk)
    assert [one.move for one in desk.cases.history(case)] == [CaseMove.OPEN, CaseMove.WITHDRAW]


def test_the_databases_own_files_are_rid_of_cases_too(desk: CaseDesk) -> None:
    desk.consent()
    desk.open()
    by_an_erasure(desk)
    assert desk.inbox.tell_emptied() == 1
    assert GO_WITH_CONSENT.tables == PERSONAL
