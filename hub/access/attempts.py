"""How often somebody may guess a password, with waits that double and have an end.

Counted are attempts for an account from one address, from that address for whichever account, and for the account from all
addresses together: of each address its first few, so that no single one fills that count. A browser in which the account has
signed in before is counted by itself and by nothing else: whoever guesses elsewhere cannot make it wait.

A wait is never longer than a quarter of an hour, and guesses during it do not lengthen it. Open sessions are not touched. An
attempt is counted before the password is looked at, so that many at once gain nothing.
Sources: NIST SP 800-63B 5.2.2 (a hundred for an account); OWASP, Device Cookies.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.access.browsers import KnownBrowsers
from hub.access.tables import AttemptRow
from hub.clock import Clock
from hub.database import answering

__all__ = ["Attempts"]

_FORGOTTEN = timedelta(hours=24)
_LONGEST = timedelta(minutes=15)
_FIRST = timedelta(minutes=1)
_FREE = {"browser": 5, "here": 5, "address": 20, "account": 100}


class Attempts:
    """Over the access database, where account names, addresses and browsers stand as keyed hashes only.

    `browser` is what the browser's cookie holds; whatever is not genuine, for this account, counts as none.
    """

    def __init__(self, engine: Engine, key: bytes, clock: Clock) -> None:
        self._engine = engine
        self._key = key
        self._clock = clock
        self._browsers = KnownBrowsers(key)

    def take(self, account: str, address: str, browser: str = "") -> timedelta | None:
        """Count an attempt, before it is made. Returns how long to wait when there have been too many; else None."""
        now, targets = self._clock.now(), self._targets(account, address, browser)
        free = {target: _FREE[kind] for kind, target in targets.items()}
        with answering(), self._engine.begin() as connection:
            rows = {row.target: row for row in _held(connection, sorted(free), now)}
            longest = max(_wait(row.failures, row.last_at, free[row.target], now) for row in rows.values())
            if longest > timedelta(0):
                return longest
            failures = {kind: rows[target].failures for kind, target in targets.items()}
            if failures.get("here", 0) >= _FREE["here"] and failures["account"] < _FREE["account"]:
                del targets["account"]  # this address waits for itself
            more = update(AttemptRow).where(AttemptRow.target.in_(targets.values()))
            connection.execute(more.values(failures=AttemptRow.failures + 1, last_at=now))
        return None

    def succeeded(self, account: str, address: str, browser: str = "") -> None:
        """It was the right password.

        Forgotten is what was counted for the browser; of an unknown one what was counted for this account from this address.
        """
        targets = self._targets(account, address, browser)
        own = targets.get("browser") or targets["here"]
        with answering(), self._engine.begin() as connection:
            rows = {row.target: row.failures for row in _held(connection, sorted(targets.values()), self._clock.now())}
            less = {"address": rows[own], "account": min(rows[own], _FREE["here"])} if "here" in targets else {}
            for kind, number in less.items():
                row = update(AttemptRow).where(AttemptRow.target == targets[kind])
                connection.execute(row.values(failures=max(0, rows[targets[kind]] - number)))
            connection.execute(delete(AttemptRow).where(AttemptRow.target == own))

    def known_browser(self, account: str) -> str:
        """What the cookie of a browser is to hold in which the account has just signed in."""
        return self._browsers.token(account)

    def _targets(self, account: str, address: str, browser: str) -> dict[str, str]:
        number = self._browsers.number(account, browser)
        if number is not None:
            return {"browser": self._target("browser", number)}
        return {
            "here": self._target("here", f"{account}\x00{address}"),
            "address": self._target("address", address),
            "account": self._target("account", account),
        }

    def _target(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"attempt\x00{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _held(connection: Connection, targets: Sequence[str], now: datetime) -> Sequence[Any]:
    """The targets' rows, made when missing; nobody else changes them until the transaction's end."""
    connection.execute(delete(AttemptRow).where(AttemptRow.last_at < now - _FORGOTTEN))  # takes SQLite's one place to write
    for target in targets:
        if connection.execute(select(AttemptRow.target).where(AttemptRow.target == target)).one_or_none() is None:
            with contextlib.suppress(IntegrityError), connection.begin_nested():  # somebody else may be first
                connection.execute(insert(AttemptRow).values(target=target, failures=0, last_at=now))
    held = select(AttemptRow.target, AttemptRow.failures, AttemptRow.last_at).where(AttemptRow.target.in_(targets))
    return connection.execute(held.order_by(AttemptRow.target).with_for_update()).all()


def _wait(failures: int, last_at: datetime, free: int, now: datetime) -> timedelta:
    if failures < free:
        return timedelta(0)
    # A small exponent: a number of failures without end must not become a number without end.
    length = min(_LONGEST, _FIRST * int(2 ** min(failures - free, 8)))
    return max(timedelta(0), last_at + length - now)
