"""What the fixed job must bring about, from the load as it was meant. Shares no code with the job, its decoder or its codec.

`expected` folds the load in its own way; `judge` compares what an engine left on its topics: the key of every referral, and the
whole state of every youth.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tests.bench.correlate.load import Told

__all__ = ["Expected", "Kept", "Verdict", "expected", "judge"]

_DAY_MS = 24 * 60 * 60 * 1000


class Kept(NamedTuple):
    """A youth's state: events, referrals, the last ids, and (instant, severity) of the window."""

    events: int
    referrals: int
    ids: tuple[str, ...]
    window: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """Referrals by key, and the state of every youth of whom something was kept."""

    referrals: frozenset[bytes]
    states: Mapping[bytes, Kept]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers of what differs. Repeated referrals are allowed by "at least once" and are told; the rest must be nought."""

    referrals: int
    repeated: int
    missing: int
    unexpected: int
    states: int
    wrong: int
    surplus: int

    @property
    def right(self) -> bool:
        """Whether the figures of this run may count."""
        return not (self.missing or self.unexpected or self.wrong or self.surplus)


def expected(load: Iterable[Told], youths: int) -> Expected:
    """The outcome. A record of a youth comes after all earlier ones of that youth; between youths order says nothing."""
    health_alone = {_key(number) for number in range(99, youths, 100)}
    states: dict[bytes, Kept] = {}
    referrals = set()
    for told in load:
        if told.cut or told.severity > 10 or (told.youth in health_alone and "education" in told.scopes):
            continue
        key = told.youth.encode()
        before = states.get(key, Kept(0, 0, (), ()))
        if told.event_id in before.ids:
            continue
        after = _folded(before, told)
        if after.referrals > before.referrals:
            referrals.add(hashlib.sha256(key + told.event_id.encode()).digest()[:16])
        states[key] = after
    return Expected(frozenset(referrals), states)


def _folded(before: Kept, told: Told) -> Kept:
    first = next(
        (at for at, (when, _) in enumerate(before.window) if when >= told.occurred_at - 30 * _DAY_MS), len(before.window)
    )
    window = (*before.window[first:], (told.occurred_at, told.severity))[-16:]
    events = before.events + 1
    due = events % 8 == 0 and len([1 for _, severity in window if severity > 2]) > 2
    return Kept(events, before.referrals + due, (*before.ids, told.event_id)[-16:], window)


def _key(number: int) -> str:
    return f"y_{hashlib.sha256(str(number).encode()).hexdigest():.32}"


def judge(
    wanted: Expected, referrals: Iterable[bytes], changelog: Iterable[tuple[bytes, bytes | None]], *, offset: int = 0
) -> Verdict:
    """Compare the keys on the referral topic, and the changelog's records in order.

    Keys of the changelog that belong to no youth (a partition's own record) are passed over; what an engine adds behind a
    youth's key or in front of its state (`offset` bytes) too.
    """
    found = Counter(referrals)
    states: dict[bytes, Kept] = {}
    for raw, value in changelog:
        if not raw.startswith(b"y_"):
            continue
        key = raw[:34]
        if value is None:
            states.pop(key, None)
        else:
            states[key] = _read(value[offset:])
    return Verdict(
        referrals=len(found),
        repeated=found.total() - len(found),
        missing=len(wanted.referrals - found.keys()),
        unexpected=len(found.keys() - wanted.referrals),
        states=len(states),
        wrong=sum(states.get(key) != state for key, state in wanted.states.items()),
        surplus=len(states.keys() - wanted.states.keys()),
    )


def _read(value: bytes) -> Kept:
    events, referrals, ids, length = struct.unpack(">iiBB", value[:10])
    names = struct.unpack("26s" * ids, value[10 : 10 + 26 * ids])
    window = struct.unpack(f">{length}q{length}B", value[10 + 26 * ids :])
    return Kept(
        events, referrals, tuple(name.decode() for name in names), tuple(zip(window[:length], window[length:], strict=True))
    )
