"""What the audit log is told of the subject service: before anything is disclosed, or it is not disclosed.

An answer that tells of somebody is one entry: which agency, from which version to which, how many entries and how many of
them are removals; never whose. Connectors ask every few seconds, and anybody who reaches the port can be refused as
often as he likes: answers with nothing in them, and refusals, are summed, so that neither fills the disk. The first of a
kind is written at once, what follows with its number (`n17`) when the time is over, at the next request whosesoever.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hub.access.trail import UNKNOWN
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Outcome
from hub.audit.sums import Log, Sums
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.clock import Clock
from hub.registry.directory import Page

__all__ = ["AgencyTrail", "connector_of"]

_REFUSALS_EVERY: Final = timedelta(minutes=1)
_NOTHING_EVERY: Final = timedelta(minutes=15)


def connector_of(agency: str) -> Actor:
    """An agency's connectors, as the log names them."""
    return Actor(agency, unit=agency, role="connector")


class AgencyTrail:
    """One per process; safe for several threads. Of a summed kind there are as many as agencies and rules, whatever is asked."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._to = log
        self._sums = Sums(log, clock, _wait)

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
        self._sums.count(entry)

    def write_due(self, *, everything: bool = False) -> None:
        """Write what has been summed long enough, or all of it at the end; what cannot be written now is tried again."""
        self._sums.write_due(everything=everything)


def _wait(entry: Entry) -> timedelta:
    return _REFUSALS_EVERY if entry.outcome is Outcome.DENY else _NOTHING_EVERY
