"""Settings of a plan: a calendar that somebody publishes, or a folder of calendar and CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from hub.connector.addresses import SafeAddress

__all__ = ["PlannedConfig"]

_ADDRESS: TypeAdapter[str] = TypeAdapter(SafeAddress)


def _address(value: str) -> str:
    """A calendar's address often ends in a query; what stands before it must be as for any other system."""
    _ADDRESS.validate_python(urlsplit(value)._replace(query="").geturl())
    return value


class PlannedConfig(BaseModel):
    """`[connectors.<name>.source]` of a planned connector: exactly one of `url` and `folder`.

    What takes place within `horizon_days` is told. An event that ended `keep_days` ago can be cancelled no more. `default_area`,
    a name or code of areas.yaml, is where an event takes place that names no place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_address)] | None = None
    folder: Path | None = None
    default_area: str = ""
    horizon_days: Annotated[int, Field(ge=1, le=730)] = 120
    keep_days: Annotated[int, Field(ge=1, le=90)] = 14
    max_megabytes: Annotated[float, Field(gt=0, le=16)] = 2.0
    max_events: Annotated[int, Field(ge=1, le=4_000)] = 1_000
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.url is None) == (self.folder is None):
            raise ValueError("name `url` or `folder`, one of the two")
        return self
