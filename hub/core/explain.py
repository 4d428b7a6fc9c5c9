"""A task in words, from its structure alone: the same task always gives the same sentence, and every number is its evidence's.

Two audiences. The team reads every condition. The youth reads only what may be told: a condition that rests on a police
notice not released for her (`may_tell_youth`) is left out, and so is whatever would let it be guessed: where a source is not
shown, a whole condition may be missing that was such a notice, so title and function are left out too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.contract.models import Action, Evidence, EvidenceEvent, InfoKind, PresenceTask, ReferralTask
from hub.core.asked import Asked, asked_text, capital, duration, label_of, narrowed
from hub.core.texts import FUNCTIONS, PHRASES, Language

__all__ = ["Audience", "ConditionText", "Explanation", "duration", "explain", "function_name", "may_be_told"]

Audience: TypeAlias = Literal["team", "youth"]


@dataclass(frozen=True, slots=True)
class ConditionText:
    """One condition as a row of a table: what was counted, how much was met, how much was asked, in which unit and window.

    `narrowed`: what it asked besides, a phrase for each. `events`: what counted, oldest first, with `older` more before them.
    """

    label: str
    met: int
    at_least: int
    window_days: int
    unit: str
    text: str
    narrowed: tuple[str, ...] = ()
    events: tuple[EvidenceEvent, ...] = ()
    older: int = 0
    agencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`sentence` stands alone; `title` is the rule's (empty where it may not be told), `function` what is proposed.

    `withheld`: a source that is not shown has counted too; said to a team alone.
    """

    title: str
    sentence: str
    function: str
    conditions: tuple[ConditionText, ...]
    withheld: bool = False


def explain(
    task: ReferralTask | PresenceTask,
    *,
    language: Language = "sv",
    audience: Audience = "team",
    title: str = "",
) -> Explanation:
    """Explain a task. `title`: its rule's, in that language (`hub.core.rule_titles`)."""
    if isinstance(task, PresenceTask):
        return _presence(task, title, language)
    if audience == "youth" and task.action is Action.GROUND_LOST:
        return Explanation("", PHRASES["ground_lost"][language], "", ())  # what is left of the ground would tell what is gone
    told = [evidence for evidence in task.evidence if audience == "team" or may_be_told(evidence)]
    # Fewer events than the number says would tell the youth that there is somebody who is not named.
    bare = audience == "youth" and bool(task.agencies_withheld)
    conditions = tuple(_condition(evidence, language, bare=bare) for evidence in told)
    if len(told) < len(task.evidence) or bare or (audience == "youth" and not told):
        # Title and function would tell what the conditions must not.
        return Explanation("", PHRASES["untold"][language], "", conditions)
    function = function_name(task.function, language)
    withheld = bool(task.agencies_withheld)
    return Explanation(title, _sentence(task, told, function, language, withheld=withheld), function, conditions, withheld)


def may_be_told(evidence: Evidence) -> bool:
    """Whether a youth may be told of a condition: all that it rests on is released, and so is what it rests on the want of.

    That no notice followed, and how many came earlier, would tell of notices that the condition does not count.
    """
    narrowing = evidence.narrowing
    if not evidence.may_tell_youth:
        return False
    if narrowing is None:
        return True
    then = narrowing.then
    wants = then is not None and then.kind is InfoKind.POLICE_NOTICE and not then.happens
    other = narrowing.against_earlier is not None or narrowing.fallen is not None
    compares = other and evidence.kind is InfoKind.POLICE_NOTICE
    return not (wants or compares)


def function_name(code: str, language: Language = "sv") -> str:
    """The function's name as the municipality's plan has it; an unknown code as it stands."""
    return FUNCTIONS[code][language] if code in FUNCTIONS else code


def _sentence(task: ReferralTask, told: Sequence[Evidence], function: str, language: Language, *, withheld: bool) -> str:
    if task.action is Action.GROUND_LOST:
        return PHRASES["ground_lost"][language]
    long = any(evidence.narrowing is not None for evidence in told)
    joint = PHRASES["besides" if long else "and"][language]
    ground = joint.join(asked_text(Asked.by(evidence), language, evidence.met) for evidence in told)
    sentences = [f"{capital(ground)}."] if ground else []
    if task.at_least_agencies:
        sentences.append(PHRASES["agencies"][language].format(number=task.at_least_agencies))
    if withheld:
        sentences.append(PHRASES["withheld"][language])
    return " ".join([*sentences, PHRASES["proposal"][language].format(function=function)])


def _condition(evidence: Evidence, language: Language, *, bare: bool) -> ConditionText:
    asked = Asked.by(evidence)
    return ConditionText(
        label_of(asked, language),
        evidence.met,
        evidence.at_least,
        evidence.window_days,
        evidence.unit,
        asked_text(asked, language, evidence.met),
        narrowed(asked, language),
        () if bare else evidence.events or (),
        0 if bare else evidence.older_events or 0,
        () if bare else evidence.agencies,
    )


def _presence(task: PresenceTask, title: str, language: Language) -> Explanation:
    asked = Asked("place", None, "events", task.at_least, task.window_days)
    text = asked_text(asked, language, task.incidents)
    row = ConditionText(label_of(asked, language), task.incidents, task.at_least, task.window_days, "events", text)
    function = function_name("presence", language)
    if task.action is Action.GROUND_LOST:
        return Explanation(title, PHRASES["ground_lost"][language], function, (row,))
    proposal = PHRASES["presence"][language].format(week=int(task.week[-2:]))
    return Explanation(title, f"{capital(row.text)}. {proposal}", function, (row,))
