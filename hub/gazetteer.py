"""The gazetteer of one installation, `areas.yaml`: places, the names sources use for them, and which of them are exposed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from hub.contract.fields import AreaCode, holds_long_number

__all__ = ["Area", "Areas", "Places"]

_NAME_WORDS = 7  # and `place`: an area code has eight words at most
_CODE_LENGTH = 64


class Area(BaseModel):
    """A place: its title, the names sources use for it, and whether it is exposed (then it gets presence tasks)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    names: tuple[str, ...]
    exposed: bool


class Areas(BaseModel):
    """The file's form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    areas: dict[AreaCode, Area]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        seen: set[str] = set()
        for area in self.areas.values():
            names = {_plain(name) for name in area.names}
            if twice := sorted(names & seen):
                raise ValueError(f"two areas have the name {twice[0]}")
            seen |= names
        return self


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

    areas: dict[str, Area]

    def area_code(self, name: str) -> str:
        """The configured code of `name`, else one made of it: always a valid area code."""
        wanted = _plain(name)
        for code, area in self.areas.items():
            if wanted == code or wanted in map(_plain, area.names):
                return code
        return _code_of(name)

    def title(self, code: str) -> str:
        """What people call the area; the code itself when it is not configured."""
        return self.areas[code].title if code in self.areas else code.removeprefix("place-").replace("-", " ").title()

    @property
    def exposed(self) -> frozenset[str]:
        """Codes of the areas that get presence tasks."""
        return frozenset(code for code, area in self.areas.items() if area.exposed)
