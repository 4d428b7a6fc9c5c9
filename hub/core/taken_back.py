"""Whether what a task was said on has been taken back since, where the state that said it is lost: or has it gone by itself?

Asked of a rule that does not hold in the state rebuilt from the topics. What the task told, against what is held now:

* something of it has left its window, or the rules are others now: it may have gone by itself, in silence. So it may where a
  condition is one that more events can hurt, or was not told whole (`agencies_withheld`, a condition that is not shown), or where
  the rule asks for an age or a case;
* its team may not be told of some of it any more, by a consent that is newer: taken back;
* some of it is not held, or was corrected, and as many events of its kinds are known to be corrected: taken back. What is missing
  without a correction is not known any more (a topic was made anew): nothing was taken back by that.

So a correction is not told where something else that the task told has left its window meanwhile. And of what went by itself one
thing is told: what a correction that was read had taken back in part, before the rest left its window.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hub.contract.models import ReferralTask
from hub.core.instants import to_ms
from hub.core.reach import Reach
from hub.core.rules import CompiledRule, CompiledRules
from hub.core.state import Episode, YouthState

__all__ = ["Ground", "ground_of", "was_taken_back"]


class _Rest(NamedTuple):
    """What a task told of one condition: when the first event that counted occurred, and the newest ones (agency, ms)."""

    kind: str
    first_ms: int
    events: tuple[tuple[str, int], ...]


class Ground(NamedTuple):
    """What a task was said on; `rests` in the order of its rule's conditions. `whole`: it told of all agencies that counted."""

    episode: Episode
    consent_version: int
    whole: bool
    rests: tuple[_Rest, ...]

    def told(self) -> Iterator[tuple[str, str, int]]:
        """Each event that the task told of, by kind, agency and instant."""
        return ((rest.kind, agency, at_ms) for rest in self.rests for agency, at_ms in rest.events)


def ground_of(task: ReferralTask) -> Ground:
    """What a task that was opened told of its ground."""
    episode = Episode(task.task_id, "", task.team, task.function, task.cooperation, task.rules_version, to_ms(task.created_at))
    rests = tuple(
        _Rest(one.kind.value, to_ms(one.first_at), tuple((event.agency, to_ms(event.occurred_at)) for event in one.events or ()))
        for one in task.evidence
    )
    return Ground(episode, task.consent_version, task.agencies_withheld is False, rests)


def was_taken_back(ground: Ground, rule: CompiledRule, rules: CompiledRules, state: YouthState, now_ms: int) -> bool:
    """Whether an event or a consent took it. `state`: rebuilt, as of `now_ms`, and the rule has no episode in it."""
    if state.consent is None or not _counts_still(ground, rule, rules, now_ms):
        return False
    told, reach = set(ground.told()), state.reach or Reach(state.consent)
    if state.consent.version > ground.consent_version and not _may_be_told(told, ground.episode, reach, now_ms):
        return True
    held = {(kind, one.agency, one.occurred_ms) for kind, rows in state.events.items() for one in rows.values() if one.code}
    corrected = sum(one.revision > 1 for kind in rule.kinds for one in state.events.get(kind, {}).values())
    return corrected >= max(1, len(told - held))


def _counts_still(ground: Ground, rule: CompiledRule, rules: CompiledRules, now_ms: int) -> bool:
    """Whether all that the task was said on would count now, had nothing been taken back."""
    if not ground.whole or ground.episode.rules_version != rules.version:
        return False
    if len(rule.conditions) != len(ground.rests) or not all(one.plain for one in rule.conditions):
        return False
    if rule.ages is not None or rule.in_case is not None or (rule.ends_ms is not None and now_ms >= rule.ends_ms):
        return False
    rests = zip(rule.conditions, ground.rests, strict=True)
    return all(now_ms < one.selection.leaves(rest.first_ms) for one, rest in rests)


def _may_be_told(told: set[tuple[str, str, int]], episode: Episode, reach: Reach, now_ms: int) -> bool:
    coverage = reach.coverage(episode.team, episode.cooperation, now_ms)
    return all(any(begin <= at_ms < end for begin, end in coverage.spans(kind, agency)) for kind, agency, at_ms in told)
