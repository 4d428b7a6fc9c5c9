"""What a source says besides facts: what it deleted, and whom it marks as protected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.connect.gate import Origin, Publishable
from hub.connect.ledger import Ledger
from hub.connect.ports import SubjectDirectory
from hub.connect.removing import retractions
from hub.connector import Aside, ProtectedPerson, Removal
from hub.errors import RejectedError, RetriableError

__all__ = ["Asides"]


class Asides:
    """One lane's; for one thread. Nothing of it is counted: who has a reference would show in a count."""

    def __init__(self, origin: Origin, directory: SubjectDirectory | None, ledger: Ledger) -> None:
        self._origin = origin
        self._directory = directory
        self._ledger = ledger
        self._unmarked: RetriableError | None = None

    def __call__(self, asides: Sequence[Aside], now: datetime, said: Sequence[Publishable] = ()) -> list[Publishable]:
        """Have whoever is protected stopped everywhere; the answer is the retractions of what was deleted.

        `said`: what goes out before, in the same breath, and is in no ledger yet.
        When the registry does not take a marking the poll goes on, and `require_marked` raises at its end.
        """
        if self._directory is None or not asides:
            return []
        for aside in asides:
            if isinstance(aside, ProtectedPerson):
                self._protect(self._directory, aside)
        removals = [aside for aside in asides if isinstance(aside, Removal)]
        if not removals:
            return []
        entries = list(self._directory.entries())
        told = self._ledger.told(entry.youth_ref for entry in entries)
        for item in said:
            if not item.retracted:
                told.setdefault(item.key, {})[item.event_id] = item.occurred_at
        kept = [(removal, self._kept(self._directory, removal.but_of)) for removal in removals]
        sound = [(removal, reference) for removal, reference in kept if reference is not None]
        return list(retractions(sound, entries, told, self._origin, now))

    def require_marked(self) -> None:
        """Raise what kept the registry from taking a marking since this was asked last: the poll has to come again soon."""
        error, self._unmarked = self._unmarked, None
        if error is not None:
            raise error

    @staticmethod
    def _kept(directory: SubjectDirectory, person_id: str) -> str | None:
        """The reference of whose facts stay; empty when it is nobody's, None when it cannot be read whose."""
        try:
            entry = directory.lookup(person_id) if person_id else None
        except RejectedError:
            return None
        return entry.youth_ref if entry else ""

    def _protect(self, directory: SubjectDirectory, aside: ProtectedPerson) -> None:
        try:
            directory.protect(aside.person_id)
        except RetriableError as error:
            self._unmarked = error
