"""The way out of the statutory lane: every stored report to the receiver that the municipality named, until it is registered.

Order of one hand-over, each step on the medium before the next: assigned (by the hour, once) → taken by the receiver → registered
in its case system. A step that was not reached is repeated, by this process or the next one, under the same key. Guarantee: at
least once, with one effect at a receiver that takes a key once; nothing is deleted here, and nothing is given up: what fails is
tried again after a random, growing while, and after the set time somebody is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from hub.backoff import Backoff
from hub.clock import Clock
from hub.errors import HubError, RejectedError
from hub.logs import get_logger
from hub.metrics import STATUTORY_ATTEMPTS
from hub.statutory.case_numbers import kept_case_number
from hub.statutory.deadlines import deadlines
from hub.statutory.entries import entry_of
from hub.statutory.handing_over import HandOvers
from hub.statutory.marks import Mark, Marks
from hub.statutory.receiving import Receiver, Report
from hub.statutory.resting import Asking, Rest, foreseen
from hub.statutory.store import StatutoryStore
from hub.statutory_settings import StatutorySettings

__all__ = ["Lane", "Waiting", "chosen_receiver", "key_of"]

_PASS_SECONDS: Final = 5.0
"""One pass ends then, so that the process' figures keep up with it; the next one begins with what this did not reach."""
_TROUBLES: Final = 3
"""So many reports that the store's own disk gets nowhere with end the pass; the next one begins with the others."""
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
    troubles: int = 0
    taking: Rest = field(default_factory=Rest)
    receipt: Rest = field(default_factory=Rest)
    telling: Rest = field(default_factory=Rest)

    @property
    def failures(self) -> int:
        """What failed least has its turn first: old reports that fail again and again hold up no others."""
        return self.troubles + self.taking.failures + self.receipt.failures


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
        backoff = Backoff(1.0, longest, max(longest, 3600.0), least=min(1.0, longest))
        self._taking = Asking("statutory_not_taken", backoff)
        self._receipts = Asking("statutory_receipt_refused", backoff)
        self._telling = Asking("statutory_not_told", backoff)
        self._waiting: dict[Path, Waiting] = {}
        self._registered: set[Path] = set()

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

        Raises RetriableError when the store's own disk refuses a mark, after everything else had its turn, and OSError when it
        does not say what it holds: then the pass is repeated, and nothing was lost.
        """
        self._discover()
        troubles: list[HubError] = []
        # What a receiver has is looked at first, for its half of the pass: a receipt does not wait for a long queue to be taken.
        for taken in (True, False):
            ends = self._monotonic() + _PASS_SECONDS / 2
            chosen = [one for one in self._waiting.values() if one.taken is taken]
            for one in sorted(chosen, key=lambda each: (each.failures, each.arrived_at)):
                try:
                    with foreseen("advance", entry=entry_of(one.path)):
                        self._advance(one)
                except HubError as error:
                    one.troubles += 1
                    troubles.append(error)
                # A disk that refuses one after the other refuses all: they are not asked for one by one.
                if self._monotonic() > ends or len(troubles) >= _TROUBLES:
                    break
        if troubles:
            raise troubles[0]

    def close(self) -> None:
        """Release the receivers' connections."""
        for code, receiver in self._receivers.items():
            with suppress(HubError), foreseen("close", receiver=code):
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
        if receiver is not None and not one.taken and self._taking.is_due(one.receiver, one.taking, now):
            self._attempt(one, receiver, now)
        if receiver is not None and one.taken and self._is_received(one, receiver, now):
            return
        if not one.escalated and self._is_late(one, now):
            self._escalate(one, now)

    def _assign(self, one: Waiting, now: datetime) -> None:
        if one.assigned_at is not None and (one.taken or not one.receiver or one.receiver in self._receivers):
            return
        if one.assigned_at is None:
            said = self._marks.put(one.path, Mark.ASSIGNED, now, receiver=chosen_receiver(self._settings, now))
            one.assigned_at, one.receiver = said.at, said.receiver
        if one.receiver and one.receiver not in self._receivers:  # it was taken out of the settings before it had the report
            one.receiver = chosen_receiver(self._settings, now)

    def _attempt(self, one: Waiting, receiver: Receiver, now: datetime) -> None:
        try:
            with foreseen("take", receiver=one.receiver):
                reference = receiver.take(self._report(one)).reference
        except HubError as error:
            self._taking.failed(one.receiver, one.taking, entry_of(one.path), error, now)
            return
        STATUTORY_ATTEMPTS.labels(receiver=one.receiver, result="taken").inc()
        self._taking.answered(one.receiver)
        self._marks.put(one.path, Mark.TAKEN, now, receiver=one.receiver, reference=reference)
        one.taken = True

    def _report(self, one: Waiting) -> Report:
        return Report(key_of(one.path), one.arrived_at, deadlines(one.arrived_at), partial(self._store.read_file, one.path))

    def _is_received(self, one: Waiting, receiver: Receiver, now: datetime) -> bool:
        """Whether the receiver's case system confirms that it has it, which is then registered."""
        if not self._receipts.is_due(one.receiver, one.receipt, now):
            return False
        try:
            with foreseen("receipt", receiver=one.receiver):
                case = receiver.registered(key_of(one.path))
                if case is not None and not case.strip():
                    raise RejectedError("a receipt without a case number confirms nothing", code="receipt_without_number")
        except HubError as error:
            self._receipts.failed(one.receiver, one.receipt, entry_of(one.path), error, now)
            return False
        self._receipts.answered(one.receiver)
        return case is not None and self._register(one, case, now)

    def _register(self, one: Waiting, case: str, now: datetime) -> bool:
        kept = kept_case_number(case)
        self._hand_overs.receipt(one.path, registered_as=kept, who=f"receiver {one.receiver}", at=now)
        if kept != case.strip():  # the receiver confirmed it all the same, and its register has the number under the key
            _log.warning("statutory_number_not_kept_whole", entry=entry_of(one.path), receiver=one.receiver)
        return self._is_registered(one.path)

    def _is_late(self, one: Waiting, now: datetime) -> bool:
        if one.assigned_at is None:
            return False
        waited, limits = now - one.assigned_at, self._settings
        untaken = bool(one.receiver) and not one.taken and waited > timedelta(minutes=limits.taken_minutes)
        return untaken or waited > timedelta(hours=limits.registered_hours)

    def _escalate(self, one: Waiting, now: datetime) -> None:
        code = self._settings.escalate_to
        receiver = self._receivers.get(code)
        if not self._telling.is_due(code, one.telling, now):
            return
        try:
            if receiver is not None:
                with foreseen("escalate", receiver=code):
                    receiver.take(self._report(one))
        except HubError as error:
            self._telling.failed(code, one.telling, entry_of(one.path), error, now)
            return
        self._telling.answered(code)
        self._marks.put(one.path, Mark.ESCALATED, now, receiver=code)
        one.escalated = True
        _log.error("statutory_not_registered", entry=entry_of(one.path), receiver=one.receiver or "by hand", taken=one.taken)
