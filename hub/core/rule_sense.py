"""Whether a rule can ever hold, and be told: what cannot is a slip, and a hub that silently proposes nothing looks quiet.

Pure. What follows from the rule and the set's school calendar alone is asked always, what follows from the town's other files
only where they are given. "Can never" is meant of people's days: that two absences of one youth overlap for a whole window, or
that a window touches one date more in the night on which summer time begins, is not counted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations, pairwise

from hub.contract.models import Cooperation, InfoKind
from hub.core.conditions import Condition, FellFrom, Measure
from hub.core.consent_rules import AgeSpan
from hub.core.rule_overlap import apart
from hub.core.rule_problems import Problem
from hub.core.rule_room import counting_hours, crowded, most_dates, most_events, overfull
from hub.core.rule_set import Rule
from hub.core.school import School
from hub.core.state import MAX_HELD

__all__ = ["Town", "cooperations", "impossible", "lapsed", "most_school_days", "senseless"]

_DAY_MINUTES, _DAY_HOURS = 24 * 60, 24
_WEEK, _FRIDAY = 7, 5
_ALL_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Town:
    """What the installation's other files say; None where it is not known.

    `agencies`: the kinds that each may carry, by code. `ages`: every span of ages that consent.yaml names for a cooperation,
    whenever it holds.
    """

    agencies: Mapping[str, frozenset[InfoKind]] | None = None
    ages: Mapping[Cooperation, frozenset[AgeSpan]] | None = None


def lapsed(rule: Rule, today: date) -> bool:
    """Whether a rule is past its sunset on a Stockholm date. Such a rule holds never again, and does no harm."""
    return rule.sunset is not None and rule.sunset < today


def senseless(school: School | None) -> Iterator[Problem]:
    """What a school calendar says that nobody would mean, by its fields in `ruleset.yaml`."""
    if school is None:
        return
    for sooner, later in pairwise(sorted(school.terms, key=lambda term: term.first)):
        if later.first <= sooner.last:
            text = f"the terms from {sooner.first} and from {later.first} overlap: a date belongs to one term"
            yield Problem(("school", "terms"), text)
    seen: set[date] = set()
    for place, day in enumerate(school.free_days):
        if not any(term.first <= day <= term.last for term in school.terms):
            yield Problem(("school", "free_days", place), f"{day} lies outside every term, so it is free already: leave it out")
        if day in seen:
            yield Problem(("school", "free_days", place), f"{day} stands twice: keep one of them")
        seen.add(day)


def impossible(rule: Rule, school: School | None, town: Town) -> Iterator[Problem]:
    """Why a rule can never hold or never be told, field by field; nothing when it can."""
    for place, condition in enumerate(rule.when):
        for problem in _of_condition(condition, school, rule.sunset):
            yield problem._replace(location=("when", place, *problem.location))
    yield from _of_pairs(rule)
    yield from crowded(rule)
    yield from overfull(rule)
    if town.agencies is not None:
        yield from _of_agencies(rule, town.agencies)
    if town.ages is not None and rule.ages is not None:
        yield from _of_ages(rule, town.ages)


def _of_pairs(rule: Rule) -> Iterator[Problem]:
    for (here, one), (there, other) in combinations(enumerate(rule.when), 2):
        if apart(one, other):
            place, against = (here, there) if one.fell_from is not None else (there, here)
            text = f"at most {rule.when[place].at_most} is left only when when.{against} does not hold"
            yield Problem(("when", place, "at_most"), f"{text}, which asks for more of the same: take one of them out")


def _of_condition(condition: Condition, school: School | None, sunset: date | None) -> Iterator[Problem]:
    if condition.asks_for_school_days and school is None:
        text = "asks for school days: ruleset.yaml must name them, as in school: {terms: [{first: …, last: …}]}"
        yield Problem(_school_field(condition), text)
        return
    if condition.measure is Measure.RATE and condition.asked > _ALL_PERCENT:
        yield Problem(("at_least",), "a rate is a percentage: it must be at most 100")
    if condition.between is not None and condition.between[0] == condition.between[1]:
        yield Problem(
            ("between",), "begins and ends at the same time, which is the whole day: leave it out, or change one of them"
        )
    known = None if school is None else _known_days(school, sunset)
    if condition.on_school_days and not known:
        until, later = ("", "") if sunset is None else (f" up to the sunset, {sunset}", ", or let the rule hold for longer")
        text = f"ruleset.yaml names no school day{until}: add the terms that are meant{later}"
        yield Problem(("on_school_days",), text)
    else:
        yield from _of_amount(condition, known)
    if condition.fell_from is not None:
        yield from _of_fall(condition, condition.fell_from, known)
    then = condition.then
    if then is not None and not then.happens and then.within_hours >= condition.within_days * _DAY_HOURS:
        text = f"when so many hours are over, nothing is left of {condition.within_days} days: lower it, or raise within_days"
        yield Problem(("then", "within_hours"), text)


def _school_field(condition: Condition) -> tuple[str, ...]:
    if condition.on_school_days:
        return ("on_school_days",)
    return ("within_school_days",) if condition.within_school_days is not None else ("fell_from", "school_days")


def _of_amount(condition: Condition, known: Sequence[date] | None) -> Iterator[Problem]:
    """Whether the days in which so much is asked for have so much."""
    fell = condition.fell_from
    where, length = (("at_least",), condition.within_days) if fell is None else (("fell_from", "at_least"), fell.days)
    window, hours = f"{length} days", counting_hours(condition)
    asked = condition.within_school_days
    if asked is not None and asked > (most := _weekdays(length + 1)):
        text = f"at most {most} school days lie within {window}: raise within_days, or ask for fewer"
        yield Problem(("within_school_days",), text)
    if hours <= 0:
        return  # which is told of `then`
    days = most_dates(condition)
    if hours < length * _DAY_HOURS:
        window = f"those {hours} of the hours of {window} after which it is known what followed"
    if condition.on_school_days and known:
        days, window = min(_most_of(known, days), asked or days), f"the school days of {window}"
    if condition.measure is Measure.COUNT and condition.asked > (events := most_events(condition)):
        text = f"of one youth no more than {MAX_HELD} events are held, and {events} of them can count here: lower it"
        yield Problem(where, text)
    if condition.measure is Measure.DISTINCT_DAYS and condition.asked > days:
        yield Problem(where, f"{window} touch at most {days} different days: lower it, or look at more days")
    # An absence that begins within the hours may last for a day after them.
    most = min(min(days, length) * _DAY_MINUTES, hours * 60 + _DAY_MINUTES)
    if condition.measure is Measure.MINUTES and condition.asked > most:
        yield Problem(where, f"{window} have only {most} minutes: lower it, or look at more days")


def _of_fall(condition: Condition, fell: FellFrom, known: Sequence[date] | None) -> Iterator[Problem]:
    left = condition.at_most or 0
    if left * fell.days >= fell.at_least * condition.within_days:
        text = f"{left} in {condition.within_days} days is no less than {fell.at_least} in {fell.days}, a day: nothing need fall"
        yield Problem(("at_most",), f"{text}; lower it, or raise fell_from.at_least")
    if known is not None and fell.school_days is not None:
        held = _most_of(known, condition.within_days)
        if fell.school_days > held:
            text = f"at most {held} school days begin within {condition.within_days} days: raise within_days, or ask for fewer"
            yield Problem(("fell_from", "school_days"), text)


def most_school_days(school: School, days: int) -> int:
    """The most school days that so many dates in a row can hold, by a calendar."""
    return _most_of(_known_days(school, None), days)


def _weekdays(days: int) -> int:
    """The most school days that any calendar can have among so many dates in a row."""
    weeks, rest = divmod(days, _WEEK)
    return weeks * _FRIDAY + min(rest, _FRIDAY)


def _most_of(known: Sequence[date], days: int) -> int:
    """The most of these dates that so many dates in a row can hold."""
    most = first = 0
    for place, day in enumerate(known):
        while (day - known[first]).days >= days:
            first += 1
        most = max(most, place - first + 1)
    return most


@lru_cache(maxsize=16)
def _known_days(school: School, until: date | None) -> tuple[date, ...]:
    """The school days on which a rule of that sunset can hold, ascending."""
    return tuple(sorted(day for day in _school_days(school) if until is None or day <= until))


def _school_days(school: School) -> Iterator[date]:
    free = set(school.free_days)
    for term in school.terms:
        for number in range((term.last - term.first).days + 1):
            day = term.first + timedelta(days=number)
            if day.isoweekday() <= _FRIDAY and day not in free:
                yield day


def _of_agencies(rule: Rule, agencies: Mapping[str, frozenset[InfoKind]]) -> Iterator[Problem]:
    kinds = {condition.kind for condition in rule.when}
    carriers = sorted(_carrying(kinds, agencies))
    if rule.at_least_agencies > max(len(carriers), 1):
        text = f"agencies.yaml has {len(carriers)} that carry {' or '.join(sorted(kinds))} ({', '.join(carriers) or 'none'})"
        yield Problem(("at_least_agencies",), f"{text}: ask for no more, or add the agency")
    unknown = [code for code in rule.counts_but_not_shown if code not in agencies]
    for code in unknown:
        known = ", ".join(sorted(agencies))
        place = rule.counts_but_not_shown.index(code)
        yield Problem(("counts_but_not_shown", place), f"agencies.yaml has no agency {code}; it has {known}")
    shown = kinds | {one.then.kind for one in rule.when if one.then is not None and one.then.happens}
    if carriers and _carrying(shown, agencies) <= set(rule.counts_but_not_shown):
        text = f"names every agency that carries {' or '.join(sorted(shown))}: nothing would be left to show"
        yield Problem(("counts_but_not_shown",), text)


def _carrying(kinds: set[InfoKind], agencies: Mapping[str, frozenset[InfoKind]]) -> set[str]:
    return {code for code, carried in agencies.items() if carried & kinds}


def _of_ages(rule: Rule, offered: Mapping[Cooperation, frozenset[AgeSpan]]) -> Iterator[Problem]:
    assert rule.ages is not None
    spans = [span for one in cooperations(rule) for span in offered.get(one, frozenset())]
    if spans and not any(span.first <= rule.ages.last and (span.last is None or span.last >= rule.ages.first) for span in spans):
        told = ", ".join(sorted(f"{span.first} to {'any age' if span.last is None else span.last}" for span in set(spans)))
        text = f"consents are given for the ages {told} (consent.yaml): nobody of {rule.ages.first} to {rule.ages.last} has one"
        yield Problem(("ages",), text)


def cooperations(rule: Rule) -> tuple[Cooperation, ...]:
    """Those whose consent lets somebody be told: the rule's, and its fallback's."""
    return (rule.cooperation, *((rule.without_sig_consent.cooperation,) if rule.without_sig_consent else ()))
