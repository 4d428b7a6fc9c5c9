"""A youth's numbers from what the worker holds: what consent lets the team be told, and unknown where nobody can know."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from hub.cases.content import Numbers
from hub.cases.measuring import MEASURED, measure
from hub.contract.models import AbsenceKind, Cooperation, InfoKind, PoliceCategory
from hub.core.outcomes import Measured
from hub.core.state import YouthState
from tests.unit.cases.make import CARRIES
from tests.unit.core.make import (
    NOW,
    POLICE,
    SCHOOL,
    YOUTH,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
)  # fmt: skip
from tests.unit.core.make_rules import RULES, last, run

LONG = 56 * 24 * 3600 * 1000


def state(*events: Any, scope: Any = None) -> YouthState:
    return last(run(make_consent(scope or make_scope()), *events, state=YouthState(YOUTH), rules=RULES, now=NOW))


def measured(*events: Any, scope: Any = None, **changes: Any) -> Measured:
    told: dict[str, Any] = {"at": NOW, "span_days": 28, "throughout": MEASURED, "carries": CARRIES} | changes
    longest = told.pop("longest_ms", LONG)
    return measure(state(*events, scope=scope), longest, told.pop("team", "sspf"), Cooperation.SSPF, **told)


def test_unexcused_minutes_a_week_and_occurrences_of_the_span_are_counted() -> None:
    events = [
        make_absence(1, ago(1), 60), make_absence(2, ago(28), 80), make_absence(3, ago(29), 500),
        make_absence(4, ago(2), 60, AbsenceKind.EXCUSED), make_notice(5, ago(3)), make_notice(6, ago(30)),
        make_notice(7, ago(4), PoliceCategory.VIOLENCE_VICTIM), make_observation(8, ago(2)),
    ]  # fmt: skip
    assert measured(*events) == Measured(Fraction(140 * 7, 28), None, 1)


def test_a_rate_is_of_lessons_whose_length_was_told() -> None:
    lesson = make_absence(1, ago(1), 30).model_copy(update={"offered_minutes": 60})
    assert measured(lesson).absence_rate == 50


@pytest.mark.parametrize("kind", MEASURED)
def test_what_nobody_says_was_told_of_throughout_is_unknown(kind: InfoKind) -> None:
    found = measured(make_absence(1, ago(1)), make_notice(2, ago(1)), throughout=[one for one in MEASURED if one is not kind])
    assert (found.absence is None, found.notices is None) == (kind is InfoKind.SCHOOL_ABSENCE, kind is InfoKind.POLICE_NOTICE)


@pytest.mark.parametrize(("days", "known"), [(28, True), (27, False)])
def test_what_consent_did_not_cover_all_the_time_is_unknown(days: int, known: bool) -> None:
    found = measured(make_notice(1, ago(1)), scope=make_scope(valid_from=ago(days)))
    assert (found.notices == 1) is known
    assert (found.notices is None) is not known


@pytest.mark.parametrize(("days", "known"), [(28, True), (27, False)])
def test_what_the_worker_no_longer_holds_is_unknown(days: int, known: bool) -> None:
    assert (measured(longest_ms=days * 24 * 3600 * 1000).notices is not None) is known


def test_an_agency_that_the_consent_does_not_name_counts_for_nothing() -> None:
    only_school = make_scope(agencies=(SCHOOL,))
    assert measured(make_notice(1, ago(1)), scope=only_school).notices is None
    both = make_scope(agencies=(SCHOOL, POLICE))
    assert measured(make_notice(1, ago(1)), make_notice(2, ago(1), agency="police-syd"), scope=both).notices == 1


def test_a_team_that_may_not_be_told_knows_nothing_and_no_consent_is_no_knowledge() -> None:
    assert measured(make_notice(1, ago(1)), team="sig") == Measured()
    assert (
        measure(YouthState(YOUTH), LONG, "sspf", Cooperation.SSPF, at=NOW, span_days=28, throughout=MEASURED, carries=CARRIES)
        == Measured()
    )


def test_what_was_taken_back_does_not_count() -> None:
    notice = make_notice(1, ago(1))
    retracted = notice.model_copy(update={"revision": 2, "retracted": True, "recorded_at": NOW + timedelta(seconds=1)})
    assert measured(notice, retracted).notices == 0


@pytest.mark.parametrize("one", [Measured(), Measured(Fraction(7, 3), Fraction(5, 9), 4), Measured(Fraction(0), None, 0)])
def test_numbers_are_kept_to_the_last_fraction(one: Measured) -> None:
    assert Numbers.model_validate_json(Numbers.of(one).model_dump_json()).measured() == one
