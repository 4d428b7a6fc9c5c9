"""What an operator is told of the gate: no difference of one person can be read in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from math import sqrt
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from hub.connect.figures import GATE_OUTCOMES, GateFigures, blurred
from hub.connect.gate import Origin, Refused, judge_person
from hub.exposition import GATE_REASONS
from tests.unit.connect.conftest import NOW, World

NOBODY = Refused("no_reference", intentional=True)
TOMORROW = NOW + timedelta(days=1)


def told(outcome: str = "no_reference") -> float | None:
    return REGISTRY.get_sample_value("hub_connector_gate_persons", {"connector": "counted", "outcome": outcome})


def told_exactly(thrown: list[int]) -> Callable[[int], int]:
    """In place of the blur; `thrown` gets what it was asked for."""

    def tell(persons: int) -> int:
        thrown.append(persons)
        return persons

    return tell


def test_the_reasons_of_consent_are_those_that_are_never_told_exactly() -> None:
    record = World.absence(World.person())
    origin = Origin("a", "c", frozenset({record.kind}), True, bytes(32))
    entries = [None, World.entry(kinds=()), World.entry(spans=((NOW, TOMORROW),))]
    verdicts = [judge_person(record, entry, origin, NOW) for entry in entries]
    assert {verdict.reason for verdict in verdicts if isinstance(verdict, Refused) and verdict.intentional} == GATE_REASONS
    assert set(GATE_OUTCOMES) == GATE_REASONS | {"passed"}


def test_nothing_is_told_of_a_day_before_it_is_over_and_every_person_counts_once_however_she_is_written() -> None:
    thrown: list[int] = []
    figures = GateFigures("counted", NOW, blur=told_exactly(thrown))
    number = World.person(0)
    for spelling in (number, number.replace("-", ""), number[2:], number.replace("-", "\N{EN DASH}")) * 50:
        figures.note(spelling, NOBODY, NOW)
    assert (told(), thrown) == (0, [])
    figures.turn(TOMORROW)
    assert told() == 1  # one person, two hundred records
    assert sorted(thrown) == [0, 0, 0, 1]


def test_the_day_that_is_over_is_told_once_drawn_until_the_next_is_over() -> None:
    thrown: list[int] = []
    figures = GateFigures("counted", NOW, blur=told_exactly(thrown))
    for each in range(12):
        figures.note(World.person(each), NOBODY, NOW)
    figures.turn(TOMORROW)
    for minutes in range(12):
        figures.turn(TOMORROW + timedelta(minutes=minutes))
        assert told() == 12
    assert len(thrown) == len(GATE_OUTCOMES)
    figures.turn(TOMORROW + timedelta(days=1))
    assert told() == 0


def test_what_is_told_is_drawn_unless_somebody_says_otherwise() -> None:
    """Four persons who are known to have no reference, and a fifth of whom it is asked."""
    for persons in (4, 5):
        seen = set()
        for _ in range(120):
            figures = GateFigures("counted", NOW)
            for each in range(persons):
                figures.note(World.person(each), NOBODY, NOW)
            figures.turn(TOMORROW)
            seen.add(told())
        assert {0, 5, 10} <= seen


def chances(persons: int, farthest: int = 240) -> dict[int, float]:
    """How likely each figure is, by the definition: the two-sided geometric distribution, then steps of five from five."""
    found: dict[int, float] = {}
    for away in range(-farthest, farthest + 1):
        noisy = persons + away
        figure = 5 * round(noisy / 5) if noisy >= 5 else 0
        found[figure] = found.get(figure, 0) + 0.8 ** abs(away) * 0.2 / 1.8
    return found


@given(st.integers(0, 3000))
@example(0)
@example(4)
@example(5)
def test_one_person_more_makes_no_figure_more_than_five_fourths_as_likely_nor_less_than_four_fifths(persons: int) -> None:
    """Common support, also at the threshold: compared are all figures but the few at the far ends of the table."""
    fewer, more = chances(persons), chances(persons + 1)
    near = [figure for figure in fewer if abs(figure - persons) < 120]
    assert len(near) > 20
    for figure in near:
        assert 4 / 5 - 1e-6 <= more[figure] / fewer[figure] <= 5 / 4 + 1e-6


@pytest.mark.parametrize("persons", [0, 3, 4, 5, 6, 12])
def test_what_is_drawn_follows_that_distribution(persons: int) -> None:
    dice, drawn, times = Random(f"dice {persons}"), Counter[int](), 5_000
    for _ in range(times):
        drawn[blurred(persons, dice.randrange)] += 1
    for figure, chance in chances(persons).items():
        assert abs(drawn[figure] - times * chance) <= 5 * sqrt(times * chance) + 1


def test_each_number_of_throws_is_a_way_to_fall() -> None:
    """Up to the first nought: upwards first, then downwards."""

    def falling(*sides: int) -> int:
        left = iter(sides)
        return blurred(10, lambda _n: next(left))

    assert [falling(0, 0), falling(1, 4, 2, 0, 0), falling(0, 3, 3, 3, 0), falling(0, *[1] * 6, 0)] == [10, 15, 5, 0]
