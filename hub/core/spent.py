"""What is over and must be remembered for a while: openings that have had their episode, and answers that teams have given."""

from __future__ import annotations

from collections.abc import Mapping

from hub.core.rules import CompiledRules
from hub.core.state import Episode, Events

__all__ = ["end_episode", "still_said", "still_spent"]


def end_episode(
    episodes: Mapping[str, Episode], spent: Mapping[str, int], rule_id: str
) -> tuple[Mapping[str, Episode], Mapping[str, int]]:
    """Without a rule's episode, whose opening is spent: no later one gets its task's id."""
    left = dict(episodes)
    key = f"{rule_id}|{left.pop(rule_id).opened_by}"
    return left, {**spent, key: spent.get(key, 0) + 1}


def still_spent(spent: Mapping[str, int], events: Events) -> Mapping[str, int]:
    """The spent openings by events that are still held."""
    gone: list[str] = []
    for key in spent:
        event_id = key.partition("|")[2].partition("?")[0]
        for rows in events.values():
            if event_id in rows:
                break
        else:
            gone.append(key)
    return {key: times for key, times in spent.items() if key not in gone} if gone else spent


def still_said(answers: Mapping[str, int], rules: CompiledRules, at_ms: int) -> Mapping[str, int]:
    """The answers without those that say nothing any more: their rest is over, and every event from before is gone."""

    def ends(key: str, answered: int) -> int:
        rule = rules.by_id.get(key.partition("|")[0])
        return answered + max(rules.longest_ms, 0 if rule is None else rule.rest_ms)

    kept = {key: answered for key, answered in answers.items() if at_ms < ends(key, answered)}
    return answers if len(kept) == len(answers) else kept
