"""What the intake needs from the world outside it; each has an in-memory twin in `hub.testing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from hub.connector import RawMessage
from hub.contract.models import InfoKind, Message
from hub.contract.topics import Topic
from hub.kafka import Outgoing

__all__ = ["Change", "Encode", "Entry", "Heed", "Publisher", "Removed", "StatutoryPort", "SubjectDirectory"]


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What an agency may know of one consenting person: the reference, the link key, and for what the consent holds.

    `spans` are half-open UTC intervals [from, to) of the time at which a fact occurred. An entry that names neither rests: a
    consent is suspended or blocked. Nothing new may be told under it; what was told is still taken back when the source says so.
    """

    youth_ref: str
    link_key: bytes
    kinds: frozenset[InfoKind]
    spans: tuple[tuple[datetime, datetime], ...]

    @property
    def rests(self) -> bool:
        """Whether it covers nothing."""
        return not self.kinds and not self.spans

    def at_rest(self) -> Entry:
        """The same reference, covering nothing."""
        return replace(self, kinds=frozenset(), spans=())


@dataclass(frozen=True, slots=True)
class Removed:
    """A reference under which the agency may tell nothing more.

    With an `erasure_id` what is held of it must be erased, and a receipt sent; without one it rests, and may come back.
    """

    youth_ref: str
    erasure_id: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What the registry says is different: who may be used no more, and whether anybody's entry is new or covers more."""

    removed: Sequence[Removed]
    gained: bool
    widened: Mapping[str, datetime] = field(default_factory=dict)
    """Of each entry that is new or covers more: its reference, and the earliest instant of what it covers more than before."""


Heed: TypeAlias = Callable[[Change], None]
Encode: TypeAlias = Callable[[Topic, str, Message, str, datetime], Outgoing]
"""(topic, key, message, CloudEvents id, time) → record."""


class Publisher(Protocol):
    """Kafka, as the intake sees it; `hub.kafka.Publisher` is the real one."""

    def require(self) -> None:
        """Raise RetriableError when Kafka takes nothing now, whether or not there is anything to publish."""
        ...

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Return when every record is acknowledged, raise RetriableError when one may not be."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class StatutoryPort(Protocol):
    """The statutory store's way in."""

    def put(self, message: RawMessage) -> None:
        """Encrypt the message and put it on disk; it is fsynced when this returns.

        The same `message_id` again (after a crash between this and the cursor) changes nothing. Raises RetriableError
        when the disk refuses; the lane repeats the message and does not pass it.
        """
        ...

    def contents(self, number: str) -> str:
        """A mark of all contents that the store has of the message with this number: another when there is another content.

        At most 64 characters that say nothing of any of them; empty when there is none. Raises RetriableError.
        """
        ...


class SubjectDirectory(Protocol):
    """Which persons of the agency have a reference; `hub.connect.directory.Directory` is the real one."""

    def refresh(self, heed: Heed) -> None:
        """Fetch changes. `heed` is called, and what it does must be durable, before the change is remembered as done.

        Raises RetriableError when the registry does not answer; the copy keeps its age.
        """
        ...

    def require_fresh(self) -> None:
        """Raise StaleDirectoryError when the copy is missing or older than its limit: publish nothing."""
        ...

    def lookup(self, person_id: str) -> Entry | None:
        """The entry of a person, by identifier in any spelling; None without consent. It may be one that rests.

        Raises RejectedError `unresolved_identifier` when it cannot be read; the value is never repeated.
        """
        ...

    def entries(self) -> Iterable[Entry]:
        """Every entry there is, those at rest too."""
        ...

    def protect(self, person_id: str) -> None:
        """Tell the registry that the source marks this person as protected, if she has a reference; else do nothing at all.

        One at rest waits until something may be told again. Raises RetriableError when the registry does not take it. An
        identifier that cannot be read is nobody's.
        """
        ...
