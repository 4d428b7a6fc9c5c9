"""The monthly review: openings drawn at random, and openings that nothing followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.audit.actions import Action
from hub.audit.entries import SYSTEM, Actor, Outcome
from hub.audit.log import AuditLog
from hub.audit.review import monthly_review
from hub.clock import ManualClock
from hub.errors import RejectedError
from tests.unit.audit.make import CLERK, make_entry, make_youth

COLLEAGUE, STRANGER = Actor("account-2", unit="outreach"), Actor("account-3", unit="sig")


def lonely(log: AuditLog, **options) -> list[int]:
    return [row.entry.position for row in monthly_review(log.engine, "2025-05", seed=1, sample=0, **options).rows]


def test_an_opening_that_nothing_followed_is_shown(log: AuditLog) -> None:
    log.append_many([make_entry(1), make_entry(2), make_entry(2, action=Action.TASK_ACCEPTED)])
    found = monthly_review(log.engine, "2025-05", seed=1, sample=0)
    assert (found.openings, found.without_action) == (2, 1)
    assert [(row.entry.position, row.drawn, row.followed) for row in found.rows] == [(1, False, False)]


@pytest.mark.parametrize(
    ("actor", "followed"),
    [(CLERK, True), (COLLEAGUE, True), (STRANGER, False)],
    ids=["the same", "of the unit", "of another unit"],
)
def test_the_action_may_be_a_colleagues_of_the_same_unit(log: AuditLog, actor: Actor, followed: bool) -> None:
    log.append_many([make_entry(1), make_entry(1, action=Action.TASK_DECLINED, actor=actor)])
    assert lonely(log) == ([] if followed else [1])


@pytest.mark.parametrize(
    "other",
    [
        {"number": 2, "action": Action.TASK_ACCEPTED},
        {"action": Action.TASK_LISTED},
        {"action": Action.TASK_ACCEPTED, "outcome": Outcome.DENY},
    ],
    ids=["on another task", "a look", "a refused one"],
)
def test_something_else_is_no_action_after_it(log: AuditLog, other) -> None:
    log.append_many([make_entry(1), make_entry(**other)])
    assert lonely(log) == [1]


@pytest.mark.parametrize("look", [Action.CONSENT_PRINTED, Action.EXTRACT_MADE])
def test_what_was_put_on_paper_is_a_look_too_and_no_action_after_one(log: AuditLog, look: Action) -> None:
    log.append_many([make_entry(1, action=Action.CONSENT_SHOWN), make_entry(1, action=look)])
    assert lonely(log) == [1, 2]
    log.append(make_entry(1, action=Action.CONSENT_SIGNED))
    assert lonely(log) == []


def test_a_case_of_the_manual_lane_and_a_sources_own_record_are_openings(log: AuditLog) -> None:
    log.append(make_entry(1, action=Action.PROTECTED_CASE, subject=None))
    log.append_many([make_entry(2, action=Action.DEAD_LETTER_BODY_READ), make_entry(3, action=Action.DEAD_LETTER_BODY_READ)])
    log.append(make_entry(3, action=Action.DEAD_LETTER_REDRIVEN))
    assert monthly_review(log.engine, "2025-05", seed=1).openings == 3
    assert lonely(log) == [1, 2]


def test_a_marking_or_a_list_of_the_manual_lane_opens_nobodys_case(log: AuditLog) -> None:
    log.append(make_entry(action=Action.PROTECTED_CASE, item=None))
    log.append(make_entry(action=Action.PROTECTED_CASE))  # a form of a protected identity that came
    log.append(make_entry(action=Action.PROTECTED_CASE, subject=None, item=None))
    assert monthly_review(log.engine, "2025-05", seed=1).openings == 0


def test_an_action_long_before_it_or_too_late_is_none(log: AuditLog, clock: ManualClock) -> None:
    log.append(make_entry(1, action=Action.TASK_ACCEPTED))
    clock.advance(timedelta(minutes=11))
    log.append(make_entry(1))
    clock.advance(timedelta(days=15))
    log.append(make_entry(1, action=Action.TASK_ACCEPTED))
    assert lonely(log) == [2]
    assert lonely(log, days=16) == []


@pytest.mark.parametrize(
    ("deed", "lonely_ones"),
    [({}, []), ({"actor": COLLEAGUE}, [2]), ({"number": 2}, [2]), ({"outcome": Outcome.DENY}, [2])],
    ids=["one's own", "a colleague's", "on another", "a refused one"],
)
def test_the_page_that_shows_what_ones_own_deed_led_to_is_no_opening_that_nothing_followed(
    log: AuditLog, clock: ManualClock, deed, lonely_ones: list[int]
) -> None:
    clock.set(datetime(2025, 4, 30, 21, 55, tzinfo=UTC))  # a deed of the month before counts too
    log.append(make_entry(**{"number": 1, "action": Action.TASK_ACCEPTED, **deed}))
    clock.advance(timedelta(minutes=9))
    log.append(make_entry(1))
    assert lonely(log) == lonely_ones


@pytest.mark.parametrize(
    ("look", "deed", "followed"),
    [
        ({"purpose": "identifier"}, {"action": Action.CONSENT_SIGNED}, True),
        ({"purpose": "named"}, {"action": Action.CONSENT_REGISTERED}, True),
        ({}, {"action": Action.CONSENT_REGISTERED}, True),
        ({}, {"action": Action.CONSENT_SIGNED}, False),
        ({"purpose": "named"}, {"action": Action.CONSENT_SIGNED, "actor": COLLEAGUE}, False),
        ({}, {"action": Action.CONSENT_REGISTERED, "actor": COLLEAGUE}, False),
        ({"purpose": "identifier"}, {"action": Action.CONSENT_SIGNED, "subject": make_youth(2)}, False),
        ({"purpose": "named", "action": Action.CONSENT_PRINTED}, {"action": Action.CONSENT_SIGNED}, False),
    ],
    ids=[
        "found by her number", "named for a registration", "another registered", "a deed with another", "a colleague's deed",
        "a colleague's registration", "another youth", "paper",
    ],
)  # fmt: skip
def test_a_look_at_the_youth_by_her_number_is_followed_by_what_the_same_person_does_with_any_consent_of_hers(
    log: AuditLog, look, deed, followed: bool
) -> None:
    log.append_many([make_entry(1, **{"action": Action.CONSENT_SHOWN, **look}), make_entry(2, **deed)])
    assert lonely(log) == ([] if followed else [1])


def test_refused_openings_and_the_hubs_own_are_not_looked_at(log: AuditLog) -> None:
    log.append_many([make_entry(outcome=Outcome.DENY), make_entry(actor=SYSTEM)])
    assert monthly_review(log.engine, "2025-05", seed=1).openings == 0


def test_the_draw_is_repeated_by_its_seed_and_differs_by_another(log: AuditLog) -> None:
    log.append_many(
        [make_entry(number, action=action) for number in range(60) for action in (Action.TASK_OPENED, Action.TASK_ACCEPTED)]
    )

    def drawn(seed: int) -> list[int]:
        return [row.entry.position for row in monthly_review(log.engine, "2025-05", seed=seed, sample=10).rows if row.drawn]

    assert drawn(1) == drawn(1)
    assert len(drawn(1)) == 10
    assert len({tuple(drawn(seed)) for seed in range(5)}) > 1


def test_all_are_drawn_when_there_are_fewer(log: AuditLog) -> None:
    log.append(make_entry())
    assert [row.drawn for row in monthly_review(log.engine, "2025-05", seed=1, sample=20).rows] == [True]


def test_a_month_is_one_in_sweden(log: AuditLog, clock: ManualClock) -> None:
    for instant in (
        datetime(2025, 4, 30, 21, 59, tzinfo=UTC),
        datetime(2025, 4, 30, 22, 0, tzinfo=UTC),
        datetime(2025, 5, 31, 21, 59, tzinfo=UTC),
        datetime(2025, 5, 31, 22, 0, tzinfo=UTC),
    ):
        clock.set(instant)
        log.append(make_entry())
    assert lonely(log) == [2, 3]
    assert [row.entry.position for row in monthly_review(log.engine, "2025-12", seed=1).rows] == []


@pytest.mark.parametrize("month", ["", "2025", "2025-13", "2025-5", "May 2025", "2025-05-01"])
def test_what_is_no_month_is_refused(log: AuditLog, month: str) -> None:
    with pytest.raises(RejectedError, match="YYYY-MM"):
        monthly_review(log.engine, month, seed=1)


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "9999-12"])
def test_a_month_that_the_calendar_has_not_is_refused_too(log: AuditLog, month: str) -> None:
    with pytest.raises(RejectedError, match="the calendar has no such month") as refused:
        monthly_review(log.engine, month, seed=1)
    assert refused.value.code == "bad_month"


def test_an_action_may_follow_until_the_end_of_time(log: AuditLog) -> None:
    assert monthly_review(log.engine, "9999-11", seed=1, days=10**9).openings == 0
