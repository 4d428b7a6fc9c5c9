"""Which of a person's consents belong together for somebody who sees only some of them.

With the last consent of a person everything that ties her number to them goes, and a later one begins anew. But a consent that
somebody does not see may have kept the tie: it must not show. So what is told her of one consent beside another depends on
nothing but the two, and on others that she sees: they belong together where the registry would have kept the tie if there were
no more than these. Rows of the database say less, as they are the person's whoever sees what.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hub.registry.states import OPEN
from hub.registry.tables import Consent

__all__ = ["life_of", "open_life"]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def life_of(consent: Consent, seen: Sequence[Consent]) -> list[Consent]:
    """Those of one person's consents that are `seen` which belong to this one, itself among them, in their order."""
    found = [consent]
    for one in found:
        found += [other for other in seen if other not in found and _belong(one, other)]
    return [one for one in seen if one in found]


def open_life(seen: Sequence[Consent]) -> list[Consent]:
    """Those that are open, and those that belong to them; none where all have ended."""
    return next((life_of(one, seen) for one in seen if one.state in OPEN), [])


def _belong(one: Consent, other: Consent) -> bool:
    """What is open is under one number; what has ended stayed with what was in force then, or held still, and went on."""
    sooner, later = sorted((one, other), key=_end)
    if sooner.state in OPEN:
        return True
    return later.in_force_at is not None and later.in_force_at < _end(sooner) < _end(later)


def _end(consent: Consent) -> datetime:
    return _NEVER if consent.state in OPEN else consent.ended_at or consent.created_at
