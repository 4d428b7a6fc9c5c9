"""Who must sign, at which age, for how long: what law leaves to a municipality, each value with the date it holds from.

Pure. Dates are Swedish calendar dates, and what changes with one changes at midnight in Sweden. DOMAIN §1-2 holds the
published variants; eighteen is law (föräldrabalken 9:1) and no setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from hub.contract.models import Cooperation
from hub.core.instants import stockholm_date

__all__ = [
    "ADULT_AGE",
    "AgeSpan",
    "AtSigningAge",
    "ConsentRules",
    "Dated",
    "Form",
    "Period",
    "Signatory",
    "age_at",
    "age_in_years",
    "birthday",
    "midnight",
]

ADULT_AGE = 18
_STOCKHOLM = ZoneInfo("Europe/Stockholm")
Value = TypeVar("Value")


class Signatory(StrEnum):
    """Who may have to sign; a role, never a name."""

    GUARDIAN_1 = "guardian_1"
    GUARDIAN_2 = "guardian_2"
    SPECIAL_GUARDIAN = "special_guardian"  # särskilt förordnad vårdnadshavare
    GOD_MAN = "god_man"
    SOCIAL_SERVICES = "social_services"  # under LVU
    YOUTH = "youth"


class Form(StrEnum):
    """The two forms: a child's, signed by guardians or who stands in for them, and an adult's, signed by the youth alone."""

    CHILD = "child"
    ADULT = "adult"


class AtSigningAge(StrEnum):
    """What becomes of a consent in force when the youth reaches the age from which she signs too."""

    CONTINUE = "continue"
    """It holds for its time; the next one needs her signature."""
    SUSPEND = "suspend"
    """It permits nothing until she has signed."""


@dataclass(frozen=True, slots=True)
class AgeSpan:
    """The ages, in whole years, that a cooperation is for; both included, None: no limit upwards."""

    first: int = 0
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Period(Generic[Value]):
    """A value that holds from a date until the next period begins."""

    valid_from: date
    value: Value


@dataclass(frozen=True, slots=True)
class Dated(Generic[Value]):
    """A value through time: at least one period, in the order of their dates; the first also holds before its date."""

    periods: tuple[Period[Value], ...]

    def on(self, day: date) -> Value:
        """The value on a Swedish date."""
        found = self.periods[0]
        for period in self.periods[1:]:
            if period.valid_from <= day:
                found = period
        return found.value

    def values(self) -> set[Value]:
        """Every value it has had or will have."""
        return {period.value for period in self.periods}

    @property
    def changes(self) -> list[datetime]:
        """The instants at which another value begins to hold."""
        return [midnight(period.valid_from) for period in self.periods[1:]]

    @classmethod
    def always(cls, value: Value) -> Dated[Value]:
        """One value, at all times."""
        return cls((Period(date.min, value),))


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """One municipality's rules. A cooperation that is missing is not offered there."""

    youth_signs_from: Dated[int]
    at_signing_age: Dated[AtSigningAge]
    cooperations: Mapping[Cooperation, Dated[AgeSpan]]
    longest_days: Dated[int]
    forms: Dated[frozenset[Form]]
    signatories: Dated[frozenset[Signatory]]

    def span(self, cooperation: Cooperation, day: date) -> AgeSpan | None:
        """The ages a cooperation is for on a Swedish date; None when it is not offered."""
        dated = self.cooperations.get(cooperation)
        return None if dated is None else dated.on(day)


def age_in_years(born: date, on: date) -> int:
    """Whole years on a Swedish date, by her `birthday` of that year."""
    return on.year - born.year - (on < _birthday_in(born, on.year))


def age_at(born: date, at: datetime) -> int:
    """Whole years at an instant: a birthday begins at midnight in Sweden, whatever the clock is set to that day."""
    return age_in_years(born, stockholm_date(at))


def birthday(born: date, age: int) -> datetime:
    """The instant (UTC) at which somebody becomes so old: the beginning of the day in Sweden.

    Who is born on 29 February becomes a year older on 28 February in common years. That is law and no municipality's choice:
    time counted in years ends on the day with the same number in its month and, where that month has none, on its last day
    (lag 1930:173 om beräkning av lagstadgad tid, 1 §). DOMAIN is silent on it.
    """
    return midnight(_birthday_in(born, born.year + age))


def _birthday_in(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)


def midnight(day: date) -> datetime:
    """The instant (UTC) at which a day begins in Sweden. Summer time begins and ends later in the night, never then."""
    return datetime.combine(day, time(), _STOCKHOLM).astimezone(UTC)
