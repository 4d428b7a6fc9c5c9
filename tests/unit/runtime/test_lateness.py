"""An event told late counts, and is seen to be late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.core.state import new_state
from hub.runtime.lateness import days_late
from hub.runtime.youths import YouthProgram
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_consent
from tests.unit.core.make_rules import RULES
from tests.unit.runtime.fakes import CLAIMS, CODEC, named


@pytest.mark.parametrize(
    ("age", "days"),
    [
        (timedelta(hours=-2), 0), (timedelta(days=1), 0), (timedelta(days=1, milliseconds=1), 1), (timedelta(days=7), 1),
        (timedelta(days=8), 7), (timedelta(days=28), 7), (timedelta(days=300), 28),
    ],
)  # fmt: skip
def test_an_event_is_late_by_the_most_of_the_limits_that_it_has_passed(age: timedelta, days: int) -> None:
    assert days_late(NOW - age, NOW) == days


def test_what_was_told_late_counts_and_says_how_late_it_was() -> None:
    program = YouthProgram(CODEC, CLAIMS)
    state = named(program.step(YOUTH, new_state(YOUTH), make_consent(), RULES, NOW)).state
    told = [named(program.step(YOUTH, state, make_absence(1, ago(days), 480), RULES, NOW)) for days in (0.5, 3, 10)]
    assert [(one.days_late, len(one.emissions)) for one in told] == [(0, 1), (1, 1), (7, 1)]


def test_what_was_refused_is_not_late() -> None:
    program = YouthProgram(CODEC, CLAIMS)
    assert named(program.step(YOUTH, new_state(YOUTH), make_absence(1, ago(3)), RULES, NOW)).days_late == 0
