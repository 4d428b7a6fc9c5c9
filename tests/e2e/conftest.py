"""A real browser before the real pages: uvicorn on loopback, Chromium without a window."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright

from hub.access.roles import Principal
from hub.testing import served
from tests.support import missing
from tests.unit.web.town import EVERYBODY, PagesTown

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESK, PHONE = (1280, 900), (390, 844)


def _chromium(playwright: Playwright) -> str:
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    if installed is None and not Path(playwright.chromium.executable_path).is_file():
        missing("Chromium")
    return installed or playwright.chromium.executable_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all; ended with this package, because its event loop would be in the way of other tests."""
    with sync_playwright() as playwright:
        program = _chromium(playwright)
        chromium = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield chromium
        chromium.close()


@dataclass
class Site:
    """The pages on a loopback port. `requests` and `complaints` are what all visitors' browsers asked for and complained of."""

    town: PagesTown
    url: str
    browser: Browser
    stack: ExitStack
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def visit(self, principal: Principal | None = EVERYBODY, *, size: tuple[int, int] = DESK, **options: Any) -> Page:
        """A visitor with a browser profile of their own, signed in unless `principal` is None."""
        width, height = size
        context: BrowserContext = self.browser.new_context(
            base_url=self.url, viewport={"width": width, "height": height}, locale="sv-SE", **options
        )
        self.stack.callback(context.close)
        page = context.new_page()
        page.on("request", self._asked)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if principal is not None:
            page.goto(f"/sign-in?code={self.town.code(principal)}")
        return page

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def pages(self) -> dict[str, str]:
        """Every page that there is, by what it shows."""
        unknown = "00000000-0000-4000-8000-000000000000"
        shown = {
            "start": "/", "team": "/team/outreach", "all": "/team/outreach?all=1", "empty": "/team/sspf", "no page": "/nowhere",
            "no task": f"/team/outreach/task/{unknown}", "not found": "/find", "sign-in": "/sign-in",
            "used code": "/sign-in?code=used", "me": "/me", "four eyes": "/approvals", "signed out": "/sign-out/provider",
            "orders": "/team/outreach/orders", "contacts": "/team/outreach/contacts", "cases": "/team/sspf/cases", "ended cases": "/team/sig/cases?ended=1", "new case": "/team/sspf/cases/new",
            "new sig case": "/team/sig/cases/new", "outcomes": "/team/sspf/cases/outcomes", "mine": "/team/outreach?show=mine", "concern": f"{self.town.path('fine')}/concern",
        }  # fmt: skip
        return shown | {f"task, {name}": self.town.path(name) for name in self.town.tasks}


Sites = Callable[[], Site]


@pytest.fixture
def site(browser: Browser, tmp_path: Path) -> Iterator[Site]:
    """The pages over an inbox with a task in every state."""
    town = PagesTown(tmp_path).fill()
    try:
        with served(town.app) as url, ExitStack() as stack:
            yield Site(town, url, browser, stack)
    finally:
        town.close()
