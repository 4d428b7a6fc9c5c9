"""How often somebody may guess a password, with waits that double and have an end.

Counted are attempts for an account from one address, from that address for whichever account, and for the account from all
addresses together: of each address its first few, so that no single one fills that count. A browser in which the account has
signed in before is counted by itself and by nothing else: whoever guesses elsewhere cannot make it wait.

A wait is never longer than a quarter of an hour, and guesses during it do not lengthen it. Open sessions are not touched. An
attempt is counted before the password is looked at, so that many at once gain nothing.

Whoever sends names and addresses without end fills no disk: an attempt that has to wait leaves nothing behind, and of too many
counters those go first that have counted least, so that nobody can wash away the count of an account that he guesses at.
Sources: NIST SP 800-63B 5.2.2 (a hundred for an account); OWASP, Device Cookies; RFC 6177 (a site has 64 bits of IPv6 at least).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from hub.access.browsers import KnownBrowsers
from hub.access.tables import AttemptRow
from hub.clock import Clock
from hub.database import answering, be_alone

__all__ = ["Attempts"]

_FORGOTTEN = timedelta(hours=24)
_LONGEST = timedelta(minutes=15)
_FIRST = timedelta(minutes=1)
_FREE = {"browser": 5, "here": 5, "address": 20, "account": 100}
_MOST = 100_000  # counters, some twenty megabytes
_COUNTING = 0x41545450  # any number that only counting takes
_Held = Mapping[str, Any]  # rows, by target


class Attempts:
    """Over the access database, where account names, addresses and browsers stand as keyed hashes only.

    `browser` is what the browser's cookie holds; whatever is not genuine, for this account, counts as none. `most`: how many
    counters are kept.
    """

    def __init__(self, engine: Engine, key: bytes, clock: Clock, *, most: int = _MOST) -> None:
        self._engine = engine
        self._key = key
        self._clock = clock
        self._most = most
        self._browsers = KnownBrowsers(key)

    def take(self, account: str, address: str, browser: str = "") -> timedelta | None:
        """Count an attempt, before it is made. Returns how long to wait when there have been too many; else None."""
        now, targets = self._clock.now(), self._targets(account, address, browser)
        with answering(), self._engine.begin() as connection:
            held = _held(connection, targets.values(), now)
            there = {kind: held[target] for kind, target in targets.items() if target in held}
            waits = [_wait(row.failures, row.last_at, _FREE[kind], now) for kind, row in there.items()]
            longest = max(waits, default=timedelta(0))
            if longest > timedelta(0):
                return longest
            failures = {kind: row.failures for kind, row in there.items()}
            if failures.get("here", 0) >= _FREE["here"] and failures.get("account", 0) < _FREE["account"]:
                del targets["account"]  # this address waits for itself
            self._count(connection, sorted(targets.values()), held, now)
        return None

    def _count(self, connection: Connection, targets: Sequence[str], held: _Held, now: datetime) -> None:
        new = [{"target": target, "failures": 1, "last_at": now} for target in targets if target not in held]
        more = update(AttemptRow).where(AttemptRow.target.in_([target for target in targets if target in held]))
        connection.execute(more.values(failures=AttemptRow.failures + 1, last_at=now))
        if new:
            self._make_room(connection)
            connection.execute(insert(AttemptRow), new)

    def _make_room(self, connection: Connection) -> None:
        """Let go of a tenth when there are too many: of those that have counted least, and of those the oldest."""
        number = connection.execute(select(func.count()).select_from(AttemptRow)).scalar_one()
        if number >= self._most:
            least = select(AttemptRow.target).order_by(AttemptRow.failures, AttemptRow.last_at).limit(-(-self._most // 10))
            connection.execute(delete(AttemptRow).where(AttemptRow.target.in_(least)))

    def succeeded(self, account: str, address: str, browser: str = "") -> None:
        """It was the right password.

        Forgotten is what was counted for the browser; of an unknown one what was counted for this account from this address.
        """
        targets = self._targets(account, address, browser)
        own = targets.get("browser") or targets["here"]
        with answering(), self._engine.begin() as connection:
            held = _held(connection, targets.values(), self._clock.now())
            counted = held[own].failures if own in held else 0
            less = {"address": counted, "account": min(counted, _FREE["here"])} if "here" in targets else {}
            for kind, number in less.items():
                row = held.get(targets[kind])
                if row is not None:
                    here = update(AttemptRow).where(AttemptRow.target == row.target)
                    connection.execute(here.values(failures=max(0, row.failures - number)))
            connection.execute(delete(AttemptRow).where(AttemptRow.target == own))

    def known_browser(self, account: str) -> str:
        """What the cookie of a browser is to hold in which the account has just signed in."""
        return self._browsers.token(account)

    def _targets(self, account: str, address: str, browser: str) -> dict[str, str]:
        number = self._browsers.number(account, browser)
        if number is not None:
            return {"browser": self._target("browser", number)}
        place = _place(address)
        return {
            "here": self._target("here", f"{account}\x00{place}"),
            "address": self._target("address", place),
            "account": self._target("account", account),
        }

    def _target(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"attempt\x00{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _place(address: str) -> str:
    """What an address counts as: with IPv6 its network, in which whoever has one address has them all."""
    try:
        found = ip_address(address)
    except ValueError:  # no address: a socket's name, or what a proxy made up
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def _held(connection: Connection, targets: Iterable[str], now: datetime) -> _Held:
    """The counters that there are; nobody else changes any until the transaction's end."""
    be_alone(connection, _COUNTING)
    connection.execute(delete(AttemptRow).where(AttemptRow.last_at < now - _FORGOTTEN))
    rows = select(AttemptRow.target, AttemptRow.failures, AttemptRow.last_at).where(AttemptRow.target.in_(targets))
    return {row.target: row for row in connection.execute(rows)}


def _wait(failures: int, last_at: datetime, free: int, now: datetime) -> timedelta:
    if failures < free:
        return timedelta(0)
    # A small exponent: a number of failures without end must not become a number without end.
    length = min(_LONGEST, _FIRST * int(2 ** min(failures - free, 8)))
    return max(timedelta(0), last_at + length - now)
