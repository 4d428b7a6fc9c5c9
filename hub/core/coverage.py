"""What one recipient may be told at an instant, as times: an event counts for her only if its own time lies in one of them.

Two things are asked of the same consent: that it permits delivery to her now, and that it covers the event by source, kind
and time. So a later consent pulls nothing in from before it, and a consent to SSPF lends nothing to SIG.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from hub.contract.models import ConsentRecord, Cooperation, InfoKind, Scope
from hub.core.consent import telling_scopes
from hub.core.instants import to_ms

__all__ = ["Coverage", "Spans", "join_spans"]

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Half-open, in milliseconds (UTC), ascending, apart from each other."""


@dataclass(slots=True)
class Coverage:
    """The scopes under which a recipient may be told now; without any she is told nothing."""

    scopes: Sequence[Scope]
    _spans: dict[tuple[str, str], Spans] = field(default_factory=dict)

    @classmethod
    def of(cls, consent: ConsentRecord, recipient: str, cooperation: Cooperation, at: datetime) -> Coverage:
        """The coverage of a team in a cooperation at an instant."""
        return cls(telling_scopes(consent, recipient=recipient, cooperation=cooperation, at=at))

    def spans(self, kind: str, agency: str) -> Spans:
        """When something of this kind must have happened for this agency's word on it to count."""
        found = self._spans.get((kind, agency))
        if found is None:
            found = join_spans((to_ms(one.valid_from), to_ms(one.valid_to)) for one in self.scopes if _names(one, kind, agency))
            self._spans[kind, agency] = found
        return found

    def scope_id(self, told: Iterable[tuple[InfoKind, str, int]]) -> str:
        """The first scope that covers some of what is told, by (kind, agency, ms); if nothing is, the first there is.

        Raises IndexError when there is none: nothing may be told then.
        """
        events = set(told)
        for one in self.scopes:
            start, end = to_ms(one.valid_from), to_ms(one.valid_to)
            if any(_names(one, kind, agency) and start <= instant < end for kind, agency, instant in events):
                return one.scope_id
        return self.scopes[0].scope_id


def _names(scope: Scope, kind: str, agency: str) -> bool:
    return agency in scope.agencies and kind in scope.kinds


def join_spans(spans: Iterable[tuple[int, int]]) -> Spans:
    """Those that meet or overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
