"""What a consent is to stands whole in every view: who signs a form has read what the hub will do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest

from hub.contract.models import Cooperation, InfoKind
from hub.web.consents.scope import FormScope
from hub.web.consents.showing import Showing
from hub.web.language import words
from tests.unit.registry.support import make_identifier
from tests.unit.web.consents.conftest import Desk
from tests.unit.web.town import PagesTown, make_office

BACK = {"first": "2025-01-19", "last": "2025-12-01", "earlier": "1"}
TODAY = {"first": "2025-05-19", "last": "2025-12-01", "earlier": "1"}
NOT_BACK = {"first": "2025-05-19", "last": "2025-12-01"}
AREA = {"area": "0581-hageby"}
SAID = {
    "sv": {
        "Samverkan": "SSPF",
        "Vem som får lämna uppgifter": "Utbildningskontoret, kommunala skolor och Polismyndigheten, region Öst",
        "Vad som får lämnas": "Skolfrånvaro och underrättelser från polisen",
        "Vem som får ta del": "Förebyggarteamet och SSPF-samordnaren",
        "Tid": "19 jan 2025 till och med 1 dec 2025",
        "Gäller bakåt": "Ja. Det omfattar också det som har hänt från och med 19 jan 2025, innan alla hade skrivit under.",
        "Område": "Hageby",
        "Rättslig grund": "Uppgift av allmänt intresse (GDPR art. 6.1 e, 9.2 b)",
    },
    "en": {
        "Cooperation": "SSPF",
        "Who may tell": "Utbildningskontoret, kommunala skolor and Polismyndigheten, region Öst",
        "What may be told": "School absence and police notices",
        "Who may be told": "Förebyggarteamet and SSPF-samordnaren",
        "Period": "19 Jan 2025 to 1 Dec 2025",
        "Reaches back": "Yes. It also covers what happened from 19 Jan 2025 on, before all had signed.",
        "Area": "Hageby",
        "Legal basis": "Task of public interest (GDPR art. 6.1 e, 9.2 b)",
    },
}


def facts(page: httpx.Response) -> dict[str, str]:
    """What a page says, term by term."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", page.text, re.DOTALL)
    return {term: unescape(re.sub(r"<[^>]+>", "", said)).strip() for term, said in found}


def views(desk: Desk, **changes: dict[str, Any]) -> dict[str, httpx.Response]:
    """Every view that says what a consent is to: of a draft, and of what is registered."""
    draft = desk.begin()
    desk.answer(draft, youth={"identifier": make_identifier(3), "protected": "no"}, **changes)
    case = desk.register(**changes)
    asked = {"identifier": make_identifier(), "recipient": "guardian_1"}
    extract = desk.client.post("/consents/extract", data=asked).headers["location"]
    seen = [f"{draft}/check", f"{draft}/form", f"{draft}/simulate", extract]
    seen += [f"{case}{path}" for path in ("", "/sign", "/form", "/receipt", "/withdraw")]
    named = desk.client.post(f"{case}/form", data={"identifier": make_identifier()})
    return {"named form": named} | {path.partition("?")[0]: desk.client.get(path) for path in seen}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_view_says_every_part_of_the_scope_and_from_which_day_it_reaches_back(desk: Desk, language: str) -> None:
    desk.client.get(f"/language/{language}")
    found = views(desk, period=BACK, area=AREA)
    assert len(found) == 10
    for name, page in found.items():
        assert page.status_code == 200, name
        said = facts(page)
        assert {term: said.get(term) for term in SAID[language]} == SAID[language], name


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_receipt_for_machines_says_the_same(desk: Desk, language: str) -> None:
    desk.client.get(f"/language/{language}")
    case = desk.register(period=BACK, area=AREA)
    built = json.loads(desk.client.get(f"{case}/receipt.json").text)
    assert list(built["pii_processing"]["scope"].values()) == list(SAID[language].values())


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (NOT_BACK, "Nej. Det omfattar bara det som händer efter att alla har skrivit under."),
        (TODAY, "Ja. Det omfattar också det som har hänt från och med 19 maj 2025, innan alla hade skrivit under."),
    ],
)
def test_a_consent_that_does_not_reach_back_says_that_too_and_one_from_today_on_reaches_back_by_its_word(
    desk: Desk, period: dict[str, str], said: str
) -> None:
    found = views(desk, period=period, area={"area": ""})
    assert {name: (facts(page)["Gäller bakåt"], facts(page)["Område"]) for name, page in found.items()} == dict.fromkeys(
        found, (said, "utelämnat")
    )


CHANGES: Mapping[str, object] = {
    "cooperation": Cooperation.SIG,
    "agencies": ("police-ost",),
    "recipients": ("sspf",),
    "kinds": (InfoKind.POLICE_NOTICE,),
    "valid_from": datetime(2025, 3, 1, tzinfo=UTC),
    "valid_to": datetime(2025, 11, 1, tzinfo=UTC),
    "includes_earlier": True,
    "area": "0581-hageby",
    "legal_basis": "consent",
}


@pytest.mark.parametrize("part", [one.name for one in fields(FormScope)])
def test_no_part_of_a_scope_can_change_unsaid(empty_town: PagesTown, part: str) -> None:
    showing = Showing(make_office(empty_town), words("sv"), empty_town.clock.now())
    scope = FormScope(
        Cooperation.SSPF, ("school-norrkoping",), ("outreach",), (InfoKind.SCHOOL_ABSENCE,),
        datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC), False, None, "public_task",
    )  # fmt: skip
    changed = replace(scope, **{part: CHANGES[part]})  # type: ignore[arg-type]
    assert showing.scope_of(changed) != showing.scope_of(scope)


def test_a_drafts_simulation_shows_the_area_that_its_form_names_and_else_none(desk: Desk) -> None:
    shown = {}
    for code, name in (("0581-hageby", "Hageby"), ("", "–")):
        draft = desk.begin()
        desk.answer(draft, area={"area": code})
        task = desk.client.get(f"{draft}/simulate").text.split("Det ett förslag talar om")[-1]
        shown[name] = re.findall(r"när blanketten anger ett.*?<td[^>]*>(.*?)</td>", task, re.DOTALL)
    assert shown == {"Hageby": ["Hageby"], "–": ["–"]}
