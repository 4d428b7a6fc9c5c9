"""When time alone changes what a rule says of the events that are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hub.core.coverage import Coverage
from hub.core.measure import Counted
from hub.core.reach import Reach
from hub.core.rules import CompiledRule

__all__ = ["due_of", "lapse_of", "last_met"]


def lapse_of(rule: CompiledRule, told: Counted) -> int:
    """When a plain rule that holds ceases to, if nothing more happens."""
    return min([told.lapse(condition) for condition in rule.conditions])


def due_of(
    rule: CompiledRule, counted: Counted, reach: Reach, *, stands: bool, holds: bool, possible: Iterable[int | None]
) -> int | None:
    """The first instant after that of `counted` at which a rule must be looked at again; None: not before an event.

    `stands`: neither sunset, age nor case keeps it from holding. `possible`: when the plain rule that holds ceases to, and when
    the team has rested. A rule that is not plain is looked at whenever time moves one of its events into or out of a window:
    often in vain, never too late.
    """
    now = counted.at_ms
    if rule.ends_ms is not None and now >= rule.ends_ms:
        return None
    found = list(possible)
    if holds:
        found += [reach.next_edge(now), rule.ends_ms]
    if rule.ages is not None and (holds or not stands):
        found.append(reach.birthday(now))
    if rule.in_case is not None and not stands:
        found.append(reach.next_edge(now))
    if stands and not rule.plain:
        found += _moves(rule, counted)
    return min([at for at in found if at is not None and at > now], default=None)


def last_met(rule: CompiledRule, counted: Counted, coverages: Sequence[Coverage]) -> tuple[int, Counted] | None:
    """The last instant of [now - lingers, now] at which the rule's conditions were met by what somebody may be told: of the
    coverages the first that sufficed then, by number, and what counted of it.
    """
    now = counted.at_ms
    instants = {now, *(at - 1 for at in counted.changes(rule) if now - rule.lingers_ms <= at - 1 < now)}
    for instant in sorted(instants, reverse=True):
        then = Counted(counted.events, instant)
        if then.holds(rule):
            for number, coverage in enumerate(coverages):
                told = then.told(rule, coverage)
                if told is then or told.holds(rule):
                    return number, told
    return None


def _moves(rule: CompiledRule, counted: Counted) -> Iterator[int]:
    for at in counted.changes(rule):
        yield at
        if rule.lingers_ms:
            yield at + rule.lingers_ms
