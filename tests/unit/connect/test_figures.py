"""What an operator is told of the gate: no difference of one person can be read in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.connect.figures import GATE_OUTCOMES, GateFigures, rounded
from hub.connect.gate import Origin, Refused, judge_person
from hub.exposition import GATE_REASONS
from tests.unit.connect.conftest import NOW, World

NOBODY = Refused("no_reference", intentional=True)
TOMORROW = NOW + timedelta(days=1)


def told(outcome: str = "no_reference") -> float | None:
    return REGISTRY.get_sample_value("hub_connector_gate_persons", {"connector": "counted", "outcome": outcome})


def test_the_reasons_of_consent_are_those_that_are_never_told_exactly() -> None:
    record = World.absence(World.person())
    origin = Origin("a", "c", frozenset({record.kind}), True, bytes(32))
    entries = [None, World.entry(kinds=()), World.entry(spans=((NOW, TOMORROW),))]
    verdicts = [judge_person(record, entry, origin, NOW) for entry in entries]
    assert {verdict.reason for verdict in verdicts if isinstance(verdict, Refused) and verdict.intentional} == GATE_REASONS
    assert set(GATE_OUTCOMES) == GATE_REASONS | {"passed"}


def test_nothing_is_told_of_a_day_before_it_is_over_and_every_person_counts_once_however_she_is_written() -> None:
    figures = GateFigures("counted", NOW)
    number = World.person(0)
    for spelling in (number, number.replace("-", ""), number[2:], number.replace("-", "\N{EN DASH}")) * 50:
        figures.note(spelling, NOBODY, NOW)
    assert told() == 0
    figures.turn(TOMORROW)
    assert told() == 0  # one person, two hundred records


def test_the_day_that_is_over_is_told_in_fives_until_the_next_is_over() -> None:
    figures = GateFigures("counted", NOW)
    for each in range(12):
        figures.note(World.person(each), NOBODY, NOW)
    figures.turn(TOMORROW)
    assert told() in {10, 15}
    figures.turn(TOMORROW + timedelta(days=1))
    assert told() == 0


@pytest.mark.parametrize("persons", range(31))
def test_one_person_more_moves_a_figure_by_a_step_at_most_and_mostly_not_at_all(persons: int) -> None:
    pairs = [(rounded(persons, lambda _n, d=dice: d), rounded(persons + 1, lambda _n, d=dice: d)) for dice in range(5)]
    assert all(number % 5 == 0 for pair in pairs for number in pair)
    if persons != 4:
        assert sum(before != after for before, after in pairs) == (1 if persons > 4 else 0)
    if persons >= 5:
        assert sum(before for before, _ in pairs) == 5 * persons
