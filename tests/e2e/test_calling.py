"""A worklist that lives, in a real browser: a new task appears as it comes, and a late one comes to those who stand in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from hub.access.roles import Principal, Role
from hub.contract.topics import CONSENTS
from hub.delivery.calls import Calls
from hub.delivery.ladder import Ladder
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.web.town import NOW, make_consent, make_task, member

AT_ONCE_MILLISECONDS = 4_500  # well before a page that asks every five seconds would know
HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})
ANNA, DEPUTY = member("Anna", "outreach"), member("Bo", "sspf")


def late(site: Site) -> str:
    """A task that is late, and may be had by the SSPF coordinator too; nobody has been called yet. Its number."""
    task = site.town.add("called", make_task("absence-alone", created=NOW - timedelta(days=9), days=5))
    consent = make_consent(task.youth_ref, "outreach")
    wider = consent.scopes[0].model_copy(update={"recipients": ("outreach", "sspf")})
    site.town.take(CONSENTS, task.youth_ref, consent.model_copy(update={"version": 2, "scopes": (wider,)}))
    return task.task_id


def call(site: Site) -> None:
    Calls(site.town.engine, site.town.clock, Ladder({"outreach": TeamCalls(deputy="sspf")})).make_due()


def test_a_new_task_is_told_of_at_once_where_one_stands_in_the_list(site: Site) -> None:
    page = site.visit(ANNA, size=(1280, 400))
    with page.expect_request("**/changes**"):
        page.goto("/team/outreach")
    before = page.title()
    row = page.locator("tr.row a.whole").nth(3)
    row.focus()
    top = row.bounding_box()
    site.town.add("new", make_task("absence-alone", created=NOW - timedelta(days=8), days=1))
    expect(page.locator("#told")).to_have_text("En ny uppgift", timeout=AT_ONCE_MILLISECONDS)
    again = page.locator("tr.row a.whole:focus")
    assert (again.bounding_box() or {}).get("y") == pytest.approx((top or {})["y"], abs=2)
    assert page.title() != before
    assert page.title().startswith("(")
    assert site.complaints == []


def test_a_late_task_comes_to_the_deputy_who_takes_it_over(site: Site) -> None:
    number = late(site)
    bo = site.visit(DEPUTY)
    bo.goto("/team/sspf")
    call(site)
    bo.get_by_role("link", name="Behöver dig 1").click(timeout=AT_ONCE_MILLISECONDS * 2)
    expect(bo.get_by_text("Inte besvarad av Förebyggarteamet")).to_be_visible()
    bo.get_by_role("button", name=f"Ta över: Vägledning till närvarande och fungerande skolgång, {number[:8]}").click()
    expect(bo.get_by_role("status").filter(has_text="Din enhet har uppgiften nu.")).to_be_visible()
    expect(bo.get_by_role("button", name="Ta emot")).to_be_visible()


def test_a_late_task_comes_to_the_heads_start_page(site: Site) -> None:
    late(site)
    call(site)
    head = site.visit(HEAD)
    head.goto("/")
    head.get_by_role("link", name="behöver dig").first.click()
    head.locator("tr.row a.whole").first.click()
    expect(head.get_by_text("Gick vidare till").first).to_be_visible()


def test_a_page_beyond_the_few_that_are_told_asks_by_itself(site: Site) -> None:
    page = site.visit(ANNA)
    page.route("**/changes**", lambda route: route.fulfill(status=429))
    page.goto("/team/outreach")
    site.town.add("new", make_task("absence-alone", created=NOW - timedelta(minutes=1), days=5))
    expect(page.locator("#told")).to_have_text("En ny uppgift", timeout=20_000)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_what_calls_somebody_is_accessible_and_fits(site: Site, size: tuple[int, int]) -> None:
    late(site)
    call(site)
    for who, path in ((DEPUTY, "/team/sspf?show=called"), (HEAD, "/"), (HEAD, site.town.path("called"))):
        page = site.visit(who, size=size)
        page.goto(path)
        assert hear(page).generate_snapshot() == ""
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
