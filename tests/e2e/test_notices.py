"""The statutory officer codes a police notice in a real browser, and its connector publishes it; axe hears every page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hub.access.roles import Principal, Role
from hub.coding.queue import NoticeState
from hub.contract.models import InfoKind, PoliceCategory
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.coding.make import UNDO, coding_lane
from tests.unit.connect.conftest import World
from tests.unit.connectors.sdk.make import PERSON, SUBJECT, reference

OFFICER = Principal("account-1", "Mottagningen", {Role.STATUTORY_OFFICER: frozenset()})
_SHOTS = os.environ.get("HUB_SCREENSHOTS", "")


def heard(page: Page, name: str, width: int) -> None:
    if _SHOTS:
        page.screenshot(path=Path(_SHOTS) / f"{name}-{width}.png", full_page=True)
    assert hear(page).generate_snapshot() == "", name
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE)])
def test_the_officer_codes_a_notice_takes_it_back_and_codes_it_again_until_it_is_published(
    site: Site, tmp_path: Path, theme: str, size: tuple[int, int]
) -> None:
    coding = site.town.coding
    page = site.visit(OFFICER, size=size, color_scheme=theme)
    page.get_by_role("link", name="Underrättelser att koda").click()
    expect(page.get_by_text("Ingen underrättelse väntar på kod.")).to_be_visible()
    heard(page, "empty", size[0])
    number = coding.arrive(1, reference(SUBJECT, PERSON), reference(SUBJECT, "199999999999"))
    coding.arrive(2, reason="unreadable_message")
    page.reload()
    heard(page, "list", size[0])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Öppna och koda")).to_be_visible()
    heard(page, "notice", size[0])
    page.goto(f"/notices/{number}")
    page.get_by_role("button", name="Öppna och koda").press("Enter")
    expect(page.get_by_label(PERSON)).to_be_checked()
    heard(page, "opened", size[0])
    page.get_by_role("button", name="Lämna till navet").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Välj vad det gäller.")
    heard(page, "wrong", size[0])
    for last in (False, True):
        page.get_by_label("narkotika").check()
        page.get_by_label("Var?").select_option("0581-hageby")
        page.get_by_role("button", name="Lämna till navet").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Underrättelsen är kodad.")
        if last:
            heard(page, "coded", size[0])
        else:
            page.get_by_role("button", name="Ta tillbaka").click()
            expect(page.get_by_role("status")).to_contain_text("väntar på kod igen")
            page.goto(f"/notices/{number}")
            page.get_by_role("button", name="Öppna och koda").click()
    site.town.clock.advance(UNDO)
    (tmp_path / "lane").mkdir()
    world = World(tmp_path / "lane")
    world.clock = site.town.clock
    world.grant(PERSON, kinds=(InfoKind.POLICE_NOTICE,))
    coding_lane(coding, world).keep()
    world.close()
    (event,) = world.published
    assert (event.category, event.area) == (PoliceCategory.NARCOTICS, "0581-hageby")
    assert coding.queue.find(number).state is NoticeState.PUBLISHED
    page.reload()
    expect(page.get_by_text("Lämnad till navet")).to_be_visible()
    heard(page, "published", size[0])
    digits = PERSON.replace("-", "")
    assert not any(digits[-8:] in url.replace("-", "") for url in site.requests)
    assert all("400" in one for one in site.complaints)  # the form that was sent with something missing
