"""The way out: what a sink must do, and what the hub gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hub.contract.models import Priority, TaskState

__all__ = ["Delivered", "Errand", "Sink", "SinkContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a team's own system is told of one task: that it is there, never whom it is about or why.

    Who the youth is and what the task rests on is read in the hub, by somebody who may, once and on the record (OSL 26:1); so an
    errand has no field that could hold it. `state` is `requested` for a new task, `recalled` or `cancelled` when the receiver
    must let it go. Instants are aware.
    """

    task_id: str
    state: TaskState
    team: str
    function: str
    priority: Priority
    created_at: datetime
    respond_by: datetime

    @property
    def identity(self) -> str:
        """The idempotency key: the same for every attempt, another for the word that takes the task back."""
        return f"{self.task_id}:{self.state}"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has the errand. `reference` is its own id for it, when it gives one; `known`: it had it already."""

    reference: str | None = None
    known: bool = False


class Sink(Protocol):
    """Hands errands to one receiver."""

    def deliver(self, errand: Errand) -> Delivered:
        """Return when the receiver has the errand, and has it once.

        The hub records the answer after this returns, so a crash in between repeats the call, and so does a time-out whose
        request had arrived. A repeat must have no second effect, and answers with the receiver's first reference. How, is the
        sink's to know: by an idempotency key that the receiver honours or, where it knows none, by looking for our own task id
        at the receiver **before every creation**, the first included; nobody but the sink can tell that it was not the first.

        Raises RetriableError (not delivered, or not known to be: the same errand again later), RejectedError (the receiver
        refuses this errand for good: a person hands it over, and the next one is tried), ConfigError (a wrong address, secret
        or right: delivery to this receiver stops until somebody has put it straight).
        """
        ...

    def close(self) -> None:
        """Release connections; closing twice is harmless."""
        ...


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What the hub gives a sink: its time, its secrets (`secret(name)`), a counter of its requests.

    `observe_request(operation, status)`: HTTP's status, or the code of the receiver's own protocol; 0 when no answer came.
    """

    now: Callable[[], datetime]
    secret: Callable[[str], str]
    observe_request: Callable[[str, int], None] = lambda _operation, _status: None
    home: Path = Path()
    """The installation's folder: relative paths of a sink's settings are relative to it."""
