"""One event into the held ones: revisions replace, retractions leave a marker, repeats change nothing.

The result is a function of the set of events, whatever their order. So a correction that may not be kept still displaces the
earlier revision, by a marker without content; a first revision that may not be kept leaves no trace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    InfoKind,
    PersonEvent,
    PoliceCategory,
    PoliceNotice,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
)
from hub.core.consent import Purpose, covers_event, decide
from hub.core.instants import from_ms, to_ms
from hub.core.state import MAX_HELD, Events, Held, Rows, YouthState, in_order, make_marker

__all__ = ["Folded", "Outcome", "first_gone", "fold_event", "kind_and_code", "prune", "rejudge"]

Outcome: TypeAlias = Literal["processed", "duplicate", "refused"]
_KINDS: Final[dict[type[PersonEvent], str]] = {
    SchoolAbsence: InfoKind.SCHOOL_ABSENCE.value,
    PoliceNotice: InfoKind.POLICE_NOTICE.value,
    RiskEvent: InfoKind.RISK_EVENT.value,
}
_CODES: Final[dict[str, str]] = {code: code.value for codes in (AbsenceKind, PoliceCategory, RiskConcern) for code in codes}
"""Plain texts: an enumeration's own `value` is worked out anew each time it is asked for."""


@dataclass(slots=True)
class Folded:
    """The held events afterwards, with the event's own entry and that which it displaced. (Not frozen, as `Held`.)"""

    events: Events
    outcome: Outcome
    reason: str = ""
    intentional: bool = True
    kind: str = ""
    entry: Held | None = None
    displaced: Held | None = None


def fold_event(state: YouthState, kept: Events, event: PersonEvent, now_ms: int, longest_ms: int) -> Folded:
    """Decide (purpose CORRELATE, at `occurred_at`) and fold into `kept`, the state's events less what is too old. A refused
    event's `reason` is the consent rule's code, `too_old` (outside every window already) or `state_full`.
    """
    kind = _KINDS.get(type(event))
    if kind is None:
        raise TypeError("no event about a person")
    rows = kept.get(kind)
    event_id, revision = event.event_id, event.revision
    held = None if rows is None else rows.get(event_id)
    if held is not None and held.revision >= revision:
        return Folded(_longer(state, kept, event, kind, held), "duplicate")
    occurred_ms = to_ms(event.occurred_at)
    reason = _refusal(state, event, kind, occurred_ms)
    edge = now_ms - longest_ms
    if not reason and occurred_ms <= edge:
        reason = "too_old"
    if held is None:
        if reason and (revision == 1 or state.empty or state.withdrawn):
            return Folded(kept, "refused", reason)
        if sum(map(len, kept.values())) >= MAX_HELD:
            return Folded(kept, "refused", "state_full", intentional=False)
    entry = _entry(event, occurred_ms, bare=bool(reason) or event.retracted)
    if held is not None and held.keep_ms > entry.keep_ms:
        entry = _kept_until(entry, held.keep_ms)
    if held is None and entry.keep_ms <= edge:
        return Folded(kept, "refused", reason)
    events = _with(kept, kind, event_id, entry, shared=state.events)
    if reason and held is None:
        return Folded(events, "refused", reason, True, kind, entry, None)
    return Folded(events, "processed", "", True, kind, entry, held)


def kind_and_code(event: PersonEvent) -> tuple[str, str]:
    """What rules know an event by (`CompiledRules.touched`). Raises TypeError for what is none about a person."""
    if isinstance(event, SchoolAbsence):
        return InfoKind.SCHOOL_ABSENCE.value, event.kind.value
    if isinstance(event, PoliceNotice):
        return InfoKind.POLICE_NOTICE.value, event.category.value
    if isinstance(event, RiskEvent):
        return InfoKind.RISK_EVENT.value, event.concern.value
    raise TypeError("no event about a person")


def _longer(state: YouthState, kept: Events, event: PersonEvent, kind: str, held: Held) -> Events:
    """An earlier revision that comes late is nothing new; but what replaced it must be remembered for as long as if it had come
    in its turn, or it could come back. A refused one counts alike, unless it is the first, which leaves no trace then either.
    """
    occurred_ms = to_ms(event.occurred_at)
    keep_ms = _keep_ms(event, occurred_ms)
    if event.revision == held.revision or keep_ms <= held.keep_ms:
        return kept
    if event.revision == 1 and _refusal(state, event, kind, occurred_ms):
        return kept
    return _with(kept, kind, event.event_id, _kept_until(held, keep_ms), shared=kept)


def _kept_until(held: Held, keep_ms: int) -> Held:
    return replace(held, keep_ms=keep_ms) if held.code else make_marker(held.revision, keep_ms)


def _refusal(state: YouthState, event: PersonEvent, kind: str, occurred_ms: int) -> str:
    """Why consent keeps it out; empty when it does not."""
    if state.reach is not None and state.reach.takes(event.agency, kind, occurred_ms):
        return ""
    decision = decide(
        state.consent, purpose=Purpose.CORRELATE, source=event.agency, recipient=None, kind=InfoKind(kind), at=event.occurred_at
    )
    return "" if decision.permit else decision.rule


def rejudge(events: Events, consent: ConsentRecord) -> Events:
    """The events that the new consent still covers; of corrected ones no longer covered, the marker.

    A suspension holds state still and erases nothing: what it covered when signed again counts again.
    """
    judged = {kind: _rejudged(InfoKind(kind), rows, consent) for kind, rows in events.items()}
    return {kind: rows for kind, rows in judged.items() if rows}


def _rejudged(kind: InfoKind, rows: Rows, consent: ConsentRecord) -> Rows:
    def covered(held: Held) -> bool:
        return not held.code or covers_event(consent, source=held.agency, kind=kind, at=from_ms(held.occurred_ms))

    denied = [event_id for event_id, held in rows.items() if not covered(held)]
    if not denied:
        return rows
    kept = {event_id: held if event_id not in denied else held.marker() for event_id, held in rows.items()}
    return in_order((event_id, held) for event_id, held in kept.items() if event_id not in denied or held.revision > 1)


def prune(events: Events, now_ms: int, longest_ms: int) -> Events:
    """Without what has left the longest window; the very same where nothing has."""
    edge, left = now_ms - longest_ms, events
    for kind, rows in events.items():
        for oldest in rows.values():
            if oldest.occurred_ms <= edge:
                left = _instead(left, kind, _pruned(rows, edge))
            break
    return left


def first_gone(events: Events, longest_ms: int) -> int | None:
    """When the first of them leaves the longest window; None without any."""
    first: int | None = None
    for rows in events.values():
        for oldest in rows.values():
            if first is None or oldest.occurred_ms < first:
                first = oldest.occurred_ms
            break
    return None if first is None else first + longest_ms


def _pruned(rows: Rows, edge: int) -> Rows:
    left = rows.copy()
    markers: list[tuple[str, Held]] = []
    for event_id, held in rows.items():
        if held.occurred_ms > edge:
            break
        del left[event_id]
        # A corrected event may be remembered longer than it may be kept: content goes when its own time has left the window.
        if held.keep_ms > edge:
            markers.append((event_id, held.marker()))
    return in_order((*left.items(), *markers)) if markers else left


def _keep_ms(event: PersonEvent, occurred_ms: int) -> int:
    # The revision it displaces may have occurred later, but was recorded before this one: remember the identity so long.
    return occurred_ms if event.revision == 1 else max(occurred_ms, to_ms(event.recorded_at))


def _entry(event: PersonEvent, occurred_ms: int, *, bare: bool) -> Held:
    keep_ms = _keep_ms(event, occurred_ms)
    if bare:
        return make_marker(event.revision, keep_ms)
    # By exact type: what asks whether a pydantic model is an instance of another one costs more than the rest of this.
    if type(event) is SchoolAbsence:
        code, offered = _CODES[event.kind], event.offered_minutes or 0
        return Held(event.revision, occurred_ms, keep_ms, code, event.minutes, event.agency, True, offered)
    if type(event) is PoliceNotice:
        return Held(event.revision, occurred_ms, keep_ms, _CODES[event.category], 0, event.agency, event.may_tell_youth)
    if type(event) is RiskEvent:
        return Held(event.revision, occurred_ms, keep_ms, _CODES[event.concern], 0, event.agency, may_tell=True)
    raise TypeError("no event about a person")


def _with(events: Events, kind: str, event_id: str, entry: Held, *, shared: Events) -> Events:
    """The events with another entry. Rows that `shared` does not hold are nobody else's, and not copied."""
    before = events.get(kind)
    if before is None:
        return {**events, kind: {event_id: entry}}
    rows = before.copy() if before is shared.get(kind) else before
    rows.pop(event_id, None)
    _insert(rows, event_id, entry)
    return {**events, kind: rows}


def _insert(rows: Rows, event_id: str, entry: Held) -> None:
    """Behind all that did not occur after it. Most events are told in the order in which they occurred, or almost."""
    later: list[str] = []
    for other, held in reversed(rows.items()):
        if held.occurred_ms <= entry.occurred_ms:
            break
        later.append(other)
    rows[event_id] = entry
    for other in reversed(later):
        rows[other] = rows.pop(other)


def _instead(events: Events, kind: str, rows: Rows) -> Events:
    """The events with these rows of a kind; without the kind where there are none."""
    return {**events, kind: rows} if rows else {other: kept for other, kept in events.items() if other != kind}
