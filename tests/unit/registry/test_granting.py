from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.errors import RejectedError
from hub.registry.granting import SigningRules, age_in_years, read_grant
from tests.unit.registry.support import make_grant, make_identifier

BOTH = ("guardian_1", "guardian_2")


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


@pytest.mark.parametrize(
    ("age", "given", "wanted"),
    [
        (12, (), BOTH),
        (15, (), (*BOTH, "youth")),
        (18, (), ("youth",)),
        (12, ("guardian_1",), ("guardian_1",)),
        (12, ("social_services",), ("social_services",)),
        (12, ("guardian_1", "youth"), ("guardian_1", "youth")),
        (16, ("god_man", "youth"), ("god_man", "youth")),
    ],
)
def test_who_signs_follows_from_the_age_unless_the_clerk_says(age: int, given: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    request = make_grant(required=given, signed=())
    assert SigningRules().required(request, age) == wanted


@pytest.mark.parametrize(
    ("age", "required", "signed", "code"),
    [
        (18, BOTH, (), "adult_signs_alone"),
        (18, ("guardian_1", "youth"), (), "adult_signs_alone"),
        (17, ("youth",), (), "guardian_must_sign"),
        (15, BOTH, (), "youth_must_sign"),
        (12, ("guardian_1",), ("guardian_2",), "not_a_signatory"),
        (12, (), ("youth",), "not_a_signatory"),
    ],
)
def test_a_form_that_does_not_fit_the_age_is_refused(
    age: int, required: tuple[str, ...], signed: tuple[str, ...], code: str
) -> None:
    with pytest.raises(RejectedError) as caught:
        SigningRules().required(make_grant(required=required, signed=signed), age)
    assert caught.value.code == code


def test_the_age_at_which_the_youth_signs_is_a_setting() -> None:
    assert SigningRules(youth_signs_from=12).required(make_grant(signed=()), 12) == (*BOTH, "youth")


def test_a_leap_day_birthday_is_the_first_of_march_in_other_years() -> None:
    assert age_in_years(date(2008, 2, 29), date(2025, 2, 28)) == 16
    assert age_in_years(date(2008, 2, 29), date(2025, 3, 1)) == 17
