"""How a lane ends when it cannot go on: one clear last log line without content, and an error that ends the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import FatalError, HubError, places_passed
from hub.logs import get_logger

__all__ = ["guarded"]

_log = get_logger(__name__)


@contextmanager
def guarded(connector: str, lane: str) -> Iterator[None]:
    """Let HubErrors through and turn anything else into FatalError.

    A foreign exception's text may hold a record, so only its class and the places it passed are kept.
    """
    try:
        yield
    except HubError as error:
        _log.error("lane_stopped", connector=connector, lane=lane, error=type(error).__name__, code=error.code)
        raise
    except Exception as error:  # noqa: BLE001 -- leaves as FatalError, without the text
        _log.error("lane_crashed", connector=connector, lane=lane, error=type(error).__name__, passed=places_passed(error))
        text = f"unexpected {type(error).__name__} in the {lane} lane of {connector}; nothing was passed over"
        raise FatalError(text, code="unexpected") from None
