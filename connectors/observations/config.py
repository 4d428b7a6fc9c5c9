"""Settings of observations: an inbox folder of CSV files, or an address to which partners push."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = ["Intake", "ObservationsConfig"]

_Partner = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Intake(BaseModel):
    """Where partners push to: `POST /intake/<kind>` at `listen_port` of this machine, behind a reverse proxy.

    `partners` are names of ours; each has a secret of its own, `partner-<name>` (whsec_ and Base64). `per_minute` bounds each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen_port: Annotated[int, Field(ge=1, le=65535)]
    partners: Annotated[tuple[_Partner, ...], Field(min_length=1, max_length=50)]
    per_minute: Annotated[int, Field(ge=1, le=6000)] = 60


class ObservationsConfig(BaseModel):
    """`[connectors.<name>.source]` of an observations connector: exactly one of `folder` and `intake`.

    `folder` may be relative to the installation. A file younger than `settle_seconds` is looked at twice, that long apart,
    and taken when it did not change. `remember_days`: how long a file that has left the folder is remembered, so that its
    rows can still be retracted when it comes back without them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    intake: Intake | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    remember_days: Annotated[int, Field(ge=1, le=3650)] = 120
    max_file_megabytes: Annotated[float, Field(gt=0, le=1024)] = 64.0
    batch_rows: Annotated[int, Field(ge=1, le=10_000)] = 500

    @model_validator(mode="after")
    def _comes_one_way(self) -> Self:
        if (self.folder is None) == (self.intake is None):
            raise ValueError("name `folder` or `intake`, one of the two")
        return self
