"""What teams are told when something arrives: of a new proposal, and of one whose ground is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .engine import what_stands
from .history import Answer, Arrival, Cases

OPEN, GROUND_LOST = "open", "ground_lost"


def what_is_told(rules: dict[str, Any], earlier: Sequence[Arrival], arrival: Arrival) -> list[tuple[str, str, str]]:
    """(what, rule, team) when an event or an answer arrives; what time alone changed before that is not among it.

    A team that has ended its task by an answer is not told that it ended, and nobody is told that a case began or ended.
    """
    before = {one.rule: one.team for one in what_stands(rules, earlier, arrival.at).open}
    after = {one.rule: one.team for one in what_stands(rules, [*earlier, arrival], arrival.at).open}
    ended = [] if isinstance(arrival.what, Answer | Cases) else [rule for rule in before if after.get(rule) != before[rule]]
    opened = [rule for rule in after if before.get(rule) != after[rule]]
    return sorted(
        [(GROUND_LOST, rule, before[rule]) for rule in ended] + [(OPEN, rule, after[rule]) for rule in opened],
    )
