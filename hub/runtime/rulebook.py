"""Which rule set a partition steps with: markers judged, sets compiled once for all partitions of a process.

A set comes in the marker itself, so that a worker needs no shared folder and no two workers can differ. What is refused
(the record becomes a dead letter with this reason, and the former rules stay):

`rules_digest_mismatch`   the content is not what the marker's SHA-256 is of
`bad_rules`               it is no rule set, says what this version of the hub cannot weigh, or has no rule about a person
`rules_version_mismatch`  it names another version than the marker does
`retention_too_short`     it looks back further than Kafka keeps events, and a week to replay
`rules_without_content`   a marker of an older release, whose digest is not that of the rules in this installation's folder
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from hub.contract.models import RuleMarker
from hub.core.rule_set import rules_content, rules_digest
from hub.core.rules import CompiledRules, RulesError, RuleSet, compile_rules, parse_rules
from hub.errors import ConfigError, ContractError, FatalError

__all__ = ["ActiveRules", "Rulebook"]

_REMEMBERED = 8
_NOWHERE: Mapping[str, Sequence[tuple[datetime, datetime]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """A rule set in force on a partition: compiled, and as the marker brought it."""

    compiled: CompiledRules
    content: str

    @property
    def version(self) -> str:
        """The set's version, which episodes pin."""
        return self.compiled.version

    @property
    def sha256(self) -> str:
        """The compiled set's digest: when it changes, every state is woken once."""
        return self.compiled.sha256


class Rulebook:
    """Judges markers. `check` raises ConfigError for a set that this installation cannot work with; `own` reads the rules of
    its folder, for markers of older releases; `exposed_areas` as for `compile_rules`.
    """

    def __init__(
        self,
        *,
        check: Callable[[RuleSet], None] = lambda _rules: None,
        own: Callable[[], RuleSet] | None = None,
        exposed_areas: Mapping[str, Sequence[tuple[datetime, datetime]]] = _NOWHERE,
    ) -> None:
        self._check = check
        self._own = own
        self._exposed = exposed_areas
        self._compiled: OrderedDict[str, ActiveRules] = OrderedDict()

    def judge(self, marker: RuleMarker) -> ActiveRules:
        """The rules that a marker brings. Raises ContractError with a code of the module's list: dead-letter it."""
        content = self._own_content(marker) if marker.content is None else marker.content
        if hashlib.sha256(content.encode()).hexdigest() != marker.sha256:
            raise ContractError("a rule marker's content is not what its digest is of", code="rules_digest_mismatch")
        try:
            found = self._compile(content)
        except ConfigError as error:
            raise ContractError(str(error), code=error.code) from error
        if found.version != marker.version:
            raise ContractError("a rule marker and its content name different versions", code="rules_version_mismatch")
        return found

    def restored(self, content: bytes) -> ActiveRules:
        """The rules that a partition's state says are in force.

        Raises ConfigError when this installation cannot work with them (any more), FatalError when this version of the hub
        cannot: a newer one wrote them.
        """
        try:
            return self._compile(content.decode())
        except ConfigError as error:
            if error.code != "bad_rules":
                raise
            text = f"the rules in force cannot be read by this version of the hub: {error}"
            raise FatalError(text, code="unknown_rules") from error

    def _compile(self, content: str) -> ActiveRules:
        """Raises ConfigError: `bad_rules`, or what `check` says."""
        known = self._compiled.get(content)
        if known is None:
            try:
                rule_set = parse_rules(json.loads(content))
                known = ActiveRules(compile_rules(rule_set, exposed_areas=self._exposed), content)
            except (RulesError, ValueError, RecursionError) as error:
                reason = str(error) if isinstance(error, RulesError) else "it is no JSON"
                raise ConfigError(reason, code="bad_rules") from error
            if not known.compiled.rules:  # a hub that silently proposes nothing looks like a quiet town
                raise ConfigError("it has no rule about a person", code="bad_rules")
            self._check(rule_set)
            self._compiled[content] = known
            if len(self._compiled) > _REMEMBERED:
                self._compiled.popitem(last=False)
        return known

    def _own_content(self, marker: RuleMarker) -> str:
        if self._own is not None:
            try:
                own = self._own()
            except ConfigError as error:
                raise ContractError(f"a rule marker brings no rules, and {error}", code="rules_without_content") from error
            if rules_digest(own) == marker.sha256:
                return rules_content(own)
        raise ContractError("a rule marker brings no rules, and the folder's are others", code="rules_without_content")
