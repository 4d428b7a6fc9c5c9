"""How a person's act is tried again when somebody else was quicker, or the database was busy for a moment."""

from __future__ import annotations

from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from hub.errors import RetriableError

__all__ = ["again"]

again: Final = Retrying(
    retry=retry_if_exception_type(RetriableError), stop=stop_after_attempt(4), wait=wait_random(max=0.1), reraise=True
)
"""At most four times, within half a second; the last RetriableError goes on to the caller."""
