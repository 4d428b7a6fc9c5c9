"""Reads a municipality's rules from a folder: one YAML file per rule, and `ruleset.yaml` with the set's version and owner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml

from hub.core.rule_changes import rule_days
from hub.core.rule_set import Rule
from hub.core.rules import RulesError, RuleSet, parse_rules
from hub.errors import ConfigError
from hub.installation import load_teams
from hub.settings import Settings
from hub.yaml_file import RepeatedNameError, load_yaml

__all__ = ["REPLAY_DAYS", "SET_FILE", "Takes", "check_retention", "load_active_rules", "load_rules"]

SET_FILE = "ruleset.yaml"
REPLAY_DAYS = 7
"""For how long beyond the longest window events stay on Kafka: a week in which what went wrong is seen, and read again."""


class Takes(Protocol):
    """What is asked of a team here."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions it takes."""
        ...


def load_rules(folder: Path, teams: Mapping[str, Takes] | None = None) -> RuleSet:
    """Every rule in `folder`, checked together, and with `teams` (by code) also that somebody takes what they propose.

    Raises ConfigError naming the file, or the rule and field, and what would be right: stop before start. A folder without
    a rule about a person is refused too, because a hub that silently proposes nothing looks like a quiet town.
    """
    head = _read(folder / SET_FILE)
    files = sorted(path for path in folder.glob("*.yaml") if path.name != SET_FILE)
    rules = [_read(path) for path in files]
    try:
        rule_set = parse_rules({**head, "rules": rules})
    except RulesError as error:
        raise ConfigError(f"{folder}: {error}", code="bad_rules") from error
    for path, rule in zip(files, rule_set.rules, strict=True):
        if path.stem != rule.id:
            raise ConfigError(f"{path} holds the rule {rule.id}: name the file {rule.id}.yaml", code="bad_rules")
    if not any(rule.about == "person" for rule in rule_set.rules):
        raise ConfigError(f"{folder} has no rule about a person", code="no_rules")
    if teams is not None:
        for path, rule in zip(files, rule_set.rules, strict=True):
            if rule.about == "person":
                _check_takers(path, rule, teams)
    return rule_set


def load_active_rules(settings: Settings) -> RuleSet:
    """The installation's rules, checked with its teams and with how long events stay on Kafka.

    Raises ConfigError as `load_rules` and `check_retention` do.
    """
    rule_set = load_rules(settings.home / "rules", load_teams(settings.home))
    check_retention(rule_set, settings)
    return rule_set


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


def _check_takers(path: Path, rule: Rule, teams: Mapping[str, Takes]) -> None:
    fallback = rule.without_sig_consent
    for team, function in ((rule.team, rule.function), *(((fallback.team, fallback.function),) if fallback else ())):
        takers = [code for code, one in teams.items() if function in one.functions]
        if not takers:
            known = sorted({each for one in teams.values() for each in one.functions})
            text = f"{path}: no team in teams.yaml takes the function {function}; taken are: {', '.join(known)}"
            raise ConfigError(text, code="untaken_function")
        if team not in takers:
            what = "teams.yaml has no team" if team not in teams else "in teams.yaml that function is not taken by"
            text = f"{path}: proposes {function} to {team}, but {what} {team}; it is taken by: {', '.join(takers)}"
            raise ConfigError(text, code="unknown_team")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        text = f"{path} is missing: restore it; where the whole folder is gone, `hub init` writes the shipped rules"
        raise ConfigError(text, code="no_rules") from error
    except RepeatedNameError as error:
        raise ConfigError(f"{path}: {error}", code="bad_rules") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(f"{path} cannot be read as YAML{where}", code="bad_rules") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is no mapping of names to values", code="bad_rules")
    return content
