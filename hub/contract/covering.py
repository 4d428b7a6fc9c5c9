"""Covers whatever looks like a personal identifier in text that somebody else wrote."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["without_identifiers"]

_DASHES = "-+\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH PLUS SIGN}\\s"
_LIKE_ONE = re.compile(rf"(?<!\d)(?:\d\d)?(\d{{6}})[{_DASHES}]{{0,3}}(?:\d{{4}}|[A-Za-z]\d{{3}}|[A-Za-z]{{2}}\d\d)(?!\d)")
_MONTH_AND_DAY = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]|[6-8]\d|9[01])")  # day + 60: samordningsnummer


def without_identifiers(text: str) -> str:
    """`text` with an ellipsis for whatever looks like a personal identifier, in any spelling of DOMAIN §4."""
    return _LIKE_ONE.sub(_covered, text)


def _covered(match: re.Match[str]) -> str:
    return "…" if _MONTH_AND_DAY.fullmatch(unicodedata.normalize("NFKC", match[1])) else match[0]
