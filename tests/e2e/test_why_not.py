"""Why there is no proposal, as an officer reads it: from the consent's page, for the youth, on paper."""

from __future__ import annotations

from playwright.sync_api import expect

from hub.errors import RetriableError
from tests.e2e.conftest import Site
from tests.e2e.test_consents import Officer
from tests.unit.core.make import ago, make_absence, make_notice
from tests.unit.registry.support import make_grant, make_identifier


def test_why_there_is_no_proposal_is_read_from_the_consents_page_for_the_youth_and_on_paper_with_the_keyboard_alone(
    site: Site,
) -> None:
    held = site.town.held
    (consent,) = site.town.consents.registry.grant(make_grant()).consents
    ref = site.town.consents.registry.show(make_identifier()).youth_ref
    assert ref
    page = Officer(site).page
    page.goto(f"/consents/{consent.consent_id}")
    held.failing = RetriableError("nobody listens", code="kafka")
    page.get_by_role("link", name="Varför inget förslag?").press("Enter")
    expect(page.locator(".standing")).to_have_text("Räkningen svarar inte")
    held.failing = None
    held.hold(ref, consent.consent_id, make_absence(1, ago(1), 240), make_notice(2, ago(12)))
    page.get_by_role("link", name="Försök igen").press("Enter")
    expect(page.get_by_text("4 timmar saknas")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("Lämna inte det här till den unge")).to_be_visible()  # paper is what would be handed on
    page.emulate_media(media="screen")
    page.get_by_role("link", name="För den unge").press("Enter")
    expect(page.get_by_role("link", name="För den unge")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("kan inte sägas här").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="För enheten")).to_be_hidden()
    expect(page.get_by_text("Norrköpings kommun, Samtycken, utskrivet mån 19 maj 07.30")).to_be_visible()
    expect(page.get_by_text("Skrivet för den unge.")).to_be_visible()
    assert not any(ref in url or make_identifier()[2:] in url for url in site.requests)
