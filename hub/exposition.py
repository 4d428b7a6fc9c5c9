"""What `/metrics` shows to whom: everybody what tells of nobody, the installation's own programs everything.

What lies behind the gate (messages of persons, tasks) grows by one when a record about somebody passes, and does not when she has
no reference. Whoever can feed a source and read such a count learns whether a named person has a consent, however it is rounded:
the same record can be sent under a hundred numbers. So those figures are not told at all, or coarsely where an alarm needs them.
A metric that nobody has classed is not told either.

Everything is shown to who presents the token of the process' announcement in `data/run`, which only the account that the hub runs
under can read: it can read the keys, too. The demo's checks and the tests need exact figures.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from hub.contract.topics import CATALOGUE, KeyKind

__all__ = [
    "ABOUT_NO_PERSON",
    "GATE_REASONS",
    "RULES",
    "SMALLEST_TOLD",
    "Open",
    "build_metrics_app",
    "make_token",
    "tells_of_nobody",
]

SMALLEST_TOLD = 5
"""Below it no figure about persons is told (DOMAIN §7), and in multiples of it others are."""
GATE_REASONS = frozenset({"no_reference", "kind_not_consented", "outside_span"})
"""Why consent keeps a record out: these depend on the person."""
ABOUT_NO_PERSON = frozenset({KeyKind.AREA, KeyKind.RULES_VERSION, KeyKind.ANY_OR_NONE})
"""Keys of topics whose length says nothing about anybody."""
_FREE_OUTCOMES = frozenset({"handled", "placed", "unmapped", "secured", "letters_purged"})
_LAG_STEP = 250
_OURS = "hub_"
_OTHERS = ("process_", "python_info")  # the collector's counts of Python's garbage follow every record
_CPU_STEP = 60

_Rule = Callable[[Sample], Sample | None]


def _as_it_is(sample: Sample) -> Sample | None:
    return sample


def _never(_sample: Sample) -> Sample | None:
    return None


def _down_to(step: int) -> _Rule:
    return lambda sample: sample._replace(value=float(sample.value // step * step))


def _in_hundredths(sample: Sample) -> Sample:
    """Rounded down: 1 is nothing but all."""
    return sample._replace(value=int(sample.value * 100) / 100)


def _any_or_none(sample: Sample) -> Sample:
    """Whether there is anything at all, for an alarm: who adds to it one by one learns nothing from how it grows."""
    return sample._replace(value=1.0 if sample.value > 0 else 0.0)


def tells_of_nobody(outcome: str, reason: str) -> bool:
    """Whether so many records of a connector came to this end whatever consents there are."""
    return outcome in _FREE_OUTCOMES or (outcome == "refused" and reason not in GATE_REASONS)


def _before_the_gate(sample: Sample) -> Sample | None:
    return sample if tells_of_nobody(sample.labels["outcome"], sample.labels["reason"]) else None


def _of_no_person(sample: Sample) -> Sample | None:
    """Figures of topics about persons are not told, but for dead letters: what passed the gate is sound and becomes none."""
    topic = CATALOGUE.get(sample.labels["topic"])
    return sample if (topic is not None and topic.key in ABOUT_NO_PERSON) or sample.labels["outcome"] == "dead_lettered" else None


def _changed_or_not(sample: Sample) -> Sample | None:
    """Nothing new (304) and something new (200) are told as one: the latter says that somebody has signed just now."""
    labels = {**sample.labels, "status": "200"} if sample.labels["status"] == "304" else sample.labels
    return sample._replace(labels=labels)


RULES: dict[str, _Rule] = {
    "hub_process_started_seconds": _as_it_is,
    "hub_consent_decisions": _never,  # one more denial tells of a consent
    "hub_outbox_pending": _never,  # a withdrawal that met nothing sends nothing
    "hub_outbox_stuck": _as_it_is,
    "hub_audit_unsigned": _never,  # a withdrawal that met something makes more entries
    "hub_audit_damaged": _as_it_is,
    "hub_audit_waiting": _any_or_none,  # a withdrawal makes an entry whether it met anything or not
    "hub_connector_records": _before_the_gate,
    "hub_connector_gate_persons": _as_it_is,
    "hub_connector_polls": _as_it_is,
    "hub_connector_breaker": _as_it_is,
    "hub_connector_caught_up": _as_it_is,
    "hub_connector_kept_batches": _as_it_is,
    "hub_connector_letters_waiting": _as_it_is,
    "hub_connector_uncoded_notices": _as_it_is,
    "hub_connector_uncoded_since_seconds": _as_it_is,  # a notice waits alike, whoever it is about
    "hub_connector_last_success_seconds": _as_it_is,
    "hub_connector_paused_since_seconds": _as_it_is,
    "hub_connector_remembered": _as_it_is,  # what the source shows, whoever it is about
    "hub_connector_requests": _as_it_is,
    "hub_source_silent": _as_it_is,  # what is new is counted before consent decides
    "hub_directory_age_seconds": _as_it_is,
    "hub_registry_consents": _never,  # who withdraws for somebody would see one go, and a step of five passes at some time
    "hub_registry_messages": _of_no_person,
    "hub_registry_requests": _changed_or_not,
    "hub_erasures_open": _never,  # who withdraws for somebody would see there whether it met anything
    "hub_erasures_late": _any_or_none,
    "hub_ledger_events": _of_no_person,
    "hub_worker_form": _as_it_is,
    "hub_worker_in_flight": _never,
    "hub_worker_lag": _down_to(_LAG_STEP),
    "hub_worker_late_events": _never,  # who tells of somebody late would see whether it was kept
    "hub_worker_recovering": _as_it_is,
    "hub_worker_partitions": _as_it_is,
    "hub_worker_rebuilding": _as_it_is,
    "hub_worker_restored_ratio": _in_hundredths,  # more of its places would tell how long the changelog is
    "hub_worker_paused_since_seconds": _as_it_is,  # what passed the gate is sound, and becomes no dead letter
    "hub_worker_stalled_seconds": _as_it_is,
    "hub_worker_tasks": _never,
    "hub_worker_tasks_held_back": _never,
    "hub_worker_batch_seconds": _never,
    "hub_delivery_messages": _of_no_person,
    "hub_delivery_open_tasks": _never,  # the same: her tasks are cancelled with her consent
    "hub_delivery_overdue_tasks": _any_or_none,
    "hub_delivery_waiting_since_seconds": _as_it_is,  # a database or Kafka is away, whoever's tasks wait
    "hub_statutory_messages": _as_it_is,
    "hub_statutory_damaged": _as_it_is,
    "hub_statutory_oldest_arrival_seconds": _as_it_is,
    "hub_statutory_waiting": _as_it_is,  # no consent decides anything of a report
    "hub_statutory_registered": _as_it_is,
    "hub_statutory_pressing": _as_it_is,
    "hub_protected_cases_late": _any_or_none,  # by the day, and whether there is another case shows in nothing
    "hub_delivery_calls": _never,  # each is of somebody's task
    "hub_sink_waiting": _any_or_none,
    "hub_sink_oldest_waiting_seconds": _never,  # when a task came
    "hub_sink_refused": _any_or_none,
    "hub_sink_last_success_seconds": _never,
    "hub_sink_stopped_since_seconds": _as_it_is,
    "hub_sink_paused_since_seconds": _as_it_is,
    "hub_sink_breaker": _as_it_is,
    "hub_sink_requests": _never,  # one more is of one more task
    "hub_web_streams": _as_it_is,
    "hub_statutory_attempts": _as_it_is,
    "hub_web_requests": _as_it_is,
}
"""How each family of the hub's metrics is told to everybody. Counters' families are named without `_total`."""
_OTHER_RULES: dict[str, _Rule] = {
    "process_cpu_seconds": _down_to(_CPU_STEP),  # a withdrawal that met something took the pages a hundredth more
}


class Open:
    """A collector of what everybody may see of another registry."""

    def __init__(self, exact: CollectorRegistry) -> None:
        self._exact = exact

    def collect(self) -> Iterator[Metric]:
        """The families, told by their rules."""
        for family in self._exact.collect():
            if family.name.startswith(_OURS):
                rule = RULES.get(family.name, _never)
            elif family.name.startswith(_OTHERS):
                rule = _OTHER_RULES.get(family.name, _as_it_is)
            else:
                continue
            told = Metric(family.name, family.documentation, family.type)
            told.samples = _merged(found for sample in family.samples if (found := _applied(rule, sample)) is not None)
            yield told


def _applied(rule: _Rule, sample: Sample) -> Sample | None:
    """`_created` says when the first one came."""
    return None if sample.name.endswith("_created") else rule(sample)


def _merged(samples: Iterable[Sample]) -> list[Sample]:
    """Samples whose labels became the same, added up."""
    merged: dict[tuple[str, tuple[tuple[str, str], ...]], Sample] = {}
    for sample in samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        before = merged.get(key)
        merged[key] = sample if before is None else sample._replace(value=before.value + sample.value)
    return list(merged.values())


def make_token() -> str:
    """A process' own, new at every start."""
    return secrets.token_urlsafe(24)


def build_metrics_app(token: str, exact: CollectorRegistry = REGISTRY) -> Callable[[dict[str, Any], Any], Any]:
    """The WSGI application: everything for `Authorization: Bearer TOKEN`, what everybody may see without it."""
    public = CollectorRegistry(auto_describe=False)
    public.register(Open(exact))
    everything, open_part = make_wsgi_app(exact), make_wsgi_app(public)
    expected = f"Bearer {token}".encode()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("utf-8", "surrogateescape")
        return (everything if hmac.compare_digest(given, expected) else open_part)(environ, start_response)

    return answer
