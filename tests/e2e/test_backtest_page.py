"""The page of a backtest, from a file as it is opened: axe finds nothing, nothing scrolls sideways, nothing is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hub.backtest.page import page
from hub.backtest.published import publish
from hub.backtest.running import Question
from hub.backtest.tally import Tally, count_youth
from hub.backtest.words import Names
from hub.core.texts import Language
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from tests.bench.backtest.__main__ import candidate_rules
from tests.bench.backtest.youths import END, make_histories
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.hearing import hear


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, Path]:
    question, tally = Question(candidate_rules(), load_rules(defaults_folder() / "rules"), None, END), Tally()
    plan = question.plan()
    for history in make_histories(12_000, 60):
        count_youth(history, plan, tally)
    folder, found = tmp_path_factory.mktemp("pages"), publish(tally, plan)
    paths: dict[Language, Path] = {"sv": folder / "sv.html", "en": folder / "en.html"}
    for language, path in paths.items():
        path.write_text(page(found, Names(), language, END), encoding="utf-8")
    return paths


def opened(browser: Browser, file: Path, size: tuple[int, int], **options: object) -> Page:
    shown = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options).new_page()
    shown.goto(file.as_uri())
    return shown


@pytest.mark.parametrize(("theme", "language", "size"), [("light", "sv", DESK), ("dark", "en", PHONE)])
def test_axe_finds_nothing(browser: Browser, files, theme: str, language: Language, size: tuple[int, int]) -> None:
    # The page's own policy lets no script in; axe is one.
    shown = opened(browser, files[language], size, color_scheme=theme, bypass_csp=True)
    for summary in shown.locator("summary").all():
        summary.click()
    assert hear(shown).generate_snapshot() == ""
    shown.context.close()


def test_nothing_scrolls_sideways_and_nothing_is_asked_for(browser: Browser, files) -> None:
    asked: list[str] = []
    shown = browser.new_context().new_page()
    shown.on("request", lambda request: asked.append(request.url))
    for file in files.values():
        shown.goto(file.as_uri())
        for width in (320, 390, 640, 1280):
            shown.set_viewport_size({"width": width, "height": 800})
            assert shown.evaluate("document.documentElement.scrollWidth") <= width, (file.name, width)
    assert asked == [file.as_uri() for file in files.values()]
    shown.context.close()


def test_every_chart_says_in_words_what_it_shows_and_has_a_table_that_opens_by_key(browser: Browser, files) -> None:
    shown = opened(browser, files["en"], DESK)
    charts = shown.locator("svg[role=img]").all()
    assert charts
    assert all("The table below has all figures" in (one.get_attribute("aria-label") or "") for one in charts)
    summary = shown.locator("summary").first
    summary.focus()
    shown.keyboard.press("Enter")
    assert shown.locator("details").first.locator("table").is_visible()
    shown.context.close()
