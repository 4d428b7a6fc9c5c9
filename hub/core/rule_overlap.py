"""Whether one rule says nothing that another does not: whenever it holds the other holds, and asks the same of the same team.

`implied` is sound, not complete: what it says is so, but two rules can overlap wholly without its seeing that. A rule that is
more urgent than the one it lies within has a purpose: it raises the alarm sooner.
"""

from __future__ import annotations

from hub.contract.models import Priority
from hub.core.conditions import Condition, FellFrom, Measure, Then
from hub.core.rule_set import Rule

__all__ = ["apart", "idle_beside", "implied", "minutes_of", "no_wider"]

_MIDNIGHT = 24 * 60
_URGENCY = tuple(Priority)
_CHOICE = ("kind", "within_days", "within_school_days", "on_school_days", "between", "then")


def idle_beside(rule: Rule, other: Rule) -> bool:
    """Whether `rule` would propose nothing that `other` does not propose too, as soon and for as long, to the same team.

    Each rule has answers and a rest of its own. So while the wider one is answered the narrower may open, and is what was meant
    by an escalation; unless what opens it is an event that the other counts too, and takes as new, or both say the same, when
    whoever answers one answers both. Every event is taken to be told as it occurs, under a consent that stands.
    """
    same = all(getattr(rule, name) == getattr(other, name) for name in ("team", "function", "cooperation", "without_sig_consent"))
    shown = set(other.counts_but_not_shown) <= set(rule.counts_but_not_shown)
    if not same or not shown or _more_urgent(rule, other) or not _within(rule, other):
        return False
    return _opened_by_events(rule, other) or _alike(rule, other)


def implied(rule: Rule, other: Rule) -> bool:
    """Whether, whatever has occurred, `other` holds whenever `rule` holds."""
    if other.sunset is not None and (rule.sunset is None or rule.sunset > other.sunset):
        return False
    if other.ages is not None and (rule.ages is None or rule.ages.first < other.ages.first or rule.ages.last > other.ages.last):
        return False
    if other.in_case is not None and rule.in_case != other.in_case:
        return False
    if not all(any(_implies(mine, theirs) for mine in rule.when) for theirs in other.when):
        return False
    return other.at_least_agencies == 1 or (rule.at_least_agencies >= other.at_least_agencies and _counts_no_more(rule, other))


def apart(one: Condition, other: Condition) -> bool:
    """Whether, whatever has occurred, the two never hold together: one wants so little left, the other more of the same."""
    return _leaves_more(one, other) or _leaves_more(other, one)


def _leaves_more(condition: Condition, fall: Condition) -> bool:
    """Whether a condition that holds means that more is left than a fall allows."""
    if fall.fell_from is None or fall.at_most is None:
        return False
    too_much = fall.model_copy(update={"fell_from": None, "at_most": None, "at_least": fall.at_most + 1})
    return _implies(condition, too_much) or _implies(_what_followed(condition), too_much)


def _what_followed(condition: Condition) -> Condition:
    """What a condition says of the events that must follow: that there is one, not before those that it follows."""
    then = condition.then
    if then is None or not then.happens:
        return condition
    one = {"measure": Measure.COUNT, "at_least": 1, "on_school_days": False, "between": None, "then": None}
    return condition.model_copy(update={"kind": then.kind, "of": then.of, **one})


def _more_urgent(rule: Rule, other: Rule) -> bool:
    higher = _URGENCY.index(rule.priority) > _URGENCY.index(other.priority)
    return higher or rule.respond_within_days < other.respond_within_days


def _within(rule: Rule, other: Rule) -> bool:
    """Whether a rule holds only when the other does, and counts no event that the other does not."""
    return implied(rule, other) and _counts_no_more(rule, other)


def _counts_no_more(rule: Rule, other: Rule) -> bool:
    return all(any(_counted_by(mine, theirs) for theirs in other.when) for mine in rule.when)


def _alike(rule: Rule, other: Rule) -> bool:
    """Whether rules of which one lies within the other open and end together, once both were answered together."""
    as_long = rule.rest_days == other.rest_days and rule.lingers_days == other.lingers_days
    return as_long and _within(other, rule)


def _opened_by_events(rule: Rule, other: Rule) -> bool:
    """Whether a rule that lies within the other opens only with an event that the other, answered or not, opens with too."""
    at_once = not rule.rest_days and not other.rest_days and rule.lingers_days <= other.lingers_days
    alike = _first_age(rule) == _first_age(other) and rule.in_case == other.in_case  # a case begins, and an age comes, by itself
    return at_once and alike and all(map(_met_by_an_event, rule.when))


def _first_age(rule: Rule) -> int:
    return 0 if rule.ages is None else rule.ages.first


def _met_by_an_event(condition: Condition) -> bool:
    """Whether a condition comes to be met only as an event that counts occurs, and never by time that passes."""
    compared = condition.fell_from or condition.against_earlier or condition.then
    return compared is None and condition.measure is not Measure.RATE


def _implies(mine: Condition, theirs: Condition) -> bool:
    """Whether a condition that holds makes another one hold."""
    if theirs.fell_from is not None:
        return mine.fell_from is not None and _falls_as_far(mine, theirs, mine.fell_from, theirs.fell_from)
    mine = _beforehand(mine)
    if Measure.RATE in {mine.measure, theirs.measure} and mine.measure is not theirs.measure:
        return _some(mine, theirs)
    if mine.measure is Measure.RATE:  # of the same offered minutes, which only the same fields choose
        within = _same(mine, theirs, _CHOICE) and set(mine.of) <= set(theirs.of)
        return within and mine.asked >= theirs.asked
    if theirs.against_earlier is not None:
        earlier = mine.against_earlier
        return (
            earlier is not None
            and _same(mine, theirs, (*_CHOICE, "measure"))
            and set(mine.of) == set(theirs.of)
            and mine.asked >= theirs.asked
            and earlier.days == theirs.against_earlier.days
            and earlier.percent >= theirs.against_earlier.percent
        )
    return _some(mine, theirs) or (_chosen_by(mine, theirs) and _measures_as_much(mine, theirs))


def _falls_as_far(mine: Condition, theirs: Condition, my_fall: FellFrom, their_fall: FellFrom) -> bool:
    """As much or more, in as many days or fewer, to as little or less; of the same events, for more of them fall less."""
    return (
        _same(mine, theirs, (*_CHOICE, "measure"))
        and set(mine.of) == set(theirs.of)
        and (mine.at_most or 0) <= (theirs.at_most or 0)
        and my_fall.at_least >= their_fall.at_least
        and my_fall.days <= their_fall.days
        and (my_fall.school_days or 0) >= (their_fall.school_days or 0)
    )


def _beforehand(condition: Condition) -> Condition:
    """What a fall says of the events that count for it: that there were so many of them within the window and the days before."""
    fell = condition.fell_from
    if fell is None:
        return condition
    changes = {"fell_from": None, "at_most": None, "at_least": fell.at_least, "within_days": condition.within_days + fell.days}
    return condition.model_copy(update=changes)


def _some(mine: Condition, theirs: Condition) -> bool:
    """Whatever is measured is measured of one event at least, and that event is one and has a day; in a rate, a minute too."""
    told = {Measure.COUNT, Measure.DISTINCT_DAYS} | ({Measure.MINUTES} if mine.measure is Measure.RATE else set())
    return theirs.measure in told and theirs.asked == 1 and theirs.against_earlier is None and _chosen_by(mine, theirs)


def _measures_as_much(mine: Condition, theirs: Condition) -> bool:
    comparable = mine.measure is theirs.measure or (mine.measure is Measure.DISTINCT_DAYS and theirs.measure is Measure.COUNT)
    return comparable and mine.asked >= theirs.asked


def _counted_by(mine: Condition, theirs: Condition) -> bool:
    """Whether every event that counts for one condition, with what it is followed by, counts for the other."""
    if theirs.fell_from is not None:
        fell = mine.fell_from
        alike = _same(mine, theirs, _CHOICE) and set(mine.of) <= set(theirs.of)
        return alike and fell is not None and fell.days <= theirs.fell_from.days
    mine = _beforehand(mine)
    if Measure.RATE in {mine.measure, theirs.measure}:
        return mine.measure is theirs.measure and _same(mine, theirs, _CHOICE) and set(mine.of) <= set(theirs.of)
    return _chosen_by(mine, theirs) and (mine.then is None or theirs.then is not None)


def _same(mine: Condition, theirs: Condition, names: tuple[str, ...]) -> bool:
    return all(getattr(mine, name) == getattr(theirs, name) for name in names)


def _chosen_by(mine: Condition, theirs: Condition) -> bool:
    """Whether every event that one condition chooses is chosen by the other."""
    return set(mine.of) <= set(theirs.of) and no_wider(mine, theirs)


def no_wider(mine: Condition, theirs: Condition) -> bool:
    """Whether, codes apart, every event that one condition chooses is chosen by the other."""
    return (
        mine.kind is theirs.kind
        and mine.within_days <= theirs.within_days
        and _no_longer(mine.within_school_days, theirs.within_school_days)
        and (mine.on_school_days or not theirs.on_school_days)
        and (theirs.between is None or (mine.between is not None and minutes_of(mine.between) <= minutes_of(theirs.between)))
        and (theirs.then is None or (mine.then is not None and _follows_by(mine.then, theirs.then)))
    )


def _no_longer(mine: int | None, theirs: int | None) -> bool:
    return theirs is None or (mine is not None and mine <= theirs)


def minutes_of(between: tuple[str, str]) -> frozenset[int]:
    """The minutes of the day that times of day name, also over midnight."""
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in between)
    return frozenset(range(begin, end) if begin < end else (*range(begin, _MIDNIGHT), *range(end)))


def _follows_by(mine: Then, theirs: Then) -> bool:
    if mine.kind is not theirs.kind or mine.happens != theirs.happens:
        return False
    narrower, wider = (mine, theirs) if mine.happens else (theirs, mine)
    return set(narrower.of) <= set(wider.of) and narrower.within_hours <= wider.within_hours
