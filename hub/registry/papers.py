"""Where the paper of a consent lies: the reference of a document in the municipality's own register, never its content."""

from __future__ import annotations

import re
from typing import Final

from hub.contract.written_numbers import holds_personal_number
from hub.errors import RejectedError

__all__ = ["check_document"]

_FORM: Final = re.compile(r"[A-Za-zÅÄÖåäö0-9][A-Za-zÅÄÖåäö0-9 ./:_-]{0,63}")
_PERSONAL_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?:\d{2})?\d{6}[-+ ]?[0-9A-Za-z]\d{3}(?![0-9A-Za-z])")


def check_document(text: str) -> str:
    """The reference, trimmed; empty is allowed. Raises RejectedError `bad_document` for another form, or a personal number."""
    found = " ".join(text.split())
    if found and (not _FORM.fullmatch(found) or _PERSONAL_NUMBER.search(found) or holds_personal_number(found)):
        raise RejectedError("document: letters, digits and ./:_- only, at most 64, and no personal number", code="bad_document")
    return found
