from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from hub.contract import codes, control, fields, models
from hub.contract.fields import RulesVersion
from hub.contract.models import AreaCode, Code, ConsentRecord, Erasure, Instant, YouthRef

REF = "y" + "a" * 32
AT = datetime(2025, 5, 12, 8, tzinfo=UTC)
SCOPE = {
    "scope_id": "7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10",
    "cooperation": "sspf",
    "agencies": ("school",),
    "recipients": ("outreach",),
    "kinds": ("school_absence",),
    "valid_from": AT,
    "valid_to": AT + timedelta(days=90),
}


def make_consent(**changes) -> ConsentRecord:
    fields = {
        "youth_ref": REF,
        "version": 2,
        "status": "withdrawn",
        "age_years": None,
        "age_valid_until": None,
        "area": None,
        "legal_basis": "consent",
        "scopes": (),
        "recorded_at": AT,
    }
    return ConsentRecord(**{**fields, **changes})


def accepts(kind, value) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        make_consent().version = 3


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        make_consent(name="x")


@pytest.mark.parametrize("changes", [{"scopes": (SCOPE,)}, {"age_years": 14}, {"area": "0581-city"}])
def test_a_withdrawn_record_carries_nothing_of_the_person(changes) -> None:
    with pytest.raises(ValidationError):
        make_consent(**changes)
    assert make_consent(status="suspended", **changes)


def test_instants_are_utc_with_milliseconds() -> None:
    local = datetime(2025, 5, 12, 10, 0, 0, 123_987, tzinfo=timezone(timedelta(hours=2)))
    found = TypeAdapter(Instant).validate_python(local)
    assert found == datetime(2025, 5, 12, 8, 0, 0, 123_000, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_an_instant_without_time_zone_is_refused() -> None:
    assert not accepts(Instant, datetime(2025, 5, 12))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("year", [1, 1899, 3000, 9999])
def test_an_instant_that_could_overflow_a_sum_is_refused(year) -> None:
    assert not accepts(Instant, datetime(year, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("offset", [-14, 14])
def test_an_instant_at_the_calendars_end_is_refused_and_does_not_crash(offset) -> None:
    zone = timezone(timedelta(hours=offset))
    assert not accepts(Instant, datetime.min.replace(tzinfo=zone))
    assert not accepts(Instant, datetime.max.replace(tzinfo=zone))


@pytest.mark.parametrize("kind", [AreaCode, Code])
@pytest.mark.parametrize(
    "value", ["", "Anna", "anna svensson", "a" * 65, "å", "s\n", "a20100101-9802", "200001019804", "a-2000-0101"]
)
def test_codes_hold_no_name_and_no_number(kind, value) -> None:
    assert not accepts(kind, value)


def test_codes_take_what_configuration_uses() -> None:
    assert all(accepts(Code, value) for value in ("school-norrkoping", "sspf", "police_act_12", "connector-ss12000"))
    assert all(accepts(AreaCode, value) for value in ("0581", "0581-hageby"))
    assert all(accepts(RulesVersion, value) for value in ("1", "2025.1", "2025-05-19", "0a1b2c3d4e5f"))


@pytest.mark.parametrize("value", ["20100101", "2010-01-01-9802", "2010.01.01.9802", "1 2", "a" * 65])
def test_a_rules_version_holds_no_personal_number(value) -> None:
    assert not accepts(RulesVersion, value)


@pytest.mark.parametrize("value", [REF + "\n", REF.upper(), "y" + "a" * 31, "20000101-9804", "a" * 33])
def test_a_reference_has_one_form(value) -> None:
    assert not accepts(YouthRef, value)


def test_a_receipt_names_its_component() -> None:
    receipt = Erasure(kind="receipt", erasure_id=SCOPE["scope_id"], youth_ref=REF, component="connector-ss12000", occurred_at=AT)
    assert receipt.component == "connector-ss12000"


@pytest.mark.parametrize("module", [codes, control, fields, models], ids=lambda module: module.__name__)
def test_what_a_module_offers_is_there(module) -> None:
    assert all(hasattr(module, name) for name in module.__all__)


def test_every_enum_and_message_is_offered_by_the_models() -> None:
    assert {*codes.__all__, *control.__all__} <= set(models.__all__)
