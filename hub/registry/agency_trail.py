"""What the audit log is told of the subject service: before anything is disclosed, or it is not disclosed.

An answer that tells of somebody is one entry: which agency, from which version to which, how many entries and how many of
them are removals; never whose. Connectors ask every few seconds, and anybody who reaches the port can be refused as
often as he likes: answers with nothing in them, and refusals, are summed, so that neither fills the disk. The first of a
kind is written at once, what follows with its number (`n17`) when the time is over, at the next request whosesoever.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from hub.access.trail import UNKNOWN
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Outcome
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.clock import Clock
from hub.errors import RetriableError
from hub.logs import get_logger
from hub.registry.directory import Page

__all__ = ["AgencyTrail", "Log", "connector_of"]

_REFUSALS_EVERY: Final = timedelta(minutes=1)
_NOTHING_EVERY: Final = timedelta(minutes=15)
_log = get_logger(__name__)


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


def connector_of(agency: str) -> Actor:
    """An agency's connectors, as the log names them."""
    return Actor(agency, unit=agency, role="connector")


class AgencyTrail:
    """One per process; safe for several threads. Of a summed kind there are as many as agencies and rules, whatever is asked."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._to = log
        self._clock = clock
        self._lock = threading.Lock()
        self._sums: dict[Entry, _Sum] = {}

    def told(self, agency: str, since: int, page: Page) -> None:
        """An answer that is about to go out. Raises RetriableError `audit`: it must not."""
        if not page.entries:
            self.nothing_new(agency)
            return
        removed = sum(bool(entry["removed"]) for entry in page.entries)
        # A letter stands before each number: none can be taken for somebody's.
        rule = f"v{page.version}.n{len(page.entries)}.r{removed}"
        entry = Entry(connector_of(agency), Action.SUBJECTS_FETCHED, purpose=f"since.v{since}", rule=rule)
        # That an agency is told to forget is part of the withdrawal, which waits for no log.
        with unstoppable(Unstoppable.WITHDRAWAL) if removed == len(page.entries) else nullcontext():
            self._to.append_many([entry])
        self.write_due()

    def nothing_new(self, agency: str) -> None:
        """An answer that tells of nobody: summed, and given also while the log cannot be written."""
        self.count(Entry(connector_of(agency), Action.SUBJECTS_FETCHED, rule="nothing_new"))

    def refused(self, agency: str, caller: str | None, rule: str) -> None:
        """A refusal: whose subjects were asked for (empty: nobody's that exists), by whose token, and why."""
        actor = UNKNOWN if caller is None else connector_of(caller)
        self.count(Entry(replace(actor, unit=agency), Action.SUBJECTS_FETCHED, outcome=Outcome.DENY, rule=rule))

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
                if one.number and (everything or one.tried is None or abs(now - one.tried) >= _wait(entry))
            ]
            for entry, _ in due:
                self._sums[entry].tried = now
        if not due:
            return
        try:
            self._to.append_many([replace(entry, purpose=f"n{number}") for entry, number in due])
        except RetriableError as error:
            _log.warning("what the subject service refused is not in the audit log yet", code=error.code)
            return
        with self._lock:
            for entry, number in due:
                self._sums[entry].number -= number


def _wait(entry: Entry) -> timedelta:
    return _REFUSALS_EVERY if entry.outcome is Outcome.DENY else _NOTHING_EVERY
