"""A consent officer before the pages, and the answers of a registration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hub.access.roles import Principal
from tests.unit.registry.support import make_identifier
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown, officer

OFFICER = officer("Samtycken", "outreach", "sspf", "sig")
ANSWERS: dict[str, dict[str, Any]] = {
    "youth": {"identifier": make_identifier(), "protected": "no"},
    "custody": {"custody": "joint"},
    "names": {"name": "Kim Testsson", "name_guardian_1": "Robin Testsson", "contact_guardian_1": "011-15 00 00"},
    "cooperation": {"cooperation": "sspf"},
    "recipients": {"recipients": ["outreach", "sspf"]},
    "sources": {"sources": ["school-norrkoping", "police-ost"]},
    "kinds": {"kinds": ["school_absence", "police_notice"]},
    "area": {"area": "0581-hageby"},
    "period": {"first": "2025-05-19", "last": "2025-12-01"},
    "document": {"document": "KSN 2025/17"},
    "signatures": {"signatures": []},
}


@dataclass
class Desk:
    """The pages as an officer uses them."""

    client: httpx.Client
    town: PagesTown

    def begin(self) -> str:
        """The address of a new draft."""
        return self.client.post("/consents/register").headers["location"].rsplit("/", 1)[0]

    def answer(self, draft: str, **changes: dict[str, Any]) -> None:
        for step, answer in {**ANSWERS, **changes}.items():
            if answer is None:
                continue
            sent = self.client.post(f"{draft}/{step}", data=answer)
            assert sent.status_code == 303, (step, sent.text)

    def register(self, **changes: dict[str, Any]) -> str:
        """The address of a new consent."""
        draft = self.begin()
        self.answer(draft, **changes)
        sent = self.client.post(f"{draft}/check")
        assert sent.status_code == 303, sent.text
        return sent.headers["location"].partition("?")[0]

    def logged(self) -> list[tuple[str, str, str]]:
        """(action, outcome, rule) of every entry of the audit log."""
        with self.town.audit.engine.connect() as connection:
            rows = connection.exec_driver_sql("select action, outcome, rule from audit_entry order by position")
            return [tuple(row) for row in rows]


@pytest.fixture
def desk(town: PagesTown, visit: Visit) -> Desk:
    return Desk(visit(OFFICER), town)


@pytest.fixture
def other(town: PagesTown, visit: Visit) -> Desk:
    """An officer of another team."""
    return Desk(visit(officer("SIG-samtycken", "sig")), town)


def principal_of(name: str, *teams: str) -> Principal:
    return officer(name, *teams)


def headings(page: httpx.Response) -> list[str]:
    """What a page's headings say."""
    return [
        " ".join(re.sub(r"<[^>]+>", "", found).split())
        for found in re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page.text, re.DOTALL)
    ]
