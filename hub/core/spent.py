"""What is over and must be remembered for a while: openings that have had their episode, and answers that teams have given."""

from __future__ import annotations

from collections.abc import Mapping

from hub.core.rules import CompiledRules
from hub.core.state import Episode, Spent

__all__ = ["end_episode", "first_over", "still_said", "still_spent"]


def end_episode(
    episodes: Mapping[str, Episode], spent: Mapping[str, Spent], rule_id: str, until_ms: int
) -> tuple[Mapping[str, Episode], Mapping[str, Spent]]:
    """Without a rule's episode, whose opening is spent: no later one gets its task's id.

    `until_ms`: a longest window from now. By then an event that has opened can count no more, though it be told again.
    """
    left = dict(episodes)
    key = f"{rule_id}|{left.pop(rule_id).opened_by}"
    times = spent[key].times if key in spent else 0
    return left, {**spent, key: Spent(times + 1, until_ms)}


def still_spent(spent: Mapping[str, Spent], at_ms: int) -> Mapping[str, Spent]:
    """The spent openings that may still be asked for."""
    kept = {key: one for key, one in spent.items() if at_ms < one.until_ms}
    return spent if len(kept) == len(spent) else kept


def still_said(answers: Mapping[str, int], rules: CompiledRules, at_ms: int) -> Mapping[str, int]:
    """The answers without those that say nothing any more: their rest is over, and every event from before is gone."""
    kept = {key: answered for key, answered in answers.items() if at_ms < _says_until(key, answered, rules)}
    return answers if len(kept) == len(answers) else kept


def first_over(answers: Mapping[str, int], spent: Mapping[str, Spent], rules: CompiledRules) -> int | None:
    """When the first of them says nothing any more; None where nothing is remembered."""
    first: int | None = None
    for one in spent.values():
        if first is None or one.until_ms < first:
            first = one.until_ms
    for key, answered in answers.items():
        until_ms = _says_until(key, answered, rules)
        if first is None or until_ms < first:
            first = until_ms
    return first


def _says_until(key: str, answered: int, rules: CompiledRules) -> int:
    rule = rules.by_id.get(key.partition("|")[0])
    return answered + max(rules.longest_ms, 0 if rule is None else rule.rest_ms)
