"""Letters as the pages show them: where each stands and why, and what the mapping makes of it now. Never whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from hub.connect.letter_box import Filed
from hub.connect.letters import LetterState
from hub.connect.recall import Recalled, gave_no_answer, refused_to_answer
from hub.connect.showing import Shown
from hub.connect.trying import Tried
from hub.web.language import Words, mark
from hub.web.operations.watch import Watch
from hub.web.shown import Moment

__all__ = ["CAP", "STATES", "LetterRow", "RecordShown", "letter_row", "outcome_told", "record_shown", "records_of", "tried_told"]

CAP: Final = 50
"""So many are previewed and sent at once."""
STATES: Final[Mapping[LetterState, str]] = MappingProxyType(
    {
        LetterState.WAITING: mark("waits"),
        LetterState.QUEUED: mark("on its way"),
        LetterState.HANDLED: mark("processed"),
        LetterState.DISCARDED: mark("put aside"),
    }
)
_OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mapped": mark("can be read now"),
        "not_at_source": mark("the source does not show it any more: see to it there, and put it aside"),
        "not_kept": mark("it was not kept, and the source cannot be asked again: see to it there, and put it aside"),
        "corrected_since": mark("the source has told it anew since, which this would undo: put it aside"),
        "gone": mark("its topic has let go of the record: nothing can be sent again"),
        "not_redrivable": mark("what steers the hub is never written again: whoever holds it tells it anew"),
        "no_consent_now": mark("no consent is in force behind it now, so it is not written again"),
        "bad_key": mark("its key has not the form of its topic"),
        "key_mismatch": mark("its key and its message name different subjects"),
    }
)
_NO_ANSWER: Final = mark("the source did not answer then: send it again later")
_REFUSED: Final = mark("the source refused to answer then: look at the connector's address, secret and rights")


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter. `last_try` is empty before the first attempt; `last_told`: what it means."""

    number: str
    connector: str
    reason: str
    found: Moment
    state: str
    state_told: str
    tries: int
    last_try: str
    last_told: str
    cursor: str
    place: int
    changed: Moment | None


@dataclass(frozen=True, slots=True)
class RecordShown:
    """One record up to the gate: its fields as the event would carry them, or why there is no event."""

    mapped: bool
    outcome: str
    reason: str
    intentional: bool
    topic: str
    fields: Sequence[tuple[str, str]]


def letter_row(watch: Watch, filed: Filed) -> LetterRow:
    """A letter for a page."""
    letter = filed.letter
    return LetterRow(
        number=letter.letter_id,
        connector=filed.connector,
        reason=letter.reason,
        found=watch.moment(letter.found_at),
        state=letter.state.value,
        state_told=watch.words.text(STATES[letter.state]),
        tries=letter.attempts,
        last_try=letter.result,
        last_told=outcome_told(watch.words, letter.result),
        cursor=letter.cursor_digest,
        place=letter.ordinal,
        changed=watch.maybe(letter.changed_at),
    )


def outcome_told(words: Words, code: str) -> str:
    """What a code of a trial means; one that only its connector knows is shown as it is."""
    if gave_no_answer(code):
        return words.text(_NO_ANSWER)
    if refused_to_answer(code):
        return words.text(_REFUSED)
    return words.text(_OUTCOMES[code]) if code in _OUTCOMES else code


def tried_told(words: Words, found: Tried | Recalled) -> str:
    """What became of a trial; of a source that does not answer nothing is known yet."""
    if found.away:
        return words.text("the source does not answer now ({code}): try again later", code=found.reason)
    return outcome_told(words, found.outcome if isinstance(found, Tried) else found.reason)


def record_shown(one: Shown) -> RecordShown:
    """A record for a page."""
    fields = [(name, _plain(value)) for name, value in one.fields.items()]
    return RecordShown(one.outcome == "mapped", one.outcome, one.reason, one.intentional, one.topic, fields)


def records_of(found: Tried) -> list[RecordShown]:
    """What one letter's record gives now."""
    return [record_shown(one) for one in found.shown]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
