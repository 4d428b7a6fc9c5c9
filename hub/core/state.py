"""What a worker holds of one youth, and its bytes.

Body: the consent, the held events and the teams' answers, a function of what has come and of nothing else (`body_bytes`,
which tests compare). Envelope: open episodes, spent openings and the next wake, which are bookkeeping. Coded fields only;
the reference is the one way to the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind
from hub.core.reach import Reach

__all__ = [
    "MAX_HELD",
    "Episode",
    "Events",
    "Held",
    "Rows",
    "StateError",
    "YouthState",
    "body_bytes",
    "first_move",
    "from_bytes",
    "in_order",
    "make_marker",
    "new_state",
    "opened_as",
    "to_bytes",
]

FORMAT = 2
_FORMER = 1
"""Without the minutes that a lesson offered and without answers; a worker that starts anew reads it."""
MAX_HELD = 1024
"""Events held of one youth. Three per hour of eight school weeks; beyond that a source repeats itself under new identities,
and a new event is refused (`state_full`) while corrections of held ones are still taken. No held event is ever given up."""


class StateError(ValueError):
    """Bytes that are no state of a known format. The caller must stop: guessing would lose or double a task."""


@dataclass(slots=True)
class Held:
    """One event at its highest revision; never changed once made (not frozen: making one would take thrice as long).

    `code` is empty for a marker: a retracted or no longer permitted event, of which only the identity and revision are
    remembered, so that an earlier revision that comes late cannot raise it again; its `occurred_ms` is its `keep_ms`.
    What occurred a longest window ago is forgotten, but remembered as a marker until `keep_ms` is so long ago.
    `may_tell` is false only for police notices not released. `offered`: the lesson's minutes, 0 if unknown.
    """

    revision: int
    occurred_ms: int
    keep_ms: int
    code: str
    minutes: int
    agency: str
    may_tell: bool
    offered: int = 0

    def marker(self) -> Held:
        """The same identity without its content."""
        return make_marker(self.revision, self.keep_ms)

    def row(self) -> list[Any]:
        """Its fields, as they are written."""
        return [
            self.revision, self.occurred_ms, self.keep_ms, self.code, self.minutes, self.agency, self.may_tell, self.offered,
        ]  # fmt: skip


def make_marker(revision: int, keep_ms: int) -> Held:
    """What is remembered of an event without content."""
    return Held(revision, keep_ms, keep_ms, "", 0, "", may_tell=False)


def in_order(rows: Iterable[tuple[str, Held]]) -> Rows:
    """Rows of one kind, by event id, in the order in which they occurred."""
    return dict(sorted(rows, key=lambda row: row[1].occurred_ms))


class Episode(NamedTuple):
    """An open proposal. It keeps its id while its ground changes, and the version of the rules that opened it."""

    task_id: str
    opened_by: str
    team: str
    function: str
    cooperation: Cooperation
    rules_version: str
    opened_ms: int


Rows: TypeAlias = dict[str, Held]
"""By event id, in the order in which they occurred. Never changed once in a state."""

Events: TypeAlias = Mapping[str, Rows]
"""By kind of information. What leaves a window is found at one end of the rows, and what is still to come at the other."""


@dataclass(slots=True)
class YouthState:
    """Never changed in place: a step gives a new one, or the very same object when nothing changed. (Not frozen, as `Held`.)

    `answers`: by `rule|team`, when the team last declined or completed the rule's task. `spent` counts, by `rule|event id`,
    how often that event opened an episode that has ended, so that no id is used twice. `due` says, by rule, when that rule's
    outcome may change though no event comes, and `wake_ms` when something must be looked at or forgotten. `reach` (of
    the consent) and `move_ms` (the first wake that can change what a rule says; the others only forget) follow from the rest.
    """

    youth_ref: str
    consent: ConsentRecord | None = None
    events: Events = field(default_factory=dict)
    episodes: Mapping[str, Episode] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)
    rules_digest: str = ""
    wake_ms: int | None = None
    answers: Mapping[str, int] = field(default_factory=dict)
    move_ms: int | None = field(default=None, compare=False, repr=False)
    reach: Reach | None = field(default=None, compare=False, repr=False)

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


def first_move(events: Events, due: Mapping[str, int], now_ms: int) -> int | None:
    """The first instant after `now_ms` that can change what a rule says, by time alone: a rule has asked for it, or an event
    that lies in the future begins to count.
    """
    found = min(due.values()) if due else None
    for rows in events.values():
        for held in reversed(rows.values()):
            if held.occurred_ms <= now_ms:
                break
            if found is None or held.occurred_ms < found:
                found = held.occurred_ms
    return found


def new_state(youth_ref: str, consent: ConsentRecord | None = None) -> YouthState:
    """The state of a reference nothing is held of, or (with `consent`) of one whose consent is known."""
    return YouthState(youth_ref, consent, reach=None if consent is None else Reach(consent))


def opened_as(opener: str, times: int) -> str:
    """What a task's id is made of: what opened the episode, and how many that opened had ended before."""
    return f"{opener}#{times + 1}" if times else opener


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
    if content["v"] == _FORMER:
        consent, events = content["b"]
        content = content | {
            "b": [consent, {kind: {key: [*row, 0] for key, row in rows.items()} for kind, rows in events.items()}, {}]
        }
    elif content["v"] != FORMAT:
        raise ValueError("another format")
    told, rows, answers = content["b"]
    consent = None if told is None else ConsentRecord.model_validate_json(told)
    events = {InfoKind(kind).value: in_order((key, _load_held(row)) for key, row in held.items()) for kind, held in rows.items()}
    due, wake_ms = content["d"], content["w"]
    return YouthState(
        youth_ref=content["y"],
        consent=consent,
        events=events,
        episodes={rule: _load_episode(row) for rule, row in content["o"].items()},
        spent=content["s"],
        due=due,
        rules_digest=content["r"],
        wake_ms=wake_ms,
        answers=dict(answers),
        # What lies at or after the wake lay in the future when it was set.
        move_ms=None if wake_ms is None else first_move(events, due, wake_ms - 1),
        reach=None if consent is None else Reach(consent),
    )


def _of_former(row: list[Any]) -> list[Any]:
    revision, occurred_ms, keep_ms, code, *rest = row
    return [revision, occurred_ms if code else keep_ms, keep_ms, code, *rest, 0]


def _body(state: YouthState) -> list[Any]:
    return [
        None if state.consent is None else state.consent.model_dump_json(),
        {kind: {key: held.row() for key, held in events.items()} for kind, events in state.events.items() if events},
        state.answers,
    ]


def _envelope(state: YouthState) -> dict[str, Any]:
    return {"o": state.episodes, "s": state.spent, "d": state.due, "r": state.rules_digest, "w": state.wake_ms}


def _dump(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _load_held(row: list[Any]) -> Held:
    revision, occurred_ms, keep_ms, code, minutes, agency, may_tell, offered = row
    return Held(revision, occurred_ms, keep_ms, code, minutes, agency, may_tell, offered)


def _load_episode(row: list[Any]) -> Episode:
    task_id, opened_by, team, function, cooperation, rules_version, opened_ms = row
    return Episode(task_id, opened_by, team, function, Cooperation(cooperation), rules_version, opened_ms)
