"""What somebody states when she asks for a second person's approval: read by people, so it is text; never about whom."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from hub.errors import RejectedError

__all__ = ["NO_GROUND", "Ground", "function_name"]

_LONGEST: Final = {"legal ground": 120, "case reference": 80}
_SHORTEST: Final = 2
_LONGEST_NAME: Final = 80  # what the tables keep
# Six or eight places of a date (a samordningsnummer's day lies 60 later), then three and one, an interim number's letter too.
_NUMBER: Final = re.compile(
    r"(?<![0-9])(?:[0-9]{2})?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|[67][0-9]|8[0-9]|9[01])"
    r"\s?[-+.]?\s?[0-9A-Za-z][0-9]{3}(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """The provision that permits it (`GDPR art. 15`), and the case it belongs to (`KS 2025/117`)."""

    legal_ground: str = ""
    case_reference: str = ""

    def checked(self) -> Ground:
        """The same, tidied. Raises RejectedError `no_ground` or `no_case` (too short or too long), `names_somebody`."""
        legal = _stated(self.legal_ground, "legal ground", "no_ground")
        return Ground(legal, _stated(self.case_reference, "case reference", "no_case"))


NO_GROUND: Final = Ground()


def function_name(text: str) -> str:
    """What pages call an account, tidied: a function. Raises RejectedError `bad_name` or `names_somebody`, without the value."""
    name = unicodedata.normalize("NFKC", text).strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise RejectedError(f"the name: 1 to {_LONGEST_NAME} printable characters on one line", code="bad_name")
    if _NUMBER.search(_plain(name)):
        raise RejectedError("the name must hold no person's number: name the function", code="names_somebody")
    return name


def _stated(text: str, what: str, code: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    if not _SHORTEST <= len(folded) <= _LONGEST[what] or not folded.isprintable():
        raise RejectedError(f"the {what}: {_SHORTEST} to {_LONGEST[what]} characters on one line", code=code)
    if _NUMBER.search(_plain(folded)):
        raise RejectedError(f"the {what} must hold no person's number: the case's own number is enough", code="names_somebody")
    return folded


def _plain(text: str) -> str:
    """With every kind of digit and dash as the plain one."""
    digits = (str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text)
    return "".join("-" if unicodedata.category(letter) == "Pd" or letter == "\u2212" else letter for letter in digits)
