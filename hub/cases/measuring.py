"""The numbers of a youth before one instant, from what the worker holds of her: what consent lets the team be told. Pure.

What the worker no longer holds is unknown, and so is what a source did not tell throughout: that only a person knows, so the
coordinator says for which kinds it did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from hub.contract.models import AbsenceKind, Cooperation, InfoKind, PersonEvent, PoliceCategory, PoliceNotice, SchoolAbsence
from hub.core.coverage import Coverage, join_spans
from hub.core.instants import from_ms, to_ms
from hub.core.outcomes import Measured, measured
from hub.core.state import YouthState

__all__ = ["MEASURED", "measure"]

MEASURED: Final[tuple[InfoKind, ...]] = (InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE)
"""The kinds that the outcomes are made of."""
_CONNECTOR: Final = "worker"  # an event in a state does not say which connector told of it; nothing here asks


def measure(
    state: YouthState,
    longest_ms: int,
    team: str,
    cooperation: Cooperation,
    *,
    at: datetime,
    span_days: int,
    throughout: Collection[InfoKind],
    carries: Mapping[str, Collection[InfoKind]],
) -> Measured:
    """The numbers of the `span_days` before `at` (aware), the present.

    `longest_ms`: for how long the worker holds events. `throughout`: the kinds that their sources told of all that time.
    `carries`: what each agency may tell of at all; a consent to a kind that names none of those who do is no knowledge.
    """
    if state.consent is None:
        return Measured()
    coverage = Coverage.of(state.consent, team, cooperation, at)
    oldest = to_ms(at - timedelta(milliseconds=longest_ms))
    heard = {kind: _spans(coverage, kind, oldest, carries) for kind in throughout if kind in MEASURED}
    return measured(_told(state, coverage), at, span_days, heard)


def _spans(
    coverage: Coverage, kind: InfoKind, oldest: int, carries: Mapping[str, Collection[InfoKind]]
) -> list[tuple[datetime, datetime]]:
    named = {agency for scope in coverage.scopes for agency in scope.agencies if kind in scope.kinds}
    agencies = [agency for agency in named if kind in carries.get(agency, ())]
    told = join_spans(chain.from_iterable(coverage.spans(kind, agency) for agency in agencies))
    return [(from_ms(max(start, oldest)), from_ms(end)) for start, end in told if end > oldest]


def _told(state: YouthState, coverage: Coverage) -> Iterator[PersonEvent]:
    """Held events that the team may be told of; what is only a marker is none."""
    for kind, event_id, held in state.held():
        spans = coverage.spans(kind, held.agency) if held.code else ()
        if kind not in MEASURED or not any(start <= held.occurred_ms < end for start, end in spans):
            continue
        at = from_ms(held.occurred_ms)
        common: Mapping[str, object] = {
            "youth_ref": state.youth_ref, "event_id": event_id, "revision": held.revision, "retracted": False,
            "agency": held.agency, "connector": _CONNECTOR, "occurred_at": at, "recorded_at": at,
        }  # fmt: skip
        if kind == InfoKind.SCHOOL_ABSENCE:
            yield SchoolAbsence.model_validate(
                {**common, "kind": AbsenceKind(held.code), "minutes": held.minutes, "offered_minutes": held.offered or None}
            )
        else:
            yield PoliceNotice.model_validate(
                {**common, "category": PoliceCategory(held.code), "area": None, "may_tell_youth": held.may_tell}
            )
