"""Takes letters that somebody wants redriven through the mapping and the gate, as both are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hub.clock import Clock
from hub.connect.gate import Publishable
from hub.connect.ledger import Ledger, Tally
from hub.connect.letter_rows import Result
from hub.connect.recall import Recall
from hub.connect.sending import Sending
from hub.connect.sifting import Sifting

__all__ = ["Redriving"]

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Redriving:
    """One instance's; for the thread of its events lane.

    How a letter ends is told as `handled` whatever consent then decides: who has a reference is not to be read from it. Twice
    has one effect: an event keeps its identity, and one whose content Kafka has already is not said again.
    """

    ledger: Ledger
    clock: Clock
    recall: Recall
    sifting: Sifting
    sending: Sending

    def __call__(self, ready: Callable[[], None]) -> Tally:
        """Redrive all that is queued. `ready` is called when records are at hand: it learns the newest consents, and raises when
        nothing may be published; then the letters stay queued. The answer counts what was settled.
        """
        counts: Tally = Counter()
        while queued := self.ledger.queued(_AT_ONCE):
            recalled = self.recall(queued)
            ready()
            now = self.clock.now()
            results: list[Result] = []
            publishable: list[Publishable] = []
            letters: dict[str, str] = {}
            settled: Tally = Counter()
            for letter in queued:
                found = recalled[letter.letter_id]
                sifted = self.sifting(found.records, now)
                letters |= {one.event_id: letter.letter_id for one in sifted.publishable}
                publishable += sifted.publishable
                settled["handled", ""] += sifted.counts["handled", ""]
                results.append(Result(letter.letter_id, found.reason or next(iter(sifted.refused.values()), "")))
            sent = self.sending(publishable, now, letters)
            settled += sent.plan.outcomes(unchanged=True)
            self.ledger.settle_redriven(now, sent.plan, settled, results, sent.published)
            counts += settled
        return counts
