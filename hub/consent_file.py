"""Reads a municipality's rules of consent: `consent.yaml`, where every value is a list of periods, each from a date on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub.contract.models import Cooperation
from hub.core.consent_rules import ADULT_AGE, AgeSpan, AtSigningAge, ConsentRules, Dated, Form, Period, Signatory
from hub.errors import ConfigError
from hub.installation import load_mapping
from hub.settings import wrong_fields

__all__ = ["load_consent_rules"]

_OLDEST = 150
Age = Annotated[int, Field(strict=True, ge=0, le=_OLDEST)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _From(Part):
    valid_from: date


class _SigningAge(_From):
    age: Annotated[int, Field(strict=True, ge=0, le=ADULT_AGE)]


class _AtSigningAge(_From):
    then: AtSigningAge


class _Ages(_From):
    """`to_age` is included: 10 to 18 ends the day she becomes 19. Null: no limit."""

    from_age: Age
    to_age: Age | None

    @model_validator(mode="after")
    def _ascend(self) -> _Ages:
        if self.to_age is not None and self.to_age < self.from_age:
            raise ValueError("to_age must not be lower than from_age")
        return self


class _Longest(_From):
    days: Annotated[int, Field(strict=True, ge=1, le=3660)]


class _Forms(_From):
    forms: Annotated[frozenset[Form], Field(min_length=1)]


class _Signatories(_From):
    kinds: frozenset[Signatory]

    @model_validator(mode="after")
    def _some_can_sign(self) -> _Signatories:
        if Signatory.YOUTH not in self.kinds or len(self.kinds) == 1:
            raise ValueError("kinds must name the youth, and a guardian or who stands in for one")
        return self


Row = TypeVar("Row", bound=_From)
Value = TypeVar("Value")


def _in_order(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    if any(later.valid_from <= sooner.valid_from for sooner, later in pairwise(rows)):
        raise ValueError("each period must begin later than the one before it")
    return rows


class _File(Part):
    youth_signs_from: Annotated[tuple[_SigningAge, ...], Field(min_length=1), AfterValidator(_in_order)]
    at_signing_age: Annotated[tuple[_AtSigningAge, ...], Field(min_length=1), AfterValidator(_in_order)]
    cooperations: Annotated[
        dict[Cooperation, Annotated[tuple[_Ages, ...], Field(min_length=1), AfterValidator(_in_order)]], Field(min_length=1)
    ]
    longest_days: Annotated[tuple[_Longest, ...], Field(min_length=1), AfterValidator(_in_order)]
    forms: Annotated[tuple[_Forms, ...], Field(min_length=1), AfterValidator(_in_order)]
    signatories: Annotated[tuple[_Signatories, ...], Field(min_length=1), AfterValidator(_in_order)]


def load_consent_rules(path: Path) -> ConsentRules:
    """The rules in a file. Raises ConfigError naming file and field: stop before start."""
    content = load_mapping(path)
    try:
        return _rules(_File.model_validate(content))
    except ValidationError as error:
        raise ConfigError(f"{path}: {wrong_fields(error)}", code="bad_file") from error


def _rules(file: _File) -> ConsentRules:
    return ConsentRules(
        youth_signs_from=_dated(file.youth_signs_from, lambda row: row.age),
        at_signing_age=_dated(file.at_signing_age, lambda row: row.then),
        cooperations={
            cooperation: _dated(rows, lambda row: AgeSpan(row.from_age, row.to_age))
            for cooperation, rows in file.cooperations.items()
        },
        longest_days=_dated(file.longest_days, lambda row: row.days),
        forms=_dated(file.forms, lambda row: row.forms),
        signatories=_dated(file.signatories, lambda row: row.kinds),
    )


def _dated(rows: tuple[Row, ...], value: Callable[[Row], Value]) -> Dated[Value]:
    return Dated(tuple(Period(row.valid_from, value(row)) for row in rows))
