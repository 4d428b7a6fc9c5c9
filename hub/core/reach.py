"""What one consent record permits, worked out once and asked often: every event is held against it.

It answers what `decide` answers, from tables. A permit is looked up; whoever is denied is asked again by `decide`, which
knows the reason.
"""

from __future__ import annotations

from bisect import bisect_right

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, Scope
from hub.core.coverage import Coverage, Spans, join_spans
from hub.core.instants import from_ms, stockholm_midnight, to_ms

__all__ = ["Reach"]


class Reach:
    """Of one consent record; it holds nothing but what follows from that. `spelled`: its bytes in a state, once known."""

    __slots__ = ("_age_edge", "_coverages", "_edges", "_sources", "consent", "spelled")

    def __init__(self, consent: ConsentRecord) -> None:
        self.consent = consent
        self.spelled: bytes | None = None
        self._sources: dict[tuple[str, str], Spans] = {}
        self._coverages: dict[tuple[str, Cooperation], tuple[int, int | None, Coverage]] = {}
        self._edges: list[int] | None = None
        valid_until = consent.age_valid_until
        self._age_edge = None if valid_until is None else stockholm_midnight(valid_until.toordinal())

    def takes(self, agency: str, kind: str, at_ms: int) -> bool:
        """Whether an event may be held: `decide` with purpose CORRELATE permits it."""
        spans = self._sources.get((agency, kind))
        if spans is None:
            spans = self._sources[agency, kind] = self._spans(agency, kind)
        for start, end in spans:  # noqa: SIM110 - asked for every event: no generator
            if start <= at_ms < end:
                return True
        return False

    def _spans(self, agency: str, kind: str) -> Spans:
        consent = self.consent
        if consent.status is not ConsentStatus.IN_FORCE:
            return ()
        return join_spans(
            (to_ms(scope.valid_from), to_ms(scope.valid_to)) for scope in consent.scopes if _feeds(scope, agency, kind)
        )

    def coverage(self, team: str, cooperation: Cooperation, at_ms: int) -> Coverage:
        """What a team may be told at an instant; the same object until an edge of a scope is passed."""
        known = self._coverages.get((team, cooperation))
        if known is not None and known[0] <= at_ms and (known[1] is None or at_ms < known[1]):
            return known[2]
        made = Coverage.of(self.consent, team, cooperation, from_ms(at_ms))
        edges = self._sorted_edges()
        place = bisect_right(edges, at_ms)
        begins, ends = edges[place - 1] if place else 0, edges[place] if place < len(edges) else None
        self._coverages[team, cooperation] = (begins, ends, made)
        return made

    def next_edge(self, at_ms: int) -> int | None:
        """When a scope next begins or ends after an instant."""
        edges = self._sorted_edges()
        place = bisect_right(edges, at_ms)
        return edges[place] if place < len(edges) else None

    def _sorted_edges(self) -> list[int]:
        if self._edges is None:
            dates = (edge for scope in self.consent.scopes for edge in (scope.valid_from, scope.valid_to, scope.withdrawn_at))
            self._edges = sorted({to_ms(edge) for edge in dates if edge is not None})
        return self._edges

    def age(self, at_ms: int) -> int | None:
        """In whole years: the record's, and one more from its last day on, until the registry says so itself."""
        age = self.consent.age_years
        return age + 1 if age is not None and self._age_edge is not None and at_ms >= self._age_edge else age

    def birthday(self, at_ms: int) -> int | None:
        """When the age next changes, as far as the record tells."""
        return self._age_edge if self._age_edge is not None and at_ms < self._age_edge else None


def _feeds(scope: Scope, agency: str, kind: str) -> bool:
    """Whether a scope lets an agency's word of this kind in: what `decide` demands of it for CORRELATE, but for the time."""
    return agency in scope.agencies and kind in scope.kinds and bool(scope.recipients) and scope.withdrawn_at is None
