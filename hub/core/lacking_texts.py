"""Where a rule stands, as plain Swedish and English: a sentence, and one for each condition."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.core.asked import amount, asked_text, date_text, when_text
from hub.core.lacking import Lack, RuleStanding, Standing
from hub.core.texts import Language

__all__ = ["standing_lines", "standing_text"]

_OLDEST = 130
_SAID: Final[dict[Standing, dict[Language, str]]] = {
    Standing.UNTOLD: {
        "sv": "Vad den här regeln räknar kan inte sägas här. Det gäller alla, oavsett om det finns något eller inte.",
        "en": "What this rule counts cannot be told here. That goes for everybody, whether there is anything or not.",
    },
    Standing.SUNSET: {"sv": "Regeln gällde till och med {until}.", "en": "The rule applied up to and including {until}."},
    Standing.AGE: {
        "sv": "Regeln gäller {ages}, men inte där samtycket saknar ålder.",
        "en": "The rule applies {ages}, but not where the consent record has no age.",
    },
    Standing.OPEN: {"sv": "Ett förslag är öppet.", "en": "A proposal is open."},
    Standing.NO_CONSENT: {
        "sv": "Inget samtycke som gäller nu låter enheten få veta något.",
        "en": "No consent that is in force now lets the team be told anything.",
    },
    Standing.RESTS: {
        "sv": "Enheten har svarat på ett förslag. Regeln vilar till {until}.",
        "en": "The team has answered a proposal. The rule rests until {until}.",
    },
    Standing.LACKS: {"sv": "Villkoren är inte uppfyllda.", "en": "The conditions are not met."},
    Standing.ANSWERED: {
        "sv": "Enheten har redan svarat på ett förslag om detta. Något nytt måste hända innan det får ett till.",
        "en": "The team has already answered a proposal about this. Something new must happen before it gets another.",
    },
    Standing.HOLDS: {
        "sv": "Villkoren är uppfyllda. Ett förslag är på väg.",
        "en": "The conditions are met. A proposal is on its way.",
    },
    Standing.SHARED: {
        "sv": (
            "Villkoren är uppfyllda. Ett förslag är på väg, öppet eller besvarat, här eller hos en annan enhet som regeln gäller."
        ),
        "en": (
            "The conditions are met. A proposal is on its way, open or answered, here or with another unit that the rule turns "
            "to."
        ),
    },
    Standing.POSSIBLE: {
        "sv": (
            "Villkoren är uppfyllda av det som enheten får veta. Ett förslag kan vara på väg eller öppet, men behöver inte komma."
        ),
        "en": "The conditions are met by what the team may be told. A proposal may be on its way or open, but need not come.",
    },
    Standing.CASE: {
        "sv": "Villkoren är uppfyllda. Regeln frågar också om det finns ett öppet ärende. Om det gör det sägs inte här.",
        "en": "The conditions are met. The rule also asks whether there is an open case. Whether there is one is not told here.",
    },
}
_AGES: Final[dict[Language, tuple[str, str, str, str, str]]] = {
    "sv": (
        "bara från {first} till och med {last} år",
        "bara från {first} år",
        "bara till och med {last} år",
        "bara den som är {first} år",
        "i alla åldrar",
    ),
    "en": (
        "only from age {first} to {last}",
        "only from age {first}",
        "only up to age {last}",
        "only at age {first}",
        "at every age",
    ),
}
"""Both bounds, the lower alone, the upper alone, one age, no bound."""
_CONDITIONS: Final[dict[str, dict[Language, str]]] = {
    "met": {"sv": "Uppfyllt: {asked}.", "en": "Met: {asked}."},
    "unmet": {"sv": "Inte uppfyllt: {asked}.", "en": "Not met: {asked}."},
    "lacks": {"sv": "{met}; {missing} saknas", "en": "{met}; {missing} lacking"},
    "lacks_points": {"sv": "{met}; {missing} procentenheter saknas", "en": "{met}; {missing} percentage points lacking"},
    "lacks_point": {"sv": "{met}; {missing} procentenhet saknas", "en": "{met}; {missing} percentage point lacking"},
    "unknown": {
        "sv": "okänt, eftersom ingen lektions längd har uppgetts",
        "en": "unknown, because no lesson's length has been told",
    },
    "agencies_met": {
        "sv": "Uppfyllt: uppgifter från minst {asked} olika verksamheter (här: {told}).",
        "en": "Met: information from at least {asked} different agencies (here: {told}).",
    },
    "agencies_unmet": {
        "sv": "Inte uppfyllt: uppgifter från minst {asked} olika verksamheter (här: {told}; {missing} saknas).",
        "en": "Not met: information from at least {asked} different agencies (here: {told}; {missing} lacking).",
    },
}


def standing_text(standing: RuleStanding, language: Language = "sv") -> str:
    """What the rule waits for, in a sentence or two."""
    until = standing.until
    day = "" if until is None else when_text(until, language) if isinstance(until, datetime) else date_text(until, language)
    return _SAID[standing.standing][language].format(until=day, ages=_ages(standing.ages, language))


def standing_lines(standing: RuleStanding, language: Language = "sv") -> tuple[str, ...]:
    """A sentence for each condition, met or not, with the number found and what is lacking of it."""
    lines = [_line(lack, language) for lack in standing.conditions]
    if standing.agencies is not None:
        told, asked = standing.agencies
        words = _CONDITIONS["agencies_met" if told >= asked else "agencies_unmet"][language]
        lines.append(words.format(asked=asked, told=told, missing=asked - told))
    return tuple(lines)


def _line(lack: Lack, language: Language) -> str:
    words = _CONDITIONS["unmet" if lack.missing or lack.unfallen else "met"][language]
    return words.format(asked=asked_text(lack.asked, language, _here(lack, language)))


def _here(lack: Lack, language: Language) -> str | int:
    if lack.met is None:
        return _CONDITIONS["unknown"][language]
    if not lack.missing:
        return lack.met
    unit = lack.asked.unit
    met = amount(lack.met, unit, language)
    if unit == "percent":
        words = "lacks_point" if lack.missing == 1 else "lacks_points"
        return _CONDITIONS[words][language].format(met=met, missing=lack.missing)
    return _CONDITIONS["lacks"][language].format(met=met, missing=amount(lack.missing, unit, language))


def _ages(ages: tuple[int, int] | None, language: Language) -> str:
    first, last = ages or (0, _OLDEST)
    both, lower, upper, one, every = _AGES[language]
    if first == last:
        words = one
    elif last == _OLDEST:
        words = lower if first else every
    else:
        words = both if first else upper
    return words.format(first=first, last=last)
