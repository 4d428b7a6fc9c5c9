"""The school calendar of a rule set: which Stockholm dates are school days."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from hub.core.conditions import Day, Strict

__all__ = ["School", "Term"]

_MOST_DAYS = 36_600


class Term(Strict):
    """A school term: both Stockholm dates are school days when they are no weekend."""

    first: Day
    """The first date of the term."""
    last: Day
    """The last date of the term."""

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"the term ends ({self.last}) before it begins ({self.first})")
        return self


class School(Strict):
    """When there is school: Monday to Friday within a term, but for the free days."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    """The school terms; no two of them overlap."""
    free_days: tuple[Day, ...] = ()
    """Dates within a term on which there is no school."""

    @field_validator("terms")
    @classmethod
    def _can_be_known(cls, value: tuple[Term, ...]) -> tuple[Term, ...]:
        days = sum((term.last - term.first).days + 1 for term in value)
        if days > _MOST_DAYS:
            text = (
                f"name {days} days together: at most {_MOST_DAYS} (a hundred years) may stand here: give each term its own dates"
            )
            raise ValueError(text)
        return value
