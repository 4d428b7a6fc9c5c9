"""Rules compiled once, so that a step looks nothing up twice: shared selections, windows in milliseconds, routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from hub.contract.models import AbsenceKind, Cooperation, InfoKind, PlaceCategory, Priority
from hub.core.instants import DAY, HOUR, SchoolDays, stockholm_midnight, to_ms
from hub.core.rule_set import Condition, Measure, PlaceRule, Rule, RulesError, RuleSet, School, parse_rules, rules_digest
from hub.core.selections import Between, Selection

__all__ = [
    "CompiledCondition",
    "CompiledPlaceRule",
    "CompiledRule",
    "CompiledRules",
    "Falls",
    "Following",
    "Route",
    "RuleSet",
    "RulesError",
    "compile_rules",
    "parse_rules",
]

_UNITS = {Measure.MINUTES: "minutes", Measure.COUNT: "events", Measure.DISTINCT_DAYS: "days", Measure.RATE: "percent"}


@dataclass(frozen=True, slots=True)
class Following:
    """What must (or must not) have occurred in time after an event for that to count."""

    kind: str
    codes: frozenset[str]
    within_ms: int
    happens: bool


@dataclass(frozen=True, slots=True)
class Falls:
    """How little may be left in the window, and over how many school days at least; `school` is the calendar of these."""

    at_most: int
    school_days: int
    school: SchoolDays | None


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition; `selection` chooses what counts, `earlier` what it is compared with, `offered` what a rate is a part of.

    `plain`: more events can only help it, and each helps until it leaves the window. `falls`: what counts are the events of
    `earlier` before the window, which must be `at_least` so much, and `selection` chooses what is left.
    """

    id: str
    kind: InfoKind
    selection: Selection
    measure: Measure
    at_least: int
    unit: str
    window_days: int
    plain: bool
    offered: Selection | None
    earlier: Selection | None
    earlier_days: int
    percent: int
    falls: Falls | None
    then: Following | None


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked to do what, in which cooperation."""

    team: str
    function: str
    cooperation: Cooperation
    fallback: bool


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule; `routes` in the order they are tried: its own team, then whoever may ask for the missing consent.

    `ends_ms`: from when on it is past its sunset. `plain`: its conditions are, so that when it ceases to hold is known.
    """

    id: str
    priority: Priority
    respond_within_days: int
    routes: tuple[Route, ...]
    conditions: tuple[CompiledCondition, ...]
    kinds: tuple[str, ...]
    """Of the events that it looks at."""
    plain: bool
    ages: tuple[int, int] | None
    in_case: str | None
    """`sspf` or `sig`: such a case must be open; `none`: no case may be."""
    at_least_agencies: int
    rest_ms: int
    lingers_ms: int
    ends_ms: int | None
    not_shown: frozenset[str]


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
    digest: str
    """The beginning of `sha256`, as states remember it."""
    rules: tuple[CompiledRule, ...]
    longest_ms: int
    place_rules: tuple[CompiledPlaceRule, ...]
    place_longest_ms: int
    exposed_areas: Mapping[str, tuple[tuple[int, int], ...]]
    """By area code, the half-open spans (milliseconds) in which what occurred there counts."""
    touched: dict[tuple[str, str], tuple[CompiledRule, ...]]
    """The rules that an event of (kind, code) can change, in the order of `rules`."""
    by_id: dict[str, CompiledRule]
    asking_for_cases: tuple[CompiledRule, ...]

    @property
    def longest_days(self) -> int:
        """The longest window of a person's rule, in days, rounded up: the topics' retention must not be shorter."""
        return -(-self.longest_ms // DAY)

    def rule(self, rule_id: str) -> CompiledRule | None:
        """One rule by id; None when the set no longer has it."""
        return self.by_id.get(rule_id)


_NOWHERE: Mapping[str, Sequence[tuple[datetime, datetime]]] = MappingProxyType({})


def compile_rules(
    rule_set: RuleSet, *, exposed_areas: Mapping[str, Sequence[tuple[datetime, datetime]]] = _NOWHERE
) -> CompiledRules:
    """Compile a validated set. `exposed_areas`: which areas areas.yaml marks exposed, and in which half-open spans (aware).

    Place rules look only there, and only at what occurred then. Raises RulesError for a rule that asks for school days
    where the set has no school calendar.
    """
    people = sorted((rule for rule in rule_set.rules if isinstance(rule, Rule)), key=lambda rule: rule.id)
    places = sorted((rule for rule in rule_set.rules if isinstance(rule, PlaceRule)), key=lambda rule: rule.id)
    school = None if rule_set.school is None else _school_days(rule_set.school)
    shared: dict[Selection, Selection] = {}
    rules = tuple(_compile_rule(rule, school, shared) for rule in people)
    sha256 = rules_digest(rule_set)
    return CompiledRules(
        version=rule_set.version,
        sha256=sha256,
        digest=sha256[:16],
        rules=rules,
        longest_ms=max(map(_looks_back, rules), default=0),
        place_rules=tuple(
            CompiledPlaceRule(rule.id, frozenset(rule.categories), rule.at_least, rule.within_days, rule.within_days * DAY)
            for rule in places
        ),
        place_longest_ms=max((rule.within_days * DAY for rule in places), default=0),
        exposed_areas={code: tuple((to_ms(start), to_ms(end)) for start, end in spans) for code, spans in exposed_areas.items()},
        touched=_index(rules),
        by_id={rule.id: rule for rule in rules},
        asking_for_cases=tuple(rule for rule in rules if rule.in_case is not None),
    )


def _looks_back(rule: CompiledRule) -> int:
    return rule.lingers_ms + max((one.earlier or one.selection).window_ms for one in rule.conditions)


def _index(rules: Iterable[CompiledRule]) -> dict[tuple[str, str], tuple[CompiledRule, ...]]:
    found: dict[tuple[str, str], dict[str, CompiledRule]] = {}
    for rule in rules:
        for condition in rule.conditions:
            looks_at = [(condition.selection.kind, (condition.offered or condition.selection).codes)]
            if condition.then is not None:
                looks_at.append((condition.then.kind, condition.then.codes))
            for kind, codes in looks_at:
                for code in codes:
                    found.setdefault((kind, code), {})[rule.id] = rule
    return {key: tuple(touched.values()) for key, touched in found.items()}


def _compile_rule(rule: Rule, school: SchoolDays | None, shared: dict[Selection, Selection]) -> CompiledRule:
    routes = [Route(rule.team, rule.function, rule.cooperation, fallback=False)]
    if rule.without_sig_consent is not None:
        spare = rule.without_sig_consent
        routes.append(Route(spare.team, spare.function, spare.cooperation, fallback=True))
    if school is None and any(one.asks_for_school_days for one in rule.when):
        raise RulesError(f"rules.{rule.id}: counts school days, but ruleset.yaml has no school calendar (school: terms)")
    conditions = tuple(_compile_condition(condition, school, shared) for condition in rule.when)
    return CompiledRule(
        id=rule.id,
        priority=rule.priority,
        respond_within_days=rule.respond_within_days,
        routes=tuple(routes),
        conditions=conditions,
        kinds=tuple(
            sorted({kind for one in conditions for kind in (one.selection.kind, *((one.then.kind,) if one.then else ()))})
        ),
        plain=rule.at_least_agencies == 1 and not rule.lingers_days and all(one.plain for one in conditions),
        ages=None if rule.ages is None else (rule.ages.first, rule.ages.last),
        in_case=rule.in_case,
        at_least_agencies=rule.at_least_agencies,
        rest_ms=rule.rest_days * DAY,
        lingers_ms=rule.lingers_days * DAY,
        ends_ms=None if rule.sunset is None else stockholm_midnight(rule.sunset.toordinal() + 1),
        not_shown=frozenset(rule.counts_but_not_shown),
    )


def _compile_condition(condition: Condition, school: SchoolDays | None, shared: dict[Selection, Selection]) -> CompiledCondition:
    def select(codes: Iterable[str], more_days: int = 0) -> Selection:
        made = _select(condition, school, frozenset(codes), more_days)
        return shared.setdefault(made, made)

    counts = select(condition.of)
    fell, then = condition.fell_from, condition.then
    earlier = condition.against_earlier or fell
    rate = condition.measure is Measure.RATE
    following = None if then is None else Following(then.kind.value, frozenset(then.of), then.within_hours * HOUR, then.happens)
    return CompiledCondition(
        id=condition.id,
        kind=condition.kind,
        selection=counts,
        measure=condition.measure,
        at_least=condition.asked,
        unit=_UNITS[condition.measure],
        window_days=condition.within_days,
        plain=earlier is None and then is None and not rate,
        offered=select(kind.value for kind in AbsenceKind) if rate else None,
        earlier=None if earlier is None else select(condition.of, earlier.days),
        earlier_days=0 if earlier is None else earlier.days,
        percent=0 if condition.against_earlier is None else condition.against_earlier.percent,
        falls=None if fell is None else Falls(condition.at_most or 0, fell.school_days or 0, school),
        then=following,
    )


def _select(condition: Condition, school: SchoolDays | None, codes: frozenset[str], more_days: int) -> Selection:
    return Selection(
        condition.kind.value,
        codes,
        (condition.within_days + more_days) * DAY,
        between=None if condition.between is None else Between.parse(*condition.between),
        on_school_days=condition.on_school_days,
        within_school_days=condition.within_school_days,
        school=school,
    )


def _school_days(calendar: School) -> SchoolDays:
    free = {day.toordinal() for day in calendar.free_days}
    return SchoolDays(
        day
        for term in calendar.terms
        for day in range(term.first.toordinal(), term.last.toordinal() + 1)
        if date.fromordinal(day).isoweekday() <= _FRIDAY and day not in free
    )


_FRIDAY = 5
