"""One presence: who goes, how it went, cancelled and undone; each deed in the log, the second of two refused."""

from __future__ import annotations

import pytest

from hub.presence.codes import VisitState
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import AFTER, ANNA, BASE, REPORT, logged, number_of, plan, version_of
from tests.unit.web.town import PagesTown, member


def state(town: PagesTown, path: str) -> VisitState:
    return town.web.presence().plan.one(number_of(path)).state


def test_a_colleague_who_has_been_here_can_be_sent(empty_town: PagesTown, visit: Visit) -> None:
    anna, bo = visit(ANNA), visit(member("Bo", "outreach"))
    bo.get(BASE)
    path = plan(anna)
    account = member("Bo", "outreach").account
    assert anna.post(f"{path}/assign", data={"who": account, "version": version_of(empty_town, path)}).status_code == 303
    assert "<dd>Bo</dd>" in anna.get(path).text
    assert logged(empty_town, "presence_planned")[-1] == ("presence_planned", "moved", "permit")


def test_nobody_unknown_can_be_sent(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    path = plan(anna)
    answer = anna.post(f"{path}/assign", data={"who": "account-x", "version": version_of(empty_town, path)})
    assert (answer.status_code, answer.text.count("Välj vem som går.")) == (400, 2)
    assert logged(empty_town, "presence_planned")[-1] == ("presence_planned", "", "deny")


def test_a_report_of_the_team_is_shown_and_can_be_undone(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    path = plan(anna)
    empty_town.clock.set(AFTER)
    anna = visit(ANNA)
    assert anna.post(f"{path}/report", data=REPORT | {"version": version_of(empty_town, path)}).status_code == 303
    text = anna.get(path).text
    for told in ("Genomförd", "2,5", "Unga som mötts", "Lugnt"):
        assert told in text
    assert state(empty_town, path) is VisitState.CARRIED_OUT
    assert anna.post(f"{path}/reopen", data={"version": version_of(empty_town, path)}).status_code == 303
    assert state(empty_town, path) is VisitState.PLANNED
    assert logged(empty_town, "presence_reported") == [("presence_reported", "done", "permit")]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outcome": ""}, "Ange om den genomfördes."),
        ({"hours": "13"}, "Ange hur många timmar det varade"),
        ({"hours": "två"}, "Ange hur många timmar det varade"),
        ({"adults": "0"}, "Ange hur många vuxna som var på plats"),
        ({"youths": "många"}, "Ange ungefär hur många unga ni mötte"),
        ({"day": "2025-05-20"}, "Ange den dag som planerats"),
        ({"day": ""}, "Ange dag."),
        ({"outcome": "not_done"}, "Välj varför den inte genomfördes."),
    ],
)
def test_a_report_with_something_wrong_is_shown_again(
    empty_town: PagesTown, visit: Visit, changed: dict[str, str], told: str
) -> None:
    path = plan(visit(ANNA))
    empty_town.clock.set(AFTER)
    anna = visit(ANNA)
    answer = anna.post(f"{path}/report", data=REPORT | changed | {"version": version_of(empty_town, path)})
    assert (answer.status_code, answer.text.count(told)) == (400, 2)
    assert state(empty_town, path) is VisitState.PLANNED


def test_what_was_not_carried_out_has_its_reason_in_the_plan(empty_town: PagesTown, visit: Visit) -> None:
    path = plan(visit(ANNA))
    empty_town.clock.set(AFTER)
    anna = visit(ANNA)
    report = {"outcome": "not_done", "reason": "weather", "day": "2025-05-23", "version": version_of(empty_town, path)}
    assert anna.post(f"{path}/report", data=report).status_code == 303
    assert "Vädret" in anna.get(BASE).text


def test_a_cancelled_presence_says_so_and_comes_back(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    path = plan(anna)
    assert anna.post(f"{path}/cancel", data={"version": version_of(empty_town, path)}).status_code == 303
    assert "Inställd" in anna.get(path).text
    assert anna.post(f"{path}/reopen", data={"version": version_of(empty_town, path)}).status_code == 303
    assert state(empty_town, path) is VisitState.PLANNED


@pytest.mark.parametrize("version", ["0", "", "x", "99999999999"])
def test_a_form_of_another_version_changes_nothing(empty_town: PagesTown, visit: Visit, version: str) -> None:
    anna = visit(ANNA)
    path = plan(anna)
    answer = anna.post(f"{path}/cancel", data={"version": version})
    assert answer.status_code == 409
    assert "någon hann före" in answer.text
    assert state(empty_town, path) is VisitState.PLANNED


def test_what_there_is_not_is_not_found(empty_town: PagesTown, visit: Visit) -> None:
    answer = visit(ANNA).get(f"{BASE}/visit/00000000-0000-4000-8000-000000000000")
    assert (answer.status_code, "Det finns ingen sådan närvaro." in answer.text) == (404, True)
