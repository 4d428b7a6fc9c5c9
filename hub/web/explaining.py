"""Why a task was proposed, as its page lays it out: a row for each condition, what counted, and what the youth may be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.contract.models import PresenceTask, ReferralTask
from hub.core.asked import duration
from hub.core.explain import ConditionText, explain
from hub.core.texts import KINDS
from hub.web.language import Words
from hub.web.shown import Condition, Counted, Happening, Why

__all__ = ["explained"]


def explained(content: ReferralTask | PresenceTask, words: Words, agencies: Mapping[str, str]) -> Why:
    """`agencies`: what they are called, by code; one without a name stands for itself."""
    found = explain(content, language=words.language)
    return Why(
        found.sentence,
        tuple(_condition(one, words, agencies) for one in found.conditions),
        tuple(_counted(one, words, agencies) for one in found.conditions if one.events),
        tuple(_to_the_youth(content, words)),
        tuple(_technical(content, words)),
    )


def _condition(one: ConditionText, words: Words, agencies: Mapping[str, str]) -> Condition:
    # That a source which is not shown has counted too stands in the sentence: of which condition, the task does not tell.
    return Condition(
        _capital(one.label),
        _amount(one.met, one.unit, words),
        _amount(one.at_least, one.unit, words),
        words.many("{number} day", "{number} days", one.window_days),
        one.narrowed,
        ", ".join(agencies.get(agency, agency) for agency in one.agencies),
    )


def _counted(one: ConditionText, words: Words, agencies: Mapping[str, str]) -> Counted:
    happenings = [
        Happening(
            event.occurred_at.isoformat(timespec="seconds"),
            words.when(event.occurred_at),
            KINDS[event.kind][words.language],
            agencies.get(event.agency, event.agency),
        )
        for event in reversed(one.events)
    ]
    older = (
        ""
        if not one.older
        else words.many("And {number} more, which is older.", "And {number} more, which are older.", one.older)
    )
    return Counted(_capital(one.label), tuple(happenings), older)


def _to_the_youth(content: ReferralTask | PresenceTask, words: Words) -> Iterator[str]:
    """Sentences; none of a task about a place."""
    if isinstance(content, PresenceTask):
        return
    told = explain(content, language=words.language, audience="youth")
    yield told.sentence
    yield from (f"{_capital(one.text)}." for one in told.conditions if one.text[1:] not in told.sentence)


def _technical(content: ReferralTask | PresenceTask, words: Words) -> Sequence[tuple[str, str]]:
    facts = [(words.text("The rule's code"), content.rule_id), (words.text("Version of the rules"), content.rules_version)]
    if isinstance(content, ReferralTask):
        facts += [
            (words.text("The consent's number"), content.scope_id),
            (words.text("The consent's version"), str(content.consent_version)),
        ]
    return facts


def _amount(number: int, unit: str, words: Words) -> str:
    if unit == "minutes":
        return duration(number, words.language)
    if unit == "percent":
        return words.text("{number}%", number=number)
    return words.many("{number} day", "{number} days", number) if unit == "days" else str(number)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
