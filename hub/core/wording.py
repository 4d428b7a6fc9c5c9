"""A rule in plain words, from its structure alone: what is proposed to whom, when, and within which bounds.

The same rule always gives the same sentences, and everything that it says is said: whoever stands for a rule reads here what it
does, not what its title promises. Words: DOMAIN §10 and §11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hub.contract.models import InfoKind
from hub.core.conditions import CODES, Chosen, Condition, FellFrom, Measure, Then
from hub.core.explain import duration, function_name
from hub.core.rule_set import Ages, PlaceRule, Rule
from hub.core.texts import CONDITIONS, UNITS, Language
from hub.core.wording_texts import CODE_WORDS, PHRASES, PRIORITIES

__all__ = ["RuleWords", "rule_in_words"]

_OLDEST = 130
_WHOLE_KINDS = {InfoKind.POLICE_NOTICE: "police_notices", InfoKind.RISK_EVENT: "observations"}
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RuleWords:
    """`conditions` must all hold; `bounds` say for whom, until when and how long. Each is a sentence of its own."""

    title: str
    proposal: str
    conditions: tuple[str, ...]
    bounds: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them, in the order in which they are read."""
        return (self.proposal, *self.conditions, *self.bounds)


def rule_in_words(rule: Rule | PlaceRule, language: Language = "sv", names: Mapping[str, str] = _NO_NAMES) -> RuleWords:
    """Put a rule into words. `names`: what teams and agencies are called, by code; a code without one stands for itself."""
    say = PHRASES[language]
    title = rule.title_sv if language == "sv" else rule.title_en
    if isinstance(rule, PlaceRule):
        label = _kinds_of(rule.categories, CONDITIONS["place"][language][rule.at_least != 1], language)
        counted = say["count"].format(
            bound=say["at_least"], n=rule.at_least, label=label, window=_number(rule.within_days, "day", language)
        )
        return RuleWords(title, say["place_proposal"], (_sentence(counted),), (say["place_bound"],))
    proposal = say["proposal"].format(
        team=names.get(rule.team, rule.team),
        function=function_name(rule.function, language),
        days=_number(rule.respond_within_days, "day", language),
        priority=PRIORITIES[language][rule.priority],
        cooperation=rule.cooperation.upper(),
    )
    conditions = tuple(_sentence(_condition(one, language)) for one in rule.when)
    return RuleWords(title, proposal, conditions, tuple(_bounds(rule, language, names)))


def _bounds(rule: Rule, language: Language, names: Mapping[str, str]) -> Iterator[str]:
    say = PHRASES[language]
    if rule.ages is not None:
        yield say["ages"].format(which=_ages(rule.ages, language))
    if rule.in_case is not None:
        yield say["no_case" if rule.in_case == "none" else "case"].format(cooperation=rule.in_case.upper())
    if rule.at_least_agencies > 1:
        yield say["agencies"].format(n=rule.at_least_agencies)
    if rule.counts_but_not_shown:
        hidden = _listed([names.get(one, one) for one in rule.counts_but_not_shown], "and", language)
        yield say["hidden"].format(agencies=hidden)
    if rule.without_sig_consent is not None:
        spare = rule.without_sig_consent
        yield say["fallback"].format(team=names.get(spare.team, spare.team), function=function_name(spare.function, language))
    if rule.lingers_days:
        yield say["lingers"].format(days=_number(rule.lingers_days, "day", language))
    if rule.rest_days:
        yield say["rest"].format(days=_number(rule.rest_days, "day", language))
    if rule.sunset is not None:
        yield say["sunset"].format(day=rule.sunset)


def _ages(ages: Ages, language: Language) -> str:
    first, last = ages.first, ages.last
    if first == last:
        which = "one"
    elif first > 0:
        which = "both" if last < _OLDEST else "from"
    else:
        which = "to" if last < _OLDEST else "all"
    return PHRASES[language][f"ages_{which}"].format(first=first, last=last)


def _condition(condition: Condition, language: Language) -> str:
    say, fell = PHRASES[language], condition.fell_from
    number = condition.asked if fell is None else condition.at_most or 0
    window = _number(condition.within_days, "day", language)
    many = condition.measure is not Measure.COUNT or number != 1
    text = say[condition.measure.value].format(
        bound=say["at_least" if fell is None else "at_most"],
        n=_amount(condition.measure, number, language),
        label=_label(condition, language, many=many),
        window=window,
    )
    return ", ".join((text, *_narrowed(condition, language)))


def _amount(measure: Measure, number: int, language: Language) -> str:
    if measure is Measure.MINUTES:
        return duration(number, language)
    return _number(number, "different_day", language) if measure is Measure.DISTINCT_DAYS else str(number)


def _narrowed(condition: Condition, language: Language) -> Iterator[str]:
    say = PHRASES[language]
    if condition.within_school_days is not None:
        which = "school_day" if condition.within_school_days == 1 else "school_days"
        yield say[which].format(n=condition.within_school_days)
    if condition.on_school_days:
        yield say["on_school_days"]
    if condition.between is not None:
        begin, end = (one.replace(":", say["clock"]) for one in condition.between)
        yield say["between"].format(begin=begin, end=end)
    if condition.then is not None:
        yield _then(condition.then, language)
    if condition.against_earlier is not None:
        earlier = condition.against_earlier
        per = _days("per", condition.within_days, language)
        yield say["earlier"].format(percent=earlier.percent, per=per, before=_days("before", earlier.days, language))
    if condition.fell_from is not None:
        yield from _fallen(condition.measure, condition.fell_from, language)


def _fallen(measure: Measure, fell: FellFrom, language: Language) -> Iterator[str]:
    say = PHRASES[language]
    yield say["fell"].format(n=_amount(measure, fell.at_least, language), before=_days("before", fell.days, language))
    if fell.school_days is not None:
        yield say["fell_school_day" if fell.school_days == 1 else "fell_school_days"].format(n=fell.school_days)


def _then(then: Then, language: Language) -> str:
    hours = _number(then.within_hours, "hour", language)
    say = PHRASES[language]["then" if then.happens else "then_not"]
    return say.format(label=_label(then, language, many=False), hours=hours)


def _label(chosen: Chosen, language: Language, *, many: bool) -> str:
    """What is counted. Absence has a length, so that its events are called occasions where they are counted."""
    if chosen.kind is InfoKind.SCHOOL_ABSENCE:
        whole = set(chosen.of) == CODES[chosen.kind]
        say = PHRASES[language]
        label = say["all_absence"] if whole else CONDITIONS[f"{chosen.of[0]}_absence"][language][0]
        counted = isinstance(chosen, Condition) and chosen.measure is Measure.COUNT
        return say["occasions" if many else "occasion"].format(label=label) if counted else label
    label = CONDITIONS[_WHOLE_KINDS[chosen.kind]][language][many]
    return label if set(chosen.of) == CODES[chosen.kind] else _kinds_of(chosen.of, label, language)


def _kinds_of(codes: Sequence[str], label: str, language: Language) -> str:
    return f"{label} ({_listed([CODE_WORDS[one][language] for one in codes], 'or', language)})"


def _listed(words: Sequence[str], join: str, language: Language) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {PHRASES[language][join]} {words[-1]}"


def _days(which: str, number: int, language: Language) -> str:
    return PHRASES[language][f"{which}_day" if number == 1 else f"{which}_days"].format(n=number)


def _number(number: int, unit: str, language: Language) -> str:
    one, many = UNITS[unit][language]
    return f"{number} {one if number == 1 else many}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
