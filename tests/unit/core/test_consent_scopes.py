"""What is published of a consent: neither before nor after the signing age suspends it does it give the birthday away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hub.consent_file import load_consent_rules
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent import Purpose
from hub.core.consent_facts import History, Registered, Signed, Terms
from hub.core.consent_rules import AtSigningAge, Dated, Form, Period, Signatory
from hub.core.consent_scopes import account, decide_history
from hub.resources import defaults_folder

BORN = date(2010, 5, 20)
BEGINS, ENDS = datetime(2025, 1, 10, 12, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
MONTH_BEGINS, BIRTHDAY = datetime(2025, 4, 30, 22, tzinfo=UTC), datetime(2025, 5, 19, 22, tzinfo=UTC)
ALWAYS = date(1900, 1, 1)
RULES = replace(
    load_consent_rules(defaults_folder() / "consent" / "norrkoping.yaml"),
    youth_signs_from=Dated((Period(ALWAYS, 15),)),
    at_signing_age=Dated((Period(ALWAYS, AtSigningAge.SUSPEND),)),
)
HISTORY = History(
    Terms(
        "00000000-0000-4000-8000-000000000001", Cooperation.SSPF, frozenset({"school-a"}), frozenset({"outreach"}),
        frozenset(InfoKind), BEGINS, ENDS,
    ),
    (Registered(BEGINS, Form.CHILD, frozenset({Signatory.GUARDIAN_1})), Signed(BEGINS, Signatory.GUARDIAN_1)),
)  # fmt: skip


def spans(at: datetime) -> tuple[tuple[datetime, datetime], ...]:
    found = account(HISTORY, BORN, RULES, at)
    assert found is not None
    return found.spans


def test_what_a_birthday_will_suspend_is_covered_until_then_also_in_its_month() -> None:
    assert spans(MONTH_BEGINS) == spans(datetime(2025, 5, 19, 21, 59, tzinfo=UTC)) == ((BEGINS, ENDS),)


def test_from_the_birthday_on_its_whole_month_is_left_out() -> None:
    assert spans(BIRTHDAY) == spans(ENDS) == ((BEGINS, MONTH_BEGINS),)


def test_what_changes_nothing_leaves_a_consent_standing_since_when_it_stood() -> None:
    again = History(HISTORY.terms, (*HISTORY.facts, Signed(BEGINS + timedelta(days=1), Signatory.GUARDIAN_1)))
    found = account(again, BORN, RULES, BEGINS + timedelta(days=2))
    assert found is not None
    assert found.standing.since == BEGINS


def test_the_end_of_a_period_is_no_part_of_it_and_is_called_its_end() -> None:
    found = account(HISTORY, BORN, RULES, BEGINS + timedelta(days=1))
    assert found is not None
    asked = {"purpose": Purpose.CORRELATE, "source": "school-a", "recipient": None, "kind": InfoKind.SCHOOL_ABSENCE}
    second = timedelta(seconds=1)
    assert [decide_history([found], at=at, **asked).rule for at in (ENDS - second, ENDS)] == ["permitted", "outside_period"]
