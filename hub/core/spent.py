"""What is over and must be remembered for a while: openings that have had their episode, and answers that teams have given."""

from __future__ import annotations

from collections.abc import Mapping

from hub.contract.ids import task_id
from hub.core.rules import CompiledRules
from hub.core.state import Episode, Spent, opened_as

__all__ = ["end_episode", "first_over", "had_before", "next_opening", "over_before", "still_said", "still_spent"]

_EARLY = "="
"""Before a task's id, where an opening stands else."""


def end_episode(
    episodes: dict[str, Episode], spent: dict[str, Spent], rule_id: str, until_ms: int
) -> tuple[dict[str, Episode], dict[str, Spent]]:
    """Without a rule's episode, whose opening is spent: no later one gets its task's id.

    `until_ms`: a longest window from now. By then an event that has opened can count no more, though it be told again.
    """
    left = dict(episodes)
    key = f"{rule_id}|{left.pop(rule_id).opened_by}"
    times = spent[key].times if key in spent else 0
    return left, {**spent, key: Spent(times + 1, until_ms)}


def over_before(spent: dict[str, Spent], youth_ref: str, rule_id: str, identity: str, until_ms: int) -> dict[str, Spent]:
    """With an id that is over at its receivers while this state has not had it: it was said, and the state from then was lost.

    What is read again after a crash may open the same once more, and under that id nobody would get it. The very same mapping
    where the id is known: of an episode that has ended here, or because it was told before.
    """
    early = f"{rule_id}|{_EARLY}{identity}"
    openings = ((key.partition("|"), one.times) for key, one in spent.items())
    ended = (opened_as(opener, number) for (rule, _, opener), times in openings if rule == rule_id for number in range(times))
    if early in spent or any(identity == task_id(youth_ref, rule_id, opening) for opening in ended):
        return spent
    return {**spent, early: Spent(1, until_ms)}


def had_before(spent: dict[str, Spent], used: Mapping[str, str], until_ms: int) -> dict[str, Spent]:
    """With the ids that tasks have had (each with its rule), whatever opened them; the very same mapping where all are known."""
    early = {f"{rule_id}|{_EARLY}{identity}": Spent(1, until_ms) for identity, rule_id in used.items()}
    return spent if early.keys() <= spent.keys() else {**early, **spent}


def next_opening(
    spent: dict[str, Spent], youth_ref: str, rule_id: str, opener: str, until_ms: int
) -> tuple[str, dict[str, Spent]]:
    """The id of the next task that this opens, which none has had, and the spent openings with those that it passed over."""
    key = f"{rule_id}|{opener}"
    before = times = spent[key].times if key in spent else 0
    while f"{rule_id}|{_EARLY}{(identity := task_id(youth_ref, rule_id, opened_as(opener, times)))}" in spent:
        times += 1
    return identity, spent if times == before else {**spent, key: Spent(times, until_ms)}


def still_spent(spent: dict[str, Spent], at_ms: int) -> dict[str, Spent]:
    """The spent openings that may still be asked for."""
    kept = {key: one for key, one in spent.items() if at_ms < one.until_ms}
    return spent if len(kept) == len(spent) else kept


def still_said(answers: dict[str, int], rules: CompiledRules, at_ms: int) -> dict[str, int]:
    """The answers without those that say nothing any more: their rest is over, and every event from before is gone."""
    kept = {key: answered for key, answered in answers.items() if at_ms < _says_until(key, answered, rules)}
    return answers if len(kept) == len(answers) else kept


def first_over(answers: dict[str, int], spent: dict[str, Spent], rules: CompiledRules) -> int | None:
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
