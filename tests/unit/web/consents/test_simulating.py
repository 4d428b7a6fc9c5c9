"""The simulator tells what the models and `decide` say, and nothing that is known by heart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from hub.contract.models import Cooperation, InfoKind, PoliceCategory, ReferralTask
from hub.core.rules import parse_rules
from hub.resources import defaults_folder
from hub.web.consents.field_titles import CODES, FIELDS
from hub.web.consents.scope import FormScope
from hub.web.consents.simulating import FLOWING, flows, proposals, task_fields
from hub.web.language import words
from hub.web.rules.shown import RulesShown
from tests.unit.web.consents.conftest import Desk
from tests.unit.web.town import PagesTown, make_office

FROM, TO = datetime(2025, 5, 19, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)
ADDRESS = "/consents/simulator?cooperation={}&recipients={}&sources={}&kinds={}"


def planned(**changes: object) -> FormScope:
    values = {
        "cooperation": Cooperation.SSPF, "agencies": ("school-norrkoping", "police-ost"), "recipients": ("outreach", "sspf"),
        "kinds": (InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE), "valid_from": FROM, "valid_to": TO,
        "includes_earlier": False, "area": None, "legal_basis": "public_task",
    }  # fmt: skip
    return FormScope(**{**values, **changes})  # type: ignore[arg-type]


def test_every_field_of_every_message_about_a_person_has_words_and_no_words_are_left_over() -> None:
    models = [*FLOWING.values(), ReferralTask]
    assert {name for model in models for name in model.model_fields} == set(FIELDS)
    assert set(FLOWING) == set(InfoKind)
    assert all(set(titles) == set(codes) for codes, titles in CODES.items())


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_fields_shown_are_the_models_in_their_order_with_every_code(empty_town: PagesTown, language: str) -> None:
    office = make_office(empty_town)
    shown = flows(planned(), office, words(language))
    assert [(flow.kind, flow.source) for flow in shown] == [
        ({"sv": "Skolfrånvaro", "en": "School absence"}[language], "Utbildningskontoret, kommunala skolor"),
        ({"sv": "Underrättelser från polisen", "en": "Police notices"}[language], "Polismyndigheten, region Öst"),
    ]
    assert [one.name for one in shown[0].fields] == list(FLOWING[InfoKind.SCHOOL_ABSENCE].model_fields)
    category = next(one for one in shown[1].fields if one.name == "category")
    assert len(category.codes) == len(PoliceCategory)
    assert [one.name for one in task_fields(words(language))] == list(ReferralTask.model_fields)


def test_an_agency_tells_nothing_of_a_kind_that_it_does_not_carry(empty_town: PagesTown) -> None:
    office = make_office(empty_town)
    assert flows(planned(kinds=(InfoKind.RISK_EVENT,)), office, words("sv")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["Upprepad ogiltig frånvaro", "Ogiltig frånvaro och en underrättelse från polisen", "Upprepade underrättelser från polisen"]),
        ({"kinds": (InfoKind.SCHOOL_ABSENCE,)}, ["Upprepad ogiltig frånvaro"]),
        ({"agencies": ("leisure-norrkoping",)}, []),
        ({"recipients": ("sspf",), "kinds": (InfoKind.SCHOOL_ABSENCE,)}, []),
        ({"cooperation": Cooperation.SIG, "recipients": ("sig",)}, ["Upprepade underrättelser från polisen"]),
    ],
)  # fmt: skip
def test_only_rules_whose_every_condition_the_scope_covers_could_propose(
    empty_town: PagesTown, changes: dict[str, object], expected: list[str]
) -> None:
    office = make_office(empty_town)
    found = proposals(planned(**changes), office, words("sv"))
    titles = {rule.title_sv for rule in office.rules}
    assert {one.title for one in found} <= titles
    assert len(found) == len(expected)


def test_a_sig_rule_under_an_sspf_consent_proposes_only_to_ask_for_a_sig_consent(empty_town: PagesTown) -> None:
    found = proposals(planned(kinds=(InfoKind.POLICE_NOTICE,)), make_office(empty_town), words("sv"))
    assert [(one.team, one.instead) for one in found] == [("SSPF-samordnaren", True)]
    sig = proposals(
        planned(cooperation=Cooperation.SIG, recipients=("sig",), kinds=(InfoKind.POLICE_NOTICE,)), make_office(empty_town), words("sv")
    )  # fmt: skip
    assert [(one.team, one.instead) for one in sig] == [("SIG-gruppen", False)]


NOTICES = {"id": "police_notices", "kind": "police_notice", "of": list(PoliceCategory), "measure": "count", "at_most": 2}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "minst 16 timmar ogiltig frånvaro inom 56 dagar, och därefter högst 1 timme inom 28 dagar"),
        (
            {"measure": "distinct_days", "at_most": 0},
            "minst 960 dagar med ogiltig frånvaro inom 56 dagar, och därefter högst 0 dagar inom 28 dagar",
        ),
        (NOTICES, "minst 960 underrättelser från polisen inom 56 dagar, och därefter högst 2 inom 28 dagar"),
    ],
)
def test_good_news_is_told_with_what_there_was_and_what_may_be_left(
    empty_town: PagesTown, changes: dict[str, object], expected: str
) -> None:
    path = defaults_folder() / "rules" / "examples" / "attendance-recovered.yaml"
    rule = yaml.safe_load(path.read_text(encoding="utf-8"))
    rule["when"][0].update(changes)
    school = {"terms": [{"first": "2025-01-08", "last": "2025-06-12"}]}
    rules = parse_rules({"version": "1", "owner": "test", "school": school, "rules": [rule]})
    office = replace(make_office(empty_town), rules_shown=RulesShown(list, lambda: rules))
    (found,) = proposals(planned(), office, words("sv"))
    assert found.conditions == (expected,)
    assert found.function == "Bedömning av om insatsen kan avslutas"


def test_the_page_stands_by_itself_and_tells_who_gets_nothing(desk: Desk) -> None:
    page = desk.client.get(
        f"{ADDRESS.format('sig', 'sig', 'police-ost', 'police_notice')}&recipients=outreach&sources=school-norrkoping"
    ).text
    assert "Förebyggarteamet: arbetar i den andra samverkan." in page
    assert "Utbildningskontoret, kommunala skolor: har inget av det som valdes." in page
    assert "<code>may_tell_youth</code>" in page
    assert "Det här lämnas aldrig" in page


def test_an_unfinished_choice_is_told_and_strange_codes_are_passed_over(desk: Desk) -> None:
    page = desk.client.get(ADDRESS.format("sspf", "nobody", "school-norrkoping", "school_absence")).text
    assert "utan mottagare, källa och något att lämna" in page
    assert "nobody" not in page.split("<main")[1].split("</main>")[0]


def test_a_draft_is_simulated_before_anything_is_registered(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft)
    page = desk.client.get(f"{draft}/simulate").text
    assert "Det här skulle lämnas med samtycket" in page
    assert desk.town.consents.rows("consent") == 0
