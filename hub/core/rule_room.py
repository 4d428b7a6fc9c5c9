"""How much of what a rule asks for there is room for: in the hours in which an event can count, and among what is held.

What is found here is so; not everything that is so is found. Hours are counted as of people's days: the
night on which summer time begins has no date of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from hub.core.conditions import Condition, Measure
from hub.core.rule_problems import Problem
from hub.core.rule_set import Rule
from hub.core.state import MAX_HELD

__all__ = ["counting_hours", "crowded", "most_dates", "most_events"]

_DAY_HOURS, _DAY_MINUTES = 24, 24 * 60
_MIDNIGHT = 24 * 60


def counting_hours(condition: Condition) -> int:
    """In how many hours on end an event must lie to count; of a fall, in the days before. An event that another must not follow
    counts only when the hours in which that could have come are over.
    """
    fell, then = condition.fell_from, condition.then
    hours = (condition.within_days if fell is None else fell.days) * _DAY_HOURS
    return hours if then is None or then.happens else hours - then.within_hours


def most_dates(condition: Condition) -> int:
    """The most Stockholm dates that events which count can have.

    So many hours touch one date more than the days they begin, unless they end at midnight. Where none of the same may follow,
    one event that counts is more than `within_hours` after the other, or at the same instant.
    """
    hours = counting_hours(condition)
    dates = _begun(hours, _DAY_HOURS) + 1
    then = condition.then
    alone = then is not None and not then.happens and then.kind is condition.kind and set(condition.of) <= set(then.of)
    return min(dates, _begun(hours, then.within_hours)) if alone and then is not None else dates


def most_events(condition: Condition) -> int:
    """Of the events held, the newest is followed by none."""
    return MAX_HELD - (condition.then is not None and condition.then.happens)


def crowded(rule: Rule) -> Iterator[Problem]:
    """Conditions of which no event counts for two, and that together ask for more events than are held of one youth."""
    needs = [_fewest_events(condition) for condition in rule.when]
    if any(need > most_events(condition) for need, condition in zip(needs, rule.when, strict=True)):
        return  # which is told of that condition
    chosen = _most_together(rule.when, needs)
    asked = sum(needs[place] for place in chosen)
    if asked > MAX_HELD:
        first, last = sorted(chosen, key=lambda place: (needs[place], place))[-2:]
        here, field = max(first, last), _asking(rule.when[max(first, last)])
        others = " and ".join(f"when.{place}" for place in sorted(chosen) if place != here)
        text = (
            f"asks, together with {others}, for {asked} different events at once: of one youth no more than {MAX_HELD} are held"
        )
        yield Problem(("when", here, *field), f"{text}, so lower them")


def _asking(condition: Condition) -> tuple[str, ...]:
    return ("at_least",) if condition.fell_from is None else ("fell_from", "at_least")


def _begun(hours: int, length: int) -> int:
    return -(-hours // length)


def _fewest_events(condition: Condition) -> int:
    """The fewest events with which a condition can be met: an absence has a day's minutes at most."""
    if condition.measure is Measure.RATE:
        return 1
    return _begun(condition.asked, _DAY_MINUTES) if condition.measure is Measure.MINUTES else condition.asked


def _most_together(when: Sequence[Condition], needs: Sequence[int]) -> frozenset[int]:
    """Of the conditions the ones, each two without a common event, that need the most events together."""
    beside = {
        place: frozenset(other for other in range(len(when)) if other != place and not _share_none(when[place], when[other]))
        for place in range(len(when))
    }

    @cache
    def best(left: frozenset[int]) -> frozenset[int]:
        meeting = [place for place in left if beside[place] & left]
        if not meeting:
            return left
        one = max(meeting, key=lambda place: (len(beside[place] & left), place))
        without, taken = best(left - {one}), best(left - {one} - beside[one]) | {one}
        return max(without, taken, key=lambda some: sum(needs[place] for place in some))

    return best(frozenset(range(len(when))))


def _share_none(one: Condition, other: Condition) -> bool:
    if one.kind is not other.kind or not set(one.of) & set(other.of):
        return True
    if one.between is None or other.between is None:
        return False
    return not (_minutes(one.between) & _minutes(other.between))


def _minutes(between: tuple[str, str]) -> frozenset[int]:
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in between)
    return frozenset(range(begin, end) if begin < end else (*range(begin, _MIDNIGHT), *range(end)))
