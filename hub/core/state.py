"""What a worker holds of one youth, and its bytes.

Body: the consent and the held events, a function of the set of events in the longest window and of nothing else
(`body_bytes`, which tests compare). Envelope: open episodes, spent openings and the next wake, which are bookkeeping.
Coded fields only; the reference is the one way to the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind

__all__ = [
    "MAX_HELD",
    "Episode",
    "Events",
    "Held",
    "StateError",
    "YouthState",
    "body_bytes",
    "from_bytes",
    "new_state",
    "to_bytes",
]

FORMAT = 1
MAX_HELD = 1024
"""Events held of one youth. Three per hour of eight school weeks; beyond that a source repeats itself under new identities,
and a new event is refused (`state_full`) while corrections of held ones are still taken. No held event is ever given up."""


class StateError(ValueError):
    """Bytes that are no state of a known format. The caller must stop: guessing would lose or double a task."""


class Held(NamedTuple):
    """One event at its highest revision. `code` is empty for a marker: a retracted or no longer permitted event, of which
    only the identity and revision are remembered, so that an earlier revision that comes late cannot raise it again.

    `keep_ms` plus the longest window is when it is forgotten. `may_tell` is false only for police notices not released.
    """

    revision: int
    occurred_ms: int
    keep_ms: int
    code: str
    minutes: int
    agency: str
    may_tell: bool

    def marker(self) -> Held:
        """The same identity without its content."""
        return Held(self.revision, 0, self.keep_ms, "", 0, "", may_tell=False)


class Episode(NamedTuple):
    """An open proposal. It keeps its id while its ground changes, and the version of the rules that opened it."""

    task_id: str
    opened_by: str
    team: str
    function: str
    cooperation: Cooperation
    rules_version: str
    opened_ms: int


Events: TypeAlias = Mapping[str, Mapping[str, Held]]
"""By kind of information, then by event id."""


@dataclass(frozen=True, slots=True)
class YouthState:
    """Never changed in place: a step gives a new one, or the very same object when nothing changed.

    `spent` counts, by `rule|event id`, how often that event opened an episode that has ended, so that no id is used twice.
    `due` says, by rule, when that rule's outcome may change though no event comes.
    """

    youth_ref: str
    consent: ConsentRecord | None = None
    events: Events = field(default_factory=dict)
    episodes: Mapping[str, Episode] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)
    rules_digest: str = ""
    wake_ms: int | None = None

    @property
    def empty(self) -> bool:
        """Nothing is known: no consent has arrived. Such a state need not be stored."""
        return self.consent is None

    @property
    def withdrawn(self) -> bool:
        """Whether the reference is withdrawn, which is for ever: nothing but that is held of it any more."""
        return self.consent is not None and self.consent.status is ConsentStatus.WITHDRAWN

    def held(self) -> Iterator[tuple[str, str, Held]]:
        """Every held event as (kind, event id, event)."""
        return ((kind, event_id, held) for kind, events in self.events.items() for event_id, held in events.items())


def new_state(youth_ref: str, consent: ConsentRecord | None = None) -> YouthState:
    """The state of a reference nothing is held of, or (with `consent`) of one whose consent is known."""
    return YouthState(youth_ref, consent)


def to_bytes(state: YouthState) -> bytes:
    """Canonical: equal states give equal bytes."""
    return _dump({"v": FORMAT, "y": state.youth_ref, "b": _body(state)} | _envelope(state))


def body_bytes(state: YouthState) -> bytes:
    """The part that must not depend on the order in which events came."""
    return _dump(_body(state))


def from_bytes(value: bytes) -> YouthState:
    """The state that gave these bytes. Raises StateError for anything else."""
    try:
        return _load(json.loads(value))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Not chained: a foreign error's text may quote the bytes.
        raise StateError("not a state of a known format") from None


def _load(content: Any) -> YouthState:
    if content["v"] != FORMAT:
        raise ValueError("another format")
    consent, events = content["b"]
    return YouthState(
        youth_ref=content["y"],
        consent=None if consent is None else ConsentRecord.model_validate_json(consent),
        events={InfoKind(kind).value: {key: _load_held(row) for key, row in rows.items()} for kind, rows in events.items()},
        episodes={rule: _load_episode(row) for rule, row in content["o"].items()},
        spent=content["s"],
        due=content["d"],
        rules_digest=content["r"],
        wake_ms=content["w"],
    )


def _body(state: YouthState) -> list[Any]:
    return [
        None if state.consent is None else state.consent.model_dump_json(),
        {kind: events for kind, events in state.events.items() if events},
    ]


def _envelope(state: YouthState) -> dict[str, Any]:
    return {"o": state.episodes, "s": state.spent, "d": state.due, "r": state.rules_digest, "w": state.wake_ms}


def _dump(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _load_held(row: list[Any]) -> Held:
    revision, occurred_ms, keep_ms, code, minutes, agency, may_tell = row
    return Held(revision, occurred_ms, keep_ms, code, minutes, agency, may_tell)


def _load_episode(row: list[Any]) -> Episode:
    task_id, opened_by, team, function, cooperation, rules_version, opened_ms = row
    return Episode(task_id, opened_by, team, function, Cooperation(cooperation), rules_version, opened_ms)
