"""The rules of consent as a municipality writes them: the shipped variants, and files that are refused by field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from hub.consent_file import load_consent_rules
from hub.contract.models import Cooperation
from hub.core.consent_rules import AgeSpan, AtSigningAge, Form, Signatory, age_at, age_in_years, birthday, midnight
from hub.errors import ConfigError, RejectedError
from hub.installation import CONSENT_FILE, consent_variants, initialise
from hub.registry.granting import check_form
from hub.resources import defaults_folder
from tests.unit.registry.support import make_grant

TODAY = date(2025, 5, 19)
SHIPPED = defaults_folder() / "consent"
PUBLISHED = [
    ("norrkoping", "sspf", 10, 18),
    ("sigtuna", "sspf", 12, 21),
    ("vallentuna", "sspf", 9, 16),
    ("sig-pilot", "sig", 15, 25),
]


def born(age: int) -> date:
    """The birth date of somebody who becomes so old today."""
    return TODAY.replace(year=TODAY.year - age)


def grant(cooperation: str) -> object:
    recipients = ("sig",) if cooperation == "sig" else ("outreach",)
    return make_grant(cooperation=cooperation, recipients=recipients, signed=(), required=())


def test_every_published_variant_is_shipped() -> None:
    assert consent_variants() == sorted(name for name, *_ in PUBLISHED)


@pytest.mark.parametrize(("variant", "cooperation", "first", "last"), PUBLISHED)
def test_a_cooperation_begins_and_ends_at_the_published_ages(variant: str, cooperation: str, first: int, last: int) -> None:
    rules = load_consent_rules(SHIPPED / f"{variant}.yaml")
    request = grant(cooperation)
    for age in (first, last):
        check_form(request, born(age), TODAY, rules)
    for age in (first - 1, last + 1):
        with pytest.raises(RejectedError) as caught:
            check_form(request, born(age), TODAY, rules)
        assert caught.value.code == "outside_ages"
    day_before_next_birthday = born(last + 1).replace(day=TODAY.day + 1)
    check_form(request, day_before_next_birthday, TODAY, rules)


@pytest.mark.parametrize("variant", consent_variants())
def test_in_every_variant_the_youth_signs_too_from_fifteen_and_alone_from_eighteen(variant: str) -> None:
    rules = load_consent_rules(SHIPPED / f"{variant}.yaml")
    request = grant("sspf")
    assert check_form(request, born(14), TODAY, rules).required == {"guardian_1", "guardian_2"}
    assert check_form(request, born(15), TODAY, rules).required == {"guardian_1", "guardian_2", "youth"}
    assert rules.at_signing_age.on(TODAY) is AtSigningAge.CONTINUE
    assert rules.longest_days.on(TODAY) == 366
    assert rules.forms.on(TODAY) == set(Form)
    assert rules.signatories.on(TODAY) == set(Signatory)
    if variant != "vallentuna":
        assert check_form(request, born(18), TODAY, rules).required == {"youth"}


def test_an_installation_begins_with_the_variant_that_was_chosen(tmp_path: Path) -> None:
    for variant in consent_variants():
        home = tmp_path / variant
        assert home / CONSENT_FILE in initialise(home, variant)
        assert (home / CONSENT_FILE).read_bytes() == (SHIPPED / f"{variant}.yaml").read_bytes()
        assert not (home / "consent").exists()
        assert initialise(home) == []
    with pytest.raises(ConfigError, match="sigtuna") as caught:
        initialise(tmp_path / "other", "atlantis")
    assert caught.value.code == "unknown_variant"


def written(tmp_path: Path, **changes: object) -> Path:
    content = yaml.safe_load((SHIPPED / "norrkoping.yaml").read_text(encoding="utf-8"))
    path = tmp_path / CONSENT_FILE
    path.write_text(yaml.safe_dump({**content, **changes}), encoding="utf-8")
    return path


def test_a_value_holds_from_its_date_and_the_first_before_it_too(tmp_path: Path) -> None:
    ages = [{"valid_from": "2020-01-01", "age": 15}, {"valid_from": "2026-03-29", "age": 13}]
    found = load_consent_rules(written(tmp_path, youth_signs_from=ages)).youth_signs_from
    assert [found.on(day) for day in (date(1999, 1, 1), date(2026, 3, 28), date(2026, 3, 29))] == [15, 15, 13]
    assert found.changes == [datetime(2026, 3, 28, 23, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"youth_signs_from": []}, "youth_signs_from"),
        ({"youth_signs_from": [{"valid_from": "2020-01-01", "age": 19}]}, "youth_signs_from.0.age"),
        ({"youth_signs_from": [{"valid_from": "2020-01-01", "age": 15}] * 2}, "later than the one before"),
        ({"at_signing_age": [{"valid_from": "2020-01-01", "then": "forget"}]}, "at_signing_age.0.then"),
        ({"cooperations": {}}, "cooperations"),
        ({"cooperations": {"est": [{"valid_from": "2020-01-01", "from_age": 1, "to_age": 2}]}}, "cooperations.est"),
        ({"cooperations": {"sspf": [{"valid_from": "2020-01-01", "from_age": 18, "to_age": 10}]}}, "to_age must not be lower"),
        ({"longest_days": [{"valid_from": "2020-01-01", "days": 0}]}, "longest_days.0.days"),
        ({"youth_signs_from": [{"valid_from": "2020-01-01", "age": True}]}, "youth_signs_from.0.age"),
        ({"youth_signs_from": [{"valid_from": "2020-01-01", "age": "15"}]}, "youth_signs_from.0.age"),
        (
            {"cooperations": {"sig": [{"valid_from": "2020-01-01", "from_age": True, "to_age": None}]}},
            "cooperations.sig.0.from_age",
        ),
        ({"cooperations": {"sig": [{"valid_from": "2020-01-01", "from_age": 0, "to_age": True}]}}, "cooperations.sig.0.to_age"),
        ({"longest_days": [{"valid_from": "2020-01-01", "days": True}]}, "longest_days.0.days"),
        ({"longest_days": [{"valid_from": "2020-01-01", "days": 366.0}]}, "longest_days.0.days"),
        ({"longest_days": [{"valid_from": True, "days": 366}]}, "longest_days.0.valid_from"),
        ({"longest_days": [{"valid_from": 2020, "days": 366}]}, "longest_days.0.valid_from"),
        ({"forms": [{"valid_from": "2020-01-01", "forms": []}]}, "forms.0.forms"),
        ({"signatories": [{"valid_from": "2020-01-01", "kinds": ["youth"]}]}, "kinds must name the youth, and a guardian"),
        ({"signatories": [{"valid_from": "2020-01-01", "kinds": ["mother"]}]}, "signatories.0.kinds"),
        ({"score": 1}, "score"),
    ],
)
def test_a_wrong_value_is_refused_by_file_and_field(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigError) as caught:
        load_consent_rules(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hub init"):
        load_consent_rules(tmp_path / CONSENT_FILE)


def test_a_birthday_begins_at_midnight_in_sweden_also_on_the_days_the_clock_changes() -> None:
    assert birthday(date(2007, 3, 30), 18) == datetime(2025, 3, 29, 23, tzinfo=UTC)  # summer time begins at 2 that night
    assert birthday(date(2008, 10, 26), 17) == datetime(2025, 10, 25, 22, tzinfo=UTC)  # and ends at 3
    assert midnight(date(2025, 3, 31)) == datetime(2025, 3, 30, 22, tzinfo=UTC)
    second_before = datetime(2025, 10, 25, 21, 59, 59, tzinfo=UTC)
    assert (age_at(date(2008, 10, 26), second_before), age_at(date(2008, 10, 26), birthday(date(2008, 10, 26), 17))) == (16, 17)


def test_who_is_born_on_a_leap_day_is_a_year_older_on_the_last_of_february_in_other_years() -> None:
    assert birthday(date(2008, 2, 29), 18) == datetime(2026, 2, 27, 23, tzinfo=UTC)  # lag 1930:173, 1 §
    assert birthday(date(2008, 2, 29), 20) == datetime(2028, 2, 28, 23, tzinfo=UTC)
    assert [age_in_years(date(2008, 2, 29), date(2026, 2, day)) for day in (27, 28)] == [17, 18]
    assert [age_in_years(date(2008, 2, 29), date(2028, 2, day)) for day in (28, 29)] == [19, 20]


def test_the_shipped_ages_are_read_as_spans() -> None:
    rules = load_consent_rules(SHIPPED / "sig-pilot.yaml")
    assert rules.span(Cooperation.SIG, TODAY) == AgeSpan(15, 25)
    assert rules.span(Cooperation.SSPF, TODAY) == AgeSpan(0, None)
