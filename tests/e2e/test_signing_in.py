"""Signing in with an account, in a real browser: by keyboard, on a phone, without JavaScript, and heard by axe-core."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.access.accounts import Newcomer
from hub.access.grounds import Ground
from hub.access.matters import Matter
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.web.town import member

KEEPER = Actor("os:1000", role="command")
FIRST, OWN = "sparv kastrull olja tisdag", "glasbruket tolv vantar"


@pytest.fixture
def site(site: Site) -> Site:
    """The pages, with somebody who has an account and somebody who has yet to choose a password."""
    roles = {Role.TEAM_HEAD: frozenset({"outreach", "sspf"}), Role.CONSENT_OFFICER: frozenset({"sspf"})}
    site.town.accounts.add(Newcomer("anna", "Gruppledare", roles), OWN, KEEPER, own=True)
    site.town.accounts.add(Newcomer("berit", "Granskare", each_for({Role.AUDITOR}, ())), FIRST, KEEPER)
    return site


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Användarnamn").fill(name)
    page.get_by_label("Lösenord", exact=True).fill(password)
    page.get_by_label("Lösenord", exact=True).press("Enter")


def test_by_keyboard_alone_to_where_one_wanted_to_go(site: Site) -> None:
    page = site.visit(None)
    page.goto("/team/sspf")
    for _ in range(3):
        page.keyboard.press("Tab")
    for text, onward in (("anna", "Tab"), (OWN, "Enter")):
        while page.evaluate("document.activeElement.tagName") != "INPUT":
            page.keyboard.press("Tab")
        page.keyboard.type(text)
        page.keyboard.press(onward)
    expect(page).to_have_url(f"{site.url}/team/sspf")


def test_the_password_can_be_shown_and_is_hidden_before_it_is_sent(site: Site) -> None:
    page = site.visit(None, size=PHONE)
    page.goto("/sign-in")
    password = page.get_by_label("Lösenord", exact=True)
    password.fill("fel lösenord")
    show = page.get_by_role("button", name="Visa lösenordet")
    expect(show).to_have_attribute("aria-pressed", "false")
    show.click()
    expect(password).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
    show.click()
    expect(password).to_have_attribute("type", "password")


def test_what_went_wrong_is_said_where_a_screen_reader_hears_it(site: Site) -> None:
    page = site.visit(None)
    page.goto("/sign-in")
    enter(page, "nobody", "fel lösenord")
    expect(page.get_by_role("alert")).to_contain_text("Användarnamnet eller lösenordet är fel")


def test_the_first_password_is_changed_on_the_way_in_without_javascript(site: Site) -> None:
    page = site.visit(None, java_script_enabled=False)
    page.goto("/sign-in")
    enter(page, "berit", FIRST)
    expect(page.get_by_role("heading", level=1)).to_have_text("Välj lösenord")
    page.get_by_label("Lösenordet du fick").fill(FIRST)
    page.get_by_label("Ditt nya lösenord").fill(OWN)
    page.get_by_role("button", name="Spara och logga in").click()
    expect(page.get_by_role("link", name="Granskare")).to_be_visible()


def test_a_page_left_alone_for_half_an_hour_asks_to_sign_in_again(site: Site) -> None:
    page = site.visit(None)
    page.goto("/team/outreach")
    enter(page, "anna", OWN)
    expect(page.locator("tr.row").first).to_be_visible()
    site.town.clock.advance(timedelta(minutes=31))
    expect(page.get_by_role("heading", level=1)).to_have_text("Logga in", timeout=12_000)


def test_two_persons_approve_in_two_browsers(site: Site) -> None:
    asker, second = (replace(member(name), roles=each_for({Role.AUDITOR}, ())) for name in ("Granskare", "Andra granskaren"))
    site.town.four_eyes.ask(asker, Matter.SEALED, "document-1", "supervision", ground=Ground("GDPR art. 58", "KS 2025/117"))
    page = site.visit(second)
    page.get_by_role("link", name="Fyra ögon").click()
    page.get_by_role("button", name="Godkänn").click()
    expect(page.get_by_text("Inget väntar på ditt godkännande.")).to_be_visible()
    mine = site.visit(asker)
    mine.goto("/approvals")
    expect(mine.get_by_text("godkänd, gäller en gång")).to_be_visible()


@pytest.mark.parametrize(("theme", "language", "size"), [("light", "sv", DESK), ("dark", "sv", PHONE), ("light", "en", PHONE)])
def test_axe_finds_nothing_on_the_way_in_and_on_ones_own_pages(
    site: Site, theme: str, language: str, size: tuple[int, int]
) -> None:
    page, found = site.visit(None, size=size, color_scheme=theme), {}
    asker = replace(member("Granskare"), roles=each_for({Role.AUDITOR}, ()))
    site.town.four_eyes.ask(asker, Matter.SEALED, "document-1", "supervision", ground=Ground("GDPR art. 58", "KS 2025/117"))

    def listen(name: str) -> None:
        results = hear(page)
        if results.violations_count:
            found[name] = results.generate_snapshot()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name

    def send(name: str, password: str) -> None:
        page.locator("#username").fill(name)
        page.locator("#password").fill(password)
        page.locator("#password").press("Enter")

    page.goto(f"/language/{language}?back=/sign-in")
    listen("sign-in")
    send("nobody", "fel lösenord")
    page.get_by_role("alert").wait_for()
    listen("wrong")
    send("berit", FIRST)
    page.locator("#chosen").wait_for()
    listen("choose")
    page.goto("/sign-in")
    send("anna", OWN)
    page.locator("nav").wait_for()
    for path in ("/me", "/approvals"):
        page.goto(path)
        listen(path)
    assert found == {}
