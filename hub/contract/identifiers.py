"""Swedish personal identifiers in one spelling, so that one youth never gets two keys (DOMAIN §4).

Four national forms have twelve positions: personnummer `YYYYMMDDNNNC`, samordningsnummer (day + 60), interim number
(`YYYYMMDD`, one letter of `TRSUWXJKLMN` that counts as 1 in the check digit, three digits) and the TF number of SS12000
(`YYYYMMDDTFnn`, no check digit). What people and systems write differs: ten positions with `-` (or `+` from the year a
person turns 100), dashes of every width, full-width digits, spaces. No function here prints, logs or raises a value.

A reserve number (reservnummer) has no national form and is unresolved, like a number whose century is unclear. Why one
was refused is a `Rule`, in words for the person who typed it, Swedish and English.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Literal, NoReturn

from stdnum import luhn

from hub.errors import RejectedError

__all__ = ["UNRESOLVED", "Rule", "UnresolvedIdentifierError", "birth_date", "canonical_identifier"]

UNRESOLVED = "unresolved_identifier"
_LONGEST = 64
_OLDEST = 125
_COORDINATION = 60
# Signs that people's keyboards and documents put for a dash or a plus, beside those that Unicode calls dashes (Pd).
_DASHES = "\N{MINUS SIGN}\N{SOFT HYPHEN}\N{HYPHEN BULLET}\N{MODIFIER LETTER MINUS SIGN}\N{HEAVY MINUS SIGN}"
_PLUSES = "\N{HEAVY PLUS SIGN}"
_INVISIBLE = {"Cf", "Zs", "Cc"}
_FORM = re.compile(
    r"(?P<century>\d\d)?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<sign>[-+]?)"
    r"(?P<end>\d{4}|[TRSUWXJKLMN]\d{3}|TF\d\d)",
    re.ASCII,
)
_OTHER_LETTER = re.compile(r"(\d\d)?\d{6}[-+]?[A-Z]\d{3}", re.ASCII)


class Rule(StrEnum):
    """Why an identifier is unresolved."""

    LENGTH = "length"
    SCRIPT = "script"
    FORM = "form"
    LETTER = "letter"
    COORDINATION = "coordination"
    BORN = "born"
    SIGN = "sign"
    CENTURY = "century"
    CHECK_DIGIT = "check_digit"


_WORDS: dict[Rule, tuple[str, str]] = {
    Rule.LENGTH: (
        "it is far longer than an identifier",
        "det är mycket längre än ett personnummer",
    ),
    Rule.SCRIPT: (
        "it has a digit or a letter of another script; write it with the digits 0-9",
        "det innehåller en siffra eller bokstav ur ett annat skriftsystem; skriv med siffrorna 0-9",
    ),
    Rule.FORM: (
        "it has none of the known forms: twelve positions, or ten with a dash before the last four",
        "det har ingen känd form: tolv tecken, eller tio med streck före de fyra sista",
    ),
    Rule.LETTER: (
        "its letter is none of an interim number's: T R S U W X J K L M N, followed by three digits",
        "bokstaven hör inte till ett interimspersonnummer: T R S U W X J K L M N, följd av tre siffror",
    ),
    Rule.COORDINATION: (
        "only a number that ends with four digits can be a coordination number (day + 60)",
        "bara ett nummer som slutar med fyra siffror kan vara ett samordningsnummer (dag + 60)",
    ),
    Rule.BORN: (
        "its first positions are not the date of birth of a living person",
        "de första tecknen är inte födelsedatum för någon som lever",
    ),
    Rule.SIGN: (
        "the plus sign says a hundred years or more, the year of birth says less",
        "plustecknet säger hundra år eller mer, födelseåret säger mindre",
    ),
    Rule.CENTURY: (
        "its century is unclear; write the year of birth with four digits",
        "århundradet är oklart; skriv födelseåret med fyra siffror",
    ),
    Rule.CHECK_DIGIT: (
        "the check digit, its last digit, does not agree with the others; look for a mistyped digit",
        "kontrollsiffran, den sista siffran, stämmer inte med de andra; leta efter en felskriven siffra",
    ),
}


class UnresolvedIdentifierError(RejectedError):
    """An identifier that is never guessed; `rule` says why. The text tells it in English, `told` in either language."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(f"the identifier cannot be resolved: {_WORDS[rule][0]}", code=UNRESOLVED)
        self.rule = rule

    def told(self, language: Literal["sv", "en"]) -> str:
        """The whole sentence for the person who typed it."""
        return f"Personnumret går inte att tyda: {_WORDS[self.rule][1]}" if language == "sv" else str(self)


def canonical_identifier(text: str, *, today: date) -> str:
    """The twelve positions of an identifier in any of its spellings; `today` is a Stockholm date and settles centuries.

    Raises UnresolvedIdentifierError (code `unresolved_identifier`) with a reason a clerk can act on; it never repeats the
    value. The caller treats the person as unknown: an identifier is never guessed, least of all its century.
    """
    plain = _plain(text)
    match = _FORM.fullmatch(plain)
    if match is None:
        _refuse(_why_no_form(plain))
    day = int(match["day"])
    tail = match["end"]
    if day > _COORDINATION and not tail.isdigit():
        _refuse(Rule.COORDINATION)
    born = _born(match, day - _COORDINATION if day > _COORDINATION else day, today)
    canonical = f"{born.year:04d}{match['month']}{match['day']}{tail}"
    if not tail.startswith("TF") and not _checks(canonical):
        _refuse(Rule.CHECK_DIGIT)
    return canonical


def birth_date(canonical: str) -> date:
    """The date of birth in a canonical identifier, for ages. Only for what `canonical_identifier` returned."""
    day = int(canonical[6:8])
    return date(int(canonical[:4]), int(canonical[4:6]), day - _COORDINATION if day > _COORDINATION else day)


def _plain(text: str) -> str:
    """NFKC, upper case, every dash as `-`, no spaces or invisible characters. Digits of other scripts stay and are refused."""
    if len(text) > _LONGEST:
        _refuse(Rule.LENGTH)
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(character)
        if kind == "Pd" or character in _DASHES:
            kept.append("-")
        elif character in _PLUSES:
            kept.append("+")
        elif kind not in _INVISIBLE:
            # upper() of a character outside ASCII may become ASCII (dotless i, long s): those are never ours.
            kept.append(character.upper() if character.isascii() else character)
    return "".join(kept)


def _why_no_form(plain: str) -> Rule:
    if any(not character.isascii() and character.isalnum() for character in plain):
        return Rule.SCRIPT
    return Rule.LETTER if _OTHER_LETTER.fullmatch(plain) else Rule.FORM


def _born(match: re.Match[str], day: int, today: date) -> date:
    short, month = int(match["year"]), int(match["month"])
    if match["century"] is not None:
        born = _living_date(int(match["century"]) * 100 + short, month, day, today)
        if born is None:
            _refuse(Rule.BORN)
        if match["sign"] == "+" and not _hundred(born.year, today):
            _refuse(Rule.SIGN)
        return born
    centuries = range(today.year // 100 - 2, today.year // 100 + 1)
    born_dates = [born for century in centuries if (born := _living_date(century * 100 + short, month, day, today))]
    if match["sign"]:
        born_dates = [born for born in born_dates if _hundred(born.year, today) == (match["sign"] == "+")]
    if not born_dates:
        _refuse(Rule.BORN)
    if len(born_dates) > 1:
        _refuse(Rule.CENTURY)
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
    ten = canonical[2:]
    return bool(luhn.is_valid(f"{ten[:6]}1{ten[7:]}" if ten[6].isalpha() else ten))


def _refuse(rule: Rule) -> NoReturn:
    raise UnresolvedIdentifierError(rule)
