"""A team works with its tasks in a real browser: with keys alone, without JavaScript, with a thumb, and two at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.access.roles import Principal, Role
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.e2e.test_teams_pages import visible_boxes
from tests.unit.web.town import member

ANNA, BO = member("Anna", "outreach"), member("Bo", "outreach")
HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})


def accept(page: Page) -> None:
    page.get_by_label("Nej", exact=True).check()
    page.get_by_role("button", name="Ta emot").click()
    expect(page.get_by_role("status").filter(has_text="Du har uppgiften nu.")).to_be_visible()


def test_a_task_is_accepted_and_undone_with_the_keyboard_alone(site: Site) -> None:
    page = site.visit(ANNA)
    page.goto("/team/outreach")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Ta emot")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_label("Nej", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Du har den här uppgiften.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Ångra mottagandet")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Mottagandet är ångrat.")).to_be_visible()


def test_a_letter_leads_to_a_deed_and_does_not_do_it_and_types_as_text(site: Site) -> None:
    page = site.visit(ANNA)
    page.goto(site.town.path("fine"))
    page.keyboard.press("x")
    expect(page.get_by_label("Jäv")).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.type("axu?")
    expect(page.get_by_label("Anteckning", exact=True)).to_have_value("axu?")
    assert site.town.worklist.open_task(site.town.tasks["fine"], "outreach").holder is None


def test_what_is_missing_is_said_on_top_and_leads_to_its_place(site: Site) -> None:
    page = site.visit(ANNA)
    page.goto(site.town.path("fine"))
    page.get_by_role("button", name="Ta emot").click()
    page.get_by_role("link", name="Svara på om det finns omedelbar oro för barnet.").click()
    expect(page.locator("#concern")).to_be_in_viewport()
    assert page.title().startswith("Fel:")


def test_a_whole_day_works_without_javascript(site: Site) -> None:
    anna = site.visit(None, java_script_enabled=False)
    site.visit(BO).goto("/team/outreach")
    anna.goto(f"/sign-in?code={site.town.code(ANNA)}")
    anna.goto(site.town.path("fine"))
    anna.get_by_label("Nej", exact=True).check()
    anna.get_by_role("button", name="Ta emot").click()
    anna.get_by_text("Anteckna något").click()
    anna.get_by_label("Anteckning", exact=True).fill("Ring inte hem")
    anna.get_by_label("Gäller säker kontakt").check()
    anna.get_by_role("button", name="Spara anteckningen").click()
    expect(anna.locator(".note.safe")).to_contain_text("Säker kontakt: Ring inte hem")
    anna.get_by_text("Överlämna till en kollega").click()
    anna.get_by_label("Vem ska ha den?").select_option("Bo")
    anna.get_by_role("button", name="Överlämna", exact=True).click()
    expect(anna.get_by_text("Bo har den här uppgiften.")).to_be_visible()


def test_of_two_who_accept_the_second_sees_who_has_it(site: Site) -> None:
    anna, bo = site.visit(ANNA), site.visit(BO)
    for page in (anna, bo):
        page.goto(site.town.path("fine"))
        page.reload()  # the first look at a task changes it
    accept(anna)
    bo.get_by_label("Nej", exact=True).check()
    bo.get_by_role("button", name="Ta emot").click()
    expect(bo.get_by_role("alert")).to_contain_text("uppgiften har ett annat läge nu")
    expect(bo.get_by_text("Anna har den här uppgiften.")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_heads_start_page_is_accessible_and_fits(site: Site, size: tuple[int, int]) -> None:
    page = site.visit(HEAD, size=size)
    page.goto("/")
    expect(page.get_by_role("heading", name="Uppföljt: Förebyggarteamet")).to_be_visible()
    assert hear(page).generate_snapshot() == ""
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("size", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_the_page_of_a_task_in_hand_is_accessible_and_fits(site: Site, size: tuple[int, int], theme: str) -> None:
    page = site.visit(ANNA, size=size, color_scheme=theme)
    site.visit(BO).goto("/team/outreach")
    page.goto(site.town.path("fine"))
    page.get_by_role("button", name="Ta emot").click()
    assert hear(page).generate_snapshot() == ""
    accept(page)
    for summary in page.locator("details summary").all():
        summary.click()
    assert hear(page).generate_snapshot() == ""
    assert [box for box in visible_boxes(page) if min(box[1:]) < 44] == [] or size == DESK
    for width in (320, 640):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
