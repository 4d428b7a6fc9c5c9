"""Reads a municipality's rules from a folder: one YAML file per rule, and `ruleset.yaml` with the set's version and owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hub.core.rules import RulesError, RuleSet, parse_rules
from hub.errors import ConfigError

__all__ = ["SET_FILE", "load_rules"]

SET_FILE = "ruleset.yaml"


def load_rules(folder: Path) -> RuleSet:
    """Every rule in `folder`, checked together.

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
    return rule_set


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        text = f"{path} is missing: restore it; where the whole folder is gone, `hub init` writes the shipped rules"
        raise ConfigError(text, code="no_rules") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(f"{path} cannot be read as YAML{where}", code="bad_rules") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is no mapping of names to values", code="bad_rules")
    return content
