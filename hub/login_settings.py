"""The settings of signing in, `[login]`, and of what the law asks to have been decided, `[legal]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LoginSettings"]

_Hours = Annotated[float, Field(gt=0, le=168)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoginSettings(_Section):
    """`approve_within_hours` and `use_within_hours`: how long a request for a second person waits, and an approval holds."""

    database_url: str = ""
    approve_within_hours: _Hours = 72.0
    use_within_hours: _Hours = 4.0
