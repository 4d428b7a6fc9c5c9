from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.contract.models import Cooperation
from hub.core.consent_rules import AgeSpan, ConsentRules, Dated, Form, Period, Signatory
from hub.errors import RejectedError
from hub.registry.granting import age_in_years, check_form, read_grant
from tests.unit.registry.support import make_grant, make_identifier, make_rules

BOTH = {"guardian_1", "guardian_2"}
TODAY = date(2025, 5, 19)


def refusal(**changes: object) -> RejectedError:
    row = {**make_grant().model_dump(mode="json"), **changes}
    with pytest.raises(RejectedError) as caught:
        read_grant(row)
    return caught.value


def test_a_date_is_its_beginning_in_sweden() -> None:
    request = make_grant(valid_from="2025-01-19", valid_to="2025-06-19")
    assert request.valid_from.astimezone(UTC) == datetime(2025, 1, 18, 23, tzinfo=UTC)
    assert request.valid_to.astimezone(UTC) == datetime(2025, 6, 18, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cooperation", "everything"),
        ("agencies", []),
        ("recipients", []),
        ("kinds", []),
        ("kinds", ["gossip"]),
        ("valid_from", "20250119-9876"),
        ("valid_from", "2025-19-19"),
        ("valid_from", "201303049808"),
        ("valid_from", 201303049808),
        ("valid_from", "2025-01-19T08:00:00"),
        ("valid_from", "0001-01-01"),
        ("valid_from", "9999-12-31"),
        ("valid_to", "9999-12-31T23:30:00-05:00"),
        ("area", "20130304-9808"),
        ("signed", ["mother"]),
        ("surprise", 1),
    ],
)
def test_a_bad_field_is_named_and_its_value_is_not_repeated(field: str, value: object) -> None:
    error = refusal(**{field: value})
    assert error.code == "bad_field"
    assert field in str(error)
    for part in value if isinstance(value, list) else [value]:
        assert str(part) == "1" or str(part) not in str(error)
    assert error.__cause__ is None


def test_an_end_before_the_beginning_is_refused() -> None:
    assert "valid_to" in str(refusal(valid_from="2025-06-01", valid_to="2025-06-01"))


def test_a_request_does_not_print_the_identifier() -> None:
    assert make_identifier() not in repr(make_grant())


def signatories(age: int, rules: ConsentRules | None = None, **changes: object) -> set[str]:
    """Who must sign for somebody of this age, on the day of the grant."""
    request = make_grant(**{"signed": (), **changes})
    return set(check_form(request, date(TODAY.year - age, 1, 1), TODAY, rules or make_rules()).required)


def form_refusal(age: int, rules: ConsentRules | None = None, **changes: object) -> str:
    with pytest.raises(RejectedError) as caught:
        signatories(age, rules, **changes)
    return caught.value.code


@pytest.mark.parametrize(
    ("age", "given", "wanted"),
    [
        (12, (), BOTH),
        (15, (), {*BOTH, "youth"}),
        (18, (), {"youth"}),
        (12, ("guardian_1",), {"guardian_1"}),
        (12, ("social_services",), {"social_services"}),
        (12, ("guardian_1", "youth"), {"guardian_1", "youth"}),
        (16, ("god_man",), {"god_man", "youth"}),
    ],
)
def test_who_signs_follows_from_custody_and_age(age: int, given: tuple[str, ...], wanted: set[str]) -> None:
    assert signatories(age, required=given) == wanted


@pytest.mark.parametrize(
    ("age", "changes", "code"),
    [
        (18, {"required": BOTH}, "adult_signs_alone"),
        (18, {"required": ("guardian_1", "youth")}, "adult_signs_alone"),
        (17, {"required": ("youth",)}, "guardian_must_sign"),
        (12, {"required": ("guardian_1",), "signed": ("guardian_2",)}, "not_a_signatory"),
        (12, {"signed": ("youth",)}, "not_a_signatory"),
        (17, {"form": "adult"}, "wrong_form"),
        (18, {"form": "child"}, "wrong_form"),
        (12, {"valid_from": "2025-05-18", "includes_earlier": False}, "earlier_not_said"),
        (12, {"valid_from": "2024-05-01", "valid_to": "2027-05-01"}, "too_long"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(age: int, changes: dict[str, object], code: str) -> None:
    assert form_refusal(age, **changes) == code


def test_what_a_municipality_does_not_offer_is_refused() -> None:
    sspf = {Cooperation.SSPF: Dated.always(AgeSpan(10, 18))}
    assert form_refusal(9, make_rules(cooperations=sspf)) == "outside_ages"
    assert form_refusal(19, make_rules(cooperations=sspf)) == "outside_ages"
    assert form_refusal(12, make_rules(cooperations=sspf), cooperation="sig") == "not_offered"
    assert form_refusal(18, make_rules(forms=Dated.always(frozenset({Form.CHILD})))) == "form_not_used"
    only_guardians = make_rules(signatories=Dated.always(frozenset({Signatory.GUARDIAN_1, Signatory.GUARDIAN_2})))
    assert form_refusal(12, only_guardians, required=("god_man",)) == "signatory_not_used"


def test_the_age_at_which_the_youth_signs_is_a_setting_with_a_date() -> None:
    lower = Dated((Period(date(2000, 1, 1), 15), Period(date(2025, 5, 20), 12)))
    assert signatories(12, make_rules(youth_signs_from=Dated.always(12))) == {*BOTH, "youth"}
    assert signatories(12, make_rules(youth_signs_from=lower)) == BOTH


def test_a_leap_day_birthday_is_the_last_of_february_in_other_years() -> None:
    assert age_in_years(date(2008, 2, 29), date(2025, 2, 27)) == 16
    assert age_in_years(date(2008, 2, 29), date(2025, 2, 28)) == 17
