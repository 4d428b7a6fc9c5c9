"""The pages of acts that are recorded, in a real browser: whom a task is about, and asking for the sealed vault; axe hears them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.access.grounds import Ground
from hub.access.matters import Matter
from hub.access.roles import Role
from hub.registry.grants import find_youth
from hub.registry.parties import read_parties, seal_parties
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.registry.support import make_grant, make_identifier
from tests.unit.web.town import NOW, make_task, member

PERSON = make_identifier()
PEOPLE = {"name": "Kim Testsson", "parties": [{"role": "guardian_1", "name": "Robin Testsson", "contacts": ["011-15 00 00"]}]}
AUDITOR = replace(member("Granskare"), roles={Role.AUDITOR: frozenset()})


@pytest.fixture
def task(site: Site) -> str:
    """An open task about somebody who is in the registry."""
    registry = site.town.consents.registry
    reference = registry.grant(make_grant(PERSON)).youth_ref or ""
    with registry.work() as work:
        seal_parties(work, find_youth(work, PERSON).consents, read_parties(PEOPLE))
    site.town.add("hers", make_task("absence-alone", created=NOW - timedelta(hours=3), days=5, ref=reference))
    return site.town.path("hers")


def heard(page: Page, name: str, width: int) -> None:
    assert hear(page).generate_snapshot() == "", name
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE), ("light", PHONE)])
def test_a_task_shows_whom_it_is_about_by_an_act_and_hides_it_again(
    site: Site, task: str, theme: str, size: tuple[int, int]
) -> None:
    page = site.visit(size=size, color_scheme=theme)
    page.goto(task)
    heard(page, "task", size[0])
    page.get_by_role("button", name="Visa vem det gäller").click()
    expect(page.get_by_text("Kim Testsson")).to_be_visible()
    assert "Testsson" not in page.title()
    assert PERSON[8:] not in page.url
    heard(page, "identity", size[0])
    page.get_by_role("link", name="Dölj igen").click()
    expect(page.get_by_text("Kim Testsson")).to_have_count(0)


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE)])
def test_a_refusal_says_where_to_go_and_leads_back(site: Site, task: str, theme: str, size: tuple[int, int]) -> None:
    page = site.visit(size=size, color_scheme=theme)
    page.goto(task)
    site.town.consents.registry.suspend(PERSON)
    page.get_by_role("button", name="Visa vem det gäller").click()
    expect(page.get_by_text("skyddade ärenden")).to_be_visible()
    heard(page, "refused", size[0])
    page.get_by_role("link", name="Tillbaka till uppgiften").click()
    expect(page).to_have_url(f"{site.url}{task}")


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE), ("light", PHONE)])
def test_the_vault_is_asked_for_by_keyboard_and_what_is_wrong_is_heard(site: Site, theme: str, size: tuple[int, int]) -> None:
    site.town.four_eyes.ask(AUDITOR, Matter.SEALED, "document-1", "supervision", ground=Ground("GDPR art. 58", "KS 2025/117"))
    page = site.visit(AUDITOR, size=size, color_scheme=theme)
    page.goto("/approvals")
    heard(page, "approvals", size[0])
    page.get_by_role("link", name="Begär ur det förseglade valvet").press("Enter")
    expect(page).to_have_url(f"{site.url}/approvals/sealed")
    heard(page, "form", size[0])
    page.get_by_role("button", name="Begär godkännande").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    heard(page, "form with what is wrong", size[0])
