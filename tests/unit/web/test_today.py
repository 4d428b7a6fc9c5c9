"""Out today: where to be, and what one has in hand; nothing of whom."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.unit.web.browser import Browser
from tests.unit.web.cases.make import PLACE, SARA, consent, logged, opened, planned
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import NOW, PagesTown, make_task, member

ANNA = member("Anna", "outreach")


def accept(anna: Browser, path: str) -> None:
    version = re.search(r'name="version" value="([0-9]+)"', anna.get(path).text)
    assert version is not None
    anna.post(f"{path}/accept", data={"version": version[1], "concern": "no"})


def calendar(anna: Browser, stranger: Browser, team: str = "outreach") -> str:
    """What one's calendar is told by one's address, without signing in."""
    found = re.search(r"(/calendar/[^\"<]+\.ics)", anna.post(f"/team/{team}/calendar").text)
    assert found is not None
    return stranger.get(found[1]).text.replace("\r\n ", "")


def test_places_that_ask_and_ones_own_tasks_stand_there(town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    accept(anna, town.path("fine"))
    said = text_of(anna.get("/team/outreach/today"))
    assert "Navestad, vecka 20" in said
    assert "Följ upp senast" in said
    assert "14 år" not in said


def test_a_day_without_anything_says_so(empty_town: PagesTown, visit: Visit) -> None:
    said = text_of(visit(ANNA).get("/team/outreach/today"))
    assert "Ingen närvaro är planerad eller efterfrågad." in said
    assert "Du har ingen uppgift just nu." in said
    assert "Möten i dag" not in said


def test_a_team_that_keeps_cases_sees_the_meetings_of_the_day(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara = visit(SARA)
    said = text_of(sara.get("/team/sspf/today"))
    assert "Inget möte är planerat i dag." in said
    assert "närvaro" not in said
    path = opened(sara)
    for day, place in (("2025-05-19", "Rum 3"), ("2025-05-20", "Rum 4")):
        planned(sara, path, day=day, place=place)
    said = text_of(sara.get("/team/sspf/today"))
    assert "mån 19 maj 14.00, Rum 3" in said
    assert "Rum 4" not in said
    assert ("case_listed", "today", "permit", "") in logged(empty_town)


@pytest.mark.parametrize("team", ["sig", "sspf"])
def test_another_teams_day_is_not_shown(town: PagesTown, visit: Visit, team: str) -> None:
    assert visit(ANNA).get(f"/team/{team}/today").status_code == 403


def test_ones_calendar_has_the_deadlines_of_ones_tasks_by_number(town: PagesTown, visit: Visit, stranger: Browser) -> None:
    anna = visit(ANNA)
    accept(anna, town.path("fine"))
    told = calendar(anna, stranger)
    assert f"Följ upp uppgift {town.tasks['fine'][:8]}" in told
    assert f"/team/outreach/task/{town.tasks['fine']}" in told
    assert "Hageby" not in told


def test_ones_calendar_names_no_case_and_no_place_of_a_meeting(town: PagesTown, visit: Visit, stranger: Browser) -> None:
    vera = visit(member("Vera", "outreach", "sspf"))
    task = town.add("sspf", make_task("repeated-notices", created=NOW - timedelta(hours=1), days=5, team="sspf"))
    accept(vera, f"/team/sspf/task/{task.task_id}")
    consent(town)
    case = opened(vera)
    assert planned(vera, case).status_code == 303
    told = calendar(vera, stranger, "sspf")
    assert "SUMMARY:Möte i ett ärende" in told
    assert f"/team/sspf/task/{task.task_id}" in told
    for left_out in (PLACE, "LOCATION", "DESCRIPTION", case.rpartition("/")[2][:8]):
        assert left_out not in told
