"""Pausing a connector and resuming it, for whoever may: durable, audited, heeded by the running process within seconds.

A pause stops one thing: that the *events lane* asks its source by itself. Withdrawals are followed, erased and answered as
ever, and letters that a person sends again are sent. The statutory lane knows of no pause: a mandatory report is never delayed,
whatever is wrong with the coded copy (SoL 2025:400 chapter 19), so pausing `sdk` leaves its reading and storing of messages as
it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection

from hub.access.trail import Trail
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry
from hub.clock import Clock
from hub.connect.database import open_store
from hub.connect.pauses import Pause, add_pause, current_pause, end_pause
from hub.database import answering, be_alone
from hub.errors import RejectedError
from hub.said_why import checked_reason
from hub.settings import Settings

__all__ = ["Pausing"]

_ALONE = 0x50415553  # any number that only pauses take


class Pausing:
    """Pauses and resumes the connector instances of an installation. Every method may raise RetriableError."""

    def __init__(self, settings: Settings, clock: Clock, trail: Trail) -> None:
        self._settings = settings
        self._clock = clock
        self._trail = trail

    def pause(self, name: str, who: Actor, reason: str) -> Pause:
        """From now on, also when its process is down; in the audit log before it is done.

        Raises RejectedError `unknown_instance`, `already_paused`, and what `checked_reason` raises.
        """
        line = checked_reason(reason)
        with self._alone_with(name) as connection:
            if current_pause(connection) is not None:
                raise RejectedError(
                    f"{name} is paused already: `hub connectors state {name}` says since when", code="already_paused"
                )
            self._trail.append(Entry(who, Action.CONNECTOR_PAUSED, purpose=f"connector:{name}"))
            pause = Pause(self._clock.now(), who.account, line)
            add_pause(connection, pause)
        return pause

    def resume(self, name: str, who: Actor) -> Pause:
        """Go on where it stood; the answer is the pause that ended. Raises RejectedError `unknown_instance` or `not_paused`."""
        with self._alone_with(name) as connection:
            pause = current_pause(connection)
            if pause is None:
                raise RejectedError(f"{name} is not paused", code="not_paused")
            self._trail.append(Entry(who, Action.CONNECTOR_RESUMED, purpose=f"connector:{name}"))
            now = self._clock.now()
            end_pause(connection, now, who.account)
        return replace(pause, resumed_at=now, resumed_by=who.account)

    @contextmanager
    def _alone_with(self, name: str) -> Iterator[Connection]:
        """Of two at once the second sees what the first did."""
        with self._connected(name) as connection:
            be_alone(connection, _ALONE)
            yield connection

    @contextmanager
    def _connected(self, name: str) -> Iterator[Connection]:
        if name not in self._settings.connectors:
            known = ", ".join(sorted(self._settings.connectors)) or "none"
            raise RejectedError(f"hub.toml has no such connector; there are: {known}", code="unknown_instance")
        folder = self._settings.data / "connect" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it may be paused before its first start
        engine = open_store(folder / "ledger.db")
        try:
            with answering(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
