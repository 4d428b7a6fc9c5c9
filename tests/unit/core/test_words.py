"""A number or word of the language that is changed in one engine alone is seen: for each word, whichever engine it is.

Changed in the core is tried by `pytest tests/unit/core/test_words.py -m soak`. `test_language.py` has each word's edges by hand,
`test_reference.py` the numbers of the shipped rules.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.reference.draw_rules import EVERYTHING
from tests.reference.swedish_days import as_date

from .agreement import RULE_SETS, compiled, differences, disagreements, history_of, rules_of, told_by_the_core

LOTS = 1500
SEEN_IN = {
    "against_earlier": 31, "ages": 5, "at_least_agencies": 7, "between": 23, "counts_but_not_shown": 21, "fell_from": 3, "in_case": 1, "lingers_days": 6,
    "on_school_days": 3, "rate": 55, "rest_days": 2, "sunset": 43, "then": 85, "within_school_days": 5,
}  # fmt: skip
"""The lot in which each was first seen as this was written. The search begins there, and goes on where another is drawn by now."""
CHANGES: dict[str, Callable[[Any], Any]] = {
    "ages": lambda ages: {edge: years + 1 for edge, years in ages.items()},
    "at_least_agencies": lambda many: many + 1,
    "rest_days": lambda days: days + 1,
    "lingers_days": lambda days: days + 1,
    "sunset": lambda day: str(as_date(day) + timedelta(days=1)),
    "counts_but_not_shown": lambda agencies: agencies[1:],
    "within_school_days": lambda days: days + 1,
    "on_school_days": lambda _: False,
    "between": lambda times: [times[0], times[1][:4] + "1"],
    "against_earlier": lambda earlier: earlier | {"percent": earlier["percent"] * 2},
    "fell_from": lambda fell: fell | {"at_least": fell["at_least"] + 1},
    "in_case": lambda asked: None if asked == "none" else "none",
    "then": lambda then: then | {"within_hours": then["within_hours"] + 1},
}


def changed(rules: dict[str, Any], word: str) -> dict[str, Any] | None:
    """The rules with the word changed wherever it stands; None where it stands nowhere."""
    other = copy.deepcopy(rules)
    conditions = [condition for rule in other["rules"] for condition in rule["when"]]
    if word == "rate":
        rates = [condition for condition in conditions if condition["measure"] == "rate"]
        for condition in rates:
            condition["at_least"] += 1
        return other if rates else None
    places = [place for place in (*other["rules"], *conditions) if word in place]
    for place in places:
        place[word] = CHANGES[word](place[word])
    return other if places else None


def lots_with(word: str, first: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """(seed, rules with the word changed) of every history from a lot on whose rules use it."""
    for lot in range(first, LOTS):
        other = changed(rules_of(lot), word)
        if other is not None:
            yield from ((seed, other) for seed in range(lot * RULE_SETS, (lot + 1) * RULE_SETS))


@pytest.mark.parametrize("word", sorted(EVERYTHING))
def test_a_word_changed_in_the_reference_alone_is_seen(word: str, report: Callable[[str], None]) -> None:
    for number, (seed, other) in enumerate(lots_with(word, SEEN_IN[word]), 1):
        history = history_of(seed)
        if differences(history, told_by_the_core(history, compiled(history.rules)), other):
            report(f"{word}: after {number} histories")
            return
    pytest.fail(f"{word} may say anything")


@pytest.mark.soak
@pytest.mark.parametrize("word", sorted(EVERYTHING))
def test_a_word_changed_in_the_core_alone_is_seen(word: str, report: Callable[[str], None]) -> None:
    for number, (seed, other) in enumerate(lots_with(word), 1):
        if disagreements(history_of(seed), compiled(other)):
            report(f"{word}: after {number} histories")
            return
    pytest.fail(f"{word} may say anything")
