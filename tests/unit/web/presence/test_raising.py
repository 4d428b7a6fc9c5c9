"""A person's task says that its priority is raised by what is proposed for its area, for as long as that is; nothing else changes."""

from __future__ import annotations

from datetime import timedelta

from hub.contract.models import Action, PresenceTask
from hub.contract.topics import PLACE_EVENTS, PRESENCE_TASKS
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA
from tests.unit.web.town import NOW, PagesTown, make_planned, make_presence

RAISED = "Hög (höjd: närvaroinsats är föreslagen i Hageby, vecka 20)"


def in_hageby() -> PresenceTask:
    """The town's tasks are about youths of Hageby."""
    found = make_presence(NOW - timedelta(hours=9))
    return found.model_copy(update={"area": "0581-hageby", "task_id": "00000000-0000-4000-8000-000000000009"})


def rows_of(text: str) -> str:
    """A list without the counts above it."""
    return text.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_proposal_for_the_same_area_raises_it_and_its_end_lowers_it(town: PagesTown, visit: Visit) -> None:
    anna, presence = visit(ANNA), in_hageby()
    before = town.worklist.open_task(town.tasks["fine"], "outreach")
    assert "höjd:" not in anna.get(town.path("fine")).text
    town.take(PRESENCE_TASKS, presence.area, presence)
    assert RAISED in anna.get(town.path("fine")).text
    assert town.worklist.open_task(town.tasks["fine"], "outreach") == before  # nothing that is stored has changed
    lost = presence.model_copy(update={"action": Action.GROUND_LOST})
    town.take(PRESENCE_TASKS, lost.area, lost)
    assert "höjd:" not in anna.get(town.path("fine")).text


def test_an_event_planned_in_the_area_within_a_week_raises_it_until_it_is_called_off(town: PagesTown, visit: Visit) -> None:
    anna, event = visit(ANNA), make_planned()
    town.take(PLACE_EVENTS, event.area, event)
    assert "Hög (höjd: planerat i Hageby: folksamling, fre 23 maj 20.00–23.00)" in anna.get(town.path("fine")).text
    assert "höjd" not in anna.get("/team/outreach").text
    gone = make_planned(revision=2, retracted=True)
    town.take(PLACE_EVENTS, gone.area, gone)
    assert "höjd:" not in anna.get(town.path("fine")).text


def test_a_place_task_leads_to_planning_it_and_a_persons_does_not(town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    way = f"/team/outreach/presence/new?area=0581-navestad&amp;task={town.tasks['presence']}"
    assert way in anna.get(town.path("presence")).text
    assert "/presence/new" not in anna.get(town.path("fine")).text


def test_a_list_tells_nothing_of_it_for_it_would_tell_the_area(town: PagesTown, visit: Visit) -> None:
    anna, presence = visit(ANNA), in_hageby()
    before = rows_of(anna.get("/team/outreach?show=waiting").text)
    town.take(PRESENCE_TASKS, presence.area, presence)
    assert "höjd" not in anna.get("/team/outreach").text
    assert rows_of(anna.get("/team/outreach?show=waiting").text) == before


def test_what_no_consent_permits_to_be_shown_is_not_raised_either(town: PagesTown, visit: Visit) -> None:
    town.take(PRESENCE_TASKS, "0581-hageby", in_hageby())
    assert "höjd:" not in visit(ANNA).get(town.path("hidden")).text


def test_a_task_that_is_high_already_is_not_called_raised(town: PagesTown, visit: Visit) -> None:
    town.take(PRESENCE_TASKS, "0581-hageby", in_hageby())
    assert "höjd:" not in visit(ANNA).get(town.path("soon")).text
