"""Trying a receiver: an errand that is of no task, and the word that takes it back."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.connector import Errand, Sink
from hub.contract.models import Priority, TaskState

__all__ = ["TEST_FUNCTION", "Told", "try_sink"]

TEST_FUNCTION: Final = "connection_test"


@dataclass(frozen=True, slots=True)
class Told:
    """What was handed over; `reference` is the receiver's id for it, if it gives one."""

    task_id: str
    reference: str | None


def try_sink(sink: Sink, team: str, now: datetime) -> Told:
    """Hand over both words and close the sink. Raises what `Sink.deliver` raises."""
    errand = Errand(
        task_id=str(uuid.uuid4()),
        state=TaskState.REQUESTED,
        team=team,
        function=TEST_FUNCTION,
        priority=Priority.NORMAL,
        created_at=now,
        respond_by=now + timedelta(days=1),
    )
    with closing(sink):
        taken = sink.deliver(errand)
        sink.deliver(replace(errand, state=TaskState.CANCELLED))
    return Told(errand.task_id, taken.reference)
