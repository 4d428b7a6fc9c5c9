"""When a receiver is asked again after it failed, and what a connector raises that nobody foresaw, as an error of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.backoff import Backoff, after
from hub.errors import ConfigError, HubError, RetriableError, places_passed
from hub.logs import get_logger
from hub.metrics import STATUTORY_ATTEMPTS

__all__ = ["Asking", "Rest", "foreseen"]

_IN_A_ROW: Final = 3
"""So many failures without a success between them are the receiver's, and not a report's: all of its reports rest."""
_log = get_logger(__name__)


@contextmanager
def foreseen(step: str, **where: str) -> Iterator[None]:
    """Whatever leaves is a HubError: of anything else the log has kind and place, never its text, which may hold a report.

    A fault of one connector must not keep the others' reports. Raises RetriableError `unforeseen`.
    """
    try:
        yield
    except HubError:
        raise
    except Exception as error:  # noqa: BLE001 - leaves as an error of ours
        _log.error("statutory_unforeseen", step=step, error=type(error).__name__, places=places_passed(error), **where)
        raise RetriableError("it ended with an error that nobody foresaw: the log has its kind", code="unforeseen") from None


@dataclass(slots=True)
class Rest:
    """Of one report: how often asking for it failed, and until when (UTC) it is left alone."""

    failures: int = 0
    until: datetime | None = None


class Asking:
    """One thing that receivers are asked for; `event` names its failures in the log.

    What fails rests, each time for longer; so do all of a receiver's reports when it fails again and again.
    """

    def __init__(self, event: str, backoff: Backoff) -> None:
        self._event = event
        self._backoff = backoff
        self._failures: Counter[str] = Counter()
        self._resting: dict[str, datetime] = {}

    def is_due(self, receiver: str, rest: Rest, now: datetime) -> bool:
        """Whether this report's turn with this receiver has come."""
        return all(until is None or until <= now for until in (rest.until, self._resting.get(receiver)))

    def answered(self, receiver: str) -> None:
        """It did what it was asked for."""
        self._failures.pop(receiver, None)

    def failed(self, receiver: str, rest: Rest, entry: str, error: HubError, now: datetime) -> None:
        """Count, tell, and let it rest."""
        rest.failures += 1
        rest.until = now + timedelta(seconds=after(self._backoff, rest.failures, error))
        STATUTORY_ATTEMPTS.labels(receiver=receiver, result=error.code).inc()
        if isinstance(error, RetriableError | ConfigError):
            self._failures[receiver] += 1
            if (times := self._failures[receiver]) >= _IN_A_ROW:
                self._resting[receiver] = now + timedelta(seconds=after(self._backoff, times - _IN_A_ROW + 1, error))
        # The first, and then ever more seldom: a receiver that is down is one line a while, and not one for each report.
        if rest.failures & (rest.failures - 1) == 0 and self._failures[receiver] <= _IN_A_ROW:
            _log.warning(self._event, entry=entry, receiver=receiver, code=error.code, attempts=rest.failures)
