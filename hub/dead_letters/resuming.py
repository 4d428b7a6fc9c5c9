"""Letting paused sources go on, for whoever may: in the audit log first, then with its reason in the database, then on Kafka.

The worker takes the answer within seconds, or when it starts next. It answers one pause: what comes then is weighed anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.access.trail import Trail
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry
from hub.clock import Clock
from hub.dead_letters.answers import Answer, Answers
from hub.dead_letters.pauses import Board, Mark
from hub.errors import RejectedError
from hub.said_why import checked_reason

__all__ = ["MOST_ALLOWED", "Resuming"]

MOST_ALLOWED = 1_000_000


class Resuming:
    """Every method raises RetriableError when Kafka, the database or the audit log does not answer."""

    def __init__(self, board: Board, answers: Answers, clock: Clock, trail: Trail) -> None:
        self._board = board
        self._answers = answers
        self._clock = clock
        self._trail = trail

    def paused(self) -> Sequence[Mark]:
        """What is paused, and what was answered and not taken by a worker yet nor paused again; by topic and partition."""
        return sorted(self._board.read().values())

    def history(self, limit: int) -> Sequence[Answer]:
        """What was answered, the newest first."""
        return self._answers.newest(limit)

    def choose(self, topic: str, partitions: Sequence[int], *, every: bool) -> list[Mark]:
        """Those that wait for an answer: of these partitions, of a topic or of all; or every one.

        Raises RejectedError `which_partition` when nothing or everything is named, `not_paused` when one of them is not.
        """
        if every == bool(topic or partitions):
            raise RejectedError("name a topic or a partition, or say --all", code="which_partition")
        waiting = [one for one in self.paused() if not one.resumed]
        found = [one for one in waiting if topic in ("", one.topic) and (not partitions or one.partition in partitions)]
        if not found or set(partitions) - {one.partition for one in found}:
            raise RejectedError("that is not paused, or goes on already: see `hub dlq paused`", code="not_paused")
        return found

    def resume(self, chosen: Sequence[Mark], who: Actor, reason: str, allowed: int = 0) -> None:
        """Let them go on; `allowed` more dead letters of each are put aside before they count. Twice has one effect.

        Raises RejectedError as `checked_reason`, and `too_many_allowed`.
        """
        line = checked_reason(reason)
        if not 0 <= allowed <= MOST_ALLOWED:
            raise RejectedError(f"at most {MOST_ALLOWED} dead letters can be allowed", code="too_many_allowed")
        if not chosen:
            return
        for one in chosen:
            self._trail.append(Entry(who, Action.PARTITION_RESUMED, purpose=f"{one.topic}:{one.partition}"))
        self._answers.add(chosen, allowed, who.account, line, self._clock.now())
        self._board.write(one.answered(allowed) for one in chosen)
