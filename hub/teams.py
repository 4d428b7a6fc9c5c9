"""What teams.yaml may say besides names and functions: for whom a team is there, and who is called when its clock runs out.

Everything here is optional. A team that says nothing is there for every area and age, is reminded a working day before its clock
runs out, and a working day after that its head is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Protocol, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub.contract.covering import without_identifiers
from hub.contract.fields import AreaCode

__all__ = ["HEAD", "HEAD_NEXT_DAY", "Addressee", "AgeSpan", "CalledNext", "Problem", "Receiver", "problems_of"]

HEAD: Final = "head"
_MOST_STEPS = 10
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")


def _addressee(value: object) -> object:
    """A team's code as it is, accounts as a tuple: told apart here, so that what is wrong is told once, and never the value."""
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) and _is_account(one) for one in value):
        return tuple(value)
    raise ValueError("must be a team's code, or a list of accounts by their ids as `hub account list` shows them")


def _is_account(text: str) -> bool:
    return bool(_ACCOUNT.fullmatch(text)) and without_identifiers(text) == text


Addressee: TypeAlias = Annotated[str | tuple[str, ...], BeforeValidator(_addressee)]
"""Who is called: a team's code, or the opaque ids of accounts."""
Problem: TypeAlias = tuple[tuple[str | int, ...], str]
"""Where something cannot be, from the file's top, and why."""


class AgeSpan(BaseModel):
    """Whole years, both included; one of them may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[int, Field(ge=0, le=130, alias="from")] = 0
    last: Annotated[int, Field(ge=0, le=130, alias="to")] = 130

    @model_validator(mode="after")
    def _some_are_left(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"from {self.first} to {self.last} is no age at all: from must not be above to")
        return self

    def holds(self, years: int) -> bool:
        """Whether the age is one of them."""
        return self.first <= years <= self.last


class CalledNext(BaseModel):
    """One step up: who is called `after_days` working days of the team after its clock ran out.

    `to`: `head`, another team by its code, or accounts of this team.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Addressee
    after_days: Annotated[int, Field(ge=0, le=60)]


HEAD_NEXT_DAY: Final = (CalledNext(to=HEAD, after_days=1),)
"""Of a team that says nothing else."""


class Receiver(Protocol):
    """What is asked of a team here."""

    @property
    def areas(self) -> tuple[AreaCode, ...]:
        """The areas it is there for; none: all."""
        ...

    @property
    def ages(self) -> AgeSpan | None:
        """The ages it is there for; None: all."""
        ...

    @property
    def fallback(self) -> bool:
        """Whether it gets what fits no team."""
        ...

    @property
    def deputy(self) -> str | tuple[str, ...] | None:
        """Who is called when its clock runs out."""
        ...

    @property
    def escalation(self) -> tuple[CalledNext, ...]:
        """Who is called after that."""
        ...


def problems_of(teams: Mapping[str, Receiver], areas: frozenset[str]) -> Iterator[Problem]:
    """What cannot be, though each field by itself is well formed; `areas` are the codes of areas.yaml."""
    fallbacks = [code for code, team in teams.items() if team.fallback]
    for code, team in teams.items():
        here = ("teams", code)
        if code == HEAD:
            yield here, "no team may be called head: in an escalation that is the team's own head"
        for place, area in enumerate(team.areas):
            if area not in areas:
                yield (*here, "areas", place), "areas.yaml has no such area: write its code as it stands there"
            elif area in team.areas[:place]:
                yield (*here, "areas", place), "this area stands twice: keep one of them"
        if team.fallback and (team.areas or team.ages is not None):
            yield (*here, "fallback"), "a fallback gets what fits no team, so it has no areas or ages of its own: take those out"
        if team.fallback and code != fallbacks[0]:
            yield (*here, "fallback"), f"{fallbacks[0]} is the fallback already: there is one at most"
        yield from _chain_problems(teams, code, team)


def _chain_problems(teams: Mapping[str, Receiver], code: str, team: Receiver) -> Iterator[Problem]:
    here = ("teams", code)
    if team.deputy is not None:
        yield from _addressee_problems(teams, code, team.deputy, (*here, "deputy"))
    if len(team.escalation) > _MOST_STEPS:
        yield (*here, "escalation"), f"an escalation has at most {_MOST_STEPS} steps"
    for place, step in enumerate(team.escalation):
        if step.to != HEAD:
            yield from _addressee_problems(teams, code, step.to, (*here, "escalation", place, "to"))
        if place and step.after_days < team.escalation[place - 1].after_days:
            yield (*here, "escalation", place, "after_days"), "comes before the step above it: put the steps in order of time"


def _addressee_problems(
    teams: Mapping[str, Receiver], code: str, addressee: str | tuple[str, ...], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    if isinstance(addressee, tuple):
        if not addressee:
            yield where, "names nobody: name another team or accounts, or leave it out"
    elif addressee == HEAD:
        yield where, "the head is called by the escalation: name another team or accounts here"
    elif addressee == code:
        yield where, "a team cannot stand in for itself: name another one"
    elif addressee not in teams:
        yield where, f"teams.yaml has no team of that code; it has: {', '.join(teams)}"
