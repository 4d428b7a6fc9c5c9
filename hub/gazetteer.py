"""The gazetteer of one installation, `areas.yaml`: places, the names sources use for them, and when which of them are exposed.

Days are Stockholm dates, the first and the last included; a missing one leaves that end open. What counts is always when
something occurred: a late report of last spring meets last spring's list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.contract.fields import AreaCode, holds_long_number

__all__ = ["Area", "Areas", "Days", "Places", "Span"]

Span: TypeAlias = tuple[datetime, datetime]
"""From an instant (UTC) until before another."""

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 30)  # as far as instants on the bus reach

_NAME_WORDS = 7  # and `place`: an area code has eight words at most
_CODE_LENGTH = 64


class Days(BaseModel):
    """A period of whole days, `from` its first to its last, `to`; without one of them it has no beginning or no end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[date, Field(ge=_FIRST, le=_LAST)] = Field(_FIRST, alias="from")
    last: Annotated[date, Field(ge=_FIRST, le=_LAST)] = Field(_LAST, alias="to")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.last < self.first:
            raise ValueError("`to` is the last day and must not lie before `from`")
        return self

    def holds(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.first <= day <= self.last

    def meets(self, other: Days) -> bool:
        """Whether the two share a day."""
        return self.first <= other.last and other.first <= self.last

    @property
    def span(self) -> Span:
        """From midnight to midnight in Sweden, as UTC instants."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


_ALWAYS = Days()


class Area(BaseModel):
    """A place: its title, the names sources use for it, and when it is exposed (then it gets presence tasks).

    `exposed` is true, false, or the periods in which it is on the municipality's list. `valid`: on which days the names mean this
    area, where a district was divided or renamed; another area may have the same name on other days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    names: tuple[str, ...]
    exposed: tuple[Days, ...]
    valid: Days = _ALWAYS

    @model_validator(mode="before")
    @classmethod
    def _read_yes_and_no(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("exposed"), bool):
            return {**value, "exposed": [value.get("valid", {})] if value["exposed"] else []}
        return value

    @field_validator("exposed", mode="before")
    @classmethod
    def _is_said_in_one_way(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValueError("must be true, false, or a list of periods such as {from: 2024-01-01, to: 2025-12-31}")  # noqa: TRY004 -- pydantic's own
        return value

    @model_validator(mode="after")
    def _periods_fit(self) -> Self:
        periods = sorted(self.exposed, key=lambda one: one.first)
        if any(one.meets(other) for one, other in pairwise(periods)):
            raise ValueError("two periods of `exposed` share a day: end one before the other begins")
        if any(one.first < self.valid.first or one.last > self.valid.last for one in periods):
            raise ValueError("is `exposed` on days on which it is not `valid`")
        return self


class Areas(BaseModel):
    """The file's form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    areas: dict[AreaCode, Area]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        seen: dict[str, list[Days]] = {}
        for area in self.areas.values():
            for name in sorted({_plain(name) for name in area.names}):
                if any(area.valid.meets(days) for days in seen.get(name, ())):
                    raise ValueError(f"two areas have the name {name}: let `valid` say which of them has it when")
                seen.setdefault(name, []).append(area.valid)
        return self


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _STOCKHOLM).astimezone(UTC)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _code_of(name: str) -> str:
    """A place name as an area code: ASCII, few words, no digits that could be a birth date once hyphens are left out."""
    ascii_name = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_name)
    if holds_long_number("".join(words)):
        words = [word for word in words if word.isalpha()]
    return "-".join(["place", *words[:_NAME_WORDS]])[:_CODE_LENGTH].rstrip("-") if words else "place-unknown"


@dataclass(frozen=True)
class Places:
    """The gazetteer: areas by code, and the code of any name a source uses."""

    areas: Mapping[str, Area]

    def area_code(self, name: str, at: datetime | None = None) -> str:
        """The configured code of `name` as of `at` (aware; None: whenever), else one made of it: always a valid area code."""
        wanted, day = _plain(name), at.astimezone(_STOCKHOLM).date() if at else None
        for code, area in self.areas.items():
            known = wanted == code or wanted in map(_plain, area.names)
            if known and (day is None or area.valid.holds(day)):
                return code
        return _code_of(name)

    def title(self, code: str) -> str:
        """What people call the area; the code itself when it is not configured."""
        return self.areas[code].title if code in self.areas else code.removeprefix("place-").replace("-", " ").title()

    @property
    def exposed(self) -> dict[str, tuple[Span, ...]]:
        """The areas that get presence tasks, and for what occurred when."""
        return {code: tuple(days.span for days in area.exposed) for code, area in self.areas.items() if area.exposed}
