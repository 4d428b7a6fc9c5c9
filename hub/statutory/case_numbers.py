"""The number that a case has in a case system: what may be kept of it, where a text could be a personal number too."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from hub.contract.written_numbers import born
from hub.errors import RejectedError

__all__ = ["check_case_number", "is_case_number", "kept_case_number"]

_LONGEST: Final = 40
_CASE: Final = re.compile(r"[A-Za-zÅÄÖåäö0-9][A-Za-zÅÄÖåäö0-9 /._:-]{1,39}\Z")
_OTHER: Final = re.compile(r"[^A-Za-zÅÄÖåäö0-9 /._:-]+")
_GAP: Final = r"[\W_]{0,2}"
_PERSONAL: Final = re.compile(
    born(_GAP, _GAP) + r"G(?:\dG\dG\dG\d|[TRSUWXJKLMN]G\dG\dG\d|TG?FG?\dG\d)(?!\d)".replace("G", _GAP),
    re.IGNORECASE,
)
"""A date of birth (day + 60 for a coordination number), then four digits or what stands in their place: DOMAIN §4.

Case numbers are often as long; only the shape tells them apart, and check digits are mistyped too. A serial number may stand
behind it, apart: so files of persons are numbered. What goes on without a gap is a running number.
"""


def is_case_number(text: str) -> bool:
    """Whether it has the form of one, and not that of a personal number."""
    return bool(_CASE.match(text)) and not _PERSONAL.search(text)


def check_case_number(registered_as: str) -> None:
    """Raises RejectedError `bad_case_number`."""
    if not is_case_number(registered_as):
        text = "give the case's number as the case system has it, 2 to 40 characters, and never a personal number"
        raise RejectedError(text, code="bad_case_number")


def kept_case_number(told: str) -> str:
    """What may be kept of a number in a receipt: without other signs, without what could be a personal number, 40 at most.

    Empty when nothing is left. What is returned passes `check_case_number`.
    """
    plain = _OTHER.sub(" ", unicodedata.normalize("NFKC", told))
    kept = " ".join(_PERSONAL.sub(" ", plain).split()).strip(" /._:-")[:_LONGEST].rstrip()
    # What was apart may now stand together, and the end of a longer number has the shape of one.
    return kept if is_case_number(kept) else ""
