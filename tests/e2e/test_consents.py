"""A consent officer's Monday in a real browser: registered with two guardians, waiting, complete, simulated, withdrawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.registry.parties import note_parties, read_parties
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.e2e.test_teams_pages import visible_boxes
from tests.unit.core.make import ago, make_absence
from tests.unit.registry.support import make_grant, make_identifier
from tests.unit.web.town import officer

OFFICER = officer("Samtycken", "outreach", "sspf", "sig")
AUDITOR = Principal("account-auditor", "Revisor", each_for({Role.AUDITOR}, ()))

IMPATIENT = "button => new Promise(done => { button.click(); setTimeout(() => { button.click(); done() }, 100) })"


class Officer:
    """What a person does with the pages, by what she reads; every page that she comes to is kept by `seen`."""

    def __init__(self, site: Site, principal: Principal = OFFICER, **options: object) -> None:
        self.page: Page = site.visit(principal, **options)  # type: ignore[arg-type]
        self.seen: dict[str, str] = {}

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def follow(self, label: str) -> None:
        self.page.get_by_role("link", name=label, exact=True).click()

    def choose(self, *labels: str) -> None:
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        self.press("Fortsätt")

    def note(self, name: str) -> None:
        self.seen[name] = self.page.url

    def answer(self, identifier: str, cooperation: str, recipients: tuple[str, ...], signed: tuple[str, ...]) -> None:
        """All questions, from the first to the page that shows the answers."""
        page = self.page
        page.goto("/consents/register")
        self.press("Börja")
        page.get_by_label("Personnummer").fill(identifier)
        self.note("youth")
        self.choose("Nej")
        self.note("custody")
        self.choose("Två vårdnadshavare, gemensam vårdnad")
        page.get_by_label("Den unges namn").fill("Kim Testsson")
        self.note("names")
        self.press("Fortsätt")
        self.note("cooperation")
        self.choose(cooperation)
        self.note("recipients")
        self.choose(*recipients)
        self.note("sources")
        self.choose("Polismyndigheten, region Öst", "Utbildningskontoret, kommunala skolor")
        self.note("kinds")
        self.choose("Skolfrånvaro", "Underrättelser från polisen")
        self.note("area")
        self.choose("Hageby")
        page.get_by_label("Första dag", exact=True).fill("2025-05-19")
        page.get_by_label("Sista dag", exact=True).fill("2025-12-01")
        self.note("period")
        self.press("Fortsätt")
        page.get_by_label("Handlingens beteckning").fill("KSN 2025/17")
        self.note("document")
        self.press("Fortsätt")
        self.note("signatures")
        self.choose(*signed)
        expect(page.get_by_role("heading", level=1)).to_have_text("Kontrollera svaren")
        self.note("check")

    def register(self, *answers: object) -> str:
        """The address of the new consent."""
        self.answer(*answers)  # type: ignore[arg-type]
        self.press("Registrera")
        expect(self.page.get_by_role("status")).to_contain_text("Samtycket är registrerat.")
        return self.page.url.partition("?")[0]


def test_registered_with_two_guardians_it_waits_is_completed_simulated_and_withdrawn_by_scope_and_wholly(site: Site) -> None:
    desk = Officer(site)
    page = desk.page
    desk.answer(make_identifier(), "SSPF", ("Förebyggarteamet", "SSPF-samordnaren"), ("Vårdnadshavare 1",))
    desk.follow("Se vad som skulle lämnas")
    expect(page.get_by_role("heading", name="Skolfrånvaro, från Utbildningskontoret, kommunala skolor")).to_be_visible()
    expect(page.get_by_text("may_tell_youth")).to_be_visible()
    desk.follow("Tillbaka")
    site.town.metronome.free.clear()
    page.get_by_role("button", name="Registrera", exact=True).evaluate(IMPATIENT)  # while the answer waits for its beat
    site.town.metronome.free.set()
    expect(page.get_by_role("status")).to_contain_text("Samtycket är registrerat.")
    first = page.url.partition("?")[0]
    expect(page.locator(".standing")).to_have_text("Inväntar underskrift: Vårdnadshavare 2")
    page.goto("/consents")
    waiting = page.locator("table", has=page.get_by_role("columnheader", name="Väntar på"))
    expect(waiting.first).to_contain_text("Vårdnadshavare 2")
    waiting.first.get_by_role("link", name="SSPF").click()
    desk.follow("Registrera underskrift")
    desk.press("Registrera underskriften")
    expect(page.locator(".standing")).to_have_text("Gäller, sista dag 1 dec 2025")
    second = desk.register(make_identifier(), "SIG", ("SIG-gruppen",), ("Vårdnadshavare 1", "Vårdnadshavare 2"))
    expect(page.get_by_role("heading", name="Samma persons andra samtycken")).to_be_visible()
    site.town.consents.relay.run_once()

    page.goto(second)
    desk.follow("Återkalla samtycket")  # the first click
    expect(page.get_by_text("Inom några sekunder lämnas, föreslås och visas ingenting mer")).to_be_visible()
    desk.press("Återkalla nu")  # the second
    expect(page.locator(".standing")).to_contain_text("Återkallat")
    page.goto(first)
    expect(page.locator(".standing")).to_contain_text("Gäller")

    desk.follow("Återkalla allt")
    page.get_by_label("Vårdnadshavare 2", exact=True).check()
    desk.press("Återkalla allt nu")
    expect(page.get_by_role("heading", name="Raderat, del för del")).to_be_visible()
    expect(page.get_by_role("row", name="Räkningen inväntas")).to_be_visible()
    page.goto("/consents")
    expect(page.get_by_text("Inget annat samtycke gäller.")).to_be_visible()
    shown = page.content()
    assert make_identifier() not in shown
    assert not any(make_identifier() in url or make_identifier()[2:] in url or "Testsson" in url for url in site.requests)


def test_guardian_2_gets_sole_custody_with_the_keyboard_alone_after_her_name_was_shown(site: Site) -> None:
    registry = site.town.consents.registry
    (consent,) = registry.grant(make_grant()).consents
    parties = [{"role": role, "name": name} for role, name in (("guardian_1", "Robin Ett"), ("guardian_2", "Sam Två"))]
    note_parties(registry, make_identifier(), read_parties({"name": "Kim Testsson", "parties": parties}), lambda _youth: None)
    page = Officer(site).page
    page.goto(f"/consents/{consent.consent_id}/custody")
    page.get_by_label("Personnummer, för att se").fill(make_identifier())
    page.get_by_label("Personnummer, för att se").press("Enter")
    expect(page.get_by_label("Vårdnadshavare 2 har ensam vårdnad")).to_have_accessible_description("Sam Två")
    page.get_by_label("Två vårdnadshavare, gemensam vårdnad").press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Vårdnadshavare 2 har ensam vårdnad")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".standing")).to_have_text("Vilande: Vårdnadshavare 2")


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_a_person_is_found_by_her_number_and_withdraws_by_word_of_mouth(site: Site, java_script: bool) -> None:
    site.town.consents.registry.grant(make_grant())
    desk = Officer(site, java_script_enabled=java_script)
    page = desk.page
    page.get_by_label("Samtyckets nummer eller en persons hela personnummer").fill(make_identifier())
    desk.press("Sök")
    expect(page).to_have_url(f"{site.url}/consents/find")
    page.get_by_role("link", name="SSPF").click()
    desk.follow("Återkalla allt")
    desk.press("Återkalla allt nu")
    expect(page.locator(".standing")).to_contain_text("Återkallat")


def test_a_wrong_answer_is_reached_from_the_summary_with_the_keyboard_alone(site: Site) -> None:
    desk = Officer(site)
    page = desk.page
    page.goto("/consents/register")
    page.get_by_role("button", name="Börja").press("Enter")
    page.get_by_label("Personnummer").fill("20130304-9800")
    page.get_by_label("Personnummer").press("Enter")
    expect(page).to_have_title("Fel: Vem gäller samtycket? – Förslag till insats")
    page.get_by_role("link", name="Personnumret går inte att tyda").press("Enter")
    expect(page.get_by_label("Personnummer")).to_be_focused()
    expect(page.get_by_label("Personnummer")).to_have_value("20130304-9800")


def every_page(site: Site, desk: Officer) -> dict[str, str]:
    """A page of every kind, by its name; what a form leads to is reached as a person does."""
    page = desk.page
    case = desk.register(make_identifier(), "SSPF", ("Förebyggarteamet", "SSPF-samordnaren"), ("Vårdnadshavare 1",))
    desk.answer(make_identifier(1), "SIG", ("SIG-gruppen",), ("Vårdnadshavare 1",))
    draft = desk.seen["check"].removesuffix("/check").removeprefix(site.url)
    site.town.consents.registry.grant(make_grant(make_identifier(2)))
    site.town.consents.registry.withdraw(make_identifier(2))
    (standing,) = site.town.consents.registry.grant(make_grant(make_identifier(3))).consents
    ref = site.town.consents.registry.show(make_identifier(3)).youth_ref
    assert ref
    site.town.held.hold(ref, standing.consent_id, make_absence(1, ago(1), 240))
    page.goto("/consents/extract")
    page.get_by_label("Den unges personnummer").fill(make_identifier())
    page.get_by_label("Vårdnadshavare 1", exact=True).check()
    desk.press("Sammanställ")
    desk.note("extract")
    scope = "cooperation=sspf&recipients=outreach&sources=police-ost&kinds=police_notice"
    shown = {name: url.removeprefix(site.url) for name, url in desk.seen.items()}
    shown |= {f"consent {path or 'page'}": f"{case.removeprefix(site.url)}{path}" for path in (
        "", "/sign", "/block", "/custody", "/withdraw", "/withdraw?all=1", "/erasure", "/form", "/receipt", "/why-not",
    )}  # fmt: skip
    return shown | {
        "list": "/consents", "begin": "/consents/register", "simulator": "/consents/simulator", "simulated": f"/consents/simulator?{scope}",
        "draft simulated": f"{draft}/simulate", "draft form": f"{draft}/form", "no draft": f"/consents/register/{'0' * 32}/youth",
        "why not": f"/consents/{standing.consent_id}/why-not", "why not, for the youth": f"/consents/{standing.consent_id}/why-not?for=youth",
        "ask extract": "/consents/extract", "withdrawal": "/withdrawal", "erasures": "/erasures",
        "no consent": "/consents/00000000-0000-4000-8000-000000000000",
    }  # fmt: skip


@pytest.mark.parametrize(("theme", "language", "size"), [("light", "sv", DESK), ("dark", "en", PHONE)])
def test_axe_finds_nothing_on_any_consent_page_and_none_scrolls_sideways(
    site: Site, theme: str, language: str, size: tuple[int, int]
) -> None:
    desk = Officer(site, size=size, color_scheme=theme)
    paths, found = every_page(site, desk), {}
    desk.page.goto(f"/language/{language}")
    for name, path in paths.items():
        desk.page.goto(path)
        results = hear(desk.page)
        if results.violations_count:
            found[name] = results.generate_snapshot()
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    assert len(paths) >= 28
    assert found == {}


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_long_reference_and_a_long_address_are_broken_and_no_page_scrolls_sideways(site: Site, width: int) -> None:
    desk = Officer(site, size=(width, 844))
    page = desk.page
    desk.answer(make_identifier(), "SSPF", ("Förebyggarteamet",), ("Vårdnadshavare 1",))
    check = page.url.removesuffix("/check")
    page.goto(f"{check}/names")
    page.get_by_label("Vårdnadshavare 1: namn").fill("Robin Testsson")
    page.get_by_label("Vårdnadshavare 1: telefon eller e-post").fill(f"{'robin.testsson.' * 4}@example.se")
    desk.press("Fortsätt")
    page.goto(f"{check}/document")
    page.get_by_label("Handlingens beteckning").fill("KSN-2025/17-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJ")
    desk.press("Fortsätt")
    wide = {}

    def look(name: str) -> None:
        page.wait_for_load_state()  # until then a page that a form leads to may stand without its style sheet
        if (reach := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide[name] = reach

    expect(page.get_by_role("heading", level=1)).to_have_text("Kontrollera svaren")
    look("check")
    page.goto(f"{check}/form")
    look("draft form")
    page.goto(f"{check}/check")
    desk.press("Registrera")
    expect(page.get_by_role("status")).to_contain_text("Samtycket är registrerat.")
    case = page.url.partition("?")[0]
    for path in ("", "/sign", "/withdraw", "/receipt", "/form"):
        page.goto(f"{case}{path}")
        look(path)
    page.get_by_label("Personnummer, för att skriva ut med namn").fill(make_identifier())
    desk.press("Visa med namn")
    expect(page.get_by_text("@example.se")).to_be_visible()
    look("named form")
    assert wide == {}


def test_axe_finds_nothing_on_what_forms_answer_and_on_the_auditors_page(site: Site) -> None:
    desk = Officer(site)
    page = desk.page
    answers = {}

    def look(name: str) -> None:
        results = hear(page)
        if results.violations_count:
            answers[name] = results.generate_snapshot()

    page.get_by_label("Samtyckets nummer eller en persons hela personnummer").fill(make_identifier(8))
    desk.press("Sök")
    look("found nobody")
    page.goto("/consents/register")
    desk.press("Börja")
    desk.press("Fortsätt")
    look("wrong answers")
    page.get_by_label("Personnummer").fill(make_identifier(8))
    desk.choose("Ja, den unge")
    look("by hand")
    desk.press("Lämna över")
    look("handed over")
    page.goto("/withdrawal")
    desk.press("Återkalla nu")
    look("wrong withdrawal")
    page.get_by_label("Personnummer").fill(make_identifier(8))
    desk.press("Återkalla nu")
    look("withdrawal taken")
    page.goto("/consents/extract")
    desk.press("Sammanställ")
    look("wrong extract")
    page = site.visit(AUDITOR)
    page.goto("/audit/review?month=2025-05&seed=7")
    look("review")
    page = desk.page
    (consent,) = site.town.consents.registry.grant(make_grant(make_identifier(9))).consents
    with site.town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to elsewhere")
    page.goto(f"/consents/{consent.consent_id}/withdraw")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inget kan visas just nu")
    look("withdrawing without the log")
    assert answers == {}


def test_everything_that_is_pressed_is_large_enough_for_a_thumb(site: Site) -> None:
    desk = Officer(site, size=PHONE)
    for name, path in every_page(site, desk).items():
        desk.page.goto(path)
        small = [box for box in visible_boxes(desk.page) if min(box[1:]) < 44 and "<input" not in box[0]]
        assert small == [], name


def test_on_paper_the_form_has_the_units_name_page_numbers_and_no_controls(site: Site) -> None:
    desk = Officer(site)
    desk.answer(make_identifier(), "SSPF", ("Förebyggarteamet",), ("Vårdnadshavare 1",))
    desk.follow("Skriv ut blanketten")
    desk.page.emulate_media(media="print")
    expect(desk.page.locator("header.top")).to_be_hidden()
    expect(desk.page.get_by_text("Skriv ut sidan (Ctrl+P)")).to_be_hidden()
    expect(desk.page.get_by_text("Norrköpings kommun, Samtycken, utskrivet mån 19 maj 07.30")).to_be_visible()
    expect(desk.page.get_by_text("Namnförtydligande").first).to_be_visible()
    assert desk.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
