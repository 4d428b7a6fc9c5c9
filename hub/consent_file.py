"""Reads a municipality's rules of consent: `consent.yaml`, where every value is a list of periods, each from a date on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub.contract.models import Cooperation
from hub.core.consent_rules import ADULT_AGE, AgeSpan, AtSigningAge, ConsentRules, Dated, Form, Period, Signatory
from hub.errors import ConfigError
from hub.resources import defaults_folder
from hub.settings import wrong_fields

__all__ = ["CONSENT_FILE", "DEFAULT_VARIANT", "load_consent_rules", "variant_file", "variants"]

CONSENT_FILE = "consent.yaml"
DEFAULT_VARIANT = "norrkoping"
_OLDEST = 150
Age = Annotated[int, Field(ge=0, le=_OLDEST)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _From(Part):
    valid_from: date


class _SigningAge(_From):
    age: Annotated[int, Field(ge=0, le=ADULT_AGE)]


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
    days: Annotated[int, Field(ge=1, le=3660)]


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
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: run `hub init`, or restore it", code="missing_file") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} is not YAML in UTF-8", code="bad_yaml") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is no mapping of names to values", code="bad_file")
    try:
        return _rules(_File.model_validate(content))
    except ValidationError as error:
        raise ConfigError(f"{path}: {wrong_fields(error)}", code="bad_file") from error


def variants() -> list[str]:
    """The municipal variants that are shipped."""
    return sorted(path.stem for path in (defaults_folder() / "consent").glob("*.yaml"))


def variant_file(name: str) -> Path:
    """The shipped file of a variant. Raises ConfigError that names those there are."""
    if name not in variants():
        raise ConfigError(f"no variant {name} of the consent rules; there are: {', '.join(variants())}", code="unknown_variant")
    return defaults_folder() / "consent" / f"{name}.yaml"


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
