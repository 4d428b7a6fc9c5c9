"""The observation form on a phone: the question first, a mistake, sent by keyboard, and nothing left behind after going back."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from hub.errors import RetriableError
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.web.observations.make import FIELDWORKER

PERSON = "201203149800"
FIELDS = ("concern", "area", "clock", "person")
_SHOTS = os.environ.get("HUB_SCREENSHOTS", "")


def heard(page: Page, name: str) -> None:
    for width, height in (PHONE, DESK) if _SHOTS else (PHONE,):
        page.set_viewport_size({"width": width, "height": height})
        if _SHOTS:
            page.screenshot(path=Path(_SHOTS) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert hear(page).generate_snapshot() == "", name
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], name


def left_behind(page: Page) -> list[str]:
    """What the form's fields and the browser's storage hold."""
    chosen = page.eval_on_selector_all("[name=concern]", "all => all.filter(one => one.checked).map(one => one.value)")
    typed = [page.locator(f"[name={name}]").input_value() for name in FIELDS[1:]]
    stored = page.evaluate("[localStorage.length, sessionStorage.length].filter(Boolean).map(String)")
    return [*chosen, *filter(None, typed), *stored]


def fill(page: Page) -> None:
    page.get_by_label("rekrytering").press("Space")
    page.get_by_label("Var?").select_option("0581-hageby")
    page.get_by_label("Tid").fill("00:05")
    page.get_by_label("Personnummer").fill(PERSON)


def test_an_observation_is_sent_from_a_phone_and_going_back_finds_nothing(site: Site) -> None:
    page = site.visit(FIELDWORKER, size=PHONE)
    heard(page, "question")
    page.get_by_role("button", name="Ja").press("Enter")
    expect(page.get_by_role("link", name="Ring 112")).to_be_visible()
    heard(page, "harm")
    page.go_back()
    page.get_by_role("button", name="Nej").press("Enter")
    heard(page, "form")
    page.get_by_label("Personnummer").fill(PERSON)
    page.get_by_label("Personnummer").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Välj vad du såg.")
    heard(page, "wrong")
    assert left_behind(page) == []
    site.town.intake.failures.append(RetriableError("away", code="intake_away"))
    fill(page)
    page.get_by_role("button", name="Skicka").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ingen kontakt just nu")
    assert left_behind(page) == ["recruitment", "0581-hageby", "00:05"]
    page.get_by_label("Personnummer").fill(PERSON)
    page.context.set_offline(True)
    page.get_by_role("button", name="Skicka").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Ingen täckning just nu.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Skicka").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Inget av den finns kvar här.")
    heard(page, "sent")
    [(_sender, sent)] = site.town.intake.taken
    assert [sent] == site.town.intake.refused
    page.go_back()
    expect(page.get_by_role("heading", name="Observation")).to_be_visible()
    assert left_behind(page) == []
    assert not any(PERSON in url or "9800" in url for url in site.requests)
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"hub_session", "hub_form", "hub_browser"}
    assert site.complaints == []
