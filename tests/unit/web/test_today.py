"""Out today: where to be, and what one has in hand; nothing of whom."""

from __future__ import annotations

import re

import pytest

from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import PagesTown, member

ANNA = member("Anna", "outreach")


def accept(anna: Browser, town: PagesTown) -> None:
    version = re.search(r'name="version" value="([0-9]+)"', anna.get(town.path("fine")).text)
    assert version is not None
    anna.post(f"{town.path('fine')}/accept", data={"version": version[1], "concern": "no"})


def test_places_that_ask_and_ones_own_tasks_stand_there(town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    accept(anna, town)
    said = text_of(anna.get("/team/outreach/today"))
    assert "Navestad, vecka 20" in said
    assert "Följ upp senast" in said
    assert "14 år" not in said


def test_a_day_without_anything_says_so(empty_town: PagesTown, visit: Visit) -> None:
    said = text_of(visit(member("Bo", "sspf")).get("/team/sspf/today"))
    assert "Ingen närvaro är planerad eller efterfrågad." in said
    assert "Du har ingen uppgift just nu." in said


@pytest.mark.parametrize("team", ["sig", "sspf"])
def test_another_teams_day_is_not_shown(town: PagesTown, visit: Visit, team: str) -> None:
    assert visit(ANNA).get(f"/team/{team}/today").status_code == 403


def test_ones_calendar_has_the_deadlines_of_ones_tasks_by_number(town: PagesTown, visit: Visit, stranger: Browser) -> None:
    anna = visit(ANNA)
    accept(anna, town)
    found = re.search(r"(/presence/calendar/[^\"<]+\.ics)", anna.post("/team/outreach/presence/calendar").text)
    assert found is not None
    told = stranger.get(found[1]).text.replace("\r\n ", "")
    assert f"Följ upp uppgift {town.tasks['fine'][:8]}" in told
    assert f"/team/outreach/task/{town.tasks['fine']}" in told
    assert "Hageby" not in told
