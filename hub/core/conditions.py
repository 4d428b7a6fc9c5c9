"""What a condition of a rule may say: models that refuse what they do not know. `hub/core/README.md` defines each field.

The texts below the fields are what an editor shows beside them (`hub rules schema`).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hub.contract.models import AbsenceKind, InfoKind, PoliceCategory, RiskConcern
from hub.contract.models import Code as ContractCode
from hub.core.texts import WORDED

__all__ = [
    "CODES",
    "IN_THE_YEARS",
    "YEARS",
    "Chosen",
    "Condition",
    "Day",
    "Days",
    "Earlier",
    "FellFrom",
    "Measure",
    "Strict",
    "Then",
]

CODES: dict[InfoKind, frozenset[str]] = {
    InfoKind.SCHOOL_ABSENCE: frozenset(AbsenceKind),
    InfoKind.POLICE_NOTICE: frozenset(PoliceCategory),
    InfoKind.RISK_EVENT: frozenset(RiskConcern),
}
"""The codes that events of each kind may carry."""

YEARS = range(1900, 3000)
"""Of the dates that rules name: those of the contract's instants, so that the day after any of them is one."""


def _within_the_years(value: date) -> date:
    if value.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return value


IN_THE_YEARS = Field(json_schema_extra={"pattern": "^(19|2[0-9])[0-9]{2}-"})
Day = Annotated[date, AfterValidator(_within_the_years), IN_THE_YEARS]
Days = Annotated[int, Field(ge=1, le=366)]
Amount = Annotated[int, Field(ge=1, le=100_000)]
_Any = TypeVar("_Any")
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Measure(StrEnum):
    """What is made of the events in a window: minutes of absence, events, distinct calendar days (Stockholm) with an event,
    or the percent of absence in the minutes of the lessons that any absence was told of.
    """

    MINUTES = "minutes"
    COUNT = "count"
    DISTINCT_DAYS = "distinct_days"
    RATE = "rate"


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True, use_attribute_docstrings=True)


class Earlier(Strict):
    """The youth's own earlier time, before the window: the value must be at least `percent` of its average there."""

    days: Days
    """How many days before the window are looked at."""
    percent: Annotated[int, Field(ge=1, le=10_000)]
    """At least so many percent of what the same measure was, on average per window, in those days."""


class FellFrom(Strict):
    """How much there was before the window, of which little or nothing is left."""

    days: Days
    """How many days before the window are looked at."""
    at_least: Amount
    """How much the same measure was in those days together: events, minutes or days."""
    school_days: Days | None = None
    """Besides, at least so many school days must have begun in the window: that nobody is missed in the holidays says nothing."""


def _codes_by_kind(schema: dict[str, Any]) -> None:
    """An editor completes only the codes that events of the chosen kind carry."""
    schema["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind.value}}, "required": ["kind"]},
            "then": {"properties": {"of": {"items": {"enum": sorted(codes)}}}},
        }
        for kind, codes in CODES.items()
    ]


class Chosen(Strict):
    """Events of one kind and some of its codes."""

    model_config = ConfigDict(json_schema_extra=_codes_by_kind)

    kind: InfoKind
    """The kind of information."""
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    """Its codes: an event of any of them is chosen."""

    @field_validator("of")
    @classmethod
    def _known_codes(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "kind" not in info.data:
            return value  # refused already
        kind: InfoKind = info.data["kind"]
        unknown = sorted(set(value) - CODES[kind])
        if unknown:
            raise ValueError(f"unknown code {', '.join(unknown)}; {kind} knows {', '.join(sorted(CODES[kind]))}")
        if len(set(value)) != len(value):
            raise ValueError("a code stands twice")
        return value


class Then(Chosen):
    """What must have occurred (or not have occurred) within so many hours after an event for that to count."""

    within_hours: Annotated[int, Field(ge=1, le=366 * 24)]
    """Within so many hours after the event."""
    happens: bool = True
    """true: such a one did occur; false: none did, and the hours are over."""


def _said_once(schema: dict[str, Any]) -> None:
    """An editor asks for how much it must be at least, or for how little is left of how much."""
    _codes_by_kind(schema)
    schema["dependentRequired"] = {"at_most": ["fell_from"], "fell_from": ["at_most"]}
    schema["oneOf"] = [{"required": ["at_least"]}, {"required": ["at_most"]}]


def _set_apart(value: object) -> bool:
    """What is not set is not written either: rules that do not use it keep their content, and so their digest."""
    return value is None


class Condition(Chosen):
    """So much of these codes within so many days (24 hours each) up to now, or so little after so much."""

    model_config = ConfigDict(json_schema_extra=_said_once)

    id: ContractCode
    """The condition's name, unlike the others of the rule; some names have words of their own in the tasks."""
    measure: Measure
    """What is made of the events that count: count (events), minutes (their sum), distinct_days (Stockholm dates), or rate
    (of the lessons that any absence was told of, the percent of their minutes that was absence of these codes, rounded down: one
    lesson missed whole is 100, so ask for some minutes or days besides)."""
    at_most: Annotated[int | None, Field(ge=0, le=100_000, exclude_if=_set_apart)] = None
    """Instead of at_least, with fell_from: how much is left at most, events, minutes or days."""
    fell_from: Annotated[FellFrom | None, Field(exclude_if=_set_apart, validate_default=True)] = None
    """Instead of at_least, with at_most: how much there was before the window."""
    at_least: Annotated[Amount | None, Field(exclude_if=_set_apart, validate_default=True)] = None
    """How much it must be: events, minutes, days or percent."""
    within_days: Days
    """An event counts when it occurred in the last so many days, of 24 hours each."""
    within_school_days: Days | None = None
    """Besides, only if it occurred on or after the so many last school day, today's included if it is one."""
    on_school_days: bool = False
    """Besides, only if it occurred on a school day."""
    between: tuple[TimeOfDay, TimeOfDay] | None = None
    """Besides, only at these times of day in Stockholm, from the first up to but not including the second; over midnight when
    the second is not after the first. Each in quotes."""
    against_earlier: Earlier | None = None
    """Besides, the value must be at least so many percent of what the same measure was before the window."""
    then: Then | None = None
    """Counts only those events after which such a one did (happens: false: did not) occur within so many hours."""

    @field_validator("measure")
    @classmethod
    def _measures_what_is_told(cls, value: Measure, info: ValidationInfo) -> Measure:
        if value in (Measure.MINUTES, Measure.RATE) and info.data.get("kind", InfoKind.SCHOOL_ABSENCE) != InfoKind.SCHOOL_ABSENCE:
            raise ValueError("only school_absence is measured in minutes or as a rate")
        return value

    @field_validator("fell_from")
    @classmethod
    def _falls_to_something(cls, value: FellFrom | None, info: ValidationInfo) -> FellFrom | None:
        if "at_most" not in info.data:
            return value  # refused already
        if (value is None) != (info.data["at_most"] is None):
            raise ValueError("at_most and fell_from go together: how much is left, and how much there was")
        if value is not None and info.data.get("measure") is Measure.RATE:
            raise ValueError("a rate is not compared with earlier: measure count, minutes or distinct_days")
        return value

    @field_validator("at_least")
    @classmethod
    def _is_asked_once(cls, value: int | None, info: ValidationInfo) -> int | None:
        if "fell_from" not in info.data:
            return value  # refused already
        if value is None and info.data["fell_from"] is None:
            raise ValueError("is missing")
        if value is not None and info.data["fell_from"] is not None:
            raise ValueError("does not go together with fell_from: leave one of them out")
        return value

    @field_validator("within_school_days", "against_earlier", "then")
    @classmethod
    def _goes_with_a_fall(cls, value: _Any, info: ValidationInfo) -> _Any:
        if value is not None and info.data.get("fell_from") is not None:
            raise ValueError("does not go together with fell_from: leave one of them out")
        return value

    @field_validator("against_earlier")
    @classmethod
    def _can_be_compared(cls, value: Earlier | None, info: ValidationInfo) -> Earlier | None:
        if value is not None and info.data.get("measure") is Measure.RATE:
            raise ValueError("a rate is not compared with earlier: measure count, minutes or distinct_days")
        if value is not None and info.data.get("within_school_days") is not None:
            raise ValueError("does not go together with within_school_days: leave one of them out")
        return value

    @field_validator("then")
    @classmethod
    def _follows_alone(cls, value: Then | None, info: ValidationInfo) -> Then | None:
        if value is not None and info.data.get("measure") is Measure.RATE:
            raise ValueError("a rate is not narrowed by what follows: measure count, minutes or distinct_days")
        if value is not None and info.data.get("against_earlier") is not None:
            raise ValueError("does not go together with against_earlier: leave one of them out")
        return value

    @model_validator(mode="after")
    def _says_what_it_counts(self) -> Self:
        if self.id in WORDED and WORDED[self.id] != (self.kind, frozenset(self.of)):
            raise ValueError(f"{self.id} is worded as {', '.join(sorted(WORDED[self.id][1]))}: choose another id")
        return self

    @property
    def asked(self) -> int:
        """How much the events that count must be: in the window, or, where there is a fall, in the days before it."""
        found = self.at_least if self.fell_from is None else self.fell_from.at_least
        assert found is not None
        return found

    @property
    def asks_for_school_days(self) -> bool:
        """Whether it can only be weighed with a school calendar."""
        fell = self.fell_from
        return self.on_school_days or self.within_school_days is not None or (fell is not None and fell.school_days is not None)
