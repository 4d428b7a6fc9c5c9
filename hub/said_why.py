"""Why somebody paused something, or let it go on: one short line that is kept beside the deed, without anybody's number."""

from __future__ import annotations

import unicodedata

from hub.contract.fields import holds_identifier
from hub.errors import RejectedError

__all__ = ["LONGEST_REASON", "checked_reason"]

LONGEST_REASON = 200


def checked_reason(text: str) -> str:
    """One line that says why, spaces trimmed.

    Raises RejectedError `no_reason`, `long_reason`, `reason_in_lines`, or `number_in_reason` when it holds what may be a number
    of a person (six digits in a row, or ten in all); the text is not repeated. A date is written as 28 Nov.
    """
    line = text.strip()
    digits = unicodedata.normalize("NFKC", line).replace(" ", "")
    if not line:
        raise RejectedError("say why, in a short line", code="no_reason")
    if len(line) > LONGEST_REASON:
        raise RejectedError(f"why is said in at most {LONGEST_REASON} characters", code="long_reason")
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in line):
        raise RejectedError("why is said in one line, without control characters", code="reason_in_lines")
    if holds_identifier(digits):
        text = "why holds what may be a person's number (six digits in a row, or ten in all): say it without"
        raise RejectedError(text, code="number_in_reason")
    return line
