"""What happens to one youth, in plain words: consents, events, answers, cases, each with the instant at which it reached the hub.

Instants are whole milliseconds since 1970 (UTC); dates are written `2025-06-30` and are Swedish. A history is kept as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Scope:
    """Who may tell what to whom, of which time: `valid_from` counts, `valid_to` does not."""

    scope_id: str
    cooperation: str
    agencies: tuple[str, ...]
    recipients: tuple[str, ...]
    kinds: tuple[str, ...]
    valid_from: int
    valid_to: int
    withdrawn_at: int | None = None


@dataclass(frozen=True)
class Consent:
    """All consents of the youth as they stand; `status` is in_force, suspended or withdrawn."""

    version: int
    status: str
    age_years: int | None = None
    age_valid_until: str | None = None
    scopes: tuple[Scope, ...] = ()


@dataclass(frozen=True)
class Event:
    """One revision of something that happened. A retraction says that it did not."""

    number: int
    revision: int
    kind: str
    code: str
    agency: str
    occurred_at: int
    recorded_at: int
    minutes: int = 0
    offered_minutes: int | None = None
    may_tell_youth: bool = True
    retracted: bool = False


@dataclass(frozen=True)
class Answer:
    """What a team said of a rule's task, and when."""

    rule: str
    team: str
    state: str
    at: int


@dataclass(frozen=True)
class Cases:
    """Which cooperations have an open case of the youth, as it was said at `told_at`; the latest word holds."""

    told_at: int
    open: tuple[str, ...]


What: TypeAlias = Consent | Event | Answer | Cases


@dataclass(frozen=True)
class Arrival:
    """Something that reached the hub."""

    at: int
    what: What


@dataclass(frozen=True)
class History:
    """The rules (as their YAML gives them), what arrived in its order, and the instants at which to look."""

    rules: dict[str, Any]
    arrivals: tuple[Arrival, ...]
    looks: tuple[int, ...]

    def until(self, now: int) -> list[Arrival]:
        """What has arrived at an instant."""
        return [arrival for arrival in self.arrivals if arrival.at <= now]


def as_plain(history: History) -> dict[str, Any]:
    """Text, numbers, lists and mappings only, as JSON holds them."""
    arrivals = [{"at": one.at, type(one.what).__name__: asdict(one.what)} for one in history.arrivals]
    return {"rules": history.rules, "arrivals": arrivals, "looks": list(history.looks)}


def from_plain(content: dict[str, Any]) -> History:
    """The history that gave it."""
    return History(content["rules"], tuple(map(_arrival, content["arrivals"])), tuple(content["looks"]))


def _arrival(row: dict[str, Any]) -> Arrival:
    match row:
        case {"at": at, "Consent": one}:
            scopes = tuple(Scope(**{name: _tupled(value) for name, value in scope.items()}) for scope in one["scopes"])
            return Arrival(at, Consent(**(one | {"scopes": scopes})))
        case {"at": at, "Event": one}:
            return Arrival(at, Event(**one))
        case {"at": at, "Answer": one}:
            return Arrival(at, Answer(**one))
        case {"at": at, "Cases": one}:
            return Arrival(at, Cases(one["told_at"], tuple(one["open"])))
        case _:
            raise ValueError("no arrival")


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
