"""What must stand when all is quiet, from what was told alone: states by the reference engine, dead letters, receipts, counts.

Knows nothing of the hub: it is given plain facts, and a fold over them is all that it does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.reference.engine import what_stands
from tests.reference.history import Arrival, Consent, Event
from tests.reference.holding import Held, a_scope_covers
from tests.reference.shipped import the_shipped_rules

__all__ = ["Counts", "Expected", "Place", "Proposed", "Told", "expect"]

Row = tuple[Any, ...]
Place = tuple[str, int, int]
"""(topic, partition, offset)."""


class Proposed(NamedTuple):
    """An open task, whatever its id."""

    youth: str
    rule: str
    team: str


@dataclass
class Told:
    """All that stands on the source topics, in the order of each: of a youth, what cannot be read, erasures asked for."""

    consents: dict[str, list[Consent]] = field(default_factory=lambda: defaultdict(list))
    events: dict[str, list[tuple[str, Event]]] = field(default_factory=lambda: defaultdict(list))
    """With the topic."""
    unreadable: set[Place] = field(default_factory=set)
    erasures: set[str] = field(default_factory=set)
    records: int = 0


class Counts(NamedTuple):
    """Of one topic: how many events change a state, and how many are repeats; `either` may be these or be refused."""

    processed: int
    duplicate: int
    either: int


@dataclass(frozen=True)
class Expected:
    """`held`: by youth, all that stands of her events. `dark`: withdrawn, nothing is held or open."""

    open: frozenset[Proposed]
    held: Mapping[str, tuple[Row, ...]]
    dark: frozenset[str]
    letters: frozenset[Place]
    receipts: frozenset[tuple[str, str]]
    counts: Mapping[str, Counts]


def expect(told: Told, now: int) -> Expected:
    """`now`: the instant (ms) of the look, at which every clock that is due has been seen to."""
    rules = the_shipped_rules()
    opened: set[Proposed] = set()
    held: dict[str, tuple[Row, ...]] = {}
    dark: set[str] = set()
    for youth, consents in told.consents.items():
        arrivals = [Arrival(now, one) for one in (*consents, *(event for _, event in told.events.get(youth, ())))]
        outcome = what_stands(rules, arrivals, now)
        opened.update(Proposed(youth, one.rule, one.team) for one in outcome.open)
        held[youth] = outcome.held
        if any(one.status == "withdrawn" for one in consents):
            dark.add(youth)
    parts = ("worker", "worker-store")
    receipts = frozenset((erasure, part) for erasure in told.erasures for part in parts)
    return Expected(frozenset(opened), held, frozenset(dark), frozenset(told.unreadable), receipts, _counts(told, dark))


def _counts(told: Told, dark: set[str]) -> dict[str, Counts]:
    """What changes a state and what repeats does not depend on the order of topics, but for what consent may refuse."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for youth, events in told.events.items():
        consent = None if youth in dark else _first(told.consents.get(youth, ()))
        known = Held([] if consent is None else [Arrival(0, consent)])
        for topic, event in events:
            if consent is None or not a_scope_covers(consent, event):
                found[topic]["either"] += 1
                continue
            identity = event.kind, event.number
            new = event.revision > known.revisions.get(identity, 0)
            found[topic]["processed" if new else "duplicate"] += 1
            known.revisions[identity] = max(event.revision, known.revisions.get(identity, 0))
    return {topic: Counts(one["processed"], one["duplicate"], one["either"]) for topic, one in found.items()}


def _first(consents: Sequence[Consent]) -> Consent | None:
    return consents[0] if consents else None
