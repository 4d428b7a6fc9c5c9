"""A team head reads how her rules do in a real browser, at a desk and on a phone, and renews the one that is about to lapse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.audit.entries import Actor
from hub.clock import stockholm_date
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.web.rules.test_council import HEAD, rules_with
from tests.unit.web.town import NOW, make_task


def heard(page: Page, size: tuple[int, int]) -> None:
    """Axe finds nothing, and nothing scrolls sideways."""
    assert hear(page).generate_snapshot() == "", page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], page.url


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_head_renews_a_rule_by_keyboard_after_she_has_seen_how_it_does(site: Site, size: tuple[int, int]) -> None:
    today = stockholm_date(NOW)
    dates = {"absence_alone": today + timedelta(days=12), "absence_and_notice": today - timedelta(days=3)}
    site.town.rule_sets(Actor("account-first")).activate(rules_with(**dates), "beslut i rådet i maj")
    for number in range(9):
        site.town.add(f"one more {number}", make_task("absence-alone", created=NOW - timedelta(days=number), days=5))
    page = site.visit(HEAD, size=size)
    page.goto("/rules")
    expect(page.get_by_role("heading", level=1)).to_have_text("Regler som gäller")
    ending = page.get_by_role("region", name="Upprepad ogiltig frånvaro")
    expect(ending).to_contain_text("12 dagar kvar")
    expect(page.get_by_role("region", name="Ogiltig frånvaro och underrättelse från polisen")).to_contain_text("Har upphört")
    expect(page.get_by_text("Talen gäller 8 hela veckor åt gången.")).to_contain_text("visas här från och med 28 juli 2025")
    heard(page, size)

    ending.get_by_role("link", name="Förnya regeln: Upprepad ogiltig frånvaro").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Förnya regeln: Upprepad ogiltig frånvaro")
    page.get_by_label("Sista datum då den gäller").fill((today - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Förnya regeln").click()
    expect(page.get_by_role("alert")).to_have_text("Det datumet har passerat. Välj ett från och med i dag.")
    heard(page, size)
    page.get_by_label("Sista datum då den gäller").fill("2026-06-30")
    page.get_by_label(re.compile("Varför")).fill("genomgången i maj")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Regeln är förnyad.")
    expect(page.get_by_role("region", name="Upprepad ogiltig frånvaro")).to_contain_text("Gäller till och med 30 juni 2026")
    heard(page, size)
    assert site.complaints == [complaint for complaint in site.complaints if "422" in complaint]
