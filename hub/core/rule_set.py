"""The rules a municipality writes: models that refuse what they do not know, with the path of the wrong field.

A rule is a list of conditions that must all hold, a function, and the team it is proposed to. Area is no condition of a
person's task (DOMAIN §3: place is never tied to a person), there is no score, and a human decides, always.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from hub.contract.fields import RulesVersion
from hub.contract.models import Code as ContractCode
from hub.contract.models import Cooperation, PlaceCategory, Priority
from hub.core.conditions import CODES, IN_THE_YEARS, YEARS, Chosen, Condition, Days, Earlier, FellFrom, Measure, Strict, Then
from hub.core.rule_problems import Problem, problems_of
from hub.core.school import School, Term
from hub.core.texts import FUNCTIONS

__all__ = [
    "CODES",
    "LARGEST_SET",
    "MOST_CONDITIONS",
    "Ages",
    "Chosen",
    "Condition",
    "Earlier",
    "Fallback",
    "FellFrom",
    "Measure",
    "PlaceRule",
    "Problem",
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


def _known(function: str) -> str:
    if function not in FUNCTIONS:
        raise ValueError(f"unknown function {function}; known: {', '.join(sorted(FUNCTIONS))}")
    return function


def _ends_some_day(value: date) -> date:
    if value.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}: leave sunset out for a rule without an end")
    return value


Sunset = Annotated[date, AfterValidator(_ends_some_day), IN_THE_YEARS]
MOST_CONDITIONS = 20
"""Of one rule: more than anybody reads through; every two of them are held against each other when a rule is checked. A task
lists the newest events of each, which makes some 80 kB at most: well below the bound of a message (256 KiB)."""
_ON_ONE_LINE = Field(json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f]*$"})  # `rule_text.unfit` says more, and in words
Title = Annotated[str, StringConstraints(min_length=1, max_length=200), _ON_ONE_LINE]
Function = Annotated[ContractCode, AfterValidator(_known), Field(json_schema_extra={"enum": sorted(FUNCTIONS)})]


class RulesError(ValueError):
    """A rule set that is not one; the text names each field and what is wrong, `problems` where it stands. Stop before start."""

    def __init__(self, text: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(text)
        self.problems = tuple(problems)


class Ages(Strict):
    """Whole years, both included; one of them may be left out."""

    first: Annotated[int, Field(ge=0, le=130, alias="from")] = 0
    """From this age on."""
    last: Annotated[int, Field(ge=0, le=130, alias="to")] = 130
    """Up to and with this age."""

    @model_validator(mode="after")
    def _some_are_left(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"from {self.first} to {self.last} is no age at all: from must not be above to")
        return self


class Fallback(Strict):
    """Where a SIG match goes when no consent to SIG covers it: somebody who can ask for one."""

    team: ContractCode
    """The team that is asked, by its name in teams.yaml."""
    function: Function
    """What it is asked to do."""
    cooperation: Literal[Cooperation.SSPF] = Cooperation.SSPF
    """The cooperation whose consent lets it be told: always sspf."""


class Rule(Strict):
    """One rule about a person; all of `when` must hold. `priority` and `respond_within_days` set the task's clock."""

    about: Literal["person"]
    """person: what follows is a task for a team about one youth."""
    id: ContractCode
    """The rule's name, as its file is called."""
    title_sv: Title
    """The title of its tasks in Swedish."""
    title_en: Title
    """The title of its tasks in English."""
    rationale: str
    """Why the rule is there."""
    owner: Title
    """Who stands for the rule."""
    function: Function
    """What the team is asked to do."""
    team: ContractCode
    """Whom it is proposed to, by the name in teams.yaml."""
    cooperation: Cooperation
    """The cooperation whose consent must cover it."""
    priority: Priority
    """How urgent its tasks are."""
    respond_within_days: Days
    """Within so many calendar days the team answers."""
    in_case: Literal["sspf", "sig", "none"] | None = None
    """Holds only for youths with an open case of that cooperation, which must be the rule's own; none: with no open case."""
    without_sig_consent: Annotated[Fallback | None, Field(validate_default=True)] = None
    """Only with cooperation sig, but not with in_case sig: who is asked to seek a consent to SIG; nothing reaches SIG."""
    ages: Ages | None = None
    """Holds only for youths of these ages in whole years, both included; not where the record tells no age."""
    at_least_agencies: Annotated[int, Field(ge=1, le=20)] = 1
    """The events that count, of all conditions together, must come from so many agencies."""
    rest_days: Annotated[int, Field(ge=0, le=366)] = 0
    """After a task of the rule was declined or completed, it rests so many days of 24 hours."""
    lingers_days: Annotated[int, Field(ge=0, le=366)] = 0
    """The episode stays for so many days after its conditions held last."""
    sunset: Sunset | None = None
    """The last Stockholm date on which the rule holds."""
    counts_but_not_shown: tuple[ContractCode, ...] = ()
    """What these agencies told counts, but a task names neither them nor their events."""
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]
    """The conditions; all must hold."""

    @field_validator("counts_but_not_shown")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("an agency stands twice")
        return value

    @field_validator("when")
    @classmethod
    def _distinct_conditions(cls, value: tuple[Condition, ...]) -> tuple[Condition, ...]:
        if len(value) > MOST_CONDITIONS:
            raise ValueError(f"holds {len(value)} conditions, and a rule may hold {MOST_CONDITIONS}: make it several rules")
        if len({condition.id for condition in value}) != len(value):
            raise ValueError("two conditions share an id")
        return value

    @field_validator("without_sig_consent")
    @classmethod
    def _fallback_of_sig(cls, value: Fallback | None, info: ValidationInfo) -> Fallback | None:
        cooperation = info.data.get("cooperation")
        if info.data.get("in_case") == "sig":
            if value is not None:
                raise ValueError("with in_case: sig a consent to SIG is in force already: leave without_sig_consent out")
        elif cooperation is not None and (value is not None) != (cooperation is Cooperation.SIG):
            raise ValueError("without_sig_consent belongs to every rule of cooperation sig, and to no other")
        return value

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A set that asks for no case has the digest that it had before one could be asked for."""
        content: dict[str, Any] = written(self)
        if self.in_case is None:
            content.pop("in_case", None)
        return content

    @field_validator("in_case")
    @classmethod
    def _case_of_its_own(cls, value: str | None, info: ValidationInfo) -> str | None:
        """A task tells its team that there is such a case, which is for the consent of that very cooperation (OSL 8:1-2)."""
        cooperation = info.data.get("cooperation")
        if cooperation is not None and value is not None and value not in {cooperation.value, "none"}:
            raise ValueError(f"a rule of cooperation {cooperation.value} may ask for a case of {cooperation.value}, or for none")
        return value


class PlaceRule(Strict):
    """One rule about a place: so many incidents within so many days, in areas while areas.yaml marks them exposed."""

    about: Literal["place"]
    """place: what follows is a presence task in an area; no person is in it."""
    id: ContractCode
    """The rule's name, as its file is called."""
    title_sv: Title
    """The title of its tasks in Swedish."""
    title_en: Title
    """The title of its tasks in English."""
    rationale: str
    """Why the rule is there."""
    owner: Title
    """Who stands for the rule."""
    categories: Annotated[tuple[PlaceCategory, ...], Field(min_length=1)]
    """Which incidents count."""
    at_least: Annotated[int, Field(ge=1, le=100_000)]
    """How many incidents it must be."""
    within_days: Days
    """Within so many days, of 24 hours each."""


class RuleSet(Strict):
    """All rules in force together, under one version (label-safe, no personal number in it)."""

    version: RulesVersion
    """The set's version, in quotes. It stands in every task: change it whenever a rule changes."""
    owner: Title
    """Who stands for the set."""
    school: School | None = None
    """The school calendar; needed by every rule that asks for school days."""
    rules: tuple[Annotated[Rule | PlaceRule, Field(discriminator="about")], ...]

    @field_validator("rules")
    @classmethod
    def _distinct_ids(cls, value: tuple[Rule | PlaceRule, ...]) -> tuple[Rule | PlaceRule, ...]:
        ids = [rule.id for rule in value]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two rules share the id {', '.join(twice)}")
        return value


_BELOW: dict[str, type[BaseModel]] = {
    "person": Rule, "place": PlaceRule, "without_sig_consent": Fallback, "ages": Ages, "when": Condition,
    "against_earlier": Earlier, "fell_from": FellFrom, "then": Then, "school": School, "terms": Term,
}  # fmt: skip
_FIELDS = {name: tuple(field.alias or each for each, field in model.model_fields.items()) for name, model in _BELOW.items()}


def parse_rules(data: Any) -> RuleSet:
    """Check plain data (as YAML or JSON gives it). Raises RulesError naming every wrong field; never a partial set."""
    try:
        return RuleSet.model_validate_json(json.dumps(data, allow_nan=False, default=_as_text))
    except ValidationError as error:
        problems = problems_of(error, {**_FIELDS, "": tuple(RuleSet.model_fields)})
        told = "; ".join(f"{_path(one.location, data)}: {one.text}" for one in problems)
        raise RulesError(told, problems) from error
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


LARGEST_SET = 100_000
"""Bytes of a set's canonical JSON: with a commit's states it shares one batch of a worker's changelog."""


def rules_digest(rules: RuleSet) -> str:
    """SHA-256 (hex) of the set's canonical JSON."""
    return hashlib.sha256(rules_content(rules).encode()).hexdigest()


def _path(location: tuple[int | str, ...], data: Any) -> str:
    """`rules.absence-alone.when.0.of`: the rule by its id where it has one."""
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] == "rules":
        with contextlib.suppress(KeyError, IndexError, TypeError, ValueError):  # nameless: its number must do
            parts[1] = str(data["rules"][int(parts[1])]["id"])
    return ".".join(parts) or "rule set"
