"""Settings of the police feed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["PolisenConfig"]


class PolisenConfig(BaseModel):
    """`[connectors.<name>.source]` of a polisen connector.

    The feed is public and asks readers not to poll more often than once a minute; `poll_seconds` of the instance decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")] = "https://polisen.se/api/events"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    max_response_megabytes: Annotated[float, Field(gt=0, le=1024)] = 16.0
