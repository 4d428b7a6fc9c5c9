"""Which revision a piece of content gets. Pure: a revision counts the consecutive changes of one event's content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.connect.gate import RETRACTED, Publishable
from hub.contract.topics import PLACE_EVENTS

__all__ = ["History", "Plan", "Planned", "assign"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A publication under its revision; `repeated` when an earlier attempt may have put it on Kafka already.

    `overtakes`: how many other revisions of the event may be on Kafka unacknowledged, which this one puts out of date.
    """

    item: Publishable
    revision: int
    repeated: bool
    overtakes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to publish, in order, and how many records say what Kafka already has."""

    sends: tuple[Planned, ...]
    unchanged: int

    @property
    def uncertain(self) -> int:
        """How many of the sends Kafka may have already, so that they may come to stand there once more."""
        return sum(one.repeated for one in self.sends)

    @property
    def overtaken(self) -> int:
        """How many revisions may be on Kafka that are never acknowledged, because the source has moved on."""
        return sum(one.overtakes for one in self.sends)

    def outcomes(self, *, unchanged: bool = False) -> Counter[tuple[str, str]]:
        """What to count once Kafka has it: `published` counts each acknowledged revision once, whatever crashed."""
        counts = {
            ("published", ""): len(self.sends),
            ("overtaken", ""): self.overtaken,
            ("placed", ""): sum(one.item.topic is PLACE_EVENTS for one in self.sends),
            ("unchanged", ""): self.unchanged if unchanged else 0,
        }
        return Counter({outcome: number for outcome, number in counts.items() if number})


@dataclass(slots=True)
class History:
    """What is known of one event: the acknowledged revision and content, and intents that may or may not be on Kafka.

    `occurred_at`: when it happened, as it was told; None: unknown.
    """

    revision: int = 0
    content: str = ""
    intents: dict[int, str] = field(default_factory=dict)
    occurred_at: datetime | None = None

    def take(self, item: Publishable, above: int = 0, *, last: bool = True) -> Planned | None:
        """The item's revision, higher than `above` if it is a new one, or None when nothing needs to be said.

        `last`: nothing more is said of the event in the same breath. Then an open intent forbids "unchanged": what it said may be
        on Kafka, so going back to the old content is a change.
        A retraction of what was never said is none. What consent withholds says nothing either, but takes back whatever else
        was or may have been said.
        """
        open_intents = sorted(revision for revision in self.intents if revision > self.revision)
        if item.withheld:
            said = {self.content, *(self.intents[revision] for revision in open_intents)}
            if said <= {"", item.content, RETRACTED}:
                return None
            item = item.taking_back(self.occurred_at)
        elif not (last and open_intents) and (item.content == self.content or (self.revision == 0 and item.retracted)):
            return None
        same = self._said_before(item.content, open_intents[-1:] if last else open_intents)
        revision = same if same is not None else max((self.revision, above, *open_intents)) + 1
        self.revision, self.content, self.occurred_at = revision, item.content, item.occurred_at
        overtakes = sum(known < revision for known in open_intents)
        return Planned(item, revision, repeated=same is not None, overtakes=overtakes)

    def _said_before(self, content: str, open_intents: Sequence[int]) -> int | None:
        """The open intent whose revision says this again.

        Of the last word that is the highest alone: below one of other content it would not stand, should Kafka have that.
        """
        return next((revision for revision in open_intents if self.intents[revision] == content), None)


def assign(items: Sequence[Publishable], histories: Mapping[tuple[str, str], History], passed: int = 0) -> Plan:
    """Walk the items in the source's order; `histories` are by (event id, subject) and are moved on.

    `passed`: how many more records say nothing, because a later one says otherwise. The revisions of an event at a place count
    on over its areas, so that an event id and a revision are one message.
    """
    known = dict(histories)
    highest: Counter[str] = Counter()
    for (event_id, _), history in known.items():
        highest[event_id] = max(highest[event_id], history.revision, *history.intents)
    last = {(item.event_id, item.key): place for place, item in enumerate(items)}
    sends = []
    unchanged = 0
    for place, item in enumerate(items):
        above = highest[item.event_id] if item.topic is PLACE_EVENTS else 0
        history = known.setdefault((item.event_id, item.key), History())
        planned = history.take(item, above, last=last[item.event_id, item.key] == place)
        if planned is not None:
            highest[item.event_id] = max(highest[item.event_id], planned.revision)
            sends.append(planned)
        elif not item.withheld:  # that was counted as what consent keeps out
            unchanged += 1
    return Plan(tuple(sends), unchanged + passed)
