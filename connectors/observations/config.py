"""Settings of an inbox folder of CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ObservationsConfig"]


class ObservationsConfig(BaseModel):
    """`[connectors.<name>.source]` of an observations connector.

    `folder` may be relative to the installation. A file younger than `settle_seconds` is looked at twice, that long apart,
    and taken when it did not change. `remember_days`: how long a file that has left the folder is remembered, so that its
    rows can still be retracted when it comes back without them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    remember_days: Annotated[int, Field(ge=1, le=3650)] = 120
    max_file_megabytes: Annotated[float, Field(gt=0, le=1024)] = 64.0
    batch_rows: Annotated[int, Field(ge=1, le=10_000)] = 500
