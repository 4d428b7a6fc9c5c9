"""What axe-core finds on a page: WCAG 2.2 A and AA, and its own best practices."""

from __future__ import annotations

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}


def hear(page: Page) -> AxeResults:
    """Of a page that has come whole: without its style sheet everything is too small to be pressed."""
    page.wait_for_load_state("load")
    return Axe().run(page, options=_STANDARD)
