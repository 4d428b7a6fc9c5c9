"""Two officers work through their lanes in a real browser, by keyboard; axe hears every page."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hub.access.roles import Principal, Role
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.web.lanes.make import PERSON

STATUTORY = Principal("account-1", "Mottagningen", {Role.STATUTORY_OFFICER: frozenset()})
PROTECTED = Principal("account-2", "Skyddade ärenden", {Role.PROTECTED_CASES_OFFICER: frozenset()})
_SHOTS = os.environ.get("HUB_SCREENSHOTS", "")
_SIZES = pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE)])


def heard(page: Page, name: str, width: int) -> None:
    if _SHOTS:
        page.screenshot(path=Path(_SHOTS) / f"{name}-{width}.png", full_page=True)
    assert hear(page).generate_snapshot() == "", name
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@_SIZES
def test_the_officer_sees_the_clocks_fetches_the_original_and_records_its_number(
    site: Site, theme: str, size: tuple[int, int]
) -> None:
    lanes, now = site.town.lanes, site.town.clock.now()
    page = site.visit(STATUTORY, size=size, color_scheme=theme)
    page.goto("/reports")
    expect(page.get_by_text("Ingen orosanmälan har kommit in.")).to_be_visible()
    heard(page, "reports-empty", size[0])
    lanes.report("past", at=now - timedelta(days=16))
    taken = lanes.report("near", at=now - timedelta(days=12))
    lanes.taken(taken)
    fresh = lanes.report("fresh")
    lanes.taken(fresh, "jouren")
    page.reload()
    expect(page.get_by_text("passerad").first).to_be_visible()
    heard(page, "reports-list", size[0])
    page.goto(f"/reports/{fresh}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Öppna: hämta originalet").press("Enter")
    assert download.value.path().read_bytes() == b"\xff<script>"
    page.get_by_role("button", name="Anteckna att den är registrerad").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("aldrig ett personnummer")
    heard(page, "reports-wrong", size[0])
    page.get_by_label("Ärendets nummer").fill("SN 2025/117")
    page.get_by_role("button", name="Anteckna att den är registrerad").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Det är antecknat")
    heard(page, "reports-done", size[0])
    page.goto(f"/reports/{fresh}")
    page.get_by_role("button", name="Visa numret och rätta det").press("Enter")
    page.get_by_role("button", name="Rätta numret").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Välj varför numret rättas.")
    heard(page, "reports-correct", size[0])
    page.get_by_label("Det skrevs fel").press("Space")
    page.get_by_label("Det rätta numret").fill("SN 2025/171")
    page.get_by_role("button", name="Rätta numret").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Numret är rättat.")


@_SIZES
def test_the_officer_opens_a_protected_case_and_records_what_came_of_it(site: Site, theme: str, size: tuple[int, int]) -> None:
    lanes = site.town.lanes
    page = site.visit(PROTECTED, size=size, color_scheme=theme)
    expect(page.get_by_text("Inget ärende väntar.")).to_be_visible()
    heard(page, "cases-empty", size[0])
    lanes.case()
    page.reload()
    heard(page, "cases-list", size[0])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Öppna ärendet")).to_be_visible()  # the page that the key leads to
    heard(page, "case-unopened", size[0])
    page.get_by_role("button", name="Öppna ärendet").press("Enter")
    expect(page.get_by_text(PERSON)).to_be_visible()
    heard(page, "case-opened", size[0])
    page.get_by_role("button", name="Anteckna vad det blev").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Välj vad det blev av ärendet.")
    heard(page, "case-wrong", size[0])
    page.get_by_label("En namngiven handläggare ger stöd").check()
    page.get_by_role("button", name="Anteckna vad det blev").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Det är antecknat vad det blev av ärendet.")
    heard(page, "cases-done", size[0])
    assert not any(PERSON in url for url in site.requests)
    assert all("400" in one for one in site.complaints)
