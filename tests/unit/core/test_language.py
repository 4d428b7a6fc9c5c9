"""Each word of the rule language by a case that can be followed by hand. The reference engine and the core are asked each time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.reference.history import DAY, HOUR, Arrival

from .cases import MOMENT, a_rule, absence, answer, at, consent, happened, holds, opens

NOON = at("2026-09-09 12:00")
EARLIER = NOON - 2 * HOUR


def ground(rules: dict[str, Any], *told: Any, **rest: Any) -> list[tuple[Any, ...]]:
    """(condition, met, agencies, first, last) of the one task that is open."""
    (proposal,) = opens(rules, *told, **rest)
    return [(one.condition, one.met, one.agencies, one.first_at, one.last_at) for one in proposal.ground]


def test_so_many_agencies_must_have_told_all_conditions_together() -> None:
    two = a_rule({"kind": "police_notice", "of": ["lob"]}, fields={"at_least_agencies": 2})
    notice = happened(NOON, kind="police_notice", code="lob", agency="police")
    assert not holds(a_rule(fields={"at_least_agencies": 2}), EARLIER, NOON)
    assert holds(a_rule(fields={"at_least_agencies": 2}), EARLIER, happened(NOON, agency="school"))
    assert holds(two, EARLIER, notice)
    assert not holds(two, EARLIER, replace(notice, agency="leisure"))


@pytest.mark.parametrize(
    ("minutes", "offered", "percent"),
    [
        ((20,), (60,), 33),  # rounded down
        ((20, 20), (60, 20), 50),
        ((60, 60), (60, None), 100),  # what has no offered minutes takes no part
        ((60, 60), (60, 0), 100),
        ((60,), (None,), None),  # without any the rate is unknown
    ],
)
def test_a_rate_is_absence_of_what_was_offered(minutes: Any, offered: Any, percent: int | None) -> None:
    lessons = [
        absence(NOON - number, missed, offered_minutes=whole)
        for number, (missed, whole) in enumerate(zip(minutes, offered, strict=True))
    ]
    rate = {"kind": "school_absence", "of": ["unexcused"], "measure": "rate"}
    if percent is None:
        assert not holds(a_rule(**rate, at_least=1), *lessons, now=NOON)
    else:
        assert holds(a_rule(**rate, at_least=percent), *lessons, now=NOON)
        assert not holds(a_rule(**rate, at_least=percent + 1), *lessons, now=NOON)


def test_excused_lessons_were_offered_too() -> None:
    excused = absence(NOON - MOMENT, 60, offered_minutes=60)
    lessons = [replace(excused, code="excused"), absence(NOON, 60, offered_minutes=60)]
    rate = {"kind": "school_absence", "of": ["unexcused"], "measure": "rate"}
    assert holds(a_rule(**rate, at_least=50), *lessons, now=NOON)
    assert not holds(a_rule(**rate, at_least=51), *lessons, now=NOON)


def test_twice_as_much_as_before_is_counted_against_the_average_of_the_earlier_days() -> None:
    twice = a_rule(at_least=2, within_days=1, against_earlier={"days": 2, "percent": 200})
    today = [NOON - HOUR, NOON - 2 * HOUR]
    assert holds(twice, *today)
    assert holds(twice, NOON - 30 * HOUR, NOON - 50 * HOUR, *today)  # two in two days: one a day
    assert not holds(twice, NOON - 30 * HOUR, NOON - 40 * HOUR, NOON - 50 * HOUR, *today)
    assert holds(twice, NOON - 30 * HOUR, NOON - 50 * HOUR, NOON - 80 * HOUR, *today)  # long ago


@pytest.mark.parametrize("beside", [0, 1])
def test_the_earlier_days_end_where_the_window_begins(beside: int) -> None:
    much = a_rule(within_days=1, against_earlier={"days": 1, "percent": 150})
    assert holds(much, NOON - 2 * DAY + beside, NOON, now=NOON) is (beside == 0)
    assert holds(much, NOON - DAY + beside, NOON, now=NOON) is (beside == 1)


@pytest.mark.parametrize(
    ("after", "holds_with", "holds_without"),
    [(0, False, True), (MOMENT, True, False), (6 * HOUR, True, False), (6 * HOUR + MOMENT, False, True)],
)
def test_what_follows_must_follow_within_its_hours(after: int, holds_with: bool, holds_without: bool) -> None:
    follows = {"kind": "risk_event", "of": ["runaway"], "within_hours": 6}
    told = [NOON, happened(NOON + after, code="runaway", number=1)]
    assert holds(a_rule(then=follows), *told, now=NOON + 7 * HOUR) is holds_with
    assert holds(a_rule(then=follows | {"happens": False}), *told, now=NOON + 7 * HOUR) is holds_without


def test_that_nothing_followed_is_known_only_when_the_hours_are_over() -> None:
    silent = a_rule(then={"kind": "risk_event", "of": ["runaway"], "within_hours": 6, "happens": False})
    assert not holds(silent, NOON, now=NOON + 6 * HOUR - MOMENT)
    assert holds(silent, NOON, now=NOON + 6 * HOUR)


def test_what_followed_is_shown_and_not_counted() -> None:
    followed = a_rule(then={"kind": "police_notice", "of": ["lob"], "within_hours": 6})
    notice = happened(NOON, kind="police_notice", code="lob", agency="police")
    assert ground(followed, EARLIER, notice) == [("first", 1, ("leisure", "police"), EARLIER, NOON)]


def test_who_is_not_shown_counts_and_is_not_named() -> None:
    hidden = a_rule(at_least=2, fields={"counts_but_not_shown": ["school"]})
    told = [happened(EARLIER, agency="school"), happened(NOON - HOUR), happened(NOON, agency="school")]
    assert ground(hidden, *told) == [("first", 3, ("leisure",), NOON - HOUR, NOON - HOUR)]


def test_a_rule_lingers_for_its_days_after_it_held_last() -> None:
    lingers = a_rule(fields={"lingers_days": 2})
    assert ground(lingers, NOON, now=NOON + 3 * DAY - MOMENT) == [("first", 1, ("leisure",), NOON, NOON)]
    assert not holds(lingers, NOON, now=NOON + 3 * DAY)


def test_what_is_retracted_does_not_linger() -> None:
    lingers, gone = a_rule(fields={"lingers_days": 2}), happened(NOON, revision=2, retracted=True, recorded_at=NOON + 30 * HOUR)
    assert holds(lingers, NOON, now=NOON + 30 * HOUR)
    assert not holds(lingers, NOON, gone)


def test_what_lingers_shows_what_counted_last() -> None:
    lingers = a_rule(at_least=2, fields={"lingers_days": 2})
    assert ground(lingers, EARLIER - HOUR, EARLIER, NOON, now=NOON + 30 * HOUR) == [("first", 2, ("leisure",), EARLIER, NOON)]


@pytest.mark.parametrize(
    ("state", "stays"), [("received", True), ("accepted", True), ("in_progress", True), ("rejected", False), ("completed", False)]
)
def test_only_a_no_and_a_completion_end_a_task(state: str, stays: bool) -> None:
    rests = a_rule(fields={"rest_days": 1})
    assert holds(rests, EARLIER, answer(state, EARLIER + HOUR), now=NOON) is stays


def test_a_rule_rests_after_an_answer_and_then_waits_for_something_new() -> None:
    rests, done = a_rule(within_days=5, fields={"rest_days": 1}), answer("completed", NOON)
    assert not holds(rests, EARLIER, done, now=NOON + DAY)
    assert not holds(rests, EARLIER, done, NOON + HOUR, now=NOON + DAY - MOMENT)
    assert holds(rests, EARLIER, done, NOON + HOUR, now=NOON + DAY)
    assert holds(rests, EARLIER, done, NOON + 2 * DAY)


def test_what_occurred_before_an_answer_is_nothing_new_however_late_it_comes() -> None:
    rests, done = a_rule(within_days=5, fields={"rest_days": 1}), answer("rejected", NOON)
    late = Arrival(NOON + 2 * DAY, happened(NOON - MOMENT))
    assert not holds(rests, EARLIER, done, late)
    assert holds(rests, EARLIER, done, late, happened(NOON + MOMENT, recorded_at=NOON + 2 * DAY))


def test_sig_is_asked_where_a_consent_covers_it_and_the_fallback_elsewhere() -> None:
    to_sig = a_rule(
        fields={"team": "sig", "cooperation": "sig", "without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"}}
    )
    assert [one.team for one in opens(to_sig, NOON)] == ["sspf"]
    assert [one.team for one in opens(to_sig, NOON, sig=True)] == ["sig"]
    granted = Arrival(NOON + HOUR, consent(NOON, version=2, sig=True))
    assert [one.team for one in opens(to_sig, NOON, granted)] == ["sig"]
