"""Turns consents into what the pages say. Templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from babel.dates import format_date

from hub.clock import stockholm_date
from hub.contract.models import InfoKind
from hub.registry.cases import ConsentCase
from hub.web.consents.office import Office
from hub.web.consents.scope import Fact, FormScope, scope_of_case
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
        left = (stockholm_date(case.ends_at) - stockholm_date(self._now)).days - 1
        return Row(
            case.consent_id, case.cooperation.upper(), self.teams(case.recipients), self.state(case), self.roles(case.missing),
            moment(case.created_at, self._words, self._now), day(case.ends_at, self._words, until=True), left,
            self._words.many("{number} day left", "{number} days left", max(left, 0)),
            self.roles(case.declined),
        )  # fmt: skip

    def state(self, case: ConsentCase) -> str:
        """Where it stands, in a word or two."""
        if case.state == "in_force" and case.valid_from > self._now:
            return self._words.text("Holds from {day}", day=day(case.valid_from, self._words))
        return told(STATES, case.state, self._words)

    def scope(self, case: ConsentCase) -> list[Fact]:
        """What it is to, as a summary list."""
        return self.scope_of(scope_of_case(case))

    def scope_of(self, scope: FormScope) -> list[Fact]:
        """The same of what may not be registered yet: every part, in the order of the form."""
        text = self._words.text
        first, last = day(scope.valid_from, self._words), day(scope.valid_to, self._words, until=True)
        back = text("Yes. It also covers what happened from {day} on, before all had signed.", day=first)
        return [
            Fact(text("Cooperation"), scope.cooperation.value.upper(), "cooperation"),
            Fact(text("Who may tell"), self.agencies(scope.agencies), "agencies"),
            Fact(text("What may be told"), self.kinds(scope.kinds), "kinds"),
            Fact(text("Who may be told"), self.teams(scope.recipients), "recipients"),
            Fact(text("Period"), text("{first} to {last}", first=first, last=last), "period"),
            Fact(
                text("Reaches back"),
                back if scope.includes_earlier else text("No. It covers only what happens after all have signed."),
                "includes_earlier",
            ),
            Fact(text("Area"), self._office.places.title(scope.area) if scope.area else text("left out"), "area"),
            Fact(text("Legal basis"), told(LEGAL_BASES, scope.legal_basis, self._words), "legal_basis"),
        ]

    def kinds(self, kinds: tuple[InfoKind, ...]) -> str:
        """Kinds of information in a sentence: a capital for the first only."""
        titles = [told(KINDS, kind, self._words) for kind in _in_order(kinds, KINDS)]
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
        return listing([_title(self._office.teams, code) for code in _in_order(codes, self._office.teams)], self._words)

    def agencies(self, codes: tuple[str, ...]) -> str:
        """Agencies by their own names."""
        return listing([_title(self._office.agencies, code) for code in _in_order(codes, self._office.agencies)], self._words)


def _in_order(codes: tuple[str, ...], known: Mapping[str, object]) -> list[str]:
    """As they were asked for, so that a draft's form and the registered one say the same; what is not known any more last."""
    return [*(code for code in known if code in codes), *(code for code in codes if code not in known)]


def _title(known: Mapping[str, object], code: str) -> str:
    return str(getattr(known[code], "title", code)) if code in known else code
