"""A coordinator follows a case in a real browser: from the task to the outcomes, without JavaScript, with a thumb, on paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.e2e.test_teams_pages import visible_boxes
from tests.unit.core.make import make_absence, make_notice
from tests.unit.web.cases.make import CASES, CONSENT, PLACE, SARA, WHAT, consent
from tests.unit.web.town import NOW, make_task

KINDS = ("Skolans frånvaro", "Polisens underrättelser")


def plan_a_meeting(page: Page) -> None:
    page.get_by_text("Planera ett möte").click()
    page.get_by_label("Dag", exact=True).fill("2025-05-21")
    page.get_by_label("Tid", exact=True).fill("14:00")
    page.get_by_label("Var", exact=True).fill(PLACE)
    page.get_by_role("button", name="Planera mötet").click()
    expect(page.get_by_role("status")).to_contain_text("Mötet är planerat.")


def undertake(page: Page) -> None:
    page.get_by_text("Lägg till i planen").click()
    page.get_by_label("Vem gör det?").select_option("Den unge")
    page.get_by_label("Vad ska göras?").fill(WHAT)
    page.get_by_label("Senast vilken dag?").fill("2025-05-23")
    page.get_by_role("button", name="Lägg till", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Det står i planen.")


def open_by_number(page: Page, *kinds: str) -> str:
    """The address of the new case."""
    page.goto(f"{CASES}/new")
    page.get_by_label("Samtyckets nummer").fill(CONSENT)
    page.get_by_label("4 – stor oro").check()
    for kind in kinds:
        page.get_by_label(kind).check()
    page.get_by_role("button", name="Öppna ärendet").click()
    expect(page.get_by_role("status")).to_contain_text("Ärendet är öppet.")
    return page.url.partition("?")[0]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_case_from_the_task_to_the_three_outcomes(site: Site, javascript: bool) -> None:
    town = site.town
    task = town.add("case", make_task("repeated-notices", created=NOW - timedelta(hours=1), days=5, team="sspf"))
    consent(town, ref=task.youth_ref, version=2)
    town.held.hold(
        task.youth_ref, CONSENT, make_absence(1, NOW - timedelta(days=2), 240), make_notice(2, NOW - timedelta(days=3))
    )
    page = site.visit(SARA, java_script_enabled=javascript)
    page.goto(f"/team/sspf/task/{task.task_id}")
    page.get_by_label("Nej", exact=True).check()
    page.get_by_role("button", name="Ta emot").click()
    page.get_by_role("link", name="Öppna ett ärende").click()
    page.get_by_label("4 – stor oro").check()
    for kind in KINDS:
        page.get_by_label(kind).check()
    page.get_by_role("button", name="Öppna ärendet").click()
    case = page.url.partition("?")[0]
    plan_a_meeting(page)
    undertake(page)
    town.clock.set(NOW + timedelta(days=2, hours=9))
    page = site.visit(SARA, java_script_enabled=javascript)
    page.goto(CASES)
    page.get_by_role("link", name="ons 21 maj 14.00").click()
    page.get_by_text("vilka som kom, eller ställ in det").click()
    page.locator("details[open]").get_by_label("Den unge").check()
    page.get_by_role("button", name="Skriv in att det hölls").click()
    expect(page.get_by_text("Närvarande: Den unge")).to_be_visible()
    page.get_by_role("button", name=f"Klart: {WHAT}").click()
    town.clock.set(NOW + timedelta(days=60))
    town.held.states.clear()
    town.held.hold(task.youth_ref, CONSENT)
    page = site.visit(SARA, java_script_enabled=javascript)
    page.goto(case)
    page.get_by_text("Avsluta ärendet").first.click()
    page.get_by_label("2 – viss oro").check()
    for kind in KINDS:
        page.get_by_label(kind).check()
    page.get_by_role("button", name="Avsluta ärendet").click()
    for said in ("Närvaron har ökat", "Färre förekomster", "Oron har minskat"):
        expect(page.get_by_text(said)).to_be_visible()
    assert page.locator(".plot svg rect.before").count() == 3


@pytest.mark.parametrize(("size", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_the_pages_of_a_case_are_accessible_and_fit(site: Site, size: tuple[int, int], theme: str) -> None:
    ref = consent(site.town)
    site.town.held.hold(ref, CONSENT, make_notice(1, NOW - timedelta(days=3)))
    page = site.visit(SARA, size=size, color_scheme=theme)
    case = open_by_number(page, *KINDS)
    page.get_by_text("Planera ett möte").click()
    page.get_by_role("button", name="Planera mötet").click()
    assert hear(page).generate_snapshot() == ""
    expect(page.locator(".errors a").first).to_be_visible()
    page.goto(case)
    plan_a_meeting(page)
    undertake(page)
    for summary in page.locator("details summary").all():
        summary.click()
    pages = [case, CASES, f"{case}/summons/1", f"{case}/agenda/1"]
    for address in pages:
        if page.url != address:
            page.goto(address)
        assert hear(page).generate_snapshot() == "", address
        assert [box for box in visible_boxes(page) if min(box[1:]) < 44] == [] or size == DESK, address
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
        page.set_viewport_size({"width": size[0], "height": size[1]})


@pytest.mark.parametrize(("size", "theme"), [(DESK, "dark"), (PHONE, "light")])
def test_how_a_case_stands_is_seen_by_keyboard_before_it_is_closed_and_is_accessible(
    site: Site, size: tuple[int, int], theme: str
) -> None:
    town = site.town
    ref = consent(town)
    town.held.hold(ref, CONSENT, make_absence(1, NOW - timedelta(days=2), 240), make_notice(2, NOW - timedelta(days=3)))
    case = open_by_number(site.visit(SARA), *KINDS)
    town.clock.set(NOW + timedelta(days=60))
    town.held.states.clear()
    town.held.hold(ref, CONSENT)
    page = site.visit(SARA, size=size, color_scheme=theme)
    page.goto(case)
    closing = page.locator("details#close")
    closing.locator("summary").press("Enter")
    see = closing.get_by_role("button", name="Se först hur det står")
    see.press("Enter")
    expect(page.locator(".errors a").first).to_be_visible()
    assert hear(page).generate_snapshot() == "", "something is missing"
    closing.get_by_label("2 – viss oro").press("Space")
    for kind in KINDS:
        closing.get_by_label(kind).press("Space")
    see.press("Enter")
    for said in ("Närvaron har ökat", "Färre förekomster", "Oron har minskat"):
        expect(page.get_by_text(said)).to_be_visible()
    assert hear(page).generate_snapshot() == "", "how it stands"
    assert [box for box in visible_boxes(page) if min(box[1:]) < 44] == [] or size == DESK
    for width in (320, 640):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_what_is_missing_is_said_on_top_and_leads_to_its_place(site: Site) -> None:
    page = site.visit(SARA)
    page.goto(f"{CASES}/new")
    page.get_by_role("button", name="Öppna ärendet").click()
    page.get_by_role("link", name="Inget samtycke som gäller nu").click()
    expect(page.get_by_label("Samtyckets nummer")).to_be_focused()
    assert page.title().startswith("Fel:")


def test_on_paper_the_letter_stands_alone(site: Site) -> None:
    consent(site.town)
    page = site.visit(SARA)
    case = open_by_number(page)
    plan_a_meeting(page)
    page.goto(f"{case}/summons/1")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Kallelse till möte")).to_be_visible()
    for left_out in ("Tillbaka till ärendet", "Skriv ut sidan"):
        expect(page.get_by_text(left_out).first).to_be_hidden()
