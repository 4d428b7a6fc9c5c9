"""What could be a personal number in a text that people write, however it is spelt. Pure.

Only the shape counts, never the check digit: a number that is mistyped is somebody's too (DOMAIN §4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["born", "holds_personal_number", "numbers_of_persons"]

_APART: Final = r"[\W_]{0,3}"
_SPACED: Final = r"[\s_\u2010-\u2015\u2212-]{0,3}"  # within a pair of digits: there a full stop or a colon is a clock time's


def born(between: str, within: str) -> str:
    """The pattern of a date of birth; of a co-ordination number the day is 60 more. What may stand `between` the pairs of digits,
    and `within` one, are patterns too.
    """
    w = within
    century, year, month = rf"(?:(?:1{w}[89]|2{w}0){between})?", rf"\d{w}\d", rf"(?:0{w}[1-9]|1{w}[0-2])"
    day = rf"(?:0{w}[1-9]|[12]{w}\d|3{w}[01]|6{w}[1-9]|[78]{w}\d|9{w}[01])"
    return rf"(?<!\d){century}{year}{between}{month}{between}{day}"


# What ends in the hour of a clock time ends nowhere: its minutes follow. An hour stands by itself, so "9800.15" ends in none.
_CLOCK: Final = r"(?:(?<=\D[01]\d)|(?<=\D2[0-4])|(?<=\D\d))[.:][0-5]\d(?!\d)"
# A letter stands in numbers of those who have none yet.
_DIGIT: Final = rf"{_SPACED}\d"
_NUMBER: Final = re.compile(
    rf"{born(_APART, _SPACED)}{_APART}"
    rf"(?:\d{_DIGIT}{_APART}\d{_DIGIT}(?!\d|{_CLOCK})|[TRSUWXJKLMN]{_DIGIT}{_DIGIT}{_DIGIT}(?!\d)|TF{_DIGIT}{_DIGIT}(?!\d))",
    re.IGNORECASE,
)


def numbers_of_persons(text: str) -> Iterator[str]:
    """Each part of a text that could be one, with a plus sign that stands before it: invisible characters left out, full-width
    digits as plain ones. For who must tell it from a telephone number; nobody repeats it.
    """
    shown = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    for found in _NUMBER.finditer(shown):
        yield ("+" if shown[: found.start()].endswith("+") else "") + found.group()


def holds_personal_number(text: str) -> bool:
    """Whether a text holds what could be one, with whatever hyphens, spaces, slashes or full stops. A clock time, a date or a
    street with its number is none; a telephone number may be.
    """
    return next(numbers_of_persons(text), None) is not None
