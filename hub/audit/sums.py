"""Entries that are summed, because anybody can cause as many as he likes: a flood of them must not fill the disk.

The first of a kind is written at once, what follows with its number (`n17`) when the time is over, at the next occasion
whosesoever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from hub.audit.entries import Entry
from hub.clock import Clock
from hub.errors import ConfigError, RetriableError

__all__ = ["Log", "Sums"]

_log = logging.getLogger(__name__)


class Log(Protocol):
    """Where entries go: `hub.audit.log.AuditLog`. Raises RetriableError `audit` when nothing must be told."""

    def append_many(self, entries: Sequence[Entry]) -> int:
        """Write them; they are on the medium when this returns."""
        ...


@dataclass(slots=True)
class _Sum:
    """How many were not written yet, and when writing was last tried."""

    number: int = 0
    tried: datetime | None = None


class Sums:
    """One per process; safe for several threads. `every` says how long a kind is summed; kinds must be few, whatever is asked."""

    def __init__(self, log: Log, clock: Clock, every: Callable[[Entry], timedelta]) -> None:
        self._to = log
        self._clock = clock
        self._every = every
        self._lock = threading.Lock()
        self._sums: dict[Entry, _Sum] = {}

    def count(self, entry: Entry) -> None:
        """One more of this kind. Its `purpose` must be empty: it will say how many."""
        with self._lock:
            self._sums.setdefault(entry, _Sum()).number += 1
        self.write_due()

    def write_due(self, *, everything: bool = False) -> None:
        """Write what has been summed long enough, or all of it at the end; what cannot be written now is tried again."""
        now = self._clock.now()
        with self._lock:
            due = [
                (entry, one.number)
                for entry, one in self._sums.items()
                if one.number and (everything or one.tried is None or abs(now - one.tried) >= self._every(entry))
            ]
            for entry, _ in due:
                self._sums[entry].tried = now
        if not due:
            return
        try:
            self._to.append_many([replace(entry, purpose=f"n{number}") for entry, number in due])
        except (RetriableError, ConfigError) as error:
            _log.warning("what was refused is not in the audit log yet (%s)", error.code)
            return
        with self._lock:
            for entry, number in due:
                self._sums[entry].number -= number
