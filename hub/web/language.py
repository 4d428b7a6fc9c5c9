"""Swedish first, English complete: gettext catalogues by Babel, dates and lengths of time as people write them."""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from hub.clock import STOCKHOLM

__all__ = ["LANGUAGES", "LANGUAGE_NAMES", "Language", "Words", "mark", "words"]

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")
LANGUAGE_NAMES: Final[dict[Language, str]] = {"sv": "På svenska", "en": "In English"}
"""How a page offers itself in a language; never translated, because its readers are those who cannot read the page."""

_MINUTE, _HOUR_MINUTES, _DAY_HOURS = 60, 60, 24
_LOCALES: Final[dict[Language, str]] = {"sv": "sv", "en": "en_GB"}
_PATTERNS: Final[dict[Language, str]] = {"sv": "EEE d MMM HH.mm", "en": "EEE d MMM HH:mm"}
_IN_FULL: Final[dict[Language, str]] = {"sv": "EEEE d MMMM y 'kl.' HH.mm", "en": "EEEE d MMMM y 'at' HH:mm"}


def mark(message: str) -> str:
    """A message that is translated where it is shown; named so that it is found when catalogues are compared."""
    return message


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    """Messages are written in English in the templates; the catalogues lie beside them as text, compiled when first used.

    Several files, one for each part of the pages, make one catalogue.
    """
    folder = files("hub.web") / "locales" / language / "LC_MESSAGES"
    if not folder.is_dir():
        return gettext.NullTranslations()
    whole = Catalog(locale=language)
    for path in sorted((path for path in folder.iterdir() if path.name.endswith(".po")), key=lambda path: path.name):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words and dates."""

    language: Language

    @property
    def other(self) -> Language:
        """The language that the page is offered in instead."""
        return "en" if self.language == "sv" else "sv"

    def text(self, message: str, **values: object) -> str:
        """A message in this language, its `{names}` filled in."""
        return _catalogue(self.language).gettext(message).format(**values)

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """A message with a number in it, in the right form, its `{names}` filled in."""
        return _catalogue(self.language).ngettext(one, many, number).format(number=number, **values)

    def when(self, instant: datetime, now: datetime | None = None) -> str:
        """`mån 19 maj 07.30`, Stockholm time; abbreviations without full stops. The year too, where that is not `now`'s."""
        there, pattern = instant.astimezone(STOCKHOLM), _PATTERNS[self.language]
        if now is not None and there.year != now.astimezone(STOCKHOLM).year:
            pattern = pattern.replace("MMM", "MMM y")
        day, clock = format_datetime(there, pattern, locale=_LOCALES[self.language]).rsplit(" ", 1)
        return f"{day.replace('.', '')} {clock}"

    def in_full(self, instant: datetime) -> str:
        """`måndag 19 maj 2025 kl. 07.30`, Stockholm time: for a letter, which is read without anything beside it."""
        return format_datetime(instant.astimezone(STOCKHOLM), _IN_FULL[self.language], locale=_LOCALES[self.language])

    def distance(self, instant: datetime, now: datetime) -> str:
        """`om 2 dagar`, `för 3 timmar sedan`, `nyss`: to the nearest unit."""
        ahead = (instant - now).total_seconds()
        if abs(ahead) < _MINUTE:
            return self.text("just now") if ahead <= 0 else self.text("in a moment")
        length = self._length(round(abs(ahead) / _MINUTE), nearest=True)
        return self.text("in {length}", length=length) if ahead > 0 else self.text("{length} ago", length=length)

    def length(self, elapsed: timedelta) -> str:
        """`2 dagar`: whole units that have passed, so that nobody is called later than they are; at least a minute."""
        return self._length(max(1, int(elapsed.total_seconds() // _MINUTE)), nearest=False)

    def _length(self, minutes: int, *, nearest: bool) -> str:
        whole = round if nearest else int
        if minutes < _HOUR_MINUTES:
            return self.many("{number} minute", "{number} minutes", minutes)
        hours = whole(minutes / _HOUR_MINUTES)
        if hours < _DAY_HOURS:
            return self.many("{number} hour", "{number} hours", hours)
        return self.many("{number} day", "{number} days", whole(minutes / _HOUR_MINUTES / _DAY_HOURS))


def words(language: str) -> Words:
    """The words of a language code; Swedish when it is not one of ours."""
    return Words("en" if language == "en" else "sv")
