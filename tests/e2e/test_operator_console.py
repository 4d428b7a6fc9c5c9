"""An operator's morning in a real browser: a source is paused, its mapping tried, its dead letters found, sent again and processed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from hub.bootstrap import build_delivery_engine
from hub.connect.state import read_state
from hub.delivery.sink_rows import sink_row
from hub.testing import served
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.installation import Subjects
from tests.unit.connect.toy import install_toys
from tests.unit.web.operations.source import OFFICER, OPERATOR, Sources
from tests.unit.web.operations.test_sinks import SINK, put, put_task
from tests.unit.web.town import PagesTown

LETTERS, CAP = 60, 50


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    """A source of which sixty records could not be mapped; one of the persons has a consent."""
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    subjects = Subjects()
    with served(subjects.app) as url:
        found = Sources(tmp_path / "home", url, subjects)
        found.grant(0)
        found.facts(LETTERS)
        found.run()
        yield found


@pytest.fixture
def site(browser: Browser, tmp_path: Path, sources: Sources) -> Iterator[Site]:
    """The pages over that installation, in place of the inbox of the other tests."""
    town = PagesTown(tmp_path, build_console=sources.console)
    try:
        with served(town.app) as url, ExitStack() as stack:
            yield Site(town, url, browser, stack)
    finally:
        town.close()


def heard(page: Page, size: tuple[int, int]) -> None:
    """Axe finds nothing, and nothing scrolls sideways."""
    assert hear(page).generate_snapshot() == "", page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], page.url


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def test_an_operator_pauses_a_source_tries_its_mapping_and_sends_fifty_letters_again(site: Site, sources: Sources) -> None:
    page = site.visit(OPERATOR)
    expect(page.get_by_role("heading", level=1)).to_have_text("Källor")
    page.get_by_role("link", name="toymend", exact=True).press("Enter")
    page.get_by_label("Varför den ska pausas").fill("mappningen rättas")
    press(page, "Pausa källan")
    expect(page.locator(".standing")).to_have_text(re.compile("pausad"))
    heard(page, DESK)
    sources.mend()
    press(page, "Börja provkörningen")
    expect(page.get_by_text("ger en händelse").first).to_be_visible()
    heard(page, DESK)
    page.get_by_role("link", name="Tillbaka till källan").click()

    page.get_by_role("link", name="no_minutes").click()
    expect(page.get_by_text(f"{LETTERS} poster")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    press(page, "Pröva mappningen på den")
    expect(page.get_by_text("Den kan läsas nu. Inget har skickats.")).to_be_visible()
    heard(page, DESK)
    page.get_by_role("link", name="Tillbaka till de stoppade posterna").click()

    press(page, f"Förhandsgranska de äldsta {CAP}")
    expect(page.get_by_text(f"{LETTERS - CAP} till väntar")).to_be_visible(timeout=15_000)
    heard(page, DESK)
    assert sources.publisher.records == []
    press(page, f"Skicka {CAP} igen")
    expect(page.get_by_text(f"{CAP} av {CAP} är behandlade")).to_be_visible(timeout=15_000)
    heard(page, DESK)
    assert len(sources.letters()) == LETTERS - CAP
    assert len(sources.publisher.records) <= 1  # of the one who has a consent
    assert World.person(0) not in page.content()

    page.goto("/sources/toymend")
    assert read_state(sources.load(), "toymend", NOW).paused is not None
    press(page, "Låt den fortsätta")
    expect(page.get_by_text("Tidigare pauser")).to_be_visible()
    assert site.complaints == []


def test_on_a_phone_every_page_of_the_console_is_heard_and_fits(site: Site, sources: Sources) -> None:
    page = site.visit(OPERATOR, size=PHONE, color_scheme="dark")
    (letter, *_) = sources.letters()
    for path in (
        "/sources",
        "/sources/toymend",
        "/letters",
        f"/letters/{letter}",
        "/letters/topics",
        "/letters/paused",
        "/journal",
        "/letters/sent",
    ):
        page.goto(path)
        heard(page, PHONE)


@pytest.mark.parametrize(("size", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_receiver_is_paused_let_go_on_and_told_again_what_it_refused(
    site: Site, sources: Sources, size: tuple[int, int], theme: str
) -> None:
    page = site.visit(OPERATOR, size=size, color_scheme=theme)
    page.goto("/sinks")
    heard(page, size)
    with (sources.home / "hub.toml").open("a", encoding="utf-8") as file:
        file.write(SINK)
    engine = build_delivery_engine(sources.load())
    put(engine, "waiting", task_id="waits")
    put(engine, "refused", code="status_422")
    put_task(engine)
    with Session(engine) as session, session.begin():
        row = sink_row(session, "system")
        row.stopped_at, row.stopped_code = NOW, "status_401"
    page.goto("/sinks")
    heard(page, size)
    page.goto("/sinks/system")
    press(page, "Låt den fortsätta")
    engine.dispose()
    page.goto("/sinks")
    heard(page, size)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    press(page, "Pausa mottagaren")
    expect(page.get_by_text("Säg varför")).to_be_visible()
    heard(page, size)
    page.get_by_label("Varför den ska pausas").fill("systemet flyttas")
    press(page, "Pausa mottagaren")
    expect(page.locator(".standing")).to_have_text(re.compile("pausad"))
    heard(page, size)
    press(page, "Låt den fortsätta")
    page.get_by_role("button", name="Lämna över igen").press("Enter")
    expect(page.get_by_text("Mottagaren har inte avvisat något.")).to_be_visible()
    heard(page, size)


def test_without_the_body_right_an_operator_sees_metadata_only_and_the_source_officer_what_it_holds(
    site: Site, sources: Sources
) -> None:
    (letter, *_) = sources.letters()
    page = site.visit(OPERATOR)
    page.goto(f"/letters/{letter}")
    expect(page.get_by_text("no_minutes")).to_be_visible()
    expect(page.get_by_role("button", name="Visa innehållet")).to_have_count(0)
    expect(page.get_by_text("visas bara för dess handläggare")).to_be_visible()
    officer = site.visit(OFFICER, size=PHONE)
    officer.goto(f"/letters/{letter}")
    press(officer, "Visa innehållet")
    expect(officer.get_by_text('"minutes": 40')).to_be_visible()
    assert not any(World.person(number) in officer.content() for number in range(LETTERS))
    heard(officer, PHONE)
