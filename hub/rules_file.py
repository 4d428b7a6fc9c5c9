"""Reads a municipality's rules from a folder: one YAML file per rule, and `ruleset.yaml` with the set's version and owner."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from hub.consent_file import load_consent_rules
from hub.core.rule_cautions import cautions, lone_rates
from hub.core.rule_changes import rule_days
from hub.core.rule_overlap import idle_beside
from hub.core.rule_problems import Location, Problem
from hub.core.rule_sense import Town, impossible, lapsed, senseless
from hub.core.rule_set import LARGEST_SET, Rule, RuleSet, rules_content
from hub.errors import ConfigError
from hub.installation import load_agencies, load_teams
from hub.rules_folder import SET_FILE, Fault, RuleFile, RuleFolder, RulesRefusedError, in_order, read_folder
from hub.settings import Settings

__all__ = [
    "REPLAY_DAYS",
    "SET_FILE",
    "Checked",
    "Surroundings",
    "Takes",
    "check_kept",
    "check_retention",
    "check_rules",
    "load_active_rules",
    "load_fresh_rules",
    "load_rules",
]

_SHOWN = 3
REPLAY_DAYS = 7
"""For how long beyond the longest window events stay on Kafka: a week in which what went wrong is seen, and read again."""


class Takes(Protocol):
    """What is asked of a team here."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions it takes."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules are checked with besides themselves: the installation's teams by code, its agencies and consents."""

    teams: Mapping[str, Takes] | None = None
    town: Town = field(default_factory=Town)

    @classmethod
    def of(cls, settings: Settings) -> Surroundings:
        """An installation's. Raises ConfigError when one of its files is wrong."""
        agencies = {code: frozenset(agency.kinds) for code, agency in load_agencies(settings.home).items()}
        consents = load_consent_rules(settings.consent_file)
        ages = {one: frozenset(dated.values()) for one, dated in consents.cooperations.items()}
        return cls(load_teams(settings.home), Town(agencies, ages))


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder that was looked through: everything that is wrong with it, and what is only to be known."""

    rule_set: RuleSet | None
    faults: tuple[Fault, ...]
    cautions: tuple[Fault, ...]


def check_rules(folder: Path, around: Surroundings | None = None, today: date | None = None) -> Checked:
    """Look through a folder without refusing it. With `today`, a Stockholm date, the cautions are told too.

    A folder without a rule about a person is wrong, because a hub that silently proposes nothing looks like a quiet town. A
    rule past its sunset is not: it holds never again, and stops no worker. Nothing that is a fault depends on the day.

    Raises ConfigError only where there is no set at all: `ruleset.yaml` is missing, or a file cannot be opened.
    """
    around = around or Surroundings()
    read = read_folder(folder)
    faults, known = list(read.faults), list[Fault]()
    if read.rule_set is not None:
        school, people = read.rule_set.school, _people(read)
        faults += map(read.head.fault, senseless(school))
        for file, rule in people:
            found = [*impossible(rule, school, around.town), *([] if around.teams is None else _takers(rule, around.teams))]
            faults += map(file.fault, found)
            if today is not None:
                known += map(file.fault, [*cautions(rule, school, around.town, today), *lone_rates(rule)])
        faults += _idle(people)
        if not faults and not people:
            faults.append(read.head.fault(Problem((), f"{folder} has no rule about a person: nothing would be proposed")))
        if not faults:
            faults += map(read.head.fault, _too_large(read, read.rule_set))
    return Checked(None if faults else read.rule_set, in_order(faults), in_order(known))


def load_rules(folder: Path, around: Surroundings | None = None) -> RuleSet:
    """Every rule in `folder`, checked together and, with `around`, against the installation that they are for.

    Raises ConfigError (RulesRefusedError) naming every file, line and field that is wrong, and what would be right: stop
    before start.
    """
    checked = check_rules(folder, around)
    if checked.rule_set is None:
        raise RulesRefusedError(checked.faults)
    return checked.rule_set


def load_fresh_rules(folder: Path, around: Surroundings, today: date) -> RuleSet:
    """Rules that are to be put in force: whoever does means all of them, so none is past its sunset on a Stockholm date.

    Never asked of a set that is in force, nor of one that is brought back: a rule that lapses stops nothing. Raises ConfigError
    as `load_rules` does, and for lapsed rules with file and line.
    """
    rule_set = load_rules(folder, around)
    ends = {rule.id: rule.sunset for rule in rule_set.rules if isinstance(rule, Rule) and lapsed(rule, today)}
    if ends:
        told = [one for one in check_rules(folder, around, today).cautions if one.field == "sunset" and one.path.stem in ends]
        places = ", ".join(f"{one.path}:{one.line}:{one.column} ({ends[one.path.stem]})" for one in told)
        text = f"past their sunset: {places}. Give them a later one, or take them out of the folder"
        raise ConfigError(text, code="lapsed_rule")
    return rule_set


def load_active_rules(settings: Settings) -> RuleSet:
    """The installation's rules, checked with its other files and with how long events stay on Kafka.

    Raises ConfigError as `load_rules` and `check_retention` do.
    """
    rule_set = load_rules(settings.home / "rules", Surroundings.of(settings))
    check_retention(rule_set, settings)
    return rule_set


def check_kept(rules: RuleSet, around: Surroundings, only: str | None = None) -> None:
    """Rules that stand in no folder, before they are put in force again (`only`: of one rule): teams and agencies may have
    changed since they were. A rule past its sunset stops nothing.

    Raises ConfigError `bad_rules` naming rule, field and what is wrong: mend the installation's files, or activate a folder.
    """
    found: list[str] = []
    for rule in rules.rules:
        if isinstance(rule, Rule) and only in {None, rule.id}:
            wrong = [*impossible(rule, rules.school, around.town), *([] if around.teams is None else _takers(rule, around.teams))]
            found += [f"{rule.id}: {'.'.join(map(str, one.location))}: {one.text}" for one in wrong]
    if found:
        text = f"version {rules.version} does not fit this installation any more: {'; '.join(found)}"
        raise ConfigError(
            f"{text}. Mend the installation's file, or put a folder in force (hub rules activate)", code="bad_rules"
        )


def check_retention(rule_set: RuleSet, settings: Settings) -> None:
    """Raises ConfigError when `kafka.retention_days` is shorter than the longest window and `REPLAY_DAYS`: state that is built
    anew from the topics would lack events that the rules still count. A drill may (`kafka.short_retention`).
    """
    longest, by = max((days, rule.id) for rule in rule_set.rules for days in rule_days(rule))
    kept, drill = settings.kafka.retention_days, settings.kafka.short_retention and settings.environment != "production"
    if not drill and kept < longest + REPLAY_DAYS:
        text = (
            f"kafka.retention_days is {kept:g}, but the rule {by} looks back {longest} days: it must be at least "
            f"{longest + REPLAY_DAYS} ({longest} and {REPLAY_DAYS} to replay). Raise it in hub.toml, or shorten the rule's window"
        )
        raise ConfigError(text, code="retention_too_short")


def _too_large(read: RuleFolder, rule_set: RuleSet) -> Iterator[Problem]:
    """A set that no marker could carry to the workers."""
    size = len(rules_content(rule_set))
    if size > LARGEST_SET:
        pairs = zip(read.files, rule_set.rules, strict=True)
        each = {file.path.name: len(json.dumps(rule.model_dump(mode="json"))) for file, rule in pairs}
        largest = ", ".join(f"{name} ({each[name]})" for name in sorted(each, key=each.__getitem__, reverse=True)[:_SHOWN])
        text = f"the rules take {size} bytes together, and a set may take {LARGEST_SET}"
        yield Problem((), f"{text}: shorten them, or take out what is not needed; the largest are {largest}")


def _people(read: RuleFolder) -> list[tuple[RuleFile, Rule]]:
    rules = () if read.rule_set is None else read.rule_set.rules
    return [(file, rule) for file, rule in zip(read.files, rules, strict=True) if isinstance(rule, Rule)]


def _idle(people: list[tuple[RuleFile, Rule]]) -> Iterator[Fault]:
    """Rules that propose nothing which another does not; of two that say the same only the later."""
    for place, (file, rule) in enumerate(people):
        for before, (_, other) in enumerate(people):
            if place == before or not idle_beside(rule, other) or (place < before and idle_beside(other, rule)):
                continue
            text = (
                f"whenever {rule.id} holds, so does {other.id}, which proposes the same to the same team at least as soon: "
                f"take {rule.id} out, make it more urgent, or let {other.id} ask for something that it does not"
            )
            yield file.fault(Problem(("id",), text))
            break


def _takers(rule: Rule, teams: Mapping[str, Takes]) -> Iterator[Problem]:
    fallback = rule.without_sig_consent
    asked: list[tuple[Location, str, str]] = [((), rule.team, rule.function)]
    asked += [(("without_sig_consent",), fallback.team, fallback.function)] if fallback else []
    for below, team, function in asked:
        takers = [code for code, one in teams.items() if function in one.functions]
        if not takers:
            known = sorted({each for one in teams.values() for each in one.functions})
            text = f"no team in teams.yaml takes the function {function}; taken are: {', '.join(known)}"
            yield Problem((*below, "function"), text)
        elif team not in takers:
            what = "teams.yaml has no team" if team not in teams else "in teams.yaml that function is not taken by"
            text = f"proposes {function} to {team}, but {what} {team}; it is taken by: {', '.join(takers)}"
            yield Problem((*below, "team"), text)
