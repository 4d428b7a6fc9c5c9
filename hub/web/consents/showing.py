"""Turns consents into what the pages say. Templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from babel.dates import format_date

from hub.clock import stockholm_date
from hub.contract.models import Cooperation, InfoKind
from hub.registry.cases import ConsentCase
from hub.web.consents.office import Office
from hub.web.consents.simulating import Planned
from hub.web.consents.titles import KINDS, LEGAL_BASES, SIGNATORIES, STATES, listing, told
from hub.web.language import Words
from hub.web.presenting import moment
from hub.web.shown import Moment

__all__ = ["EXPIRES_SOON", "Fact", "Showing", "Signature", "day"]

EXPIRES_SOON: Final = timedelta(days=30)
_LOCALES: Final = {"sv": "sv", "en": "en_GB"}


def day(instant: datetime | date, words: Words, *, until: bool = False) -> str:
    """`19 maj 2025`, Stockholm. `until`: of an end that is the first day it no longer holds, the last day that it does."""
    found = stockholm_date(instant) if isinstance(instant, datetime) else instant
    return format_date(found - timedelta(days=1) if until else found, "d MMM yyyy", locale=_LOCALES[words.language]).replace(
        ".", ""
    )


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a summary list."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose, and when it was registered; None while it is awaited."""

    role: str
    title: str
    at: Moment | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list of consents."""

    number: str
    title: str
    recipients: str
    state: str
    missing: str
    since: Moment
    until: str
    days_left: int
    days_told: str
    no: str
    """Who has said no, while the consent is not complete."""


class Showing:
    """The words for one office and one visitor's language."""

    def __init__(self, office: Office, words: Words, now: datetime) -> None:
        self._office = office
        self._words = words
        self._now = now

    def row(self, case: ConsentCase) -> Row:
        """A consent as a line; of whom it is about it tells nothing."""
        left = (stockholm_date(case.valid_to) - stockholm_date(self._now)).days - 1
        return Row(
            case.consent_id, case.cooperation.upper(), self.teams(case.recipients), self.state(case), self.roles(case.missing),
            moment(case.created_at, self._words, self._now), day(case.valid_to, self._words, until=True), left,
            self._words.many("{number} day left", "{number} days left", max(left, 0)),
            self.roles(case.declined),
        )  # fmt: skip

    def state(self, case: ConsentCase) -> str:
        """Where it stands, in a word or two."""
        return told(STATES, case.state, self._words)

    def scope(self, case: ConsentCase) -> list[Fact]:
        """What it is to, as a summary list."""
        text = self._words.text
        kinds = tuple(InfoKind(kind) for kind in case.kinds)
        planned = Planned(
            Cooperation(case.cooperation), case.agencies, case.recipients, kinds, case.valid_from, case.valid_to
        )  # fmt: skip
        found = [*self.scope_of(planned), Fact(text("Legal basis"), told(LEGAL_BASES, case.legal_basis, self._words))]
        return [*found, Fact(text("Area"), self._office.places.title(case.area))] if case.area else found

    def scope_of(self, planned: Planned, note: str = "") -> list[Fact]:
        """The same of what is not registered yet; `note` is said of the period."""
        text = self._words.text
        first, last = day(planned.valid_from, self._words), day(planned.valid_to, self._words, until=True)
        period = text("{first} to {last}", first=first, last=last)
        return [
            Fact(text("Cooperation"), planned.cooperation.value.upper()),
            Fact(text("Who may tell"), self.agencies(planned.agencies)),
            Fact(text("What may be told"), self.kinds(planned.kinds)),
            Fact(text("Who may be told"), self.teams(planned.recipients)),
            Fact(text("Period"), f"{period}, {note}" if note else period),
        ]

    def kinds(self, kinds: tuple[InfoKind, ...]) -> str:
        """Kinds of information in a sentence: a capital for the first only."""
        titles = [told(KINDS, kind, self._words) for kind in kinds]
        return listing([*titles[:1], *(title[:1].lower() + title[1:] for title in titles[1:])], self._words)

    def signatures(self, case: ConsentCase) -> list[Signature]:
        """Who has to sign, and who has."""
        return [
            Signature(
                role, self.role(role), moment(case.signed[role], self._words, self._now) if role in case.signed else None
            )
            for role in case.required
        ]  # fmt: skip

    def role(self, code: str) -> str:
        """A signatory."""
        return told(SIGNATORIES, code, self._words)

    def roles(self, codes: tuple[str, ...]) -> str:
        """Signatories in a sentence."""
        return listing([self.role(code) for code in codes], self._words)

    def teams(self, codes: tuple[str, ...]) -> str:
        """Teams by their own names."""
        return listing([_title(self._office.teams, code) for code in codes], self._words)

    def agencies(self, codes: tuple[str, ...]) -> str:
        """Agencies by their own names."""
        return listing([_title(self._office.agencies, code) for code in codes], self._words)


def _title(known: Mapping[str, object], code: str) -> str:
    return str(getattr(known[code], "title", code)) if code in known else code
