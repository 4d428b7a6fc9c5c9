"""The last day that is shown is the real one: a consent may end by a birthday before its period does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from hub.contract.models import Cooperation
from hub.core.consent_rules import AgeSpan, Dated
from hub.registry.registry import Registry
from hub.registry.upkeep import refresh
from tests.unit.registry.support import make_identifier, make_rules
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import OFFICER, Desk
from tests.unit.web.consents.test_scope import facts
from tests.unit.web.town import PagesTown

SOON_18 = {"identifier": make_identifier(born="20070601"), "protected": "no"}  # on 1 June 2025, in thirteen days
ALL_SIGNED = {"signatures": ["guardian_1", "guardian_2", "youth"]}
LATER = {"first": "2025-08-18", "last": "2025-12-01"}


def said(text: str) -> str:
    return unescape(" ".join(text.split()))


def test_what_lapses_at_eighteen_ends_within_thirty_days_and_every_view_says_on_which_day(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft, youth=SOON_18, signatures=ALL_SIGNED)
    check = desk.client.get(f"{draft}/check")
    assert "Sista dagen är 31 maj 2025, tidigare än den som angavs" in said(check.text)
    drafted = [check, desk.client.get(f"{draft}/form")]
    case = desk.register(youth=SOON_18, signatures=ALL_SIGNED)
    seen = [*drafted, *(desk.client.get(f"{case}{path}") for path in ("", "/form", "/receipt", "/withdraw"))]
    assert {facts(page)["Tid"] for page in seen} == {"19 maj 2025 till och med 31 maj 2025"}
    assert "sista dag 31 maj 2025" in said(desk.client.get(case).text)
    listed = said(desk.client.get("/consents").text)
    assert "Inget upphör inom 30 dagar" not in listed
    assert "31 maj 2025" in listed
    assert "12 dagar kvar" in listed
    built = json.loads(desk.client.get(f"{case}/receipt.json").text)
    assert built["pii_processing"]["scope"]["period"] == "19 maj 2025 till och med 31 maj 2025"
    assert {event["validity_duration"] for event in built["events"]} == {"P13D"}


def test_the_last_day_before_she_is_too_old_for_the_cooperation_is_shown(town: PagesTown, visit: Visit) -> None:
    spans = dict.fromkeys(Cooperation, Dated.always(AgeSpan(0, 12)))
    home, rules = town.consents, make_rules(cooperations=spans)
    home.tools = replace(home.tools, consent=rules)
    home.registry = Registry(home.engine, home.tools, replace(home.registry.rules, consent=rules), town.clock)
    desk = Desk(visit(OFFICER), town)
    youth = {"identifier": make_identifier(born="20120610"), "protected": "no"}  # thirteen on 10 June
    case = desk.register(youth=youth, signatures={"signatures": ["guardian_1", "guardian_2"]})
    assert facts(desk.client.get(case))["Tid"] == "19 maj 2025 till och med 9 juni 2025"
    assert "9 juni 2025" in said(desk.client.get("/consents").text)


def test_what_has_lapsed_goes_on_saying_its_real_last_day(desk: Desk, town: PagesTown, visit: Visit) -> None:
    case = desk.register(youth=SOON_18, signatures=ALL_SIGNED)
    town.clock.set(datetime(2025, 6, 1, 0, 0, 1, tzinfo=UTC))
    refresh(town.consents.registry)
    assert facts(visit(OFFICER).get(case))["Tid"] == "19 maj 2025 till och med 31 maj 2025"


def test_a_childs_form_for_a_time_after_the_eighteenth_birthday_is_refused_in_words(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft, youth=SOON_18, period=LATER, signatures=None)
    step = f"{draft}/signatures"
    for page in (desk.client.get(step), desk.client.post(step, data=ALL_SIGNED)):
        assert page.status_code == 422
        assert "Den unga är 18 år den första dagen" in said(page.text)
        assert f'action="{draft}/period"' in page.text
    sent = desk.client.post(f"{draft}/period", data={"first": "2025-05-19", "last": "2025-12-01"})
    assert sent.headers["location"] == step


@pytest.mark.parametrize(
    ("language", "check", "state"),
    [
        ("sv", "Alla har skrivit under: det gäller från och med 18 aug 2025.", "Gäller från 18 aug 2025"),
        ("en", "All have signed: it holds from 18 Aug 2025.", "Holds from 18 Aug 2025"),
    ],
)
def test_a_first_day_that_lies_ahead_is_said(desk: Desk, language: str, check: str, state: str) -> None:
    desk.client.get(f"/language/{language}")
    draft = desk.begin()
    signed = {"signatures": ["guardian_1", "guardian_2"]}
    desk.answer(draft, period=LATER, signatures=signed)
    page = said(desk.client.get(f"{draft}/check").text)
    assert check in page
    assert "så snart du registrerar" not in page
    assert state in said(desk.client.get(desk.register(period=LATER, signatures=signed)).text)
