"""What the operator's pages are built from, beside what every page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.access.trail import Trail
from hub.clock import Clock
from hub.connect.letter_box import LetterBox
from hub.connect.sending_again import Redrives, SendingAgain
from hub.dead_letters.answers import Answers
from hub.dead_letters.box import TopicLetterBox
from hub.dead_letters.pauses import Board
from hub.dead_letters.resuming import Resuming
from hub.delivery.sink_desk import SinkDesk
from hub.settings import Settings
from hub.web.operations.works import Works

__all__ = ["Console", "open_console"]


@dataclass(frozen=True, slots=True)
class Console:
    """`load` reads the settings anew: a mapping that was corrected in hub.toml is tried as it is now."""

    load: Callable[[], Settings]
    clock: Clock
    build_runner: Callable[[str], Redrives]
    build_topics: Callable[[Settings], TopicLetterBox]
    build_board: Callable[[Settings], Board]
    build_sinks: Callable[[Settings, Trail], SinkDesk]
    works: Works = field(default_factory=Works)

    @property
    def box(self) -> LetterBox:
        """The letters and journals of all instances."""
        return LetterBox(self.load())

    @property
    def again(self) -> SendingAgain:
        """What has letters sent again."""
        return SendingAgain(self.box, self.clock, self.build_runner)

    @property
    def topics(self) -> TopicLetterBox:
        """The dead letters of topics."""
        return self.build_topics(self.load())

    def sinks(self, trail: Trail) -> SinkDesk:
        """What an operator does with the ways to teams' own systems, told to the audit log first."""
        return self.build_sinks(self.load(), trail)

    def resuming(self, trail: Trail) -> Resuming:
        """What lets paused topics go on, told to the audit log first."""
        settings = self.load()
        return Resuming(self.build_board(settings), Answers(settings), self.clock, trail)


def open_console(
    load: Callable[[], Settings],
    clock: Clock,
    build_runner: Callable[[Settings, str], Redrives],
    build_sinks: Callable[[Settings, Trail], SinkDesk],
) -> Console:
    """The console of an installation and its Kafka."""
    from hub.dead_letters.box import kafka_ports  # noqa: PLC0415 - loads a Kafka client, when first needed
    from hub.dead_letters.pauses import KafkaBoard  # noqa: PLC0415
    from hub.dead_letters.store import SettledLetters  # noqa: PLC0415

    return Console(
        load,
        clock,
        lambda name: build_runner(load(), name),
        lambda settings: TopicLetterBox(SettledLetters(settings), clock, kafka_ports(settings)),
        lambda settings: KafkaBoard(settings.bootstrap_servers, settings.worker.group),
        build_sinks,
    )
