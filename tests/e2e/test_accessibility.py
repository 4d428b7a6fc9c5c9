"""axe-core finds nothing on any page, in both themes, both languages, at a desk and on a phone; nothing scrolls sideways."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.hearing import hear


@pytest.mark.parametrize(("theme", "language", "size"), [("light", "sv", DESK), ("dark", "en", PHONE)])
def test_axe_finds_nothing_on_any_page(site: Site, theme: str, language: str, size: tuple[int, int]) -> None:
    page = site.visit(size=size, color_scheme=theme)
    page.goto(f"/language/{language}")
    found = {}
    for name, path in site.pages().items():
        page.goto(path)
        results = hear(page)
        if results.violations_count:
            found[name] = results.generate_snapshot()
    assert found == {}


def test_axe_finds_nothing_before_signing_in_and_in_the_help(site: Site) -> None:
    stranger, page = site.visit(None), site.visit()
    stranger.goto("/")
    page.keyboard.press("?")
    for shown in (stranger, page):
        results = hear(shown)
        assert results.generate_snapshot() == ""


def test_axe_would_find_something(site: Site) -> None:
    page = site.visit()
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"data:,\">'")
    assert hear(page).violations_count >= 1


def test_no_page_scrolls_sideways(site: Site) -> None:
    """320: WCAG 1.4.10; 640: a desk's page read at 200 %."""
    page = site.visit()
    for language in ("sv", "en"):
        page.goto(f"/language/{language}")
        for path in site.pages().values():
            page.goto(path)
            for width in (320, 390, 640, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
