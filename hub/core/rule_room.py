"""How much of what a rule asks for there is room for: in the hours in which an event can count, among what is held, and in a
whole of which several conditions ask for a share.

What is found here is so; not everything that is so is found. Hours are counted as of people's days: the
night on which summer time begins has no date of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from hub.core.conditions import Condition, Measure
from hub.core.rule_overlap import minutes_of, no_wider
from hub.core.rule_problems import Problem
from hub.core.rule_set import Rule
from hub.core.state import MAX_HELD

__all__ = ["counting_hours", "crowded", "most_dates", "most_events", "overfull", "share_none"]

_DAY_HOURS, _DAY_MINUTES = 24, 24 * 60
_ALL_PERCENT = 100


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
    needs = {place: _fewest_events(condition) for place, condition in enumerate(rule.when)}
    if any(need > most_events(rule.when[place]) for place, need in needs.items()):
        return  # which is told of that condition
    chosen = _most_together(needs, lambda one, other: share_none(rule.when[one], rule.when[other]))
    asked = sum(needs[place] for place in chosen)
    if asked > MAX_HELD:
        what = f"{asked} different events at once: of one youth no more than {MAX_HELD} are held"
        yield _together(rule, needs, chosen, what)


def overfull(rule: Rule) -> Iterator[Problem]:
    """Rates of codes that no lesson has both of, and that together are more than all of the same lessons."""
    asked = {place: one.asked for place, one in enumerate(rule.when) if one.measure is Measure.RATE and one.asked <= _ALL_PERCENT}
    chosen = _most_together(asked, lambda one, other: _beside(rule.when[one], rule.when[other]))
    percent = sum(asked[place] for place in chosen)
    if percent > _ALL_PERCENT:
        yield _together(rule, asked, chosen, f"{percent} percent of the same lessons: there are {_ALL_PERCENT}")


def _together(rule: Rule, numbers: Mapping[int, int], chosen: frozenset[int], what: str) -> Problem:
    """Told at the later of the two that ask for most."""
    here = max(sorted(chosen, key=lambda place: (numbers[place], place))[-2:])
    others = " and ".join(f"when.{place}" for place in sorted(chosen) if place != here)
    return Problem(("when", here, *_asking(rule.when[here])), f"asks, together with {others}, for {what}, so lower them")


def _asking(condition: Condition) -> tuple[str, ...]:
    return ("at_least",) if condition.fell_from is None else ("fell_from", "at_least")


def _begun(hours: int, length: int) -> int:
    return -(-hours // length)


def _fewest_events(condition: Condition) -> int:
    """The fewest events with which a condition can be met: an absence has a day's minutes at most."""
    if condition.measure is Measure.RATE:
        return 1
    return _begun(condition.asked, _DAY_MINUTES) if condition.measure is Measure.MINUTES else condition.asked


def _most_together(needs: Mapping[int, int], apart: Callable[[int, int], bool]) -> frozenset[int]:
    """Of the conditions the ones, each two apart, that need the most together."""
    beside = {
        place: frozenset(other for other in needs if other != place and not apart(*sorted((place, other)))) for place in needs
    }

    @cache
    def best(left: frozenset[int]) -> frozenset[int]:
        meeting = [place for place in left if beside[place] & left]
        if not meeting:
            return left
        one = max(meeting, key=lambda place: (len(beside[place] & left), place))
        without, taken = best(left - {one}), best(left - {one} - beside[one]) | {one}
        return max(without, taken, key=lambda some: sum(needs[place] for place in some))

    return best(frozenset(needs))


def share_none(one: Condition, other: Condition) -> bool:
    """Whether no event can count for both at one instant: of other codes, other hours, other days back, or followed and not."""
    if one.kind is not other.kind or not set(one.of) & set(other.of):
        return True
    if _youngest(one) >= _oldest(other) or _youngest(other) >= _oldest(one):
        return True
    if _followed_or_not(one, other) or _followed_or_not(other, one):
        return True
    if one.between is None or other.between is None:
        return False
    return not (minutes_of(one.between) & minutes_of(other.between))


def _youngest(condition: Condition) -> int:
    """For how many hours an event must have been over at least to count."""
    if condition.fell_from is not None:
        return condition.within_days * _DAY_HOURS
    then = condition.then
    return 0 if then is None or then.happens else then.within_hours


def _oldest(condition: Condition) -> int:
    """An event that so many hours have been over no longer counts."""
    fell = condition.fell_from
    return (condition.within_days + (0 if fell is None else fell.days)) * _DAY_HOURS


def _followed_or_not(followed: Condition, alone: Condition) -> bool:
    then, never = followed.then, alone.then
    if then is None or never is None or not then.happens or never.happens or then.kind is not never.kind:
        return False
    return set(then.of) <= set(never.of) and then.within_hours <= never.within_hours


def _beside(one: Condition, other: Condition) -> bool:
    """Whether no absence counts for two rates of the same lessons, or of one that is of all lessons, the other's among them."""
    if set(one.of) & set(other.of):
        return False
    mine, theirs = no_wider(one, other), no_wider(other, one)
    return (mine and theirs) or (mine and other.asked == _ALL_PERCENT) or (theirs and one.asked == _ALL_PERCENT)
