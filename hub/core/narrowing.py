"""What besides the window a condition asked of its events, as a task tells it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.contract.evidence import MOST_EVENTS
from hub.contract.models import Between, Earlier, EvidenceEvent, Fallen, Followed, InfoKind, Narrowing
from hub.contract.trusted import trusted
from hub.core.instants import HOUR, from_ms
from hub.core.rules import CompiledCondition
from hub.core.state import Held
from hub.core.texts import words_of

__all__ = ["listed", "narrowing_of"]


def narrowing_of(condition: CompiledCondition, compared: int | None) -> Narrowing | None:
    """How a condition is narrowed, with the number that its value was held against (of a fall: that is left); None where it is
    not.
    """
    selection, then = condition.selection, condition.then
    within, between = selection.within_school_days, selection.between
    if not (selection.on_school_days or within or between or then or compared is not None):
        return None
    return Narrowing(
        on_school_days=selection.on_school_days,
        within_school_days=within,
        between=None if between is None else Between(from_minute=between.begin, to_minute=between.end),
        against_earlier=None
        if compared is None or condition.falls is not None
        else Earlier(days=condition.earlier_days, percent=condition.percent, compared=compared),
        then=None
        if then is None
        else Followed(
            condition=words_of(InfoKind(then.kind), then.codes),
            kind=InfoKind(then.kind),
            within_hours=then.within_ms // HOUR,
            happens=then.happens,
        ),
        fallen=None
        if condition.falls is None
        else Fallen(
            within_days=condition.window_days,
            at_most=condition.falls.at_most,
            left=compared or 0,
            school_days=condition.falls.school_days or None,
        ),
    )


def listed(events: Sequence[tuple[InfoKind, Held]]) -> tuple[tuple[EvidenceEvent, ...], int | None]:
    """The newest events of a condition, oldest first, and how many more there were (None: none)."""
    # By all that is told of them, so that what came in another order is told alike.
    newest = sorted(events, key=lambda one: (one[1].occurred_ms, one[0], one[1].agency))[-MOST_EVENTS:]
    told = tuple(
        [trusted(EvidenceEvent, kind=kind, occurred_at=from_ms(held.occurred_ms), agency=held.agency) for kind, held in newest]
    )
    return told, len(events) - len(told) or None
