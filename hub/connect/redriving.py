"""Takes letters that somebody wants redriven through the mapping and the gate, as both are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hub.clock import Clock
from hub.connect.asides import Asides
from hub.connect.gate import Publishable
from hub.connect.last_words import CORRECTED_SINCE, LastWords
from hub.connect.ledger import Ledger, Tally
from hub.connect.letter_rows import Result
from hub.connect.letters import Letter
from hub.connect.recall import Recall, Recalled
from hub.connect.sending import Sending
from hub.connect.sifting import Sifting

__all__ = ["Redriving"]

_AT_ONCE = 50


@dataclass(slots=True)
class _Taken:
    """What some letters give. `heard`: by event, when the source showed what was kept of it."""

    words: LastWords
    publishable: list[Publishable] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    heard: dict[str, datetime] = field(default_factory=dict)
    settled: Tally = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Redriving:
    """One instance's; for the thread of its events lane.

    How a letter ends is told as `handled` whatever consent then decided: who has a reference is not to be read from it. Twice
    has one effect: an event keeps its identity, and one whose content Kafka has already is not said again. What was kept is said
    only where the source has said nothing else of the event since it showed that; else the letter waits, `corrected_since`.
    """

    ledger: Ledger
    clock: Clock
    recall: Recall
    sifting: Sifting
    sending: Sending
    asides: Asides

    def __call__(self, ready: Callable[[], None]) -> Tally:
        """Redrive all that is queued. `ready` is called when records are at hand: it learns the newest consents, and raises when
        nothing may be published; then the letters stay queued. The answer counts what was settled.
        """
        counts: Tally = Counter()
        while queued := self.ledger.queued(_AT_ONCE):
            recalled = self.recall(queued)
            ready()
            now = self.clock.now()
            taken = _Taken(LastWords(self.ledger.heard))
            for letter in queued:
                self._take(letter, recalled[letter.letter_id], now, taken)
            sent = self.sending(taken.publishable, now, taken.letters)
            settled = taken.settled + sent.plan.outcomes(unchanged=True)
            self.ledger.settle_redriven(now, sent.plan, settled, taken.results, sent.published, heard=taken.heard)
            counts += settled
        return counts

    def _take(self, letter: Letter, found: Recalled, now: datetime, taken: _Taken) -> None:
        reason = found.reason
        for batch in found.batches:
            sifted = self.sifting(batch.records, now)
            current = taken.words.of(letter, sifted.publishable)
            taken.settled["handled", ""] += sifted.counts["handled", ""]
            reason = reason or next(iter(sifted.refused.values()), "")
            reason = reason or (CORRECTED_SINCE if len(current) < len(sifted.publishable) else "")
            taken.publishable += current
            taken.letters |= {one.event_id: letter.letter_id for one in current}
            # What is taken back of others is no record of the letter: nothing links them to whom it is about.
            taken.publishable += self.asides(batch.asides, now, taken.publishable)
            if letter.sealed:
                taken.heard |= {one.event_id: letter.shown_at for one in current}
        taken.results.append(Result(letter.letter_id, reason))
