from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from hub.backtest.history import YouthHistory, school_of, timeline, usable
from hub.contract.models import ConsentStatus
from hub.core.instants import from_ms, stockholm_day, stockholm_midnight, to_ms
from tests.unit.backtest.make import absent, make_history, reference, told
from tests.unit.core.make import (
    NOW,
    SCHOOL,
    SSPF_SCOPE,
    YOUTH,
    ago,
    make_absence,
    make_case,
    make_consent,
    make_scope,
    make_withdrawn,
)


def midnight(instant: datetime) -> datetime:
    return from_ms(stockholm_midnight(stockholm_day(to_ms(instant))))


def test_a_history_holds_one_reference_only() -> None:
    with pytest.raises(ValidationError, match="another reference"):
        YouthHistory(youth_ref=reference(7), consents=(make_consent(),))


def test_everything_comes_in_the_order_in_which_it_was_recorded_and_consents_first() -> None:
    late = told(make_absence(1, ago(9)), timedelta(days=5))
    soon = told(make_absence(2, ago(6)))
    consent = make_consent(recorded_at=soon.recorded_at)
    assert [event for _, event in timeline(make_history([late, soon], consents=[consent]))] == [consent, soon, late]


@pytest.mark.parametrize(
    ("consents", "reason"),
    [
        ([], "no_consent"),
        ([make_consent(), make_withdrawn()], "withdrawn"),
        ([make_consent(), make_consent(version=2, status=ConsentStatus.SUSPENDED)], "suspended"),
        ([make_consent(version=2), make_consent(status=ConsentStatus.SUSPENDED)], ""),
    ],
    ids=["no consent", "withdrawn now", "suspended now", "suspended once"],
)
def test_only_a_history_whose_newest_consent_is_in_force_may_be_read_again(consents, reason: str) -> None:
    assert usable(make_history([absent(3)], consents=consents)) == reason


def test_a_scope_withdrawn_since_is_withdrawn_in_every_earlier_record() -> None:
    other = "00000000-0000-4000-8000-00000000000a"
    before = make_consent(make_scope(), make_scope(scope_id=other))
    after = make_consent(make_scope(withdrawn_at=ago(1)), make_scope(scope_id=other), version=2, recorded_at=ago(1))
    (_, first), _ = timeline(make_history([], consents=[before, after]))
    assert {scope.scope_id: scope.withdrawn_at for scope in first.scopes} == {SSPF_SCOPE: ago(1), other: None}


def test_where_the_first_consent_is_gone_the_oldest_left_is_known_from_the_beginning() -> None:
    fact = absent(30)
    kept = make_consent(version=4, recorded_at=ago(2))
    assert [at for at, _ in timeline(make_history([fact], consents=[kept]))] == [fact.recorded_at, fact.recorded_at]
    whole = make_consent(recorded_at=ago(2))
    assert [at for at, _ in timeline(make_history([fact], consents=[whole]))] == [fact.recorded_at, ago(2)]


def test_a_history_that_was_imported_can_be_read_as_told_when_it_occurred() -> None:
    imported = [absent(number).model_copy(update={"recorded_at": ago(1)}) for number in (40, 39)]
    corrected = absent(39).model_copy(update={"recorded_at": ago(1), "revision": 2})
    consent = make_consent(recorded_at=ago(2))
    history = make_history([*imported, corrected], consents=[consent])
    assert [(at, event) for at, event in timeline(history, at_once=True)] == [
        (ago(40), consent), (ago(40), imported[0]), (ago(39), imported[1]), (ago(39), corrected),
    ]  # fmt: skip


def test_the_school_is_that_of_the_newest_absence_that_consent_covers() -> None:
    facts = [absent(9), absent(5, agency="school-b"), absent(2, agency="school-uncovered")]
    consent = make_consent(make_scope(agencies=(SCHOOL, "school-b")))
    assert school_of(make_history(facts, consents=[consent])) == "school-b"
    assert school_of(make_history([], consents=[consent])) == ""
    assert school_of(make_history(facts, consents=[])) == ""


def test_answers_come_when_they_were_given(answer) -> None:
    history = YouthHistory(youth_ref=YOUTH, consents=(make_consent(),), answers=(answer,))
    assert timeline(history)[-1] == (NOW, answer)


@pytest.fixture
def answer():
    from hub.contract.models import TaskEvent, TaskState

    return TaskEvent(
        task_id="00000000-0000-4000-8000-000000000009", youth_ref=YOUTH, area=None, rule_id="absence", team="outreach",
        state=TaskState.REJECTED, reason=None, occurred_at=NOW,
    )  # fmt: skip


def test_words_on_cases_come_when_they_were_told() -> None:
    opened, closed = make_case("sspf", at=ago(4), since=ago(4).date()), make_case(at=ago(2))
    history = YouthHistory(youth_ref=YOUTH, consents=(make_consent(recorded_at=ago(9)),), cooperations=(closed, opened))
    assert timeline(history)[1:] == [
        (midnight(ago(4)), make_case("sspf", at=midnight(ago(4)), since=ago(4).date())),
        (ago(4), opened),
        (ago(2), closed),
    ]


def test_of_a_case_whose_first_word_is_gone_each_course_is_known_from_the_date_on_which_it_was_opened() -> None:
    kept = make_case("sig", "sspf", at=ago(1), since=ago(30).date())
    kept = kept.model_copy(update={"courses": (kept.courses[0].model_copy(update={"since": ago(10).date()}), kept.courses[1])})
    history = YouthHistory(youth_ref=YOUTH, consents=(make_consent(recorded_at=ago(40)),), cooperations=(kept,))
    known = [(at, {course.cooperation.value for course in event.courses}) for at, event in timeline(history)[1:]]
    assert known == [(midnight(ago(30)), {"sspf"}), (midnight(ago(10)), {"sig", "sspf"}), (ago(1), {"sig", "sspf"})]
