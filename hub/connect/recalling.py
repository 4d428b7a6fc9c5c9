"""What of an installation's settings letters go by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from hub.clock import Clock
from hub.connect.gate import Origin
from hub.connect.instance import Instance
from hub.connect.letter_rows import Bounds
from hub.connect.letters import Sealing
from hub.connect.recall import Recall
from hub.connector import Record
from hub.sections import JournalSettings

__all__ = ["bounds_of", "build_recall"]

_MEGABYTE = 1024 * 1024


def bounds_of(settings: JournalSettings) -> Bounds:
    """How much one instance remembers."""
    return Bounds(
        journal_rows=settings.most,
        journal_age=timedelta(days=settings.days),
        letters=settings.letters,
        letter_age=timedelta(days=settings.letter_days),
        letter_bytes=int(settings.letter_megabytes * _MEGABYTE),
    )


def build_recall(instance: Instance, clock: Clock, secured: Callable[[str], bool], origin: Origin) -> Recall:
    """What finds the records of this instance's letters again."""
    connector, context = instance.connector, instance.context(clock, secured)
    map_again = connector.map_again

    def map_kept(content: bytes) -> Sequence[Record]:
        return map_again(instance.config, context, content) if map_again else ()

    kept = map_again is not None or connector.moving_window
    sealing = Sealing(origin.key, instance.name)
    return Recall(sealing, lambda: instance.source(context), map_kept if kept else None)
