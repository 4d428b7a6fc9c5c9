"""The agency's copy of the subject directory: which of its persons have a reference, and how old that knowledge is."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hub.clock import Clock, stockholm_date
from hub.connect.ports import Change, Entry, Heed
from hub.connect.subjects import Changes
from hub.connect.vault import Copy, DirectoryFile
from hub.contract.identifiers import canonical_identifier
from hub.contract.ids import key_id
from hub.errors import RejectedError, RetriableError, StaleDirectoryError

__all__ = ["Directory", "Feed"]

_ATTEMPTS = 3
_REMEMBERED = 100_000
_FROM_THE_FUTURE = -timedelta(minutes=1).total_seconds()


def _ticks() -> float:
    """Seconds that nobody can turn back; with the machine's sleep where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Feed(Protocol):
    """Where changes come from; `SubjectFeed` over HTTP."""

    def fetch(self, since: int, etag: str, key: str) -> Changes | None:
        """Changes after version `since`; None when there are none. `key` is the id of the agency key used here."""
        ...

    def protect(self, youth_ref: str) -> None:
        """Say that the agency's system marks this person as protected; RetriableError unless it was taken."""
        ...


class Directory:
    """The real `SubjectDirectory`. Fails closed: without a copy, or with one that is too old, nothing may be published.

    Order of a refresh, so that a crash at any point repeats and loses nothing:
    1. fetch the changes,  2. `heed` them (erase what was removed, note the receipts: durable),  3. save the copy,  4. use it.

    `agency_key` is read at every refresh, so that a new key needs no restart. While two keys are valid the copy holds the
    hashes under both; a key that the registry no longer knows finds nobody, so with it nothing may be published either.
    The age counts by the wall clock and by one that cannot be set: the greater of both, so turning back a clock gains nothing.
    """

    def __init__(
        self,
        feed: Feed,
        file: DirectoryFile,
        *,
        agency_key: Callable[[], bytes],
        clock: Clock,
        stale_after: timedelta,
        pause: Callable[[float], None],
        ticks: Callable[[], float] = _ticks,
    ) -> None:
        self._feed = feed
        self._file = file
        self._read_key = agency_key
        self._key = agency_key()
        self._clock = clock
        self._ticks = ticks
        self._stale_after = stale_after
        self._remembered: dict[str, Entry | None] = {}  # spellings seen since the copy changed; in memory only
        self._remembered_on: date | None = None
        self._copy = file.load()
        self._saved_at = self._copy.confirmed_at if self._copy else None
        self._confirmed_ticks: float | None = None
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
        passed = 0.0 if self._confirmed_ticks is None else self._ticks() - self._confirmed_ticks
        return max(self._by_the_clock(self._copy), passed)

    def require_fresh(self) -> None:
        """Raise StaleDirectoryError unless the copy's age is within the limit and the agency's key is one it is written under.

        A copy from the future is no evidence.
        """
        copy = self._copy
        if copy is None or self.age_seconds > self._stale_after.total_seconds() or self._by_the_clock(copy) < _FROM_THE_FUTURE:
            raise StaleDirectoryError("the subject directory is missing or older than its limit", code="stale_directory")
        if copy.keys and key_id(self._key) not in copy.keys:
            text = "the registry does not know this agency's key: bring keys/agency-*.hmac here from the registry"
            raise StaleDirectoryError(text, code="agency_key_retired")

    def _by_the_clock(self, copy: Copy) -> float:
        return (self._clock.now() - copy.confirmed_at).total_seconds()

    def lookup(self, person_id: str) -> Entry | None:
        """The entry of a person; RejectedError `unresolved_identifier` when the identifier cannot be read."""
        today = stockholm_date(self._clock.now())
        if self._remembered_on != today or len(self._remembered) > _REMEMBERED:
            self._remembered, self._remembered_on = {}, today
        if person_id not in self._remembered:
            self._remembered[person_id] = self._find(canonical_identifier(person_id, today=today))
        return self._remembered[person_id]

    def entries(self) -> Iterable[Entry]:
        """Every entry of the copy, each once."""
        return {entry.youth_ref: entry for entry in (self._copy.entries if self._copy else {}).values()}.values()

    def protect(self, person_id: str) -> None:
        """Tell the registry, if she has a reference; it answers by taking the entry away."""
        try:
            entry = self.lookup(person_id)
        except RejectedError:
            return
        if entry is not None and not entry.rests:
            self._retrying(self._feed.protect, entry.youth_ref)

    def _find(self, canonical: str) -> Entry | None:
        if self._copy is None:
            return None
        return self._copy.entries.get(hmac.new(self._key, canonical.encode(), hashlib.sha256).hexdigest())

    def refresh(self, heed: Heed) -> None:
        """Bring the copy up to date, or raise RetriableError and leave it as it was."""
        self._renew_key()
        base, key = self._copy, key_id(self._key)
        # With a key that the copy is not written under, "nothing changed" would not say whether the registry knows it.
        etag = base.etag if base and (not base.keys or key in base.keys) else ""
        changes = self._retrying(self._feed.fetch, base.version if base else 0, etag, key)
        anew = base is not None and changes is not None and changes.version < base.version
        if anew:  # the registry was restored to an earlier state
            changes = self._retrying(self._feed.fetch, 0, "", key)
        if changes is None:
            self._confirm()
            return
        widened = _widened(self._copy, changes)
        if changes.removed or widened:
            heed(Change(changes.removed, bool(widened), widened))
        self._save(Copy(changes.version, changes.etag, self._clock.now(), _applied(base, changes, anew=anew), changes.keys))

    def _renew_key(self) -> None:
        key = self._read_key()
        if key != self._key:
            self._key, self._remembered = key, {}
            self._file = self._file.rekeyed(key)
            if self._copy is not None:
                self._save_as_it_is(self._copy)

    def _confirm(self) -> None:
        if self._copy is None:
            raise RetriableError("the registry says nothing changed, but there is no copy", code="registry_answer")
        now = self._clock.now()
        copy = Copy(self._copy.version, self._copy.etag, now, self._copy.entries, self._copy.keys)
        if self._saved_at is None or abs(now - self._saved_at) > self._stale_after / 10:
            self._save_as_it_is(copy)
        self._copy, self._confirmed_ticks = copy, self._ticks()

    def _save(self, copy: Copy) -> None:
        self._save_as_it_is(copy)
        self._copy, self._confirmed_ticks = copy, self._ticks()
        self._remembered = {}

    def _save_as_it_is(self, copy: Copy) -> None:
        self._file.save(copy)
        self._saved_at = copy.confirmed_at


def _applied(base: Copy | None, changes: Changes, *, anew: bool) -> dict[str, Entry]:
    """What is told of a reference replaces all that was known of it; one that is to come back is kept, at rest.

    `anew`: everything was told, so what was not told of is none. What rests is still known from before alone.
    """
    removed = {one.youth_ref: one for one in changes.removed}
    told = removed.keys() | {entry.youth_ref for entry in changes.present.values()}
    kept = base.entries if base else {}
    resting = {
        subject: entry.at_rest()
        for subject, entry in kept.items()
        if entry.youth_ref in removed and removed[entry.youth_ref].erasure_id is None
    }
    untold = {} if anew else {subject: entry for subject, entry in kept.items() if entry.youth_ref not in told}
    return untold | resting | changes.present


def _widened(copy: Copy | None, changes: Changes) -> dict[str, datetime]:
    """Of whom something may pass now that the copy at hand would not have let pass: the reference, and since when."""
    known = {entry.youth_ref: entry for entry in copy.entries.values()} if copy else {}
    before = _identifiers(copy.entries, copy.keys) if copy else Counter()
    after = _identifiers(changes.present, changes.keys)
    found: dict[str, datetime] = {}
    for entry in changes.present.values():
        same = known.get(entry.youth_ref) if after[entry.youth_ref] <= before[entry.youth_ref] else None
        starts = _new_starts(entry, same)
        if starts:
            found[entry.youth_ref] = min(starts)
    return found


def _identifiers(entries: dict[str, Entry], keys: tuple[str, ...]) -> Counter[str]:
    """How many identifiers each reference has: every one stands there under each key."""
    hashes = Counter(entry.youth_ref for entry in entries.values())
    return Counter({youth_ref: number // max(1, len(keys)) for youth_ref, number in hashes.items()})


def _new_starts(entry: Entry, known: Entry | None) -> list[datetime]:
    """Since when each span of the entry holds that the known one does not hold to its end, kinds and all."""
    if known is None or not entry.kinds <= known.kinds:
        return [start for start, _ in entry.spans]
    more = [(start, end) for start, end in entry.spans if not any(a <= start and end <= b for a, b in known.spans)]
    return [max((b for a, b in known.spans if a <= start < b), default=start) for start, _ in more]
