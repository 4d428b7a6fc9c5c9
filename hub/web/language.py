"""Swedish first, English complete: gettext catalogues by Babel, dates as people write them."""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from hub.clock import STOCKHOLM

__all__ = ["LANGUAGES", "Language", "Words", "words"]

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    """Messages are written in English in the templates; the catalogue lies beside them as text, compiled when first used."""
    path = files("hub.web") / "locales" / language / "LC_MESSAGES" / "hub.po"
    if not path.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words and dates, for templates."""

    language: Language

    def text(self, message: str, **values: object) -> str:
        """A message in this language, its `{names}` filled in."""
        return _catalogue(self.language).gettext(message).format(**values)

    def many(self, one: str, many: str, number: int) -> str:
        """A message with a number in it, in the right form."""
        return _catalogue(self.language).ngettext(one, many, number).format(number=number)

    def when(self, instant: datetime) -> str:
        """`mån 19 maj 07.30`, Stockholm time."""
        pattern = "EEE d MMM HH.mm" if self.language == "sv" else "EEE d MMM HH:mm"
        return format_datetime(instant.astimezone(STOCKHOLM), pattern, locale=self.language).replace(".,", ",")

    def distance(self, instant: datetime, now: datetime) -> str:
        """`om 2 dagar`, `för 3 timmar sedan`."""
        return format_timedelta(instant - now, add_direction=True, locale=self.language, threshold=1.2)

    def length(self, instant: datetime, now: datetime) -> str:
        """`2 dagar`: how long it is between the two."""
        return format_timedelta(abs(instant - now), locale=self.language, threshold=1.2)


def words(language: str) -> Words:
    """The words of a language code; Swedish when it is not one of ours."""
    return Words("en" if language == "en" else "sv")
