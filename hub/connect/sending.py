"""Writes down what will be said, says it, and tells where it stands on Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from hub.connect.gate import Publishable
from hub.connect.ledger import Ledger, Tally
from hub.connect.letter_rows import Published
from hub.connect.ports import Encode, Publisher
from hub.connect.revisions import Plan, Planned
from hub.contract.cloudevents import cloud_event_id
from hub.kafka import Outgoing

__all__ = ["LETTER_HEADER", "Sending", "Sent"]

LETTER_HEADER = "hub_letter"
"""On a record that was redriven: the number of the letter that it comes of."""
_FIRST_TIME: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sent:
    """What was acknowledged, what an earlier attempt may have sent (the ledger has counted it), and where all of it stands."""

    plan: Plan
    uncertain: Tally
    published: list[Published]


class Sending:
    """One instance's; for one thread. `counted` is told what the ledger has counted before anything is sent."""

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        encode: Encode,
        *,
        counted: Callable[[Tally], None],
        after_publish: Callable[[], None],
    ) -> None:
        self._counted = counted
        self._ledger = ledger
        self._publisher = publisher
        self._encode = encode
        self._after_publish = after_publish

    def __call__(self, items: list[Publishable], now: datetime, letters: Mapping[str, str] = _FIRST_TIME) -> Sent:
        """Write the intents, publish, and wait until Kafka has everything. `letters`: by event, the letter that it comes of."""
        plan = self._ledger.plan(items) if items else Plan((), 0)
        uncertain: Tally = Counter({("uncertain", ""): plan.uncertain} if plan.uncertain else {})
        self._counted(uncertain)
        places: list[tuple[int, int]] = []
        if plan.sends:
            places = self._publisher.publish([self._record(one, letters) for one in plan.sends])
            self._after_publish()
        return Sent(plan, uncertain, [_line(*pair, now, letters) for pair in zip(plan.sends, places, strict=True)])

    def _record(self, one: Planned, letters: Mapping[str, str]) -> Outgoing:
        message = one.item.revised(one.revision)
        record = self._encode(one.item.topic, one.item.key, message, cloud_event_id(message), one.item.occurred_at)
        letter = letters.get(one.item.event_id)
        return replace(record, headers=(*record.headers, (LETTER_HEADER, letter.encode()))) if letter else record


def _line(one: Planned, place: tuple[int, int], now: datetime, letters: Mapping[str, str]) -> Published:
    """The journal's line of one acknowledged record."""
    return Published(
        event_id=one.item.event_id,
        revision=one.revision,
        subject=one.item.key,
        settled_at=now,
        outcome="retracted" if one.item.retracted else "published",
        topic=one.item.topic.name,
        partition=place[0],
        offset=place[1],
        letter_id=letters.get(one.item.event_id, ""),
    )
