"""Putting a rule set in force: kept for ever (`hub.registry.rules_kept`), announced on `hub.rules.v1` in every partition.

The registry is the one source: workers take the rules from the marker, never from a folder. What is activated is kept under its
version; a version is one content for ever, because episodes and tasks name it. A rollback activates an earlier version again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

from sqlalchemy import delete

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry
from hub.audit.log import AuditLog
from hub.contract.fields import holds_identifier
from hub.contract.models import RuleMarker
from hub.contract.topics import RULES
from hub.core.conditions import YEARS
from hub.core.rule_changes import renewed
from hub.core.rule_set import LARGEST_SET, Rule, RulesError, RuleSet, parse_rules, rules_content, rules_digest
from hub.core.rules import compile_rules
from hub.errors import RejectedError
from hub.kafka import Outgoing
from hub.registry.database import repeated
from hub.registry.registry import Registry
from hub.registry.rule_tables import RuleActivation, RuleSetVersion
from hub.registry.rules_kept import Activation, activations, in_force, view
from hub.registry.tables import Memo
from hub.registry.work import Work

__all__ = ["LONGEST_NOTE", "RuleSets", "forget_rules"]

LONGEST_NOTE = 200
_MEMO = "rules"


class RuleSets:
    """The rule sets of a registry, for one actor. Every change is an entry of the audit log before it is committed.

    `partitions`: how many `hub.rules.v1` has. Every operation may raise RetriableError, also `audit`: then nothing is changed.
    """

    def __init__(self, registry: Registry, audit: AuditLog, actor: Actor, partitions: int) -> None:
        self._registry = registry
        self._audit = audit
        self._actor = actor
        self._partitions = partitions

    def active(self) -> Activation | None:
        """What is in force; None: nothing has been activated yet."""
        with self._registry.view() as session:
            return in_force(session)

    def history(self) -> list[Activation]:
        """Every activation, the newest first."""
        with self._registry.view() as session:
            return activations(session)

    def earlier(self, version: str | None = None) -> RuleSet:
        """The rules of a version that was in force; None: those that were before the present ones.

        Raises RejectedError `no_earlier_version`, `unknown_version`.
        """
        history = self.history()
        others = [one for one in history if one.version != history[0].version]
        if version is None and not others:
            raise RejectedError("no other version was in force before", code="no_earlier_version")
        wanted = others[0].version if version is None else version
        found = next((one for one in history if one.version == wanted), None)
        if found is None:
            known = ", ".join(dict.fromkeys(one.version for one in history))
            raise RejectedError(f"no version {version} was ever in force; kept are: {known or 'none'}", code="unknown_version")
        return found.rules

    def renewed(self, rule_id: str, until: date) -> RuleSet:
        """What is in force, with a rule holding through the Stockholm date `until`, as a version of its own.

        Raises RejectedError: `nothing_in_force`, `sunset_passed`, `sunset_too_late` (beyond the years that rules may name),
        `not_later` (it holds so long already: to shorten a rule is a change of it), `not_renewable` (no such rule, or one about a
        place).
        """
        history = self.history()
        if not history:
            raise RejectedError("no rules are in force yet", code="nothing_in_force")
        with self._registry.look() as work:
            today = work.today
        if until < today:
            raise RejectedError(f"--until: {until} has passed", code="sunset_passed")
        _check_later(history[0].rules, rule_id, until)
        if until.year > YEARS[-1]:
            text = f"--until: must be at most {YEARS[-1]}-12-31; for a rule without an end leave sunset out of its file"
            raise RejectedError(f"{text}, and put the folder in force (hub rules activate)", code="sunset_too_late")
        try:
            return renewed(history[0].rules, rule_id, until, {one.version for one in history})
        except RulesError as error:
            raise RejectedError(str(error), code="not_renewable") from error

    @repeated
    def activate(self, rules: RuleSet, note: str = "", *, why: str = "activate", after: int | None = None) -> Activation:
        """Keep a set, put it in force and queue its markers. `why` stands in the audit entry, `note` with the activation.

        `after`: the number of the activation that it was decided on (None: whatever is in force).

        Raises RejectedError: `bad_rules` (workers could not weigh them), `version_taken` (the version is kept with other rules:
        give the set another one), `already_in_force`, `rules_too_large`, `bad_note`,
        `changed_meanwhile` (others came into force after `after`).
        """
        try:
            compile_rules(rules)
        except RulesError as error:
            raise RejectedError(str(error), code="bad_rules") from error
        content = rules_content(rules)
        if len(content) > LARGEST_SET:
            raise RejectedError(f"the rules take {len(content)} bytes; a set may take {LARGEST_SET}", code="rules_too_large")
        if len(note) > LONGEST_NOTE or holds_identifier(note):
            text = f"note: at most {LONGEST_NOTE} characters, and no long number"
            raise RejectedError(text, code="bad_note")
        with self._registry.work() as work:
            kept = work.session.get(RuleSetVersion, rules.version)
            if kept is not None and not _same(kept, rules):
                text = f"version {rules.version} is kept with other rules: give the set a version of its own"
                raise RejectedError(text, code="version_taken")
            before = in_force(work.session)
            if after is not None and (before is None or before.number != after):
                text = "others came into force meanwhile: look at them first (hub rules history)"
                raise RejectedError(text, code="changed_meanwhile")
            if before is not None and before.version == rules.version:
                raise RejectedError(f"version {rules.version} is in force already", code="already_in_force")
            if kept is None:
                kept = RuleSetVersion(version=rules.version, sha256=rules_digest(rules), content=content, kept_at=work.now)
                work.session.add(kept)
                work.session.flush()
            number = 1 if before is None else before.number + 1
            row = RuleActivation(number=number, version=kept.version, activated_at=work.now, by=self._actor.account, note=note)
            work.session.add(row)
            found = view(row, kept)
            self._announce(work, found)
            work.session.flush()
            self._audit.append(Entry(self._actor, Action.RULES_CHANGED, purpose=why, rule=f"activation-{number}"))
        return found

    def begin(self, first: Callable[[], RuleSet]) -> bool:
        """What a registry does at its start: activate `first` when nothing ever was, and queue the markers of what is in force
        unless they were queued for this Kafka; says whether it queued any.
        """
        active = self.active()
        if active is None:
            self.activate(first(), why="first-start")
            return True
        with self._registry.work() as work:
            return self._announce(work, active)

    def _announce(self, work: Work, active: Activation) -> bool:
        """Queue the markers of every partition; not again what was queued last."""
        memo = work.session.get(Memo, _MEMO)
        wanted = json.dumps([active.number, active.sha256, self._partitions])
        if memo is not None and memo.text == wanted:
            return False
        if memo is None:
            work.session.add(Memo(name=_MEMO, text=wanted))
        else:
            memo.text = wanted
        marker = RuleMarker(
            version=active.version, sha256=active.sha256, activated_at=active.activated_at, content=active.content
        )
        record = work.tools.envelope(RULES, active.version, marker, id=f"rules.{active.number}", time=work.now)
        for partition in range(self._partitions):
            work.queue(Outgoing(record.topic, record.key, record.value, record.headers, partition))
        return True


def forget_rules(work: Work) -> None:
    """Which markers were queued, so that they are again: Kafka is another."""
    work.session.execute(delete(Memo).where(Memo.name == _MEMO))


def _check_later(rules: RuleSet, rule_id: str, until: date) -> None:
    sunset = next((rule.sunset for rule in rules.rules if isinstance(rule, Rule) and rule.id == rule_id), None)
    if sunset is not None and until <= sunset:
        text = (
            f"--until: {until} is no later: {rule_id} holds through {sunset} already. To let it hold shorter, change the rule's "
            "file and activate the folder"
        )
        raise RejectedError(text, code="not_later")


def _same(kept: RuleSetVersion, rules: RuleSet) -> bool:
    """Whether a version holds these rules; by what is meant, for a newer hub writes fields that an older one did not have."""
    try:
        return parse_rules(json.loads(kept.content)) == parse_rules(json.loads(rules_content(rules)))
    except RulesError:
        return False
