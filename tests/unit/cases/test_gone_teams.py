"""What a team that teams.yaml has no more keeps beside its tasks: told, and its successor's where that may have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from hub.cases.contacts import Asking, Contacts
from hub.cases.gone_teams import KeptBeside
from hub.cases.orders import Orders
from hub.contract.models import Cooperation
from hub.delivery.errands import ErrandWriter
from hub.delivery.gone_teams import GoneTeam, GoneTeams, Settled, gone_teams
from hub.delivery.placing import Placing
from hub.delivery.routing import Routing
from hub.errors import RejectedError
from tests.unit.cases.make import KEY, SIG, SSPF, CaseDesk, no_log
from tests.unit.cases.test_ordering import ORDER
from tests.unit.core.make import make_consent, make_scope
from tests.unit.delivery.test_gone_teams import WHO, Trail
from tests.unit.delivery.test_routing import Receives

NAMING_BOTH = make_scope(recipients=("sspf", "coordination"))


@dataclass(frozen=True)
class Keeps(Receives):
    cases: bool = True
    cooperation: Cooperation = SSPF
    takes_orders: bool = True


SUCCESSOR = Keeps()


def without_sspf(desk: CaseDesk, successor: Keeps = SUCCESSOR) -> GoneTeams:
    teams = {"coordination": successor}
    return GoneTeams(
        desk.engine, desk.clock, lambda: desk.codec, known=list(teams), placing=Placing(None, Routing(teams)),
        errands=ErrandWriter(), beside=KeptBeside(teams),
    )  # fmt: skip


def left(desk: CaseDesk) -> list[GoneTeam]:
    return gone_teams(desk.engine, ["coordination"], KeptBeside({"coordination": SUCCESSOR}))


def contacts_of(desk: CaseDesk) -> Contacts:
    return Contacts(desk.engine, KEY, desk.clock, kept=timedelta(days=30))


def settle(desk: CaseDesk, trail: Trail, successor: Keeps = SUCCESSOR) -> Settled:
    return without_sspf(desk, successor).settle("sspf", WHO, trail, to="coordination")


def test_open_cases_orders_and_ways_of_contact_of_a_gone_team_are_told_and_their_successors(desk: CaseDesk) -> None:
    desk.consent(make_consent(NAMING_BOTH))
    case, orders, contacts, trail = desk.open(), Orders(desk.engine, desk.clock), contacts_of(desk), Trail()
    orders.receive("sspf", ORDER, record=no_log)
    contact = contacts.receive("sspf", Asking.PARENT, "ring skolan", record=no_log)
    assert left(desk) == [GoneTeam("sspf", 0, 0, kept=3)]
    assert settle(desk, trail) == Settled(0, 0, 0, kept=3)
    assert left(desk) == []
    assert desk.read(case, "coordination").content is not None
    assert [len(orders.of_team(team)) for team in ("sspf", "coordination")] == [0, 1]
    assert contacts.open(contact, "coordination")[1] == "ring skolan"
    assert {one.purpose for one in trail.entries} == {"team_gone:sspf"}
    assert [one.action.value for one in trail.entries] == ["case_changed", "order_changed", "contact_registered"]
    with pytest.raises(RejectedError, match="there is an open case already"):
        desk.open(team="coordination")


def test_a_case_stays_and_is_counted_until_a_consent_names_the_successor(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    assert settle(desk, Trail()) == Settled(0, 0, 0, kept_left=1)
    assert left(desk) == [GoneTeam("sspf", 0, 0, kept=1)]
    desk.consent(make_consent(NAMING_BOTH, version=2))
    assert settle(desk, Trail()) == Settled(0, 0, 0, kept=1)
    assert desk.read(case, "coordination").content is not None


def test_without_a_successor_what_is_kept_beside_tasks_stays_and_is_counted(desk: CaseDesk) -> None:
    desk.consent(make_consent(NAMING_BOTH))
    desk.open()
    assert without_sspf(desk).settle("sspf", WHO, Trail()) == Settled(0, 0, 0, kept_left=1)


@pytest.mark.parametrize("successor", [Keeps(cases=False, takes_orders=False), Keeps(cooperation=SIG, takes_orders=False)])
def test_what_a_successor_has_no_page_for_stays(desk: CaseDesk, successor: Keeps) -> None:
    desk.consent(make_consent(NAMING_BOTH))
    desk.open()
    contacts_of(desk).receive("sspf", Asking.YOUTH, "ring mig", record=no_log)
    assert settle(desk, Trail(), successor) == Settled(0, 0, 0, kept_left=2)


def test_a_successor_with_a_case_of_the_same_youth_has_both_until_it_closes_them(desk: CaseDesk) -> None:
    desk.consent(make_consent(NAMING_BOTH))
    cases = {desk.open(team="coordination"), desk.open()}
    assert settle(desk, Trail()) == Settled(0, 0, 0, kept=1)
    assert {one.case_id for one in desk.cases.of_team("coordination")} == cases


def test_a_withdrawal_ends_a_case_that_was_handed_on(desk: CaseDesk) -> None:
    desk.consent(make_consent(NAMING_BOTH))
    case = desk.open()
    settle(desk, Trail())
    desk.withdraw()
    row = desk.row(case)
    assert (row.subject, row.sealed, row.open_key) == (None, None, None)
