"""The states of a consent and of a reference."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LIVE", "OPEN", "Standing", "State"]


class State(StrEnum):
    """Of one consent. Expired and withdrawn are final; a suspended one returns when all have signed again."""

    WAITING = "waiting"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """Of a reference. Withdrawn is for ever."""

    NONE = "none"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


LIVE = frozenset({State.IN_FORCE, State.SUSPENDED})
OPEN = LIVE | {State.WAITING}
