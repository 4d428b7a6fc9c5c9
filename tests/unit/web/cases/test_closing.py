"""How a case stands before it is closed, and the task that proposes to look: what is suggested, and that nothing is changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.cases.moves import CaseState
from hub.errors import RetriableError
from tests.unit.core.make import make_absence, make_notice
from tests.unit.web.browser import Browser
from tests.unit.web.cases.make import CASES, CONSENT, SARA, SOFIA, act, consent, logged, opened, sig_consent
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import NOW, PagesTown, make_task, member

BOTH = ["school_absence", "police_notice"]
LATER = NOW + timedelta(days=56)


@pytest.fixture
def case(empty_town: PagesTown, visit: Visit) -> tuple[PagesTown, Browser, str, str]:
    """A case in which little was well at the start, eight weeks later: the youth, and where its page is."""
    town, ref = empty_town, consent(empty_town)
    town.held.hold(ref, CONSENT, make_absence(1, NOW - timedelta(days=1), 120), make_notice(2, NOW - timedelta(days=2)))
    path = opened(visit(SARA), throughout=BOTH)
    town.clock.set(LATER)
    town.held.states.clear()
    town.held.hold(ref, CONSENT, valid_to=NOW + timedelta(days=90))
    return town, visit(SARA), path, ref


def test_when_all_three_are_well_closing_is_suggested_and_nothing_is_changed(case) -> None:
    town, sara, path, _ = case
    page = act(sara, path, "weigh", worry="4", throughout=BOTH)
    said = text_of(page)
    assert page.status_code == 200
    assert "Förslag: avsluta." in said
    for part in ("minuter i veckan Före 30 Nu 0", "hos polisen Före 1 Nu 0", "Oron är som förut Oro, från 1 till 5 Före 4 Nu 4"):
        assert part in said
    assert 'open id="close"' in page.text, "whoever asked sees the answer"
    assert page.text.count(" checked") >= len(BOTH), "what was ticked stays ticked"
    view = town.cases.cases.read(path.rsplit("/", 1)[1], "sspf")
    assert (view.state, view.version) == (CaseState.OPEN, 1)
    assert ("case_shown", "weighed", "permit", "consent") in logged(town)


def test_an_occurrence_or_more_worry_speaks_against_it(case) -> None:
    town, sara, path, ref = case
    assert "Att avsluta föreslås inte än." in text_of(act(sara, path, "weigh", worry="5", throughout=BOTH))
    town.held.hold(ref, CONSENT, make_notice(3, LATER - timedelta(days=2)), valid_to=NOW + timedelta(days=90))
    said = text_of(act(sara, path, "weigh", worry="1", throughout=BOTH))
    assert "Att avsluta föreslås inte än." in said
    assert "Lika många förekomster" in said


def test_what_nobody_vouches_for_speaks_for_nothing(case) -> None:
    _, sara, path, _ = case
    said = text_of(act(sara, path, "weigh", worry="1"))
    assert "Att avsluta föreslås inte än." in said
    assert "hos polisen Före 1 Nu okänt" in said


def test_of_a_case_that_has_just_begun_it_is_said_why_nothing_can_be_compared(empty_town: PagesTown, visit: Visit) -> None:
    empty_town.held.hold(consent(empty_town), CONSENT)
    sara = visit(SARA)
    said = text_of(act(sara, opened(sara, throughout=BOTH), "weigh", worry="1", throughout=BOTH))
    assert "Att avsluta föreslås inte än." in said
    assert "Ärendet har inte pågått i 28 dagar än" in said


def test_without_a_worry_or_while_nothing_can_be_read_it_says_what_to_do(case) -> None:
    town, sara, path, _ = case
    refused = act(sara, path, "weigh", throughout=BOTH)
    assert (refused.status_code, "Välj ett steg på oroskalan." in refused.text) == (400, True)
    town.held.failing = RetriableError("later", code="broker_silent")
    busy = act(sara, path, "weigh", worry="2", throughout=BOTH)
    assert (busy.status_code, "siffrorna kan inte läsas just nu" in text_of(busy)) == (409, True)


def test_a_sig_case_has_no_such_outcomes(empty_town: PagesTown, visit: Visit) -> None:
    sig_consent(empty_town)
    sofia = visit(SOFIA)
    path = opened(sofia, team="sig", consent="dddddddd-0000-4000-8000-00000000000d", exit="no")
    assert "/weigh" not in sofia.get(path).text
    assert act(sofia, path, "weigh", worry="2").status_code == 404


def test_a_task_that_proposes_to_look_leads_to_the_case_and_the_case_to_the_task(empty_town: PagesTown, visit: Visit) -> None:
    town, sara = empty_town, visit(SARA)
    made = make_task("repeated-notices", created=NOW - timedelta(hours=1), days=5, team="sspf")
    task = town.add("new", made.model_copy(update={"function": "closing_review"}))
    page = f"/team/sspf/task/{task.task_id}"
    assert "See how the case stands" not in sara.get(page).text
    act(sara, page, "accept", concern="no")
    assert f'href="{CASES}/new?task={task.task_id}"' in sara.get(page).text
    path = opened(sara, consent="", task=task.task_id)
    shown = sara.get(page).text
    assert f'href="{path}#close"' in shown
    assert f'href="{CASES}/new?task={task.task_id}"' not in shown, "there is a case already"
    assert f'href="{page}"' in sara.get(path).text
    reader = visit(member("Rut", "outreach"))
    assert reader.get(page).status_code in {403, 404}
