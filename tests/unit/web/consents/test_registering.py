"""A consent is registered one question at a time; what is typed stands in no address, cookie or file until it is registered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hub.core.consent_rules import Dated
from hub.registry.registry import Registry
from tests.unit.registry.support import make_identifier, make_rules
from tests.unit.web.consents.conftest import ANSWERS, Desk, headings


def test_a_consent_with_two_guardians_waits_for_both_and_comes_into_force_with_the_second(desk: Desk) -> None:
    case = desk.register()
    page = desk.client.get(case).text
    assert "Inväntar underskrift: Vårdnadshavare 1 och Vårdnadshavare 2" in page
    desk.client.post(f"{case}/sign", data={"role": "guardian_1"})
    assert "Inväntar underskrift: Vårdnadshavare 2" in desk.client.get(case).text
    desk.client.post(f"{case}/sign", data={"role": "guardian_2"})
    assert "Gäller, sista dag 1 dec 2025" in desk.client.get(case).text
    assert [action for action, _, _ in desk.logged() if action.startswith("consent_") and action != "consent_shown"] == [
        "consent_registered", "consent_signed", "consent_signed",
    ]  # fmt: skip


def test_no_identifier_and_no_name_stands_in_an_address_or_a_cookie(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft)
    sent = desk.client.post(f"{draft}/check")
    held = f"{draft} {sent.headers} {dict(desk.client.cookies)}"
    assert not any(secret in held for secret in (make_identifier(), make_identifier()[2:], "Testsson"))


def test_nothing_typed_is_on_the_disk_before_it_is_registered(desk: Desk) -> None:
    desk.answer(desk.begin())
    written = b"".join(path.read_bytes() for path in desk.town.folder.rglob("*") if path.is_file())
    assert b"samtycken" not in written.lower() or b"Testsson" not in written
    assert make_identifier().encode() not in written


@pytest.mark.parametrize(
    ("step", "answer", "told"),
    [
        ("youth", {"identifier": "20130304-9800", "protected": "no"}, "kontrollsiffran"),
        ("youth", {"identifier": "", "protected": ""}, "Ange ett personnummer."),
        ("custody", {}, "Välj vem som har vårdnaden."),
        ("cooperation", {"cooperation": "else"}, "Välj samverkan."),
        ("recipients", {"recipients": ["sig"]}, "Ange minst en som får ta del"),
        ("period", {"first": "2025-05-19", "last": "2025-05-18"}, "Sista dagen ligger före den första."),
        ("period", {"first": "i går", "last": "2025-12-01"}, "Ange dagen som år-månad-dag"),
        ("period", {"first": "2025-05-01", "last": "2025-12-01"}, "ange att blanketten gäller bakåt"),
        ("period", {"first": "9998-12-30", "last": "9999-12-31"}, "Första dagen ligger mer än tre år fram i tiden."),
        ("period", {"first": "9999-12-31", "last": "9999-12-31"}, "Första dagen ligger mer än tre år fram i tiden."),
        ("period", {"first": "0001-01-01", "last": "9999-12-31", "earlier": "1"}, "Det är mer än 1000 dagar"),
        ("period", {"first": "2025-05-19", "last": "2028-02-13"}, "Det är mer än 1000 dagar"),
        ("document", {"document": "avser 20130304-9801"}, "inget personnummer"),
    ],
)
def test_a_wrong_answer_is_told_above_the_question_and_at_the_field_and_what_was_typed_stays(
    desk: Desk, step: str, answer: dict[str, str], told: str
) -> None:
    draft = desk.begin()
    for name, right in ANSWERS.items():
        if name == step:
            break
        desk.client.post(f"{draft}/{name}", data=right)
    page = desk.client.post(f"{draft}/{step}", data=answer)
    assert page.status_code == 422
    assert page.text.count(told) == 2
    assert "Något behöver rättas" in headings(page)
    assert all(value in page.text for value in answer.values() if isinstance(value, str) and step != "cooperation")
    assert desk.client.post(f"{draft}/{step}", data=ANSWERS[step]).status_code == 303


def test_a_question_cannot_be_jumped_over_and_a_changed_answer_asks_again_what_rests_on_it(desk: Desk) -> None:
    draft = desk.begin()
    assert desk.client.get(f"{draft}/check").headers["location"] == f"{draft}/youth"
    desk.answer(draft)
    changed = desk.client.post(f"{draft}/cooperation", data={"cooperation": "sig"})
    assert changed.headers["location"] == f"{draft}/recipients"
    assert "SIG-gruppen" in desk.client.get(f"{draft}/recipients").text
    assert "Förebyggarteamet" not in desk.client.get(f"{draft}/recipients").text


@pytest.mark.parametrize(
    "changes",
    [
        {"cooperation": {"cooperation": "sig"}, "recipients": {"recipients": ["sig"]}},
        {"recipients": {"recipients": ["outreach"]}},
        {"sources": {"sources": ["school-norrkoping"]}, "kinds": {"kinds": ["school_absence"]}},
        {"kinds": {"kinds": ["school_absence"]}},
        {"area": {"area": ""}},
        {"period": {"first": "2025-05-19", "last": "2025-11-30"}},
        {"period": {"first": "2025-05-19", "last": "2025-12-01", "earlier": "1"}},
    ],
)
def test_when_the_paper_would_say_something_else_the_signatures_are_asked_for_anew(
    desk: Desk, changes: dict[str, dict[str, str]]
) -> None:
    draft = desk.begin()
    desk.answer(draft, signatures={"signatures": ["guardian_1", "guardian_2"]})
    for step, answer in changes.items():
        sent = desk.client.post(f"{draft}/{step}", data=answer)
    assert sent.headers["location"] == f"{draft}/signatures"
    assert " checked" not in desk.client.get(f"{draft}/signatures").text
    assert desk.client.post(f"{draft}/check").headers["location"] == f"{draft}/signatures"
    assert desk.town.consents.rows("consent") == 0


def test_an_answer_that_is_given_again_as_it_was_keeps_the_signatures(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft, signatures={"signatures": ["guardian_1"]})
    for step in ("recipients", "sources", "kinds", "area", "period"):
        assert desk.client.post(f"{draft}/{step}", data=ANSWERS[step]).headers["location"] == f"{draft}/check"


def test_another_persons_paper_is_asked_for_when_the_person_is_changed(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft)
    desk.answer(draft, youth={"identifier": make_identifier(1), "protected": "no"}, document=None)
    assert desk.client.get(f"{draft}/check").headers["location"] == f"{draft}/document"


def test_no_two_things_on_a_page_have_the_same_name_and_what_describes_a_field_is_there(desk: Desk) -> None:
    draft = desk.begin()
    pages = {}
    for step, answer in ANSWERS.items():
        pages[step] = desk.client.get(f"{draft}/{step}").text
        pages[f"{step}, wrong"] = desk.client.post(f"{draft}/{step}", data={"first": "x"}).text
        desk.client.post(f"{draft}/{step}", data=answer)
    pages["simulator"] = desk.client.get("/consents/simulator").text
    pages["extract"] = desk.client.get("/consents/extract").text
    case = desk.register()
    pages |= {path: desk.client.get(f"{case}/{path}").text for path in ("custody", "sign", "block", "withdraw", "form")}
    for name, page in pages.items():
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), name
        described = " ".join(re.findall(r'aria-describedby="([^"]+)"', page)).split()
        assert set(described) <= set(ids), name


def test_a_draft_is_its_makers_alone(desk: Desk, other: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft)
    seen = other.client.get(f"{draft}/check")
    assert seen.status_code == 404
    assert "Utkastet finns inte längre" in headings(seen)


def test_from_fifteen_the_youth_signs_too_and_from_eighteen_alone(desk: Desk) -> None:
    older = make_identifier(born="20090304")
    case = desk.register(youth={"identifier": older, "protected": "no"})
    assert "Den unge" in desk.client.get(case).text
    adult = make_identifier(born="20050304")
    draft = desk.begin()
    led = desk.client.post(f"{draft}/youth", data={"identifier": adult, "protected": "no"})
    assert led.headers["location"] == f"{draft}/names"


def test_guardian_2_in_sole_custody_is_asked_for_stands_on_the_form_and_signs_alone(desk: Desk) -> None:
    draft = desk.begin()
    sole = {"custody": {"custody": "guardian_2"}, "names": {"name": "Kim Testsson", "name_guardian_2": "Sam Två"}}
    desk.answer(draft, **sole, signatures={"signatures": ["guardian_2"]})
    form = desk.client.get(f"{draft}/form").text
    assert "Sam Två" in form
    assert "Vårdnadshavare 1" not in form
    case = desk.client.post(f"{draft}/check").headers["location"].partition("?")[0]
    assert "Gäller, sista dag" in desk.client.get(case).text


def test_who_is_which_guardian_is_told_by_an_earlier_form_that_the_officer_may_read_and_by_no_other(
    desk: Desk, other: Desk
) -> None:
    names = {"name": "Kim Testsson", "name_guardian_1": "Robin Ett", "name_guardian_2": "Sam Två"}
    desk.register(names=names)
    for who, known in ((desk, {"Robin Ett", "Sam Två"}), (other, set())):
        draft = who.begin()
        who.client.post(f"{draft}/youth", data=ANSWERS["youth"])
        page = who.client.get(f"{draft}/custody").text
        assert {name for name in names.values() if name in page} == known
        assert "samma två personer" in page
    draft = other.begin()
    other.client.post(f"{draft}/youth", data=ANSWERS["youth"])
    other.client.post(f"{draft}/custody", data=ANSWERS["custody"])
    other.client.post(f"{draft}/names", data={"name": "Kim", "name_guardian_2": "Nu Skriven"})
    assert "Nu Skriven" in other.client.get(f"{draft}/custody").text  # and by what she has typed herself


def test_protected_personal_data_lead_to_the_manual_lane_and_nothing_is_registered(desk: Desk) -> None:
    draft = desk.begin()
    led = desk.client.post(f"{draft}/youth", data={"identifier": make_identifier(), "protected": "household"})
    assert led.headers["location"] == f"{draft}/by-hand"
    page = desk.client.post(f"{draft}/by-hand")
    assert headings(page) == ["Överlämnat", "Tangenter"]
    assert [case["what"] for case in desk.town.consents.lane.cases.values()] == ["marked"]
    assert desk.town.consents.rows("consent") == 0
    assert ("protected_case", "permit", "") in desk.logged()


def test_whoever_names_no_team_of_their_own_registers_nothing(other: Desk) -> None:
    draft = other.begin()
    other.answer(draft)
    page = other.client.post(f"{draft}/check")
    assert page.status_code == 422
    assert "Du registrerar samtycken bara för dina egna enheter" in page.text
    assert ("consent_registered", "deny", "not_permitted") in other.logged()
    assert other.town.consents.rows("consent") == 0


def test_the_very_same_consent_is_not_registered_twice(desk: Desk) -> None:
    desk.register()
    draft = desk.begin()
    desk.answer(draft)
    page = desk.client.post(f"{draft}/check")
    assert "Just det här samtycket är redan registrerat" in page.text


def test_a_consent_may_reach_back_when_its_form_says_so(desk: Desk) -> None:
    case = desk.register(period={"first": "2025-04-01", "last": "2025-12-01", "earlier": "1"})
    assert "1 apr 2025" in desk.client.get(case).text


@pytest.mark.parametrize(("last", "registered"), [("2035-05-26", True), ("2035-05-27", False)])
def test_a_consent_may_be_for_as_long_as_the_municipality_says(desk: Desk, last: str, registered: bool) -> None:
    home, rules = desk.town.consents, make_rules(longest_days=Dated.always(3660))
    home.tools = replace(home.tools, consent=rules)
    home.registry = Registry(home.engine, home.tools, replace(home.registry.rules, consent=rules), desk.town.clock)
    draft = desk.begin()
    desk.answer(draft, period=None, document=None, signatures=None)
    sent = desk.client.post(f"{draft}/period", data={"first": "2025-05-19", "last": last})
    assert (sent.status_code, "Det är mer än 3660 dagar" in sent.text) == ((303, False) if registered else (422, True))
    if registered:
        desk.client.post(f"{draft}/document", data=ANSWERS["document"])
        desk.client.post(f"{draft}/signatures", data=ANSWERS["signatures"])
        assert "new=1" in desk.client.post(f"{draft}/check").headers["location"]
