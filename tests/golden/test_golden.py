"""What the hub would have decided in an autumn term, by the shipped rules: any change of it is seen, and read before it is kept.

`python -m tests.golden` writes the decisions anew; `git diff` then shows, task by task, what is decided otherwise.
"""

from __future__ import annotations

import difflib

import pytest

from hub.core.rules import compile_rules, parse_rules
from hub.resources import defaults_folder
from hub.rules_file import load_rules

from .decisions import Decisions, decisions, file_of
from .recording import MESSAGES, PARTS

SHOWN = 60


@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_the_decisions_of_an_autumn_term_are_the_kept_ones(part: int) -> None:
    kept, now = file_of(part).read_text(encoding="utf-8").splitlines(), decisions(part).splitlines()
    changes = list(difflib.unified_diff(kept, now, "kept", "now", lineterm="", n=0))
    assert not changes, "\n".join([*changes[:SHOWN], f"{len(changes)} lines in all; python -m tests.golden writes them anew"])


def test_a_threshold_changed_by_one_minute_changes_the_decisions() -> None:
    shipped = load_rules(defaults_folder() / "rules")
    content = shipped.model_dump(mode="json", by_alias=True)
    absence = next(rule for rule in content["rules"] if rule["id"] == "absence-alone")
    absence["when"][0]["at_least"] += 1
    few = MESSAGES // 5
    kept, stricter = (Decisions(1, compile_rules(rules), few).tasks for rules in (shipped, parse_rules(content)))
    assert kept != stricter
