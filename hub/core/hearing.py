"""What a word on a youth's cases makes of the state: the latest holds, a late or repeated one changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from hub.contract.models import CooperationRecord
from hub.core.courses import Forgotten, courses_of
from hub.core.fold import Outcome
from hub.core.instants import to_ms
from hub.core.state import YouthState

__all__ = ["CASE_WORDS", "CaseWord", "hear_of_case"]

CaseWord: TypeAlias = CooperationRecord | Forgotten
CASE_WORDS: Final = frozenset({CooperationRecord, Forgotten})


def hear_of_case(state: YouthState, word: CaseWord) -> tuple[YouthState, Outcome, str]:
    """The state afterwards (the same object: as before), the outcome, and what consent says where it keeps something out."""
    consent, held = state.consent, state.courses
    if isinstance(word, Forgotten):  # which asks for no consent: it follows a withdrawal, and may be about nobody
        return (state if held is None else replace(state, courses=None)), "processed", ""
    if consent is None or state.withdrawn:
        return state, "refused", "no_consent" if consent is None else "withdrawn"
    if held is not None and held.at_ms >= to_ms(word.recorded_at):
        return state, "duplicate", ""
    courses = courses_of(word, consent)
    left_out = len(courses.since) < len(word.courses)
    return replace(state, courses=courses), "processed", "cooperation_not_covered" if left_out else ""
