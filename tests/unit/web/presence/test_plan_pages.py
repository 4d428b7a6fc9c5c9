"""The week plan: proposals and presences by area, planned on a form that says everything that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.contract.models import Action
from hub.contract.topics import PRESENCE_TASKS
from hub.web.app import build_web
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA, BASE, FRIDAY, HEAD, VISIT, agree, logged, offer, plan
from tests.unit.web.town import NOW, PagesTown, make_presence, member


def test_the_teams_page_leads_to_the_plan(town: PagesTown, visit: Visit) -> None:
    assert f'href="{BASE}"' in visit(ANNA).get("/team/outreach").text
    assert "/presence" not in visit(member("Bo", "sig")).get("/team/sig").text


def test_a_proposal_of_last_week_that_is_open_stands_with_this_week(town: PagesTown, visit: Visit) -> None:
    text = visit(ANNA).get(BASE).text
    assert "Vecka 21" in text
    assert "Vecka 22" in text
    assert "Navestad" in text
    assert "6 händelser på 7 dagar (skadegörelse), från vecka 20" in text
    assert "utsatt" not in text


def test_a_proposal_whose_ground_is_gone_is_none(town: PagesTown, visit: Visit) -> None:
    lost = make_presence(NOW - timedelta(hours=10)).model_copy(update={"action": Action.GROUND_LOST})
    town.take(PRESENCE_TASKS, lost.area, lost)
    assert "Navestad" not in visit(ANNA).get(BASE).text


def test_weeks_without_anything_say_so(empty_town: PagesTown, visit: Visit) -> None:
    assert visit(ANNA).get(BASE).text.count("Inget är föreslaget eller planerat") == 2


@pytest.mark.parametrize(
    ("asked", "shown"), [("2025-W01", "Vecka 1"), ("2025-W53", "Vecka 21"), ("x", "Vecka 21"), ("9999-W52", "Vecka 21")]
)
def test_another_week_can_be_looked_at_and_one_that_there_is_not_is_this_one(
    empty_town: PagesTown, visit: Visit, asked: str, shown: str
) -> None:
    answer = visit(ANNA).get(BASE, params={"week": asked})
    assert answer.status_code == 200
    assert shown in answer.text


def test_what_is_planned_stands_in_its_week_with_who_goes(town: PagesTown, visit: Visit) -> None:
    client = visit(ANNA)
    plan(client)
    text = client.get(BASE).text
    assert "fre 23 maj 20.00–23.00" in text
    assert "Hela enheten" in text
    assert ("presence_planned", "planned", "permit") in logged(town, "presence_planned")


def test_associations_that_come_stand_in_the_plan(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    made = plan(anna)
    found = offer(empty_town, anna, made, agree(visit(HEAD)), places="2")[0]
    assert "1 förening tillfrågad" in anna.get(BASE).text
    empty_town.web.presence().offers.answer(found.answer_link, str, accept=True)
    text = anna.get(BASE).text
    assert "Hageby IF" in text
    assert "1 plats är ledig" in text


def test_a_proposal_leads_to_a_form_with_area_and_task_filled_in(town: PagesTown, visit: Visit) -> None:
    client, task = visit(ANNA), town.tasks["presence"]
    text = client.get(f"{BASE}/new", params={"area": "0581-navestad", "task": task, "day": "2025-05-23"}).text
    assert '<option value="0581-navestad" selected>' in text
    assert 'value="proposed" checked' in text
    path = plan(client, area="0581-navestad", task=task, ground="proposed")
    assert f"/team/outreach/task/{task}" in client.get(path).text


def test_a_task_that_is_none_is_not_kept_with_the_presence(empty_town: PagesTown, visit: Visit) -> None:
    client = visit(ANNA)
    path = plan(client, task="00000000-0000-4000-8000-000000000000")
    assert "/task/" not in client.get(path).text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"area": "elsewhere"}, "Välj ett område."),
        ({"day": "fredag"}, "Ange dag."),
        ({"starts": ""}, "Ange från när och till när."),
        ({"ends": "19:00"}, "En närvaro varar högst tolv timmar"),
        ({"day": "2024-01-01"}, "Välj en dag inom den senaste månaden"),
        ({"ground": "x"}, "Välj varför."),
        ({"who": "somebody"}, "Välj vem som går."),
    ],
)
def test_a_form_with_something_wrong_is_shown_again_with_what_was_typed(
    empty_town: PagesTown, visit: Visit, changed: dict[str, str], told: str
) -> None:
    answer = visit(ANNA).post(f"{BASE}/new", data=VISIT | changed)
    assert answer.status_code == 400
    assert answer.text.count(told) == 2  # on top, and at the field
    assert empty_town.web.presence().plan.between(NOW - timedelta(days=900), FRIDAY + timedelta(days=900)) == []


def test_everything_that_is_missing_is_said_at_once(empty_town: PagesTown, visit: Visit) -> None:
    text = visit(ANNA).post(f"{BASE}/new").text
    for told in ("Välj ett område.", "Ange dag.", "Ange från när och till när.", "Välj varför.", "Välj vem som går."):
        assert told in text


@pytest.mark.parametrize("path", ["", "/new", "/agreements", "/year"])
def test_another_team_has_no_plan(empty_town: PagesTown, visit: Visit, path: str) -> None:
    answer = visit(member("Bo", "sig")).get(f"/team/sig/presence{path}")
    assert answer.status_code == 404
    assert "Närvaro planeras av en annan enhet." in answer.text


def test_the_plan_is_there_in_english(town: PagesTown, visit: Visit) -> None:
    client = visit(ANNA)
    client.get("/language/en")
    plan(client)
    text = client.get(BASE).text
    assert "Week 21" in text
    assert "6 incidents within 7 days (vandalism), from week 20" in text
    assert "Fri 23 May 20:00–23:00" in text


def test_the_plan_is_of_the_team_that_takes_presence_by_teams_yaml_where_there_is_no_outreach_team(
    empty_town: PagesTown, visit: Visit
) -> None:
    teams = dict(empty_town.web.teams)
    teams["prevention"] = teams.pop("outreach")
    empty_town.app = build_web(replace(empty_town.web, teams=teams))
    client, base = visit(member("Anna", "prevention", "sig")), BASE.replace("outreach", "prevention")
    assert f'href="{base}"' in client.get("/team/prevention").text
    assert client.get(base).status_code == 200
    assert client.post(f"{base}/new", data=VISIT).status_code == 303
    assert client.get(BASE.replace("outreach", "sig")).status_code == 404
