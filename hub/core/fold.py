"""One event into the held ones: revisions replace, retractions leave a marker, repeats change nothing.

The result is a function of the set of events, whatever their order. So a correction that may not be kept still displaces the
earlier revision, by a marker without content; a first revision that may not be kept leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.contract.models import ConsentRecord, ConsentStatus, InfoKind, PersonEvent, PoliceNotice, RiskEvent, SchoolAbsence
from hub.core.consent import Purpose, covers_event, decide
from hub.core.instants import from_ms, next_midnight, to_ms
from hub.core.state import MAX_HELD, Events, Held, YouthState

__all__ = ["Folded", "Outcome", "fold_event", "prune", "rejudge"]

Outcome: TypeAlias = Literal["processed", "duplicate", "refused"]


@dataclass(frozen=True, slots=True)
class Folded:
    """The held events afterwards. `corrected`: an earlier revision was displaced, so ground may be lost by correction."""

    events: Events
    outcome: Outcome
    reason: str = ""
    intentional: bool = True
    corrected: bool = False
    touches: tuple[tuple[str, str], ...] = ()
    """(kind, code) of the event as it is now and as it was."""


def fold_event(state: YouthState, event: PersonEvent, now_ms: int, longest_ms: int) -> Folded:
    """Decide (purpose CORRELATE, at `occurred_at`) and fold. A refused event's `reason` is the consent rule's code,
    `too_old` (outside every window already) or `state_full`.
    """
    kind = _kind(event)
    held = state.events.get(kind.value, {}).get(event.event_id)
    if held is not None and held.revision >= event.revision:
        return Folded(state.events, "duplicate")
    consent = state.consent
    decision = decide(consent, purpose=Purpose.CORRELATE, source=event.agency, recipient=None, kind=kind, at=event.occurred_at)
    occurred_ms = to_ms(event.occurred_at)
    reason = "" if decision.permit else decision.rule
    if not reason and occurred_ms <= now_ms - longest_ms:
        reason = "too_old"
    nothing_kept = consent is None or consent.status is ConsentStatus.WITHDRAWN
    if held is None and (nothing_kept or (reason and event.revision == 1)):
        return Folded(state.events, "refused", reason)
    if held is None and sum(map(len, state.events.values())) >= MAX_HELD:
        return Folded(state.events, "refused", "state_full", intentional=False)
    entry = _entry(event, occurred_ms, bare=bool(reason) or event.retracted)
    events = _with(state.events, kind.value, event.event_id, entry if entry.keep_ms > now_ms - longest_ms else None)
    outcome: Outcome = "refused" if reason and held is None else "processed"
    touches = tuple((kind.value, one.code) for one in (entry, held) if one is not None and one.code)
    return Folded(events, outcome, reason if outcome == "refused" else "", corrected=held is not None, touches=touches)


def rejudge(events: Events, consent: ConsentRecord) -> Events:
    """The events that the new consent still covers; of corrected ones no longer covered, the marker.

    A suspension holds state still and erases nothing: what it covered when signed again counts again.
    """
    judged: dict[str, dict[str, Held]] = {}
    for kind, rows in events.items():
        kept = judged.setdefault(kind, {})
        for event_id, held in rows.items():
            covered = not held.code or covers_event(
                consent, source=held.agency, kind=InfoKind(kind), at=from_ms(held.occurred_ms)
            )
            if covered:
                kept[event_id] = held
            elif held.revision > 1:
                kept[event_id] = held.marker()
    return {kind: rows for kind, rows in judged.items() if rows}


def prune(events: Events, now_ms: int, longest_ms: int) -> tuple[Events, list[int]]:
    """Without what has left the longest window, and when to look again (ascending): when an event that lies in the future
    begins to count, and the first midnight (UTC) after the next event has left.

    Nothing that has left a window is ever counted, so the forgetting may wait for midnight: one wake a day, not one an event.
    """
    edge = now_ms - longest_ms
    leaving: int | None = None
    coming: int | None = None
    stale = False
    for rows in events.values():
        for held in rows.values():
            leaves = held.occurred_ms if held.code else held.keep_ms
            if leaves <= edge:
                stale = True
            elif leaving is None or leaves < leaving:
                leaving = leaves
            if held.occurred_ms > now_ms and (coming is None or held.occurred_ms < coming):
                coming = held.occurred_ms
    if stale:
        pruned = {kind: _pruned(rows, edge) for kind, rows in events.items()}
        return prune({kind: rows for kind, rows in pruned.items() if rows}, now_ms, longest_ms)
    midnight = None if leaving is None else next_midnight(leaving + longest_ms)
    return events, sorted(instant for instant in (coming, midnight) if instant is not None)


def _pruned(rows: Mapping[str, Held], edge: int) -> dict[str, Held]:
    kept = {event_id: held for event_id, held in rows.items() if held.keep_ms > edge}
    # A corrected event may be remembered longer than it may be kept: content goes when its own time has left the window.
    return {event_id: held if held.occurred_ms > edge or not held.code else held.marker() for event_id, held in kept.items()}


def _kind(event: PersonEvent) -> InfoKind:
    match event:
        case SchoolAbsence():
            return InfoKind.SCHOOL_ABSENCE
        case PoliceNotice():
            return InfoKind.POLICE_NOTICE
        case RiskEvent():
            return InfoKind.RISK_EVENT
        case _:
            raise TypeError("no event about a person")


def _entry(event: PersonEvent, occurred_ms: int, *, bare: bool) -> Held:
    # The revision it displaces may have occurred later, but was recorded before this one: remember the identity so long.
    keep_ms = occurred_ms if event.revision == 1 else max(occurred_ms, to_ms(event.recorded_at))
    code, minutes, may_tell = "", 0, True
    match event:
        case SchoolAbsence():
            code, minutes = event.kind.value, event.minutes
        case PoliceNotice():
            code, may_tell = event.category.value, event.may_tell_youth
        case RiskEvent():
            code = event.concern.value
        case _:
            raise TypeError("no event about a person")
    entry = Held(event.revision, occurred_ms, keep_ms, code, minutes, event.agency, may_tell)
    return entry.marker() if bare else entry


def _with(events: Events, kind: str, event_id: str, entry: Held | None) -> Events:
    rows = dict(events.get(kind, {}))
    if entry is None:
        rows.pop(event_id, None)
    else:
        rows[event_id] = entry
    others = {other: kept for other, kept in events.items() if other != kind}
    return {**others, kind: rows} if rows else others
