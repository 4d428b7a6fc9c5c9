"""The dead letters of topics for whoever looks after them: which wait, what each would meet now, writing them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.clock import Clock
from hub.dead_letters.reading import Place, TopicLetter, read_all
from hub.dead_letters.store import Settled, SettledLetters
from hub.errors import RejectedError
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.dead_letters.redrive import Judged, Redriver

__all__ = ["WAITING", "TopicLetterBox", "TopicPorts", "body_of", "kafka_ports"]

WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class TopicPorts:
    """How the topics are read, and what writes a record again; the latter holds connections while its block runs."""

    read: Callable[[], list[TopicLetter]]
    redriver: Callable[[], AbstractContextManager[Redriver]]


class TopicLetterBox:
    """What touches Kafka raises RetriableError when it does not answer."""

    def __init__(self, settled: SettledLetters, clock: Clock, ports: TopicPorts) -> None:
        self._settled = settled
        self._clock = clock
        self._ports = ports

    def all(self) -> list[tuple[TopicLetter, str]]:
        """All, oldest first, each with its state: waiting, redriven or discarded."""
        settled = self._settled.all()
        found = self._ports.read()
        return [(one, settled[one.place].value if one.place in settled else WAITING) for one in found]

    def find(self, ids: Sequence[str]) -> list[tuple[TopicLetter, str]]:
        """Those of these places. Raises RejectedError `no_such_letter`."""
        wanted = {Place.of(one) for one in ids}
        found = [one for one in self.all() if one[0].place in wanted]
        if len(found) < len(wanted):
            raise RejectedError("there is no such letter: see `hub dlq list`", code="no_such_letter")
        return found

    def choose(self, ids: Sequence[str], topic: str, limit: int, state: str = WAITING) -> list[TopicLetter]:
        """By name, or all of one topic; of those the ones in `state`, at most `limit`."""
        found = self.find(ids) if ids else [one for one in self.all() if one[0].place.topic == topic]
        return [letter for letter, now in found if now == state][:limit]

    def judge(self, letters: Sequence[TopicLetter]) -> dict[Place, Judged]:
        """What each would meet now; nothing is done with it."""
        with self._ports.redriver() as redriver:
            return {one.place: redriver.judge(one.place) for one in letters}

    def redrive(self, letters: Sequence[TopicLetter], advance: Callable[[int], None] = lambda _done: None) -> Counter[str]:
        """Write the records again; the answer counts them by the reason why not, empty for what was written."""
        done: Counter[str] = Counter()
        with self._ports.redriver() as redriver:
            for number, one in enumerate(letters, start=1):
                reason = redriver.redrive(one.place)
                done[reason] += 1
                if not reason:
                    self._settled.settle(one.place, Settled.REDRIVEN, self._clock.now())
                advance(number)
        return done

    def discard(self, letters: Sequence[TopicLetter], *, undo: bool = False) -> None:
        """They need nothing more; or, undone, they wait again."""
        for one in letters:
            self._settled.settle(one.place, None if undo else Settled.DISCARDED, self._clock.now())


def body_of(found: Judged) -> dict[str, Any] | None:
    """The message as data, without whose it is; None when there is none to show."""
    if found.message is None:
        return None
    return {name: value for name, value in found.message.model_dump(mode="json").items() if name != "youth_ref"}


def kafka_ports(settings: Settings) -> TopicPorts:
    """The ports of an installation: its Kafka."""
    from hub.contract.codec import Codec  # noqa: PLC0415 - loaded by whoever looks at letters

    @contextmanager
    def redriver() -> Iterator[Redriver]:
        from hub.dead_letters.redrive import Redriver  # noqa: PLC0415 - the same
        from hub.kafka import Publisher  # noqa: PLC0415
        from hub.kafka_places import KafkaPlaces  # noqa: PLC0415

        publisher = Publisher(settings.bootstrap_servers, "hub-dlq")
        try:
            yield Redriver(KafkaPlaces(settings.bootstrap_servers), Codec.load(), publisher.publish)
        finally:
            publisher.close()

    return TopicPorts(lambda: read_all(settings.bootstrap_servers, Codec.load()), redriver)
