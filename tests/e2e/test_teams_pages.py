"""A team's day with the pages, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.web.principal import COOKIE
from tests.e2e.conftest import DESK, PHONE, Site
from tests.unit.core.scenarios import SCENARIOS
from tests.unit.web.town import make_task, member

LIVE_MILLISECONDS = 20_000


def new_task(site: Site, name: str) -> str:
    site.town.add(name, make_task("absence-alone", created=site.town.clock.now() - timedelta(minutes=1), days=5))
    return site.town.path(name)


def test_signing_in_leads_to_an_address_without_the_code(site: Site) -> None:
    page = site.visit()
    assert page.url == f"{site.url}/"
    expect(page.get_by_role("heading", level=1)).to_have_text("Vad som väntar, och på vem")
    page.go_back()
    assert "code" not in page.url


def test_the_code_can_be_pasted_into_the_form(site: Site) -> None:
    page = site.visit(None)
    page.goto("/")
    page.get_by_label("Inloggningskod").fill(site.town.code(member("Fältare", "outreach")))
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Förebyggarteamet")


def test_a_task_is_opened_with_the_keyboard_alone(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    focused = page.locator("tr.row:focus-within")
    assert focused.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}{site.town.path('soon')}")
    expect(page.locator(".subject")).to_have_text("Ungdom, 14 år, område Hageby")


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_what_is_typed_to_find_a_task_stands_in_no_address_and_no_history(site: Site, java_script: bool) -> None:
    page = site.visit(java_script_enabled=java_script)
    sought = page.get_by_label("Uppgift eller ärende")
    sought.fill("201403049800")
    sought.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Numret finns inte")
    sought.fill(site.town.tasks["soon"][:8])
    sought.press("Enter")
    expect(page).to_have_url(f"{site.url}{site.town.path('soon')}")
    page.go_back()
    expect(page).to_have_url(f"{site.url}/find")
    assert not any("9800" in address or "number=" in address for address in (page.url, *site.requests))


def test_the_keys_explain_themselves_and_close_again(site: Site) -> None:
    page = site.visit()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Tangenter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_label("Uppgift eller ärende").press_sequentially("jk?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Uppgift eller ärende")).to_have_value("jk?")


def test_the_first_tab_skips_to_the_content(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Hoppa till innehållet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_language_changes_in_place(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach?all=1")
    page.get_by_role("link", name="In English").click()
    expect(page).to_have_url(f"{site.url}/team/outreach?all=1")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("tbody")).to_contain_text("Late by 2 days")
    page.get_by_role("link", name="På svenska").click()
    expect(page.locator("tbody")).to_contain_text("Försenad 2 dagar")


def test_a_new_task_appears_without_a_reload_and_the_focus_stays(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    page.keyboard.press("j")
    page.evaluate("window.neverReloaded = true")
    path = new_task(site, "new")
    expect(page.locator(f'a[href="{path}"]')).to_be_visible(timeout=LIVE_MILLISECONDS)
    assert page.evaluate("window.neverReloaded")
    expect(page.locator(f'a[href="{site.town.path("late")}"]')).to_be_focused()
    expect(page.locator("#told")).to_have_text("En ny uppgift")


def test_without_contact_the_page_says_that_it_may_be_old(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    expect(page.locator("#stale")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible(timeout=LIVE_MILLISECONDS)
    expect(page.locator("tr.row")).to_have_count(6)
    page.context.set_offline(False)
    expect(page.locator("#stale")).to_be_hidden(timeout=LIVE_MILLISECONDS)


def test_a_page_left_open_goes_when_its_session_has_ended(site: Site) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    (cookie,) = [one for one in page.context.cookies() if one.get("name") == COOKIE]
    site.town.sessions.end(cookie.get("value"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Logga in", timeout=LIVE_MILLISECONDS)
    expect(page.locator("tr.row")).to_have_count(0)


def test_everything_but_the_live_parts_works_without_javascript(site: Site) -> None:
    page = site.visit(None, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Inloggningskod").fill(site.town.code())
    page.get_by_role("button", name="Logga in").click()
    expect(page.locator("#keys-hint")).to_be_hidden()
    page.get_by_role("link", name="SIG-gruppen").first.click()
    page.get_by_role("link", name="Bedömning inför social insatsgrupp (SIG)").click()
    expect(page.locator(".subject")).to_have_text("Ungdom, 14 år, område Hageby")
    page.get_by_label("Uppgift eller ärende").fill(site.town.tasks["presence"][:8])
    page.get_by_role("button", name="Sök").click()
    expect(page.locator(".subject")).to_have_text("Navestad, vecka 20")
    page.get_by_role("link", name="In English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Presence in the area")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_whole_row_is_the_link(site: Site) -> None:
    page = site.visit(size=PHONE)
    page.goto("/team/outreach")
    last = page.locator("tr.row").nth(1).locator("td").last
    last.scroll_into_view_if_needed()  # a mouse reaches only what is on the screen
    state = last.bounding_box()
    assert state is not None
    page.mouse.click(state["x"] + 5, state["y"] + state["height"] / 2)
    expect(page).to_have_url(f"{site.url}{site.town.path('soon')}")


def test_nothing_is_asked_of_anybody_else_and_nothing_complains(site: Site) -> None:
    page = site.visit()
    for path in site.pages().values():
        page.goto(path)
    assert {url.split("/", 3)[2] for url in site.requests if not url.startswith("data:")} == {site.url.removeprefix("http://")}
    refusals = re.compile(r"the server responded with a status of (401|403|404)")
    assert [text for text in site.complaints if not refusals.search(text)] == []


def test_on_paper_a_task_has_the_teams_name_and_no_controls(site: Site) -> None:
    page = site.visit()
    page.goto(site.town.path("soon"))
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.get_by_text("Förslag till insats, Förebyggarteamet, utskrivet mån 19 maj 07.30")).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["late", "soon", "annotated"])
def test_status_is_a_word_and_a_shape_and_a_colour(site: Site, name: str) -> None:
    page = site.visit()
    page.goto("/team/outreach")
    mark = {"late": (".late", "▲", "Försenad"), "soon": (".soon", "●", "Snart"), "annotated": (".changed", "◆", "Underlaget")}[
        name
    ]
    place, shape, word = mark
    status = page.locator(f"tr:has(a[href='{site.town.path(name)}']) {place}")
    expect(status).to_contain_text(word)
    assert shape in status.evaluate("part => getComputedStyle(part, '::before').content")
    assert _colour(status) != _colour(page.locator("body"))


def _colour(part) -> str:
    return str(part.evaluate("part => getComputedStyle(part).color"))


def visible_boxes(page: Page) -> list[tuple[str, float, float]]:
    """(what, width, height) of everything that can be pressed: a list's row as a whole, a choice by its words."""
    return [
        (str(what), float(width), float(height))
        for what, width, height in page.evaluate(
            """() => [...document.querySelectorAll(
                "a:not(.whole):not(.skip), button, input:not([type=radio]):not([type=checkbox]), .choice label, summary, tr.row")]
                .map(part => [part, part.getBoundingClientRect()])
                .filter(([part, box]) => box.width && box.height && part.checkVisibility())
                .map(([part, box]) => [part.outerHTML.slice(0, 80), box.width, box.height])"""
        )
    ]


def test_everything_that_is_pressed_is_large_enough_for_a_thumb(site: Site) -> None:
    page = site.visit(size=PHONE)
    for path in site.pages().values():
        page.goto(path)
        boxes = visible_boxes(page)
        assert boxes
        assert [box for box in boxes if min(box[1:]) < 44] == [], path


def narrowed_task(site: Site) -> str:
    """A task whose conditions use the whole language, from a source that is named and one that is not."""
    parts = [one for scenario in SCENARIOS[2:8:2] for one in scenario.task().evidence]
    told = [
        one.model_copy(
            update={
                "agencies": ("school-norrkoping",),
                "events": tuple(event.model_copy(update={"agency": "school-norrkoping"}) for event in one.events or ()),
            }
        )
        for one in parts
    ]
    task = make_task("absence-alone", created=site.town.clock.now() - timedelta(minutes=1), days=5)
    site.town.add("narrowed", task.model_copy(update={"evidence": tuple(told), "agencies_withheld": True}))
    return site.town.path("narrowed")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_task_says_when_what_counted_happened_and_what_the_youth_may_be_told(site: Site, size: tuple[int, int]) -> None:
    page = site.visit(size=size)
    page.goto(narrowed_task(site))
    expect(page.get_by_role("table")).to_contain_text("De senaste 20 skoldagarna, högst 40 dagar tillbaka")
    expect(page.get_by_text("Uppgifter från en källa som inte visas har också räknats.")).to_be_visible()
    when = page.get_by_text("Observation: när, och uppgett av vem")
    expect(page.get_by_text("sön 11 maj 01.30")).to_be_hidden()
    when.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("sön 11 maj 01.30")).to_be_visible()
    page.get_by_text("Vad den unge får veta").click()
    page.get_by_text("Tekniska uppgifter").click()
    expect(page.get_by_text("Samtyckets nummer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off or scrolled sideways"
