"""The closed lists of presence: why somebody goes, how it stands, why nothing came of it, what was seen. No person is in any."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["ACTIVITIES", "ASSOCIATIONS", "TEAM", "Change", "DeedKind", "Ground", "NotDone", "Note", "OfferState", "VisitState"]

TEAM: Final = "team"
"""Who goes: the whole team, nobody in particular."""
ASSOCIATIONS: Final = "associations"
"""Who goes: associations alone, whoever accepts."""

ACTIVITIES: Final = ("nattvandring", "läxläsning", "nattfotboll", "nattdans", "öppen verksamhet")
"""What a form proposes; the catalogue is free, and whatever an agreement names is proposed from then on too."""


class Ground(StrEnum):
    """Why somebody is to be there."""

    PROPOSED = "proposed"  # a presence task
    PLANNED_EVENT = "planned_event"
    REQUESTED = "requested"
    ROUTINE = "routine"


class VisitState(StrEnum):
    """How a planned presence stands."""

    PLANNED = "planned"
    CARRIED_OUT = "carried_out"
    NOT_CARRIED_OUT = "not_carried_out"
    CANCELLED = "cancelled"


class NotDone(StrEnum):
    """Why it was not carried out."""

    STAFF = "staff"
    WEATHER = "weather"
    EVENT_CANCELLED = "event_cancelled"
    OTHER_PRIORITY = "other_priority"
    UNSAFE = "unsafe"


class Note(StrEnum):
    """What it was like there, in place of free text, which could tell of somebody."""

    CALM = "calm"
    FEW_OUT = "few_out"
    MANY_OUT = "many_out"
    UNREST = "unrest"
    HELP_CALLED = "help_called"


class OfferState(StrEnum):
    """What became of an offer to an association."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Change(StrEnum):
    """What a version of an agreement came of."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"


class DeedKind(StrEnum):
    """One line of a presence's history."""

    PLANNED = "planned"
    MOVED = "moved"  # somebody else goes
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REPORTED = "reported"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
