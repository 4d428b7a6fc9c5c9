"""The states of a consent and of a reference."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LIVE", "OPEN", "Standing", "State"]


class State(StrEnum):
    """Of one consent, as `hub.core.consent_history` finds it. Expired, lapsed (at 18) and withdrawn are final."""

    WAITING = "waiting"
    DISPUTED = "disputed"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """Of a reference. Withdrawn is for ever."""

    NONE = "none"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


LIVE = frozenset({State.IN_FORCE, State.SUSPENDED, State.BLOCKED, State.DISPUTED})
"""What may have been in force and may be again: `in_force_at` says whether it was."""
OPEN = LIVE | {State.WAITING}
