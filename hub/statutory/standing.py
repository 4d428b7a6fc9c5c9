"""Where one stored report stands on its way to the receiver, from what is written beside it; no key is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from hub.statutory.handing_over import HandOvers
from hub.statutory.marks import Mark

__all__ = ["Stage", "Standing", "standing_of"]


class Stage(StrEnum):
    """How far it has come."""

    WAITING = "waiting"  # nobody has it yet, or it goes by hand
    TAKEN = "taken"  # the receiver has it, its case system not yet
    REGISTERED = "registered"


@dataclass(frozen=True, slots=True)
class Standing:
    """`receiver` is a code of the settings, empty by hand; `since`: the stage began; `escalated_at`: somebody was told."""

    stage: Stage
    receiver: str = ""
    since: datetime | None = None
    escalated_at: datetime | None = None


def standing_of(stored: Path, hand_overs: HandOvers) -> Standing:
    """Of the content in this file of the store."""
    said = hand_overs.marks.of(stored)
    assigned, taken, registered = (said.get(mark) for mark in (Mark.ASSIGNED, Mark.TAKEN, Mark.REGISTERED))
    receiver = next((one.receiver for one in (taken, assigned) if one is not None), "")
    escalated_at = said[Mark.ESCALATED].at if Mark.ESCALATED in said else None
    if hand_overs.is_confirmed(stored):
        return Standing(Stage.REGISTERED, receiver, registered.at if registered else None, escalated_at)
    if taken is not None:
        return Standing(Stage.TAKEN, receiver, taken.at, escalated_at)
    return Standing(Stage.WAITING, receiver, assigned.at if assigned else None, escalated_at)
