"""A presence is planned, offered, accepted by an association on a telephone, and reported; every page of it is heard by axe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from hub.access.roles import Principal, Role
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear

HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})
PLAN = "/team/outreach/presence"


def agree(page: Page) -> None:
    page.goto(f"{PLAN}/agreements")
    page.get_by_role("link", name="Lägg till en överenskommelse").click()
    page.get_by_label("Förening", exact=True).fill("Navestads IF")
    page.get_by_label("nattvandring").check()
    page.get_by_label("Navestad", exact=True).check()
    page.locator("#valid_from").fill("2025-01-01")
    page.locator("#valid_until").fill("2025-12-31")
    page.get_by_role("button", name="Spara överenskommelsen").click()
    expect(page.get_by_role("status")).to_contain_text("Överenskommelsen står i registret.")


def plan(page: Page) -> None:
    page.goto("/team/outreach")
    page.get_by_role("link", name="Veckoplan för närvaro i områden").click()
    page.get_by_role("link", name="Planera: en närvaro i Navestad").click()
    page.get_by_label("Dag", exact=True).fill("2025-05-23")
    page.get_by_label("Från", exact=True).fill("20:00")
    page.get_by_label("Till", exact=True).fill("23:00")
    page.get_by_role("button", name="Planera", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Närvaron är planerad.")


def offer(page: Page) -> str:
    """The link that the page shows."""
    page.get_by_text("Erbjud föreningar").click()
    page.get_by_label("Navestads IF").check()
    page.get_by_role("button", name="Erbjud", exact=True).click()
    return page.get_by_label("Länken som Navestads IF svarar genom").input_value()


def heard(page: Page) -> str:
    return str(hear(page).generate_snapshot())


@pytest.mark.parametrize(("size", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_plan_is_offered_accepted_through_the_link_and_reported(site: Site, size: tuple[int, int], theme: str) -> None:
    head = site.visit(HEAD, size=size, color_scheme=theme)
    agree(head)
    assert heard(head) == ""
    plan(head)
    assert heard(head) == ""
    address = head.url
    link = offer(head).replace("http://127.0.0.1:8700", site.url)
    assert heard(head) == ""

    association = site.visit(None, size=PHONE, color_scheme=theme)
    association.goto(link)
    assert heard(association) == ""
    association.get_by_role("button", name="Ja, vi kommer").click()
    expect(association.get_by_role("status")).to_contain_text("Kommunen vet att ni kommer.")
    assert heard(association) == ""
    report = association.url
    association.goto(link)
    expect(association.get_by_role("heading", level=1)).to_have_text("Länken är redan använd")

    site.town.clock.set(datetime(2025, 5, 23, 22, 0, tzinfo=UTC))
    association.goto(report)
    association.get_by_label("Ja, den genomfördes").check()
    association.get_by_label("Antal vuxna på plats").fill("4")
    association.get_by_role("button", name="Skicka rapporten").click()
    association.get_by_role("link", name="Ange ungefär hur många unga ni mötte").click()
    expect(association.get_by_label("Unga ni mötte")).to_be_focused()
    assert heard(association) == ""
    association.get_by_label("Unga ni mötte").fill("30")
    association.get_by_role("button", name="Skicka rapporten").click()
    expect(association.get_by_role("heading", level=1)).to_have_text("Rapporten har kommit fram")

    head.goto(f"/sign-in?code={site.town.code(HEAD)}")
    for path in (
        address,
        PLAN,
        f"{PLAN}/agreements",
        f"{PLAN}/year",
        "/team/outreach/calendar",
        f"{PLAN}/new",
        f"{PLAN}/agreements/new",
    ):
        head.goto(path)
        assert heard(head) == "", path
    head.goto(f"{PLAN}/year")
    expect(head.get_by_role("row").nth(1)).to_contain_text("Navestads IF")
    assert site.complaints == [one for one in site.complaints if "410" in one or "400" in one]


def test_no_page_of_presence_scrolls_sideways(site: Site) -> None:
    """320: WCAG 1.4.10; 640: a desk's page read at 200 %."""
    page = site.visit(HEAD)
    agree(page)
    agreement = page.url
    plan(page)
    visit = page.url
    link = offer(page).replace("http://127.0.0.1:8700", site.url)
    for language in ("sv", "en"):
        page.goto(f"/language/{language}")
        for path in (PLAN, visit, agreement, f"{PLAN}/agreements", f"{PLAN}/agreements/new", f"{PLAN}/new", f"{PLAN}/year", link):
            page.goto(path)
            for width in (320, 390, 640, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_the_plan_on_paper_is_the_plan_and_nothing_else(site: Site) -> None:
    page = site.visit(HEAD)
    plan(page)
    page.goto(PLAN)
    page.emulate_media(media="print")
    expect(page.get_by_text("fre 23 maj 20.00–23.00")).to_be_visible()
    for gone in (
        page.get_by_role("navigation", name="Andra veckor"),
        page.get_by_role("link", name="Planera en närvaro vecka 21"),
    ):
        expect(gone).to_be_hidden()


def test_everything_works_without_javascript_and_with_the_keyboard(site: Site) -> None:
    page = site.visit(None, java_script_enabled=False)
    page.goto(f"/sign-in?code={site.town.code(HEAD)}")
    agree(page)
    plan(page)
    assert "/presence/offer/" in offer(page)
