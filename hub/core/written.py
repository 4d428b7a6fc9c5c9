"""An explanation as plain text: the sentence, and under it when what counted occurred and on whose word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hub.contract.models import EvidenceEvent
from hub.core.asked import capital, when_text
from hub.core.explain import ConditionText, Explanation
from hub.core.texts import KINDS, PHRASES, Language

__all__ = ["event_text", "written"]

_NO_NAMES: Mapping[str, str] = MappingProxyType({})


def written(explanation: Explanation, language: Language = "sv", agencies: Mapping[str, str] = _NO_NAMES) -> str:
    """The whole, in lines. `agencies`: what they are called, by code; one without a name stands for itself."""
    lines = [line for line in (explanation.title, explanation.sentence) if line]
    rows = [line for one in explanation.conditions for line in _rows(one, explanation.sentence, language, agencies)]
    if rows:
        lines += [PHRASES["counted"][language], *rows]
    return "\n".join(lines)


def event_text(event: EvidenceEvent, language: Language, agencies: Mapping[str, str] = _NO_NAMES) -> str:
    """`12 maj 2025 kl. 08.15, frånvaro (Skolan)`."""
    kind, agency = KINDS[event.kind][language], agencies.get(event.agency, event.agency)
    return f"{when_text(event.occurred_at, language)}, {kind} ({agency})"


def _rows(one: ConditionText, sentence: str, language: Language, agencies: Mapping[str, str]) -> Iterator[str]:
    said = one.text[1:] in sentence  # all but its first letter, which may stand as a capital there
    if said and not one.events:
        return
    yield f"– {capital(one.label if said else one.text)}"
    if one.older:
        yield f"    {PHRASES['older'][language].format(number=one.older)}"
    yield from (f"    {event_text(event, language, agencies)}" for event in reversed(one.events))
