"""A task in words, from its structure alone: the same task always gives the same sentence, and every number is its evidence's.

Two audiences. The team reads every condition. The youth reads only what may be told: a condition that rests on a police
notice not released for her (`may_tell_youth`) is left out, and so is whatever would let it be guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.contract.models import Action, Evidence, PresenceTask, ReferralTask
from hub.core.texts import CONDITIONS, FUNCTIONS, PHRASES, UNITS, Language

__all__ = ["Audience", "ConditionText", "Explanation", "duration", "explain", "function_name"]

Audience: TypeAlias = Literal["team", "youth"]


@dataclass(frozen=True, slots=True)
class ConditionText:
    """One condition as a row of a table: what was counted, how much was met, how much was asked, in which unit and window."""

    label: str
    met: int
    at_least: int
    window_days: int
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`sentence` stands alone; `title` is the rule's (empty where it may not be told), `function` what is proposed."""

    title: str
    sentence: str
    function: str
    conditions: tuple[ConditionText, ...]


def explain(
    task: ReferralTask | PresenceTask,
    *,
    language: Language = "sv",
    audience: Audience = "team",
    titles: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain a task. `titles` maps rule ids to titles in that language."""
    title = (titles or {}).get(task.rule_id, "")
    if isinstance(task, PresenceTask):
        return _presence(task, title, language)
    if audience == "youth" and task.action is Action.GROUND_LOST:
        return Explanation("", PHRASES["ground_lost"][language], "", ())  # what is left of the ground would tell what is gone
    told = [evidence for evidence in task.evidence if audience == "team" or evidence.may_tell_youth]
    conditions = tuple(_condition(evidence, language) for evidence in told)
    if len(told) < len(task.evidence) or (audience == "youth" and not told):
        # Title and function would tell what the conditions must not.
        return Explanation("", PHRASES["untold"][language], "", conditions)
    function = function_name(task.function, language)
    return Explanation(title, _sentence(task, conditions, function, language), function, conditions)


def function_name(code: str, language: Language = "sv") -> str:
    """The function's name as the municipality's plan has it; an unknown code as it stands."""
    return FUNCTIONS[code][language] if code in FUNCTIONS else code


def duration(minutes: int, language: Language = "sv") -> str:
    """Minutes as hours and minutes: 560 → "9 timmar 20 minuter"."""
    hours, rest = divmod(minutes, 60)
    parts = [_number(hours, "hour", language)] if hours else []
    if rest or not hours:
        parts.append(_number(rest, "minute", language))
    return " ".join(parts)


def _sentence(task: ReferralTask, conditions: tuple[ConditionText, ...], function: str, language: Language) -> str:
    if task.action is Action.GROUND_LOST:
        return PHRASES["ground_lost"][language]
    ground = PHRASES["and"][language].join(condition.text for condition in conditions)
    proposal = PHRASES["proposal"][language].format(function=function)
    return f"{_capital(ground)}. {proposal}" if ground else proposal


def _condition(evidence: Evidence, language: Language) -> ConditionText:
    words = CONDITIONS.get(evidence.condition) or CONDITIONS[evidence.kind.value]
    return _row(evidence, words[language], evidence.met, language)


def _row(counted: Evidence | PresenceTask, words: tuple[str, str], met: int, language: Language) -> ConditionText:
    label = words[counted.at_least != 1]
    unit = counted.unit if isinstance(counted, Evidence) else "events"
    text = PHRASES[unit][language].format(
        at_least=_amount(counted.at_least, unit, language),
        label=label,
        window=_number(counted.window_days, "day", language),
        met=_amount(met, unit, language),
    )
    return ConditionText(label, met, counted.at_least, counted.window_days, unit, text)


def _presence(task: PresenceTask, title: str, language: Language) -> Explanation:
    row = _row(task, CONDITIONS["place"][language], task.incidents, language)
    function = function_name("presence", language)
    if task.action is Action.GROUND_LOST:
        return Explanation(title, PHRASES["ground_lost"][language], function, (row,))
    proposal = PHRASES["presence"][language].format(week=int(task.week[-2:]))
    return Explanation(title, f"{_capital(row.text)}. {proposal}", function, (row,))


def _amount(number: int, unit: str, language: Language) -> str:
    if unit == "minutes":
        return duration(number, language)
    return _number(number, "different_day", language) if unit == "days" else str(number)


def _number(number: int, unit: str, language: Language) -> str:
    one, many = UNITS[unit][language]
    return f"{number} {one if number == 1 else many}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
