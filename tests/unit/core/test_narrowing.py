"""What a task tells besides the number: how its condition is narrowed, and when what counted occurred."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.contract.codec import Codec
from hub.contract.evidence import MOST_EVENTS, Between, Earlier, Evidence, EvidenceEvent, Followed, Narrowing
from hub.contract.models import InfoKind, PoliceCategory, ReferralTask, RiskConcern
from hub.contract.topics import TASKS_OUTREACH
from hub.core.rule_set import MOST_CONDITIONS
from hub.core.texts import words_of

from .make import LEISURE, POLICE, SCHOOL, ago, make_absence, make_consent, make_notice, make_observation, make_scope
from .make_rules import run
from .test_weighing import ABSENCE, FOLLOWED, SCHOOL_YEAR, lob, rules_of

ABSENT = InfoKind.SCHOOL_ABSENCE


def opened(*events: Any, rules: Any) -> ReferralTask:
    return next(task for one in run(*events, rules=rules) for task in one.tasks)


def evidence_of(*events: Any, **condition: Any) -> Evidence:
    (found,) = opened(*events, rules=rules_of(ABSENCE | condition, school=SCHOOL_YEAR)).evidence
    return found


def test_a_condition_of_a_window_alone_is_not_narrowed() -> None:
    assert evidence_of(make_absence(1, ago(1))).narrowing is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"on_school_days": True}, Narrowing(on_school_days=True)),
        ({"within_school_days": 5}, Narrowing(on_school_days=False, within_school_days=5)),
        (
            {"between": ["07:00", "16:30"]},
            Narrowing(on_school_days=False, between=Between(from_minute=420, to_minute=990)),
        ),
        (
            {"against_earlier": {"days": 20, "percent": 150}},
            Narrowing(on_school_days=False, against_earlier=Earlier(days=20, percent=150, compared=1)),
        ),
    ],
)
def test_each_narrowing_is_told_as_the_rule_has_it(asked: dict[str, Any], told: Narrowing) -> None:
    found = evidence_of(make_absence(1, ago(12)), make_absence(2, ago(3)), **({"at_least": 1} | asked))
    assert found.narrowing == told


@pytest.mark.parametrize(
    ("of", "words"), [(["lob"], "police_notice"), (list(PoliceCategory), "police_notices")], ids=["some", "every"]
)
def test_what_had_to_follow_is_told_with_the_code_that_words_it(of: list[str], words: str) -> None:
    rules = rules_of(ABSENCE | {"then": {"kind": "police_notice", "of": of, "within_hours": 48}})
    (found,) = opened(lob(1, ago(2)), make_absence(1, ago(3)), rules=rules).evidence
    then = Followed(condition=words, kind=InfoKind.POLICE_NOTICE, within_hours=48, happens=True)
    assert found.narrowing == Narrowing(on_school_days=False, then=then)


def test_codes_that_no_words_fit_are_worded_as_some_of_their_kind() -> None:
    assert words_of(InfoKind.SCHOOL_ABSENCE, frozenset({"unexcused"})) == "unexcused_absence"
    assert words_of(InfoKind.RISK_EVENT, frozenset({"conflict"})) == "risk_event"


def test_the_events_that_counted_are_told_by_kind_time_and_agency_and_so_are_those_that_followed() -> None:
    found = opened(lob(1, ago(2)), make_absence(1, ago(3)), make_absence(2, ago(9)), rules=rules_of(FOLLOWED)).evidence[0]
    assert found.events == (
        EvidenceEvent(kind=ABSENT, occurred_at=ago(3), agency=SCHOOL),
        EvidenceEvent(kind=InfoKind.POLICE_NOTICE, occurred_at=ago(2), agency=POLICE),
    )
    assert found.older_events is None
    assert not {"event_id", "revision"} & EvidenceEvent.model_fields.keys()


def test_what_follows_counts_from_the_instant_at_which_it_occurs() -> None:
    rules = rules_of(FOLLOWED)
    assert [len(one.tasks) for one in run(make_absence(1, ago(hours=1)), lob(1, ago()), rules=rules)] == [0, 1]


def test_what_occurred_at_the_very_instant_did_not_follow_and_is_not_told() -> None:
    (found,) = opened(lob(1, ago(2)), lob(2, ago(3)), make_absence(1, ago(3)), rules=rules_of(FOLLOWED)).evidence
    assert found.events is not None
    assert [(one.kind, one.occurred_at) for one in found.events] == [(ABSENT, ago(3)), (InfoKind.POLICE_NOTICE, ago(2))]


def test_of_many_events_the_newest_are_told_and_the_rest_counted() -> None:
    lessons = [make_absence(number, ago(hours=number)) for number in range(MOST_EVENTS + 3)]
    found = opened(*lessons, rules=rules_of(ABSENCE | {"at_least": MOST_EVENTS + 3})).evidence[0]
    assert found.events is not None
    assert [one.occurred_at for one in found.events] == [ago(hours=MOST_EVENTS - 1 - number) for number in range(MOST_EVENTS)]
    assert (found.older_events, found.met) == (3, MOST_EVENTS + 3)


def test_a_withheld_agency_is_told_neither_by_name_nor_by_time_but_that_there_is_one() -> None:
    rules = rules_of(ABSENCE | {"at_least": 2}, counts_but_not_shown=["school-x"])
    seen, hidden = make_absence(1, ago(2)), make_absence(2, ago(3), agency="school-x")
    consent = make_consent(make_scope(agencies=(SCHOOL, "school-x")), version=2)
    task = opened(consent, seen, hidden, rules=rules)
    assert task.agencies_withheld
    assert task.evidence[0].events == (EvidenceEvent(kind=ABSENT, occurred_at=ago(2), agency=SCHOOL),)
    assert task.evidence[0].met == 2
    assert not opened(seen, make_absence(3, ago(1)), rules=rules).agencies_withheld


def test_a_task_says_from_how_many_agencies_its_rule_had_to_be_told() -> None:
    notice = {"id": "notice", "kind": "police_notice", "of": ["narcotics"], "measure": "count", "at_least": 1, "within_days": 10}
    events = (make_absence(1, ago(2)), make_notice(2, ago(1)))
    assert opened(*events, rules=rules_of(ABSENCE, notice, at_least_agencies=2)).at_least_agencies == 2
    assert opened(*events, rules=rules_of(ABSENCE, notice)).at_least_agencies is None


def test_what_occurred_at_one_instant_is_told_alike_in_whatever_order_it_came() -> None:
    rules = rules_of(
        {"id": "seen", "kind": "risk_event", "of": ["conflict"], "measure": "count", "at_least": 2, "within_days": 10}
    )
    both = [make_observation(number, ago(1), agency=agency) for number, agency in enumerate((LEISURE, SCHOOL))]
    both = [one.model_copy(update={"concern": RiskConcern.CONFLICT}) for one in both]
    assert opened(*both, rules=rules).evidence == opened(*reversed(both), rules=rules).evidence


def test_a_task_on_very_many_events_and_conditions_stays_well_below_the_bound_of_a_message() -> None:
    most = range(MOST_CONDITIONS)
    kinds = [ABSENCE | {"id": f"condition-{number}", "at_least": 300, "between": ["00:00", "00:00"]} for number in most]
    agency = "school-" + "x" * 57
    consent = make_consent(make_scope(agencies=(agency,)), version=2)
    lessons = [make_absence(number, ago(1, minutes=number), agency=agency) for number in range(300)]
    task = opened(consent, *lessons, rules=rules_of(*kinds))
    assert [len(one.events or ()) for one in task.evidence] == [50] * MOST_CONDITIONS
    assert len(Codec.load().encode(TASKS_OUTREACH, task)) < 128 * 1024


def test_an_event_of_the_window_that_did_not_count_is_not_told() -> None:
    night = make_absence(1, ago(1))
    day = make_absence(2, ago(1) + timedelta(hours=5))
    found = evidence_of(night, day, between=["12:00", "13:00"])
    assert found.events is not None
    assert [one.occurred_at for one in found.events] == [day.occurred_at]
