"""Looks at a running demo from outside: are the sources read to their end, is everything taken, do the counts balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from hub.contract.topics import (
    CATALOGUE,
    CONSENTS,
    ERASURES,
    PLACE_EVENTS,
    PRESENCE_TASKS,
    TASKS_OUTREACH,
    TASKS_SIG,
    TOPIC_OF_KIND,
    YOUTH_TOPICS,
)
from hub.demo.place import Stage
from hub.errors import HubError
from hub.kafka_admin import end_offsets
from hub.process import read_announcements
from hub.status import read_metrics
from hub.tls import trusted

__all__ = ["EVENT_TOPICS", "Look", "look"]

_WORKER_TOPICS = tuple(topic.name for topic in (*YOUTH_TOPICS, ERASURES, PLACE_EVENTS))
_DELIVERY_TOPICS = tuple(topic.name for topic in (CONSENTS, ERASURES, TASKS_OUTREACH, TASKS_SIG, PRESENCE_TASKS, PLACE_EVENTS))
EVENT_TOPICS = tuple(topic.name for topic in (*TOPIC_OF_KIND.values(), PLACE_EVENTS))
"""What connectors publish to."""


_Samples = dict[str, dict[str, dict[tuple[tuple[str, str], ...], float]]]
"""Process → metric → labels → value."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `waiting` says in words what is not done yet; empty means that everything has come to rest."""

    waiting: tuple[str, ...]
    published: dict[str, int] = field(default_factory=dict)
    ledger: Counter[tuple[str, ...]] = field(default_factory=Counter)
    delivered: Counter[tuple[str, ...]] = field(default_factory=Counter)
    connectors: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def refused(self) -> dict[str, int]:
        """Records refused, by reason: at the connectors' gate and at the worker."""
        found: Counter[str] = Counter()
        for (outcome, reason), number in self.connectors.items():
            if outcome == "refused":
                found[reason] += number
        for (_topic, outcome, reason), number in self.ledger.items():
            if outcome == "refused":
                found[reason] += number
        return dict(sorted(found.items()))

    @property
    def dead_lettered(self) -> int:
        """Letters on all dead letter topics: each process that reads a bad record writes one of its own."""
        return sum(number for topic, number in self.published.items() if topic.endswith(".dlq"))

    def repeats(self, distinct: Mapping[str, int]) -> dict[str, int]:
        """Records that say again what stands on their topic already, by topic; `distinct` as `distinct_records` counted them.

        On the topics of the registry some always do: it tells everything anew when it starts.
        """
        return {topic: self.published[topic] - number for topic, number in distinct.items()}

    def _of_connectors(self, wanted: str) -> int:
        return sum(number for (outcome, _reason), number in self.connectors.items() if outcome == wanted)

    def balances(self, distinct: Mapping[str, int]) -> bool:
        """Every record on a topic has one outcome at who reads it, and each event that connectors published stands there.

        `distinct`: as for `repeats`, of the event topics at least. False while something is waited for: then nothing was counted.
        """
        if self.waiting or not self.published:
            return False
        by_worker: Counter[str] = Counter()
        for (topic, _outcome, _reason), number in self.ledger.items():
            by_worker[topic] += number
        by_delivery: Counter[str] = Counter()
        for (topic, _outcome), number in self.delivered.items():
            by_delivery[topic] += number
        return (
            all(by_worker[topic] == self.published[topic] for topic in _WORKER_TOPICS)
            and all(by_delivery[topic] == self.published[topic] for topic in _DELIVERY_TOPICS)
            and min(self.repeats(distinct).values()) >= 0
            and self._holds(sum(distinct[topic] for topic in EVENT_TOPICS))
        )

    def _holds(self, events: int) -> bool:
        """Whether that many distinct events are what the connectors' ledgers say they published.

        A crash or an outage may leave a revision there that was never acknowledged, the source having moved on: the ledgers
        count those apart, and only so many more are allowed.
        """
        sent = self._of_connectors("published")
        return sent <= events <= sent + self._of_connectors("overtaken") + self._of_connectors("unconfirmed")


def look(stage: Stage) -> Look:
    """Look once. A process that does not answer counts as waiting; Kafka is asked only when nobody else is waited for."""
    settings = stage.settings
    samples: _Samples = {entry.name: read_metrics(entry, exact=True) for entry in read_announcements(settings)}
    waiting = _waiting(stage, samples)
    if waiting:
        return Look(tuple(waiting))
    try:
        ends = end_offsets(settings.bootstrap_servers, list(CATALOGUE))
    except HubError:
        return Look(("Kafka",))
    published = dict.fromkeys(CATALOGUE, 0)
    for (topic, _partition), end in ends.items():
        published[topic] += end
    ledger = _counted(samples["worker"], "hub_ledger_events", ("topic", "outcome", "reason"))
    delivered = _counted(samples["deliver"], "hub_delivery_messages", ("topic", "outcome"))
    connectors: Counter[tuple[str, ...]] = Counter()
    for name in settings.connectors:
        connectors += _counted(samples[f"connect-{name}"], "hub_connector_records", ("outcome", "reason"))
    behind = []
    if sum(ledger.values()) != sum(published[topic] for topic in _WORKER_TOPICS):
        behind.append("correlation")
    if sum(delivered.values()) != sum(published[topic] for topic in _DELIVERY_TOPICS):
        behind.append("delivery")
    return Look(tuple(behind), published, ledger, delivered, connectors)


def _counted(
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]], name: str, labels: tuple[str, ...]
) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for pairs, value in samples.get(name, {}).items():
        words = dict(pairs)
        counts[tuple(words[label] for label in labels)] += int(value)
    return counts


def _waiting(stage: Stage, samples: _Samples) -> list[str]:
    waiting = [name for name in ("registry", "worker", "deliver", "statutory", "web") if not samples.get(name)]
    for name in stage.settings.connectors:
        lanes = samples.get(f"connect-{name}", {}).get("hub_connector_caught_up", {})
        if not lanes or not all(lanes.values()):
            waiting.append(f"connect-{name}")
    pending = {name: samples.get(name, {}).get("hub_outbox_pending", {}) for name in ("registry", "deliver")}
    waiting.extend(f"the outbox of {name}" for name, values in pending.items() if any(values.values()))
    worker = samples.get("worker", {})
    gauges = ("hub_worker_lag", "hub_worker_in_flight", "hub_worker_recovering")
    waiting.extend(name.removeprefix("hub_").replace("_", " ") for name in gauges if any(worker.get(name, {}).values()))
    if not _feed_is_over(stage):
        waiting.append("the police feed")
    return waiting


def _feed_is_over(stage: Stage) -> bool:
    """Whether the replay of real polls has come to its last one."""
    try:
        told = httpx.get(f"{stage.simulators_url}/polisen/simulator/state", timeout=5, verify=trusted(), trust_env=False)
        return bool(told.raise_for_status().json()["done"])
    except (httpx.HTTPError, ValueError, KeyError):
        return False
