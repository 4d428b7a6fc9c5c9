"""The shipped rules, compiled once for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hub.core.rules import compile_rules, parse_rules
from hub.core.state import YouthState, new_state
from hub.core.step import Step, YouthEvent, step
from hub.resources import defaults_folder
from hub.rules_file import load_rules

from .make import NOW, YOUTH, make_consent

SHIPPED = load_rules(defaults_folder() / "rules")
ALWAYS = ((datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)),)
RULES = compile_rules(SHIPPED, exposed_areas={"0581-hageby": ALWAYS})


def make_rules(**changes: Any) -> Any:
    """One small rule: two unexcused lessons of an hour within ten days → outreach."""
    condition = {
        "id": "unexcused_absence", "kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": 120, "within_days": 10,
    }  # fmt: skip
    rule = {
        "about": "person", "id": "absence", "title_sv": "Frånvaro", "title_en": "Absence", "rationale": "", "owner": "test",
        "function": "school_attendance", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": [condition],
    }  # fmt: skip
    return compile_rules(parse_rules({"version": "test.1", "owner": "test", "rules": [rule | changes]}))


def run(*events: YouthEvent, state: YouthState | None = None, rules: Any = RULES, now: Any = NOW) -> list[Step]:
    """Step through events at one instant; without a state, after an ordinary consent to SSPF."""
    steps = []
    if state is None:
        state = step(new_state(YOUTH), make_consent(), rules, now).state
    for event in events:
        assert state is not None
        one = step(state, event, rules, now)
        steps.append(one)
        state = one.state
    return steps


def emitted(steps: list[Step]) -> list[tuple[str, str, str]]:
    """(action, rule, team) of every task, in order."""
    return [(task.action.value, task.rule_id, task.team) for one in steps for task in one.tasks]


def last(steps: list[Step]) -> YouthState:
    state = steps[-1].state
    assert state is not None
    return state
