"""The ways in: what a source must do, what it may do besides, and what the hub gives it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from hub.connector.records import Batch, Cursor, StatutoryBatch
from hub.contract.models import InfoKind

__all__ = ["Backfill", "Gazetteer", "Pushed", "Source", "SourceContext", "StatutorySource", "Subjects", "Waker"]

Subjects: TypeAlias = Callable[[str], bool]
"""Whether a person, by national identifier in any spelling, is among those asked for. It never raises."""


class Source(Protocol):
    """Pulls events."""

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what is new since `cursor` (None: from the configured beginning), oldest first, and end when caught up."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class Backfill(Protocol):
    """What a source can do besides (`Connector.backfill`): tell again what it knows of some persons, back to an instant.

    A grant may cover a time that the source has passed already, when there was no reference and nothing could leave. The hub
    does not know who the persons are, only whom it is asked about, so it hands the source a question instead of a name: the
    source asks it of the persons it finds, in memory, and reads on for those alone.
    """

    def backfill(self, subjects: Subjects, since: datetime, progress: Cursor | None = None) -> Iterator[Batch]:
        """Yield every record of `subjects` that occurred at `since` (aware) or later, oldest first, and end at the present.

        A batch's `cursor` is how far *this reading* has come, opaque to the hub and without a name in it as ever: given back as
        `progress`, with the same `since`, after a crash, it goes on behind that batch. The source's own cursor is neither read
        nor moved. Records are those that `batches` yields, under the same source ids: what was published before changes
        nothing. Errors are those of `batches`.

        No request may depend on `subjects`: the server would learn there who has a consent. The source asks for everybody's and
        drops the others' in memory; where some of those are told all the same, the gate judges every one.
        """
        ...


class Waker(Protocol):
    """Hears from the foreign system that something changed. It is believed nothing else: what changed is pulled."""

    def listen(self, wake: Callable[[], None], stop: threading.Event) -> None:
        """Call `wake` whenever something changed, until `stop` is set; runs on a thread of its own.

        What it raises is logged, and it is started again after a while: the connector polls at its own pace meanwhile.
        """
        ...


@runtime_checkable
class Pushed(Protocol):
    """A source that is told instead of asking. What it was told waits in its memory, is given by `batches` until it is safe, and
    only then may the teller be answered that it was taken. What `batches` has not given may be withdrawn. It is its own `Waker`.
    """

    def listen(self, wake: Callable[[], None], stop: threading.Event) -> None:
        """As `Waker.listen`."""
        ...

    def settled(self, cursor: Cursor) -> None:
        """What came before this cursor of a batch is safe: on Kafka, or kept out as consent wants it; nobody is told which."""
        ...


class StatutorySource(Protocol):
    """Pulls raw messages for the statutory lane."""

    def batches(self, cursor: Cursor | None) -> Iterator[StatutoryBatch]:
        """As `Source.batches`, with raw messages."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Gazetteer(Protocol):
    """Turns a place name of a source into an area code."""

    def area_code(self, name: str, at: datetime | None = None) -> str:
        """The configured code, else a slug of the name, which begins with `place-`.

        A slug is for connectors of public places, which tell of no persons. Of anybody else's text it could be a home: there the
        gate refuses it, as `unknown_area`, and a person's fact is told without an area.
        `at` (aware): when what is told of occurred; districts are divided and renamed. Without it, whatever had the name first.
        """
        ...


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What the hub gives a source: its time, its folder for secrets (`secret(name)`), its places."""

    now: Callable[[], datetime]
    secret: Callable[[str], str]
    gazetteer: Gazetteer
    observe_request: Callable[[str, int], None] = lambda _operation, _status: None
    secured: Callable[[str], bool] = lambda _key: True
    """Whether the statutory lane has this message (by its `RawMessage.key`) safely on disk."""
    handed_over: Callable[[str], bool] = lambda _message_id: False
    """Whether the receiver's case system has confirmed every content that the statutory store has under this message id: a
    source may delete nothing before, nothing that is not itself `secured`, and nothing at all unless its settings say so."""
    kinds: frozenset[InfoKind] = frozenset()
    """What of persons the instance's agency may carry through this connector; the gate refuses any other."""
    home: Path = Path()
    """The installation's folder: relative paths of a source's settings are relative to it. A source of persons writes nothing
    there: what it has to remember stands in its cursor."""
    pause: Callable[[float], None] = time.sleep
    """Waits so many seconds before another try; cut short when the process is asked to end."""
