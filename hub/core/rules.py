"""Rules compiled once, so that a step looks nothing up twice: shared selections, windows in milliseconds, routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from hub.contract.models import Cooperation, InfoKind, PlaceCategory, Priority
from hub.core.instants import DAY, to_ms
from hub.core.rule_set import Condition, Measure, PlaceRule, Rule, RulesError, RuleSet, parse_rules, rules_digest

__all__ = [
    "CompiledCondition",
    "CompiledPlaceRule",
    "CompiledRule",
    "CompiledRules",
    "Route",
    "RuleSet",
    "RulesError",
    "Selection",
    "compile_rules",
    "parse_rules",
]

_UNITS = {Measure.MINUTES: "minutes", Measure.COUNT: "events", Measure.DISTINCT_DAYS: "days", Measure.RATE: "percent"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which held events a condition looks at; conditions of equal selections share one pass over the state."""

    kind: InfoKind
    codes: frozenset[str]
    window_ms: int


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition; `selection` is an index into `CompiledRules.selections`."""

    id: str
    kind: InfoKind
    selection: int
    measure: Measure
    at_least: int
    unit: str
    window_days: int
    window_ms: int


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked to do what, in which cooperation."""

    team: str
    function: str
    cooperation: Cooperation
    fallback: bool


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule; `routes` in the order they are tried: its own team, then whoever may ask for the missing consent."""

    id: str
    priority: Priority
    respond_within_days: int
    routes: tuple[Route, ...]
    conditions: tuple[CompiledCondition, ...]


@dataclass(frozen=True, slots=True)
class CompiledPlaceRule:
    id: str
    categories: frozenset[PlaceCategory]
    at_least: int
    window_days: int
    window_ms: int


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """A rule set ready to step with. `longest_ms` is how long an event about a person is held; `sha256` names the content."""

    version: str
    sha256: str
    rules: tuple[CompiledRule, ...]
    selections: tuple[Selection, ...]
    longest_ms: int
    place_rules: tuple[CompiledPlaceRule, ...]
    place_longest_ms: int
    exposed_areas: Mapping[str, tuple[tuple[int, int], ...]]
    """By area code, the half-open spans (milliseconds) in which what occurred there counts."""
    touched: Mapping[tuple[str, str], frozenset[str]]
    """The rules that an event of (kind, code) can change."""

    @property
    def longest_days(self) -> int:
        """The longest window of a person's rule, in days: the topics' retention must not be shorter."""
        return self.longest_ms // DAY

    def rule(self, rule_id: str) -> CompiledRule | None:
        """One rule by id; None when the set no longer has it."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


_NOWHERE: Mapping[str, Sequence[tuple[datetime, datetime]]] = MappingProxyType({})


def compile_rules(
    rule_set: RuleSet, *, exposed_areas: Mapping[str, Sequence[tuple[datetime, datetime]]] = _NOWHERE
) -> CompiledRules:
    """Compile a validated set. `exposed_areas`: which areas areas.yaml marks exposed, and in which half-open spans (aware).

    Place rules look only there, and only at what occurred then.
    """
    for rule in rule_set.rules:
        if isinstance(rule, Rule):
            _refuse_unweighed(rule)
    people = sorted((rule for rule in rule_set.rules if isinstance(rule, Rule)), key=lambda rule: rule.id)
    places = sorted((rule for rule in rule_set.rules if isinstance(rule, PlaceRule)), key=lambda rule: rule.id)
    selections: dict[Selection, int] = {}
    rules = tuple(_compile_rule(rule, selections) for rule in people)
    return CompiledRules(
        version=rule_set.version,
        sha256=rules_digest(rule_set),
        rules=rules,
        selections=tuple(selections),
        longest_ms=max((selection.window_ms for selection in selections), default=0),
        place_rules=tuple(
            CompiledPlaceRule(rule.id, frozenset(rule.categories), rule.at_least, rule.within_days, rule.within_days * DAY)
            for rule in places
        ),
        place_longest_ms=max((rule.within_days * DAY for rule in places), default=0),
        exposed_areas={code: tuple((to_ms(start), to_ms(end)) for start, end in spans) for code, spans in exposed_areas.items()},
        touched=_index(people),
    )


def _refuse_unweighed(rule: Rule) -> None:
    """What can be written but not yet weighed must not be passed over in silence."""
    plain = {"at_least_agencies": 1, "rest_days": 0, "lingers_days": 0}
    fields = ("ages", *plain, "sunset", "counts_but_not_shown")
    unweighed = [name for name in fields if getattr(rule, name) not in (plain.get(name), None, ())]
    narrowings = ("within_school_days", "on_school_days", "between", "against_earlier", "then")
    for condition in rule.when:
        unweighed += [name for name in narrowings if getattr(condition, name)]
        unweighed += ["measure: rate"] if condition.measure is Measure.RATE else []
    if unweighed:
        raise RulesError(f"rules.{rule.id}: not weighed by this version of the hub: {', '.join(unweighed)}")


def _index(rules: Iterable[Rule]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        for condition in rule.when:
            for code in condition.of:
                found.setdefault((condition.kind.value, code), set()).add(rule.id)
    return {key: frozenset(ids) for key, ids in found.items()}


def _compile_rule(rule: Rule, selections: dict[Selection, int]) -> CompiledRule:
    routes = [Route(rule.team, rule.function, rule.cooperation, fallback=False)]
    if rule.without_sig_consent is not None:
        spare = rule.without_sig_consent
        routes.append(Route(spare.team, spare.function, spare.cooperation, fallback=True))
    conditions = tuple(_compile_condition(condition, selections) for condition in rule.when)
    return CompiledRule(rule.id, rule.priority, rule.respond_within_days, tuple(routes), conditions)


def _compile_condition(condition: Condition, selections: dict[Selection, int]) -> CompiledCondition:
    window_ms = condition.within_days * DAY
    selection = Selection(condition.kind, frozenset(condition.of), window_ms)
    index = selections.setdefault(selection, len(selections))
    return CompiledCondition(
        id=condition.id,
        kind=condition.kind,
        selection=index,
        measure=condition.measure,
        at_least=condition.at_least,
        unit=_UNITS[condition.measure],
        window_days=condition.within_days,
        window_ms=window_ms,
    )
