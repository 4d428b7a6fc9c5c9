"""The school calendar of a rule set: which Stockholm dates are school days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.core.conditions import Strict

__all__ = ["School", "Term"]


class Term(Strict):
    """A school term: both Stockholm dates are school days when they are no weekend."""

    first: date
    """The first date of the term."""
    last: date
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
    free_days: tuple[date, ...] = ()
    """Dates within a term on which there is no school."""
