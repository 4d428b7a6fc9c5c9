"""What a municipality decides of its statutory and manual lanes: who takes mandatory reports over, when, and by when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.working_time import OFFICE_HOURS, WorkingTime

__all__ = ["ReceiverSettings", "StatutorySettings"]

_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class ReceiverSettings(BaseModel):
    """One receiver, `[statutory.receivers.CODE]`, by one of two ways.

    `folder`: where the receiver's case system fetches the originals, as received, and leaves a receipt with its case number; the
    hub's process opens them for it. Or `connector` and its `sink` settings: a connector that delivers (`hub connectors list`)
    tells the receiver that a report is here, never what it says; the officer reads it in the hub and records the case number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Title
    folder: Path | None = None
    connector: str = ""
    sink: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if (self.folder is None) == (not self.connector):
            raise ValueError("name a folder, or a connector that delivers, and not both")
        if self.sink and not self.connector:
            raise ValueError("sink settings are a connector's: name it")
        return self


class StatutorySettings(BaseModel):
    """`receiver` takes reports over in office hours (`hours`; never on public holidays), `after_hours` (socialjouren) at all
    times; without the one the other does, and without both a person hands over. `escalate_to` is told, without any content,
    when a report was not taken within `taken_minutes` or not registered within `registered_hours` of being seen. An attempt
    that failed is repeated, each time after longer, up to `retry_longest_seconds`. `case_days`: working days within which
    somebody looks into a case of the manual lane and records what came of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    receiver: str = ""
    after_hours: str = ""
    escalate_to: str = ""
    hours: WorkingTime = OFFICE_HOURS
    taken_minutes: Annotated[float, Field(gt=0, le=1440)] = 30.0
    registered_hours: Annotated[float, Field(gt=0, le=336)] = 24.0
    retry_longest_seconds: Annotated[float, Field(ge=1, le=3600)] = 300.0
    case_days: Annotated[int, Field(ge=1, le=60)] = 5
    receivers: dict[_Code, ReceiverSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_receivers(self) -> Self:
        for field in ("receiver", "after_hours", "escalate_to"):
            if (name := getattr(self, field)) and name not in self.receivers:
                raise ValueError(f"{field} must be one of [statutory.receivers]")
        if self.escalate_to and self.receivers[self.escalate_to].folder is not None:
            raise ValueError("escalate_to must be reached by a connector: a folder tells nobody")
        return self
