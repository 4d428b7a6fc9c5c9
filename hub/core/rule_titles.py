"""What a task's rule is called: as in the version of the rules that the task names, whatever it is called now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.core.rule_set import PlaceRule, Rule, RuleSet
from hub.core.texts import Language

__all__ = ["RuleTitles"]


class RuleTitles:
    """The titles in `sets`, the newest first, each version once: all that were ever in force, or those of the files."""

    def __init__(self, sets: Iterable[RuleSet]) -> None:
        self._by_version: Mapping[str, Mapping[str, Rule | PlaceRule]] = {
            one.version: {rule.id: rule for rule in one.rules} for one in sets
        }
        self._last = {rule_id: rule for rules in reversed(self._by_version.values()) for rule_id, rule in rules.items()}

    def of(self, rule_id: str, version: str, language: Language) -> str:
        """A rule's title in `version`; where that is not known (empty: the task does not tell it any more) or has no such
        rule, the last title that it had; of a rule that is not known at all, its id.
        """
        rule = self._by_version.get(version, {}).get(rule_id) or self._last.get(rule_id)
        if rule is None:
            return rule_id
        return rule.title_sv if language == "sv" else rule.title_en
