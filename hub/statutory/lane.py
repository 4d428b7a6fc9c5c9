"""The way out of the statutory lane: every stored report to the receiver that the municipality named, until it is registered.

Order of one hand-over, each step on the medium before the next: assigned (by the hour, once) → taken by the receiver → registered
in its case system. A step that was not reached is repeated, by this process or the next one, under the same key. Guarantee: at
least once, with one effect at a receiver that takes a key once; nothing is deleted here, and nothing is given up: what fails is
tried again after a random, growing while, and after the set time somebody is told.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from hub.backoff import Backoff, after
from hub.clock import Clock
from hub.errors import ConfigError, HubError, RejectedError, RetriableError
from hub.logs import get_logger
from hub.metrics import STATUTORY_ATTEMPTS
from hub.statutory.deadlines import deadlines
from hub.statutory.entries import entry_of
from hub.statutory.handing_over import HandOvers
from hub.statutory.marks import Mark, Marks
from hub.statutory.receiving import Receiver, Report
from hub.statutory.store import StatutoryStore
from hub.statutory_settings import StatutorySettings

__all__ = ["Lane", "Waiting", "chosen_receiver", "key_of"]

_PASS_SECONDS: Final = 5.0
"""One pass ends then, so that the process' figures keep up with it; the next one begins with what this did not reach."""
_IN_A_ROW: Final = 3
"""So many failures without a success between them are the receiver's, and not a report's: all of its reports rest."""
_log = get_logger(__name__)


@dataclass(slots=True)
class Waiting:
    """One content on its way; what is known of it in memory. `receiver` is empty until it is assigned, or goes by hand."""

    path: Path
    arrived_at: datetime
    assigned_at: datetime | None = None
    receiver: str = ""
    taken: bool = False
    escalated: bool = False
    attempts: int = 0
    rests_until: datetime | None = None
    escalation_rests_until: datetime | None = None


def key_of(stored: Path) -> str:
    """The idempotency key of the content in this file of the store."""
    return f"{stored.parent.name}-{stored.stem}"


def chosen_receiver(settings: StatutorySettings, now: datetime) -> str:
    """The code of who takes a report that is seen at this instant (aware); empty: a person hands it over.

    Outside the reception's hours and on public holidays it is socialjouren.
    """
    in_office = settings.hours.at_work(now) == now.astimezone(UTC)
    first, second = (settings.receiver, settings.after_hours) if in_office else (settings.after_hours, settings.receiver)
    return first or second


class Lane:
    """One pass at a time. `receivers` by their code; `monotonic` counts seconds. `index`: what is stored, as of the last pass."""

    def __init__(
        self,
        store: StatutoryStore,
        settings: StatutorySettings,
        receivers: Mapping[str, Receiver],
        hand_overs: HandOvers,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.index = store.index()
        self._revision = 0
        self._store = store
        self._settings = settings
        self._receivers = receivers
        self._hand_overs = hand_overs
        self._marks: Marks = hand_overs.marks
        self._clock = clock
        self._monotonic = monotonic
        longest = settings.retry_longest_seconds
        self._backoff = Backoff(1.0, longest, max(longest, 3600.0), least=min(1.0, longest))
        self._waiting: dict[Path, Waiting] = {}
        self._registered: set[Path] = set()
        self._failures: Counter[str] = Counter()
        self._resting: dict[str, datetime] = {}

    @property
    def waiting(self) -> list[Waiting]:
        """What no case system has registered, as of the last pass."""
        return list(self._waiting.values())

    @property
    def registered(self) -> int:
        """How many contents are registered, as of the last pass."""
        return len(self._registered)

    def look(self) -> None:
        """One pass over everything that is not registered yet.

        Raises RetriableError when the store's own disk refuses a mark, OSError when it does not say what it holds: then the pass
        is repeated, and nothing was lost.
        """
        self._discover()
        # What a receiver has is looked at first, for its half of the pass: a receipt does not wait for a long queue to be taken.
        for taken in (True, False):
            ends = self._monotonic() + _PASS_SECONDS / 2
            chosen = [one for one in self._waiting.values() if one.taken is taken]
            for one in sorted(chosen, key=lambda each: (each.attempts, each.arrived_at)):
                self._advance(one)
                if self._monotonic() > ends:
                    break

    def close(self) -> None:
        """Release the receivers' connections."""
        for receiver in self._receivers.values():
            receiver.close()

    def _discover(self) -> None:
        revision, arrivals, damaged = self.index.refresh(), self.index.arrivals, self.index.damaged
        # Of a file that does not open the check tells; it may be registered all the same.
        fresh = damaged.keys() - self._registered - self._waiting.keys()
        if revision != self._revision:
            stored = arrivals.keys() | damaged.keys()
            for gone in self._waiting.keys() - stored:
                del self._waiting[gone]
            self._registered &= stored
            fresh |= arrivals.keys() - self._waiting.keys() - self._registered
        for path in fresh:
            if not self._is_registered(path) and path in arrivals:
                self._waiting[path] = self._remembered(Waiting(path, arrivals[path]))
        self._revision = revision  # not before: a mark that the disk refused is tried again

    def _remembered(self, one: Waiting) -> Waiting:
        said = self._marks.of(one.path)
        if (assigned := said.get(Mark.ASSIGNED)) is not None:
            one.assigned_at, one.receiver = assigned.at, assigned.receiver
        if (taken := said.get(Mark.TAKEN)) is not None:
            one.taken, one.receiver = True, taken.receiver
        one.escalated = Mark.ESCALATED in said
        return one

    def _is_registered(self, path: Path) -> bool:
        if not self._hand_overs.is_confirmed(path):
            return False
        if self._marks.get(path, Mark.REGISTERED) is None:  # whoever confirmed it died before the mark, or knew of none
            self._marks.put(path, Mark.REGISTERED, self._clock.now())
        self._registered.add(path)
        self._waiting.pop(path, None)
        return True

    def _advance(self, one: Waiting) -> None:
        if self._is_registered(one.path):
            return
        now = self._clock.now()
        self._assign(one, now)
        receiver = self._receivers.get(one.receiver)
        if receiver is not None and not one.taken and self._is_due(one, now):
            self._attempt(one, receiver, now)
        if receiver is not None and one.taken and (case := receiver.registered(key_of(one.path))) is not None:
            self._register(one, case, now)
        elif not one.escalated and self._is_late(one, now):
            self._escalate(one, now)

    def _assign(self, one: Waiting, now: datetime) -> None:
        if one.assigned_at is not None and (one.taken or not one.receiver or one.receiver in self._receivers):
            return
        if one.assigned_at is None:
            said = self._marks.put(one.path, Mark.ASSIGNED, now, receiver=chosen_receiver(self._settings, now))
            one.assigned_at, one.receiver = said.at, said.receiver
        if one.receiver and one.receiver not in self._receivers:  # it was taken out of the settings before it had the report
            one.receiver = chosen_receiver(self._settings, now)

    def _is_due(self, one: Waiting, now: datetime) -> bool:
        rests = [until for until in (one.rests_until, self._resting.get(one.receiver)) if until is not None]
        return all(until <= now for until in rests)

    def _attempt(self, one: Waiting, receiver: Receiver, now: datetime) -> None:
        try:
            taken = receiver.take(self._report(one))
        except HubError as error:
            self._failed(one, error, now)
            return
        STATUTORY_ATTEMPTS.labels(receiver=one.receiver, result="taken").inc()
        self._failures.pop(one.receiver, None)
        self._marks.put(one.path, Mark.TAKEN, now, receiver=one.receiver, reference=taken.reference)
        one.taken = True

    def _report(self, one: Waiting) -> Report:
        return Report(key_of(one.path), one.arrived_at, deadlines(one.arrived_at), partial(self._store.read_file, one.path))

    def _failed(self, one: Waiting, error: HubError, now: datetime) -> None:
        """It rests, each time for longer; so do all of a receiver's when it fails again and again."""
        one.attempts += 1
        one.rests_until = now + timedelta(seconds=after(self._backoff, one.attempts, error))
        STATUTORY_ATTEMPTS.labels(receiver=one.receiver, result=error.code).inc()
        if isinstance(error, RetriableError | ConfigError):
            self._failures[one.receiver] += 1
            if (times := self._failures[one.receiver]) >= _IN_A_ROW:
                wait = after(self._backoff, times - _IN_A_ROW + 1, error)
                self._resting[one.receiver] = now + timedelta(seconds=wait)
        # The first, and then ever more seldom: a receiver that is down is one line a while, and not one for each report.
        if one.attempts & (one.attempts - 1) == 0 and self._failures[one.receiver] <= _IN_A_ROW:
            _log.warning(
                "statutory_not_taken", entry=entry_of(one.path), receiver=one.receiver, code=error.code, attempts=one.attempts
            )

    def _register(self, one: Waiting, case: str, now: datetime) -> None:
        try:
            self._hand_overs.confirm(one.path, registered_as=case, who=f"receiver {one.receiver}", at=now)
        except RejectedError as error:
            if one.attempts == 0:
                _log.warning("statutory_receipt_refused", entry=entry_of(one.path), receiver=one.receiver, code=error.code)
            one.attempts += 1
            return
        self._is_registered(one.path)

    def _is_late(self, one: Waiting, now: datetime) -> bool:
        if one.assigned_at is None:
            return False
        waited, limits = now - one.assigned_at, self._settings
        untaken = bool(one.receiver) and not one.taken and waited > timedelta(minutes=limits.taken_minutes)
        return untaken or waited > timedelta(hours=limits.registered_hours)

    def _escalate(self, one: Waiting, now: datetime) -> None:
        receiver = self._receivers.get(self._settings.escalate_to)
        if one.escalation_rests_until is not None and one.escalation_rests_until > now:
            return
        try:
            if receiver is not None:
                receiver.take(self._report(one))
        except HubError as error:
            one.escalation_rests_until = now + timedelta(seconds=self._settings.retry_longest_seconds)
            STATUTORY_ATTEMPTS.labels(receiver=self._settings.escalate_to, result=error.code).inc()
            return
        self._marks.put(one.path, Mark.ESCALATED, now, receiver=self._settings.escalate_to)
        one.escalated = True
        _log.error("statutory_not_registered", entry=entry_of(one.path), receiver=one.receiver or "by hand", taken=one.taken)
