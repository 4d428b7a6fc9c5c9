"""What people write into a rule in their own words, and what does not belong there. Pure.

The texts go to every worker, into every task and onto pages: they hold no person, and nothing that shows itself otherwise than
it reads. The problems name the field, never what stands in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from hub.contract.covering import without_identifiers
from hub.core.rule_problems import Problem

__all__ = ["unfit"]

_ON_ONE_LINE = ("title_sv", "title_en", "owner")
_OVER_LINES = ("rationale",)
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_SPELT_DATE = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d[-+]?[0-9A-Za-z]\d{3}(?![\d-])")
"""A personal number whose date has hyphens; a date alone, or one beside another, is none."""


def unfit(content: Any) -> Iterator[Problem]:
    """Control characters, marks that turn the direction of writing, breaks in a title, and what looks like a personal number, in
    the texts of a rule or of a set as it was read; one problem a field.
    """
    for name in (*_ON_ONE_LINE, *_OVER_LINES):
        value = content.get(name) if isinstance(content, dict) else None
        text = _wrong_with(value, broken=name in _OVER_LINES) if isinstance(value, str) else ""
        if text:
            yield Problem((name,), text)


def _wrong_with(text: str, *, broken: bool) -> str:
    kept = text.replace("\n", " ").replace("\r", " ") if broken else text
    if "\n" in kept:
        return "must stand on one line: take the break out (in YAML, write it without > or |, or with >-)"
    unseen = next((letter for letter in kept if unicodedata.category(letter) in _UNSEEN), None)
    if unseen is not None:
        return f"holds a character that is not seen (U+{ord(unseen):04X}): take it out"
    if text and not broken and not text.strip():
        return "must not be empty"
    if without_identifiers(kept) != kept or _SPELT_DATE.search(unicodedata.normalize("NFKC", kept)):
        return "holds what looks like a personal number: a rule says nothing about a person; take it out"
    return ""
