"""What a worker holds of one youth, and its bytes.

Body: the consent, the held events and the teams' answers, a function of what has come and of nothing else (`body_bytes`,
which tests compare). Envelope: open episodes, spent openings and the next wake, which are bookkeeping. Coded fields only;
the reference is the one way to the person.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation
from hub.core.consent_bytes import read_consent, spell_consent
from hub.core.courses import Courses
from hub.core.held import Events, Held, Rows, in_order, make_marker
from hub.core.instants import DAY
from hub.core.reach import Reach
from hub.core.state_bytes import is_packed, pack, read_rows, unpack

__all__ = [
    "MAX_HELD",
    "Episode",
    "Events",
    "Held",
    "Rows",
    "Spent",
    "StateError",
    "YouthState",
    "body_bytes",
    "first_move",
    "from_bytes",
    "in_order",
    "make_marker",
    "new_state",
    "opened_as",
    "opened_by",
    "to_bytes",
]

_JSON, _WITHOUT_ANSWERS = 2, 1
"""Former formats, which a worker that starts anew reads; the first one had no minutes that a lesson offered and no answers."""
MAX_HELD = 1024
"""Events held of one youth. Three per hour of eight school weeks; beyond that a source repeats itself under new identities,
and a new event is refused (`state_full`) while corrections of held ones are still taken. No held event is ever given up."""


_FORMERLY_SPENT_MS = 400 * DAY
"""After the last event that is held, of what former formats say is spent: longer than any rule's window."""


class StateError(ValueError):
    """Bytes that are no state of a known format. The caller must stop: guessing would lose or double a task."""


class Episode(NamedTuple):
    """An open proposal. It keeps its id while its ground changes, and the version of the rules that opened it."""

    task_id: str
    opened_by: str
    team: str
    function: str
    cooperation: Cooperation
    rules_version: str
    opened_ms: int


class Spent(NamedTuple):
    """How many episodes that one event opened have ended, and until when (ms) that must be known."""

    times: int
    until_ms: int


@dataclass(slots=True)
class YouthState:
    """Never changed in place: a step gives a new one, or the very same object when nothing changed. (Not frozen, as `Held`.)

    `answers`: by `rule|team`, when the team last declined or completed the rule's task. `spent` tells, by `rule|opener`, how
    often that opened an episode that has ended, so that no id is used twice. `due` says, by rule, when that rule's outcome may
    change though no event comes, and `wake_ms` when something must be looked at or forgotten. `reach` (of the consent) and
    `move_ms` (the first wake that can change what a rule says; the others only forget) follow from the rest. `courses`:
    which cases are open, and with none open only the instant of the record that said so, which is bookkeeping.
    """

    youth_ref: str
    consent: ConsentRecord | None = None
    events: Events = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    spent: dict[str, Spent] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    rules_digest: str = ""
    wake_ms: int | None = None
    answers: dict[str, int] = field(default_factory=dict)
    move_ms: int | None = field(default=None, compare=False, repr=False)
    reach: Reach | None = field(default=None, compare=False, repr=False)
    courses: Courses | None = None

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


def first_move(events: Events, due: dict[str, int], now_ms: int) -> int | None:
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


def opened_by(event_id: str, revision: int) -> str:
    """What opens an episode. A correction is another than what it corrects: it may come when that is forgotten."""
    return event_id if revision == 1 else f"{event_id}@{revision}"


def opened_as(opener: str, times: int) -> str:
    """What a task's id is made of: what opened the episode, and how many that opened had ended before."""
    return f"{opener}#{times + 1}" if times else opener


def to_bytes(state: YouthState) -> bytes:
    """Canonical: equal states give equal bytes."""
    rest: list[Any] = [state.youth_ref, state.answers, state.episodes, state.spent, state.due, state.rules_digest, state.wake_ms]
    if state.courses is not None:  # most youths have no case: their states are as they were before cases were told of
        rest.append(state.courses)
    return pack(state.events, _spelled(state), rest)


def body_bytes(state: YouthState) -> bytes:
    """The part that must not depend on the order in which events came."""
    courses = state.courses
    told = [courses] if courses is not None and courses.since else []
    return pack(state.events, _spelled(state), [state.youth_ref, state.answers, *told])


def from_bytes(value: bytes) -> YouthState:
    """The state that gave these bytes. Raises StateError for anything else."""
    try:
        return _unpacked(value) if is_packed(value) else _former(json.loads(value))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, struct.error):
        # Not chained: a foreign error's text may quote the bytes.
        raise StateError("not a state of a known format") from None


def _spelled(state: YouthState) -> bytes:
    """The consent's bytes, empty without one; remembered with its reach, because a consent changes seldom."""
    consent, reach = state.consent, state.reach
    if consent is None:
        return b""
    if reach is None or reach.consent is not consent:
        return spell_consent(consent, state.youth_ref)
    if reach.spelled is None:
        reach.spelled = spell_consent(consent, state.youth_ref)
    return reach.spelled


def _unpacked(value: bytes) -> YouthState:
    events, spelled, (youth_ref, answers, *envelope) = unpack(value)
    reach = None
    if spelled:
        reach = Reach(read_consent(spelled, youth_ref))  # whole, by the sum around it
        reach.spelled = spelled
    return _made(youth_ref, reach, events, answers, envelope)


def _former(content: Any) -> YouthState:
    """What a hub wrote that spelled all of a state as JSON."""
    if content["v"] == _WITHOUT_ANSWERS:
        told, rows = content["b"]
        rows, answers = {kind: {key: [*row, 0] for key, row in held.items()} for kind, held in rows.items()}, {}
    elif content["v"] == _JSON:
        told, rows, answers = content["b"]
    else:
        raise ValueError("another format")
    reach = None if told is None else Reach(ConsentRecord.model_validate_json(told))
    return _made(content["y"], reach, read_rows(rows), dict(answers), [content[key] for key in "osdrw"])


def _made(youth_ref: str, reach: Reach | None, events: Events, answers: dict[str, int], envelope: list[Any]) -> YouthState:
    episodes, remembered, due, rules_digest, wake_ms, *courses = envelope
    spent = {key: _load_spent(one, events) for key, one in remembered.items()}
    return YouthState(
        youth_ref,
        None if reach is None else reach.consent,
        events,
        {rule: _load_episode(row) for rule, row in episodes.items()},
        spent,
        due,
        rules_digest,
        wake_ms,
        answers,
        # What lies at or after the wake lay in the future when it was set.
        None if wake_ms is None else first_move(events, due, wake_ms - 1),
        reach,
        _load_courses(*courses) if courses else None,
    )


def _load_episode(row: list[Any]) -> Episode:
    task_id, opened_by, team, function, cooperation, rules_version, opened_ms = row
    return Episode(task_id, opened_by, team, function, Cooperation(cooperation), rules_version, opened_ms)


def _load_courses(row: list[Any]) -> Courses:
    at_ms, since = row
    return Courses(at_ms, since)


def _load_spent(one: Any, events: Events) -> Spent:
    if isinstance(one, list):
        times, until_ms = one
        return Spent(times, until_ms)
    return Spent(one, max((held.keep_ms for rows in events.values() for held in rows.values()), default=0) + _FORMERLY_SPENT_MS)
