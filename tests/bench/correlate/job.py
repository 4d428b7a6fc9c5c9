"""The fixed job: what every engine does with one record. Standard library only, so that any engine's environment can import it.

A record that does not decode is dropped; so is one that is not valid, whose youth has not consented to every scope it names, or
whose id is among the last sixteen of that youth. What is left enters the youth's window: thirty days back from the event itself,
sixteen events at most. With three or more of severity 3 in the window, every eighth event of a youth is a referral. The Java
engine (`kafka_streams/`) is the same job with the same bytes of state; `oracle.py` says independently what must come out.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "EVENT_ID_LENGTH",
    "FRAME",
    "Consents",
    "Decoder",
    "Event",
    "State",
    "apply",
    "consents",
    "dump",
    "load",
    "new_state",
    "referral_key",
    "through",
    "youth_key",
]

FRAME = b"\x00\x00\x00\x00\x01"
"""In front of every value: the magic byte and the schema id of the usual wire format."""

EVENT_ID_LENGTH = 26
_YOUTH_KEY_LENGTH = 34
_TYPES = frozenset({"SCHOOL_ABSENCE", "RISK_OBSERVATION"})
_MOST_SEVERE = 10
_AHEAD_MS = 300_000
_WINDOW_MS = 30 * 86_400_000
_KEPT = 16
_SEVERE = 3
_SEVERE_NEEDED = 3
_EVERY = 8
_UNCONSENTED_EVERY = 100

Consents: TypeAlias = Mapping[str, frozenset[str]]
"""Youth key → the scopes consented to. An unknown youth has consented to nothing."""


class Event(NamedTuple):
    """What the job looks at. Instants are Unix milliseconds."""

    event_id: str
    youth_key: str
    event_type: str
    occurred_at: int
    recorded_at: int
    severity: int
    consent_scope: tuple[str, ...] | list[str]


Decoder: TypeAlias = Callable[[bytes], Event | None]
"""None: a value that does not decode."""


def through(read: Callable[[bytes], Any]) -> Decoder:
    """The decoder that a reader of whole messages makes: of one it looks at less."""

    def decode(value: bytes) -> Event | None:
        found = read(value)
        if found is None:
            return None
        return Event(
            found.event_id, found.youth_key, found.event_type, found.occurred_at, found.recorded_at, found.severity,
            found.consent_scope,
        )  # fmt: skip

    return decode


class State:
    """One youth's: events counted, referrals sent, the last ids, and the window as instants and severities side by side."""

    __slots__ = ("count", "ids", "referrals", "severities", "times")

    def __init__(self, count: int, referrals: int, ids: list[str], times: list[int], severities: list[int]) -> None:
        self.count = count
        self.referrals = referrals
        self.ids = ids
        self.times = times
        self.severities = severities


def new_state() -> State:
    """Of a youth of whom nothing is known."""
    return State(0, 0, [], [], [])


def youth_key(number: int) -> str:
    """The key of a made-up youth."""
    return "y_" + hashlib.sha256(b"%d" % number).hexdigest()[:32]


def consents(youths: int) -> Consents:
    """Of the youths 0 … n-1: all to health and education, but every hundredth to health alone."""
    both, one = frozenset(("health", "education")), frozenset(("health",))
    last = _UNCONSENTED_EVERY - 1
    return {youth_key(number): one if number % _UNCONSENTED_EVERY == last else both for number in range(youths)}


def apply(state: State, event: Event, given: Consents) -> bool | None:
    """Fold one event into `state`. True: a referral is due; False: it was kept; None: it was dropped and nothing changed."""
    event_id, youth, kind, occurred, recorded, severity, scope = event
    if kind not in _TYPES or not 0 <= severity <= _MOST_SEVERE or occurred > recorded + _AHEAD_MS:
        return None
    if len(event_id) != EVENT_ID_LENGTH or len(youth) != _YOUTH_KEY_LENGTH:
        return None
    agreed = given.get(youth)
    if agreed is None or not agreed.issuperset(scope):
        return None
    ids = state.ids
    if event_id in ids:
        return None
    ids.append(event_id)
    if len(ids) > _KEPT:
        del ids[0]
    times, severities = state.times, state.severities
    edge = occurred - _WINDOW_MS
    # Only from the front: an event that came late does not make those behind it older.
    while times and times[0] < edge:
        del times[0], severities[0]
    times.append(occurred)
    severities.append(severity)
    if len(times) > _KEPT:
        del times[0], severities[0]
    state.count += 1
    if state.count % _EVERY or sum(each >= _SEVERE for each in severities) < _SEVERE_NEEDED:
        return False
    state.referrals += 1
    return True


def referral_key(key: bytes, event_id: str) -> bytes:
    """Sixteen bytes that a repeat of the same referral has too; `key` is the record's."""
    return hashlib.sha256(key + event_id.encode("ascii")).digest()[:16]


_HEAD = struct.Struct(">iiBB")
_TIMES = tuple(struct.Struct(f">{number}q") for number in range(_KEPT + 1))


def dump(state: State) -> bytes:
    """Big-endian: count and referrals (4 bytes each), how many ids and events (1 each), the ids, the instants (8), the severities (1)."""
    ids, times = state.ids, state.times
    head = _HEAD.pack(state.count, state.referrals, len(ids), len(times))
    return b"".join((head, "".join(ids).encode("ascii"), _TIMES[len(times)].pack(*times), bytes(state.severities)))


def load(data: bytes) -> State:
    """What `dump` wrote."""
    count, referrals, kept, events = _HEAD.unpack_from(data)
    begin = _HEAD.size
    end = begin + kept * EVENT_ID_LENGTH
    text = data[begin:end].decode("ascii")
    ids = [text[at : at + EVENT_ID_LENGTH] for at in range(0, len(text), EVENT_ID_LENGTH)]
    times = list(_TIMES[events].unpack_from(data, end))
    return State(count, referrals, ids, times, list(data[end + 8 * events :]))
