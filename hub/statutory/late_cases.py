"""Whether the clock of any case of the manual lane has run out: yes or no, for an alarm.

Nobody is told how many cases there are, nor when one came: a clock that runs out on some day is told of from the next Swedish
midnight on, so that the figure's change does not lead back to the minute in which somebody sat at a desk. Envelopes stay closed:
arrival stands outside the seal, and no private key is asked for.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from nacl.public import PublicKey

from hub.clock import Clock, stockholm_date
from hub.errors import ContractError, HubError
from hub.metrics import PROTECTED_LATE
from hub.settings import Settings
from hub.statutory.handing_over import HandOvers
from hub.statutory.manual import manual_folder, open_outcomes, read_public_key
from hub.statutory.sealing import read_header
from hub.statutory.store import StatutoryStore
from hub.working_time import WorkingTime

__all__ = ["CASE_SECONDS", "CaseWatch", "LateCases"]

CASE_SECONDS: Final = 60.0


class LateCases:
    """`hours` and `days`: within so many working days of its arrival somebody looks into a case (`statutory.case_days`)."""

    def __init__(self, store: StatutoryStore, outcomes: HandOvers, clock: Clock, hours: WorkingTime, days: int) -> None:
        self._store = store
        self._outcomes = outcomes
        self._clock = clock
        self._hours = hours
        self._days = days

    def any_late(self) -> bool:
        """Whether a case without an outcome is late. One whose clock cannot be read is: somebody has to look at it."""
        now = self._clock.now()
        return any(self._is_late(path, now) for path in self._store.files() if not self._outcomes.is_confirmed(path))

    def _is_late(self, path: Path, now: datetime) -> bool:
        try:
            with path.open("rb") as stream:
                arrived_at = read_header(stream)[0]
        except FileNotFoundError:  # let go of meanwhile, as only a case with an outcome is
            return False
        except (OSError, ContractError):
            return True
        return stockholm_date(self._hours.later(arrived_at, self._days)) < stockholm_date(now)


class CaseWatch:
    """One look at the installation's manual lane each minute. Touches neither key nor disk before there is a case."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._looked: float | None = None

    def look(self, monotonic_seconds: float) -> None:
        """Refresh the gauge. Raises HubError or OSError when the lane cannot be judged; the gauge then says that it is late."""
        if self._looked is not None and monotonic_seconds - self._looked < CASE_SECONDS:
            return
        self._looked = monotonic_seconds
        try:
            PROTECTED_LATE.set(self._any_late())
        except (HubError, OSError):
            PROTECTED_LATE.set(1)
            raise

    def _any_late(self) -> bool:
        folder, chosen = manual_folder(self._settings), self._settings.statutory
        if not folder.is_dir():
            return False
        store = StatutoryStore(folder, PublicKey(read_public_key(self._settings)), clock=self._clock)
        return LateCases(store, open_outcomes(self._settings), self._clock, chosen.hours, chosen.case_days).any_late()
