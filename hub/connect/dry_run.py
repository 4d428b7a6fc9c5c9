"""A trial of a connector: a real pull and the mapping of what came, shown before the gate, and nothing done with it.

Nothing is published, no cursor moves, nothing is written: not to a ledger, a log, the audit or a lock. So it runs beside the
connector itself, and without Kafka or the registry. Nor is the statutory lane touched: its source is not built, and what waits
for a message to be secured is shown as if it were.

What the gate would decide is not asked of the records at hand. A source can be fed one crafted record, or asked for one more, and
two figures that differ by it would tell whether its person has a reference, however they are blurred. What is shown instead are
the figures of the running connector's last whole day (`hub.connect.figures`), in which nobody is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from hub.clock import Clock
from hub.connect.failing import guarded
from hub.connect.instance import Instance
from hub.connect.lanes import EVENTS
from hub.connect.showing import Shown, show
from hub.connector import Record, Source
from hub.errors import RejectedError, RetriableError

__all__ = ["Trial", "dry_run"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: the records in the source's order, why the source ended early (`code`, empty when it did not), and whether
    there may be more than the limit.
    """

    records: tuple[Shown, ...]
    code: str
    more: bool

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Records by (outcome, reason)."""
        return Counter((one.outcome, one.reason) for one in self.records)


def dry_run(instance: Instance, clock: Clock, limit: int, progress: Callable[[int], None] = lambda _read: None) -> Trial:
    """Pull from the configured beginning, map, and look at the first `limit` records. `progress` is told how many were read.

    Raises ConfigError when settings, keys or secrets are wrong. What the source itself raises ends the trial: what came before
    is shown, with the error's code.
    """
    origin = instance.origin()
    shown: list[Shown] = []
    code, now = "", clock.now()
    with (
        guarded(instance.name, EVENTS),
        closing(instance.source(instance.context(clock, lambda _: True))) as source,
    ):
        try:
            for record in islice(_records(source), limit):
                shown.append(show(record, origin, now))
                progress(len(shown))
        except (RetriableError, RejectedError) as error:
            code = error.code
    return Trial(tuple(shown), code, len(shown) == limit)


def _records(source: Source) -> Iterator[Record]:
    for batch in source.batches(None):
        yield from batch.records
