"""The rules a municipality writes: models that refuse what they do not know, with the path of the wrong field.

A rule is a list of conditions that must all hold, a function, and the team it is proposed to. Area is no condition of a
person's task (DOMAIN §3: place is never tied to a person), there is no score, and a human decides, always.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from hub.contract.fields import RulesVersion
from hub.contract.models import AbsenceKind, Cooperation, InfoKind, PlaceCategory, PoliceCategory, Priority, RiskConcern
from hub.contract.models import Code as ContractCode
from hub.core.texts import FUNCTIONS, WORDED

__all__ = [
    "CODES",
    "Ages",
    "Chosen",
    "Condition",
    "Earlier",
    "Fallback",
    "Measure",
    "PlaceRule",
    "Rule",
    "RuleSet",
    "RulesError",
    "School",
    "Term",
    "Then",
    "parse_rules",
    "rules_content",
    "rules_digest",
]

Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Days = Annotated[int, Field(ge=1, le=366)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
PLACES = frozenset({"area", "areas", "place", "places"})
CODES: dict[InfoKind, frozenset[str]] = {
    InfoKind.SCHOOL_ABSENCE: frozenset(AbsenceKind),
    InfoKind.POLICE_NOTICE: frozenset(PoliceCategory),
    InfoKind.RISK_EVENT: frozenset(RiskConcern),
}
"""The codes that events of each kind may carry."""


class RulesError(ValueError):
    """A rule set that is not one; the text names each field and what is wrong. Stop before start."""


class Measure(StrEnum):
    """What is made of the events in a window: minutes of absence, events, distinct calendar days (Stockholm) with an event,
    or the percent of offered minutes that were absence.
    """

    MINUTES = "minutes"
    COUNT = "count"
    DISTINCT_DAYS = "distinct_days"
    RATE = "rate"


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Earlier(Strict):
    """The youth's own earlier time, before the window: the value must be at least `percent` of its average there."""

    days: Days
    percent: Annotated[int, Field(ge=1, le=10_000)]


class Chosen(Strict):
    """Events of one kind and some of its codes."""

    kind: InfoKind
    of: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("of")
    @classmethod
    def _known_codes(cls, value: tuple[str, ...], info: Any) -> tuple[str, ...]:
        kind = info.data.get("kind")
        unknown = sorted(set(value) - CODES[kind]) if kind else []
        if unknown:
            raise ValueError(f"unknown code {', '.join(unknown)}; {kind} knows {', '.join(sorted(CODES[kind]))}")
        if len(set(value)) != len(value):
            raise ValueError("a code stands twice")
        return value


class Then(Chosen):
    """What must have occurred (or not have occurred) within so many hours after an event for that to count."""

    within_hours: Annotated[int, Field(ge=1, le=366 * 24)]
    happens: bool = True


class Condition(Chosen):
    """At least so much of these codes within so many days (24 hours each) up to now; `hub/core/README.md` defines each field."""

    id: ContractCode
    measure: Measure
    at_least: Annotated[int, Field(ge=1, le=100_000)]
    within_days: Days
    within_school_days: Days | None = None
    on_school_days: bool = False
    between: tuple[TimeOfDay, TimeOfDay] | None = None
    against_earlier: Earlier | None = None
    then: Then | None = None

    @model_validator(mode="after")
    def _says_what_it_counts(self) -> Self:
        if self.measure in (Measure.MINUTES, Measure.RATE) and self.kind is not InfoKind.SCHOOL_ABSENCE:
            raise ValueError("only school_absence is measured in minutes or as a rate")
        if self.id in WORDED and WORDED[self.id] != (self.kind, frozenset(self.of)):
            raise ValueError(f"{self.id} is worded as {', '.join(sorted(WORDED[self.id][1]))}: choose another id")
        return self


class Ages(Strict):
    """Whole years, both included."""

    model_config = ConfigDict(populate_by_name=True)

    first: Annotated[int, Field(ge=0, le=130, alias="from")] = 0
    last: Annotated[int, Field(ge=0, le=130, alias="to")] = 130


class Term(Strict):
    """A school term: both Stockholm dates are school days when they are no weekend."""

    first: date
    last: date


class School(Strict):
    """When there is school: Monday to Friday within a term, but for the free days."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    free_days: tuple[date, ...] = ()


class Fallback(Strict):
    """Where a SIG match goes when no consent to SIG covers it: somebody who can ask for one."""

    team: ContractCode
    function: ContractCode
    cooperation: Literal[Cooperation.SSPF] = Cooperation.SSPF


class Rule(Strict):
    """One rule about a person; all of `when` must hold. `priority` and `respond_within_days` set the task's clock."""

    about: Literal["person"]
    id: ContractCode
    title_sv: Title
    title_en: Title
    rationale: str
    owner: Title
    function: ContractCode
    team: ContractCode
    cooperation: Cooperation
    priority: Priority
    respond_within_days: Days
    without_sig_consent: Fallback | None = None
    ages: Ages | None = None
    at_least_agencies: Annotated[int, Field(ge=1, le=20)] = 1
    rest_days: Annotated[int, Field(ge=0, le=366)] = 0
    lingers_days: Annotated[int, Field(ge=0, le=366)] = 0
    sunset: date | None = None
    counts_but_not_shown: tuple[ContractCode, ...] = ()
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]

    @field_validator("when")
    @classmethod
    def _distinct_conditions(cls, value: tuple[Condition, ...]) -> tuple[Condition, ...]:
        if len({condition.id for condition in value}) != len(value):
            raise ValueError("two conditions share an id")
        return value

    @model_validator(mode="after")
    def _sig_has_a_fallback(self) -> Self:
        if (self.without_sig_consent is not None) != (self.cooperation is Cooperation.SIG):
            raise ValueError("without_sig_consent belongs to every rule of cooperation sig, and to no other")
        for function in (self.function, *((self.without_sig_consent.function,) if self.without_sig_consent else ())):
            if function not in FUNCTIONS:
                raise ValueError(f"unknown function {function}; known: {', '.join(sorted(FUNCTIONS))}")
        return self


class PlaceRule(Strict):
    """One rule about a place: so many incidents within so many days, in areas while areas.yaml marks them exposed."""

    about: Literal["place"]
    id: ContractCode
    title_sv: Title
    title_en: Title
    rationale: str
    owner: Title
    categories: Annotated[tuple[PlaceCategory, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=1, le=100_000)]
    within_days: Days


class RuleSet(Strict):
    """All rules in force together, under one version (label-safe, no personal number in it)."""

    version: RulesVersion
    owner: Title
    school: School | None = None
    rules: tuple[Annotated[Rule | PlaceRule, Field(discriminator="about")], ...]

    @model_validator(mode="after")
    def _distinct_ids(self) -> Self:
        ids = [rule.id for rule in self.rules]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two rules share the id {', '.join(twice)}")
        return self


def parse_rules(data: Any) -> RuleSet:
    """Check plain data (as YAML or JSON gives it). Raises RulesError naming every wrong field; never a partial set."""
    try:
        return RuleSet.model_validate_json(json.dumps(data, allow_nan=False, default=_as_text))
    except ValidationError as error:
        problems = _first_causes(error.errors(include_input=False, include_url=False))
        raise RulesError("; ".join(f"{_path(item['loc'], data)}: {_complaint(item)}" for item in problems)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise RulesError("only text, numbers, lists and mappings may stand in a rule") from error


def _as_text(value: Any) -> str:
    """A date, which YAML reads out of `2026-06-30`; TypeError for what no rule can hold."""
    if type(value) is date:
        return value.isoformat()
    raise TypeError(type(value).__name__)


def rules_content(rules: RuleSet) -> str:
    """The set's canonical JSON: equal for equal rules, whatever the order of their fields or files; `parse_rules` reads it."""
    content = rules.model_dump(mode="json")
    content["rules"] = sorted(content["rules"], key=lambda rule: str(rule["id"]))
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def rules_digest(rules: RuleSet) -> str:
    """SHA-256 (hex) of the set's canonical JSON."""
    return hashlib.sha256(rules_content(rules).encode()).hexdigest()


def _first_causes(problems: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "too short" of a list that is short only because its items were wrong."""
    inside = {item["loc"][:depth] for item in problems for depth in range(len(item["loc"]))}
    return [item for item in problems if item["type"] != "too_short" or item["loc"] not in inside]


def _complaint(problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden" and problem["loc"][-1] in PLACES:
        return "an area is no condition of a rule: it tells nothing about a person"
    return problem["msg"].removeprefix("Value error, ")


def _path(location: tuple[int | str, ...], data: Any) -> str:
    """`rules.absence-alone.when.0.of`: the rule by its id where it has one."""
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] == "rules":
        with contextlib.suppress(KeyError, IndexError, TypeError, ValueError):  # nameless: its number must do
            parts[1] = str(data["rules"][int(parts[1])]["id"])
        parts[2:3] = [] if parts[2:3] in (["person"], ["place"]) else parts[2:3]
    return ".".join(parts) or "rule set"
