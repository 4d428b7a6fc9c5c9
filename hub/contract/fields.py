"""What messages are made of: their base, and kinds of values whose form leaves no room for a name or a number."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "Age",
    "Agency",
    "AreaCode",
    "Code",
    "Count",
    "EventId",
    "Instant",
    "IsoWeek",
    "Message",
    "Revision",
    "RulesContent",
    "RulesVersion",
    "Sha256",
    "TopicName",
    "Uuid",
    "YouthRef",
    "holds_identifier",
    "holds_long_number",
    "no_identifier",
    "no_long_number",
]

_YEARS = range(1900, 3000)  # so that no sum of an instant and a window can overflow
_LONG_NUMBER = re.compile(r"\d{6}")
_DIGITS = frozenset("0123456789")
_IDENTIFIER_DIGITS = 10
_INT32 = 2**31 - 1


def _to_millis(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError("an instant lies outside the years 1900 to 2999")
    utc = value.astimezone(UTC)
    beyond = utc.microsecond % 1000
    return utc.replace(microsecond=utc.microsecond - beyond) if beyond else utc


def holds_long_number(text: str) -> bool:
    """Whether six digits stand in a row once separators are left out: it could be a birth date or a personal number."""
    return _LONG_NUMBER.search(text.replace("-", "").replace("_", "")) is not None


def holds_identifier(text: str) -> bool:
    """The same for texts that may hold a date of publication: six digits in a row as they stand, or ten in all."""
    return _LONG_NUMBER.search(text) is not None or sum(letter in _DIGITS for letter in text) >= _IDENTIFIER_DIGITS


def no_long_number(value: str) -> str:
    """The code itself; ValueError when `holds_long_number`."""
    if holds_long_number(value):
        raise ValueError("six digits in a row, hyphens left out, could be a birth date")
    return value


def no_identifier(value: str) -> str:
    """The version itself; ValueError when `holds_identifier`."""
    if holds_identifier(value):
        raise ValueError("six digits in a row or ten in all could be a personal number")
    return value


Instant = Annotated[AwareDatetime, AfterValidator(_to_millis)]
YouthRef = Annotated[str, StringConstraints(pattern=r"^y[0-9a-f]{32}$")]
EventId = Annotated[str, StringConstraints(pattern=r"^e[0-9a-f]{40}$")]
AreaCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+){0,7}$", max_length=64), AfterValidator(no_long_number)
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$"), AfterValidator(no_long_number)]
Agency = Code
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
RulesVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), AfterValidator(no_identifier)]
RulesContent = Annotated[str, StringConstraints(pattern=r"^\{[ -~]*\}$", max_length=200_000)]
TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
IsoWeek = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-W[0-9]{2}$")]
Revision = Annotated[int, Field(ge=1, le=_INT32)]
Count = Annotated[int, Field(ge=0, le=_INT32)]
Age = Annotated[int, Field(ge=0, le=150)]


class Message(BaseModel):
    """What all messages share: immutable, and no unknown field passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
