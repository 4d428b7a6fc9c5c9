"""An order is accepted, taken back and carried out, and somebody's way of contact is used and erased, on a telephone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Site
from tests.e2e.hearing import hear
from tests.e2e.test_teams_pages import visible_boxes
from tests.unit.web.orders.test_orders import ANNA, CONTACTS, ORDER, ORDERS, WAY


def fits_and_is_heard(page: Page) -> None:
    """With everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert hear(page).generate_snapshot() == "", page.url
    assert [box for box in visible_boxes(page) if min(box[1:]) < 44] == [], page.url
    for width in (320, PHONE[0]):
        page.set_viewport_size({"width": width, "height": PHONE[1]})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def press(page: Page, label: str) -> None:
    """And wait for the page that it leads to, with its script: the next act is for that one."""
    with page.expect_navigation():
        page.get_by_role("button", name=label, exact=True).click()


def test_an_order_is_kept_accepted_taken_back_and_carried_out(site: Site) -> None:
    page = site.visit(ANNA, size=PHONE, color_scheme="dark")
    page.goto(ORDERS)
    page.get_by_text("Skriv in en ny beställning").click()
    page.get_by_label("Vad beställs?").select_option(ORDER["service"])
    for label, name in (
        ("Vilken skola eller enhet?", "ordered_by"),
        ("Var", "place"),
        ("Vad ska det handla om?", "theme"),
        ("Dag", "day"),
    ):
        page.get_by_label(label, exact=True).fill(ORDER[name])
    press(page, "Spara beställningen")
    fits_and_is_heard(page)
    page.goto(ORDERS)
    with page.expect_navigation():
        page.get_by_role("link", name="Informationsinsats").click()
    fits_and_is_heard(page)
    press(page, "Ta emot")
    press(page, "Ångra mottagandet")
    expect(page.get_by_role("status")).to_contain_text("Beställningen väntar på svar igen.")
    page.keyboard.press("a")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Beställningen är mottagen.")
    fits_and_is_heard(page)
    page.get_by_label("Som beställt", exact=True).check()
    page.get_by_label("Hur många kom?").fill("24")
    press(page, "Spara utfallet")
    expect(page.get_by_text("Som beställt, 24 kom")).to_be_visible()


def test_a_way_of_contact_is_shown_and_erased_by_acts_of_their_own(site: Site) -> None:
    page = site.visit(ANNA, size=PHONE, color_scheme="dark")
    page.goto(CONTACTS)
    page.get_by_text("Skriv in någon som vill bli kontaktad").click()
    page.get_by_label("Ett syskon").check()
    page.get_by_label("Hur ska de nås?").fill(WAY)
    press(page, "Spara förseglat")
    expect(page.get_by_text(WAY)).to_have_count(0)
    with page.expect_navigation():
        page.get_by_role("button", name="Visa").click()
    expect(page.get_by_text(WAY)).to_be_in_viewport()
    fits_and_is_heard(page)
    press(page, "Radera för gott")
    expect(page.get_by_text("Ingen väntar på kontakt.")).to_be_visible()
