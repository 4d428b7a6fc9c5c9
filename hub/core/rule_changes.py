"""What one rule set changes of another, and a set with a rule renewed: for those who decide. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.core.rule_set import PlaceRule, Rule, RulesError, RuleSet, parse_rules

__all__ = ["Difference", "FieldChange", "difference", "renewed", "rule_days"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one rule, by its path (`when.unexcused_absence.at_least`); None: it was not there, or is no more."""

    rule: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Rules by id. `days`: how far back the sets look, before and after; events older than that are not held."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FieldChange, ...]
    days: tuple[int, int]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def difference(before: RuleSet | None, after: RuleSet) -> Difference:
    """What `after` changes of `before` (None: of nothing). Version and owner of the sets are no rules, the school calendar is."""
    old = {} if before is None else {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    changes: list[FieldChange] = []
    if before is not None:
        changes += _changes("ruleset", {"school": _plain(before.school)}, {"school": _plain(after.school)})
    for name in sorted(old.keys() & new.keys()):
        changes += _changes(name, old[name].model_dump(mode="json"), new[name].model_dump(mode="json"))
    added, removed = tuple(sorted(new.keys() - old.keys())), tuple(sorted(old.keys() - new.keys()))
    return Difference(added, removed, tuple(changes), (_longest(old.values()), _longest(new.values())))


def renewed(rules: RuleSet, rule_id: str, until: date, versions: Collection[str]) -> RuleSet:
    """The same set with `rule_id` holding through the Stockholm date `until`, under a version that is not among `versions`.

    Raises RulesError when there is no such rule, or it is one about a place, which has no sunset.
    """
    found = next((rule for rule in rules.rules if rule.id == rule_id), None)
    if found is None:
        known = ", ".join(rule.id for rule in rules.rules)
        raise RulesError(f"there is no rule {rule_id} in version {rules.version}; its rules are: {known}")
    if not isinstance(found, Rule):
        raise RulesError(f"{rule_id} is about a place and has no sunset")
    kept = tuple(rule.model_copy(update={"sunset": until}) if rule.id == rule_id else rule for rule in rules.rules)
    changed = rules.model_copy(update={"version": _next_version(rules.version, versions), "rules": kept})
    return parse_rules(changed.model_dump())


def _next_version(version: str, versions: Collection[str]) -> str:
    """`2026.1` → `2026.1-r1` → `2026.1-r2`."""
    stem, mark, number = version.rpartition("-r")
    stem = stem if mark and number.isdigit() else version
    count = 1
    while f"{stem}-r{count}" in versions:
        count += 1
    return f"{stem}-r{count}"


def _changes(rule: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    old, new = dict(_flat("", before)), dict(_flat("", after))
    for field in sorted(old.keys() | new.keys()):
        if old.get(field) != new.get(field):
            yield FieldChange(rule, field, old.get(field), new.get(field))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every leaf with its path; a condition by its id, other lists whole, what is not set not at all."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and all(isinstance(one, Mapping) and "id" in one for one in value):
        for one in value:
            yield from _flat(f"{path}.{one['id']}", one)
    elif isinstance(value, list):
        yield path, ", ".join(map(_word, value))
    elif value is not None:
        yield path, str(value)


def _word(one: Any) -> str:
    """A code as it is, and a term from its first to its last date, as ISO 8601 writes an interval."""
    return "/".join(one.values()) if isinstance(one, Mapping) else str(one)


def _plain(school: Any) -> Any:
    return None if school is None else school.model_dump(mode="json")


def _longest(rules: Collection[Rule | PlaceRule]) -> int:
    return max((days for rule in rules for days in rule_days(rule)), default=0)


def rule_days(rule: Rule | PlaceRule) -> Iterator[int]:
    """How many days back a rule looks: for each condition its window, what it is compared with, and how long it lingers; and
    for how long an answer lets it rest.
    """
    if isinstance(rule, Rule):
        yield rule.rest_days
        for condition in rule.when:
            earlier = condition.against_earlier or condition.fell_from
            yield rule.lingers_days + condition.within_days + (0 if earlier is None else earlier.days)
    else:
        yield rule.within_days
