"""Turns a task's codes into words for the pages: function, rule, area, state, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hub.core.explain import Explanation, duration, explain, function_name
from hub.delivery.worklist import TaskView
from hub.web.language import Words

__all__ = ["Gazetteer", "Presenter", "TitledRule"]


class TitledRule(Protocol):
    """What the pages need of a rule."""

    @property
    def id(self) -> str:
        """The rule's code."""
        ...

    @property
    def title_sv(self) -> str:
        """In Swedish."""
        ...

    @property
    def title_en(self) -> str:
        """In English."""
        ...


class Gazetteer(Protocol):
    """Area codes to what people call them."""

    def title(self, code: str) -> str:
        """The area's name."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One condition of the table on a task's page, every number with its unit."""

    label: str
    met_text: str
    at_least_text: str
    window_days: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Why: one sentence, and the conditions met."""

    sentence: str
    conditions: tuple[Row, ...]


class Presenter:
    """One per process; rule titles are read once, because a rule set changes with a restart."""

    def __init__(self, rules: tuple[TitledRule, ...], places: Gazetteer) -> None:
        self._titles: dict[str, dict[str, str]] = {
            "sv": {rule.id: rule.title_sv for rule in rules},
            "en": {rule.id: rule.title_en for rule in rules},
        }
        self._places = places

    def for_templates(self, shown: Words) -> dict[str, Any]:
        """The functions that the templates call."""
        titles: Mapping[str, str] = self._titles[shown.language]
        return {
            "function_name": lambda task: _function(task, shown),
            "rule_title": lambda rule_id: titles.get(rule_id, rule_id),
            "area_title": self._places.title,
            "state_name": lambda task: shown.text(task.state.value),
        }

    def explanation(self, task: TaskView, shown: Words) -> Shown | None:
        """Why this task; None where its content is gone."""
        if task.content is None:
            return None
        found: Explanation = explain(task.content, language=shown.language, titles=self._titles[shown.language])
        rows = tuple(
            Row(one.label, _amount(one.met, one.unit, shown), _amount(one.at_least, one.unit, shown), one.window_days)
            for one in found.conditions
        )
        return Shown(found.sentence, rows)


def _function(task: TaskView, shown: Words) -> str:
    return shown.text("presence in the area") if task.kind == "presence" else function_name(task.function, shown.language)


def _amount(number: int, unit: str, shown: Words) -> str:
    if unit == "minutes":
        return duration(number, shown.language)
    if unit == "days":
        return shown.many("{number} day", "{number} days", number)
    return str(number)
