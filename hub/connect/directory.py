"""The agency's copy of the subject directory: which of its persons have a reference, and how old that knowledge is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date, timedelta
from typing import Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hub.clock import Clock, stockholm_date
from hub.connect.ports import Change, Entry, Heed
from hub.connect.subjects import Changes
from hub.connect.vault import Copy, DirectoryFile
from hub.contract.identifiers import canonical_identifier
from hub.errors import RetriableError, StaleDirectoryError

__all__ = ["Directory", "Feed"]

_ATTEMPTS = 3
_REMEMBERED = 100_000
_CLOCK_SKEW = timedelta(minutes=1)


class Feed(Protocol):
    """Where changes come from; `SubjectFeed` over HTTP."""

    def fetch(self, since: int, etag: str) -> Changes | None:
        """Changes after version `since`; None when there are none."""
        ...


class Directory:
    """The real `SubjectDirectory`. Fails closed: without a copy, or with one that is too old, nothing may be published.

    Order of a refresh, so that a crash at any point repeats and loses nothing:
    1. fetch the changes,  2. `heed` them (erase what was removed, note the receipts: durable),  3. save the copy,  4. use it.
    """

    def __init__(
        self,
        feed: Feed,
        file: DirectoryFile,
        *,
        agency_key: bytes,
        clock: Clock,
        stale_after: timedelta,
        pause: Callable[[float], None],
    ) -> None:
        self._feed = feed
        self._file = file
        self._key = agency_key
        self._clock = clock
        self._stale_after = stale_after
        self._remembered: dict[str, Entry | None] = {}  # spellings seen since the copy changed; in memory only
        self._remembered_on: date | None = None
        self._copy = file.load()
        self._saved_at = self._copy.confirmed_at if self._copy else None
        self._retrying = Retrying(
            retry=retry_if_exception_type(RetriableError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            sleep=pause,
            reraise=True,
        )

    @property
    def age_seconds(self) -> float:
        """Since the registry last confirmed the copy; infinite without one."""
        if self._copy is None:
            return float("inf")
        return (self._clock.now() - self._copy.confirmed_at).total_seconds()

    def require_fresh(self) -> None:
        """Raise StaleDirectoryError unless the copy's age is within the limit. A copy from the future is no evidence."""
        age = self.age_seconds
        if not -_CLOCK_SKEW.total_seconds() <= age <= self._stale_after.total_seconds():
            raise StaleDirectoryError("the subject directory is missing or older than its limit", code="stale_directory")

    def lookup(self, person_id: str) -> Entry | None:
        """The entry of a person; RejectedError `unresolved_identifier` when the identifier cannot be read."""
        today = stockholm_date(self._clock.now())
        if self._remembered_on != today or len(self._remembered) > _REMEMBERED:
            self._remembered, self._remembered_on = {}, today
        if person_id not in self._remembered:
            self._remembered[person_id] = self._find(canonical_identifier(person_id, today=today))
        return self._remembered[person_id]

    def _find(self, canonical: str) -> Entry | None:
        if self._copy is None:
            return None
        return self._copy.entries.get(hmac.new(self._key, canonical.encode(), hashlib.sha256).hexdigest())

    def refresh(self, heed: Heed) -> None:
        """Bring the copy up to date, or raise RetriableError and leave it as it was."""
        base = self._copy
        changes = self._retrying(self._feed.fetch, base.version if base else 0, base.etag if base else "")
        if base is not None and changes is not None and changes.version < base.version:
            base = None  # the registry was restored to an earlier state: take everything anew
            changes = self._retrying(self._feed.fetch, 0, "")
        if changes is None:
            self._confirm()
            return
        entries = _applied(base, changes)
        gained = any(_covers_more(entry, self._copy, subject) for subject, entry in changes.present.items())
        if changes.removed or gained:
            heed(Change([removed for _, removed in changes.removed], gained))
        self._save(Copy(changes.version, changes.etag, self._clock.now(), entries))

    def _confirm(self) -> None:
        if self._copy is None:
            raise RetriableError("the registry says nothing changed, but there is no copy", code="registry_answer")
        now = self._clock.now()
        copy = Copy(self._copy.version, self._copy.etag, now, self._copy.entries)
        if self._saved_at is None or now - self._saved_at > self._stale_after / 10:
            self._save(copy)
        self._copy = copy

    def _save(self, copy: Copy) -> None:
        self._file.save(copy)
        self._saved_at = copy.confirmed_at
        self._copy = copy
        self._remembered = {}


def _applied(base: Copy | None, changes: Changes) -> dict[str, Entry]:
    gone = {subject for subject, _ in changes.removed}
    erased = {removed.youth_ref for _, removed in changes.removed if removed.erasure_id is not None}
    kept = base.entries if base else {}
    entries = {subject: entry for subject, entry in kept.items() if subject not in gone and entry.youth_ref not in erased}
    return entries | changes.present


def _covers_more(entry: Entry, copy: Copy | None, subject: str) -> bool:
    """Whether the entry may let something pass that the copy at hand would not."""
    known = copy.entries.get(subject) if copy else None
    if known is None or known.youth_ref != entry.youth_ref or not entry.kinds <= known.kinds:
        return True
    return not all(any(a <= start and end <= b for a, b in known.spans) for start, end in entry.spans)
