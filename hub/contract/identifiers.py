"""Swedish personal identifiers in one spelling, so that one youth never gets two keys (DOMAIN §4).

Four national forms have twelve positions: personnummer `YYYYMMDDNNNC`, samordningsnummer (day + 60), interim number
(`YYYYMMDD`, one letter of `TRSUWXJKLMN` that counts as 1 in the check digit, three digits) and the TF number of SS12000
(`YYYYMMDDTFnn`, no check digit). What people and systems write differs: ten positions with `-` (or `+` from the year a
person turns 100), dashes of every width, full-width digits, spaces. No function here prints, logs or raises a value.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NoReturn

from hub.errors import RejectedError

__all__ = ["UNRESOLVED", "birth_date", "canonical_identifier"]

UNRESOLVED = "unresolved_identifier"
_LONGEST = 64
_OLDEST = 125
_COORDINATION = 60
_MINUS = "\N{MINUS SIGN}"
_INVISIBLE = {"Cf", "Zs", "Cc"}
_FORM = re.compile(
    r"(?P<century>\d\d)?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<sign>[-+]?)"
    r"(?P<end>\d{4}|[TRSUWXJKLMN]\d{3}|TF\d\d)",
    re.ASCII,
)


def canonical_identifier(text: str, *, today: date) -> str:
    """The twelve positions of an identifier in any of its spellings; `today` is a Stockholm date and settles centuries.

    Raises RejectedError `unresolved_identifier` with a reason a clerk can act on; it never repeats the value. The caller
    treats the person as unknown: an identifier is never guessed, least of all its century.
    """
    match = _FORM.fullmatch(_plain(text))
    if match is None:
        _refuse("it has none of the known forms: twelve positions, or ten with a dash before the last four")
    day = int(match["day"])
    tail = match["end"]
    if day > _COORDINATION and not tail.isdigit():
        _refuse("only a number that ends with four digits can be a coordination number (day + 60)")
    born = _born(match, day - _COORDINATION if day > _COORDINATION else day, today)
    canonical = f"{born.year:04d}{match['month']}{match['day']}{tail}"
    if not tail.startswith("TF") and not _checks(canonical):
        _refuse("the check digit, its last digit, does not agree with the others; look for a mistyped digit")
    return canonical


def birth_date(canonical: str) -> date:
    """The date of birth in a canonical identifier, for ages. Only for what `canonical_identifier` returned."""
    day = int(canonical[6:8])
    return date(int(canonical[:4]), int(canonical[4:6]), day - _COORDINATION if day > _COORDINATION else day)


def _plain(text: str) -> str:
    """NFKC, upper case, every dash as `-`, no spaces or invisible characters. Digits of other scripts stay and are refused."""
    if len(text) > _LONGEST:
        _refuse("it is far longer than an identifier")
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(character)
        if kind == "Pd" or character == _MINUS:
            kept.append("-")
        elif kind not in _INVISIBLE:
            # upper() of a character outside ASCII may become ASCII (dotless i, long s): those are never ours.
            kept.append(character.upper() if character.isascii() else character)
    return "".join(kept)


def _born(match: re.Match[str], day: int, today: date) -> date:
    short, month = int(match["year"]), int(match["month"])
    if match["century"] is not None:
        born = _living_date(int(match["century"]) * 100 + short, month, day, today)
        if born is None:
            _refuse("its first eight positions are not the date of birth of a living person")
        if match["sign"] == "+" and not _hundred(born.year, today):
            _refuse("the plus sign says a hundred years or more, the year of birth says less")
        return born
    centuries = range(today.year // 100 - 2, today.year // 100 + 1)
    born_dates = [born for century in centuries if (born := _living_date(century * 100 + short, month, day, today))]
    if match["sign"]:
        born_dates = [born for born in born_dates if _hundred(born.year, today) == (match["sign"] == "+")]
    if not born_dates:
        _refuse("it has no date of birth that is possible today")
    if len(born_dates) > 1:
        _refuse("its century is unclear; write the year of birth with four digits")
    return born_dates[0]


def _hundred(year: int, today: date) -> bool:
    """The dash becomes a plus in the calendar year in which a person turns 100 (folkbokföringslagen 1991:481, 18 §)."""
    return today.year - year >= 100


def _living_date(year: int, month: int, day: int, today: date) -> date | None:
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if born <= today and today.year - year <= _OLDEST else None


def _checks(canonical: str) -> bool:
    """Luhn over the last ten positions; the letter of an interim number counts as 1."""
    total = 0
    for place, character in enumerate(canonical[2:]):
        value = int(character) if character.isdigit() else 1
        value *= 2 if place % 2 == 0 else 1
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _refuse(reason: str) -> NoReturn:
    raise RejectedError(f"the identifier cannot be resolved: {reason}", code=UNRESOLVED)
