"""Collects the state of a running installation from its processes' metrics and from Kafka."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from hub.clock import parse_clock
from hub.contract.topics import CATALOGUE
from hub.errors import HubError
from hub.exposition import ABOUT_NO_PERSON
from hub.kafka_admin import begin_offsets, end_offsets
from hub.process import Announcement, read_announcements
from hub.settings import Settings
from hub.tls import trusted

__all__ = ["collect_status", "gate_figures", "read_metrics", "topic_lengths"]

_SECONDS = 5.0
_AT_ONCE = 32
_DATABASES = ("registry", "keyring", "delivery", "audit", "access")
# A topic about persons is one longer when somebody's record has passed the gate: how long it is is not shown.
_TOLD_TOPICS = tuple(name for name, topic in CATALOGUE.items() if topic.key in ABOUT_NO_PERSON)
_UNREMARKABLE = {"unmapped"}
_READERS = ("hub_delivery_messages", "hub_registry_messages_total")
"""What delivery and the registry have taken: only what was refused is for everybody."""
_GATE_WORDS = {
    "passed": "with a consent that covers it",
    "no_reference": "without a reference",
    "kind_not_consented": "whose consent does not name the kind",
    "outside_span": "outside the time of the consent",
}
_GAUGES = {
    "hub_worker_lag": "behind",
    "hub_worker_partitions": "partitions",
    "hub_worker_rebuilding": "partitions rebuilt from the topics, in silence until their ends",
    "hub_worker_recovering": "restoring or without Kafka",
    "hub_worker_stalled_seconds": "seconds without progress",
    "hub_statutory_messages": "messages",
    "hub_statutory_damaged": "damaged files",
}
_FORM_WORDS = {"compiled": "compiled", "pure": "pure Python"}
_SIGNS = {
    "hub_outbox_stuck": "an outbox stands still:",
    "hub_delivery_overdue_tasks": "tasks are late for",
    "hub_erasures_late": "withdrawals are late:",
}
"""Told as such: how many depends on persons."""
_LABELS = {
    "hub_delivery_overdue_tasks": ("team",),
    "hub_outbox_stuck": ("outbox",),
    "hub_erasures_late": ("stage",),
}


def read_metrics(entry: Announcement, *, exact: bool = False) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """A process' samples: name → sorted label pairs → value; empty when it does not answer.

    As everybody may see them; `exact` is for checks by machine, whose figures no person sees.
    """
    headers = {"Authorization": f"Bearer {entry.token}"} if exact else {}
    try:
        answer = httpx.get(entry.metrics, timeout=_SECONDS, headers=headers, verify=trusted(), trust_env=False)
        text = answer.raise_for_status().text
    except (httpx.HTTPError, httpx.InvalidURL):
        return {}
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    except ValueError:  # somebody else answers on that port
        return {}
    return samples


def gate_figures(settings: Settings, name: str) -> dict[str, int] | None:
    """Persons of the running connector's last whole day by what the gate decided, about; 0: few or none; None when none runs."""
    for entry in read_announcements(settings):
        if entry.name == f"connect-{name}":
            samples = read_metrics(entry).get("hub_connector_gate_persons", {})
            return {dict(pairs)["outcome"]: int(value) for pairs, value in samples.items()} or None
    return None


def topic_lengths(settings: Settings, names: Sequence[str] = tuple(CATALOGUE)) -> dict[str, int]:
    """Records ever written and still kept, per topic. Raises RetriableError when Kafka does not answer."""
    ends = end_offsets(settings.bootstrap_servers, names)
    begins = begin_offsets(settings.bootstrap_servers, names)
    lengths = dict.fromkeys(names, 0)
    for (topic, partition), end in ends.items():
        lengths[topic] += end - begins.get((topic, partition), 0)
    return lengths


_Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def _sums(samples: _Samples, name: str, *labels: str) -> dict[tuple[str, ...], int]:
    """A metric's values, summed over all labels but the named ones."""
    sums: dict[tuple[str, ...], int] = {}
    for pairs, value in samples.get(name, {}).items():
        words = dict(pairs)
        key = tuple(words.get(label, "") for label in labels)
        sums[key] = sums.get(key, 0) + int(value)
    return {key: value for key, value in sums.items() if value}


def _gate_lines(samples: _Samples) -> list[str]:
    """What the gate decided on the last whole day, in persons."""
    told = {dict(pairs)["outcome"]: int(value) for pairs, value in samples.get("hub_connector_gate_persons", {}).items()}
    return [
        f"yesterday {f'about {told[outcome]}' if told[outcome] else 'few or no'} persons {words}"
        for outcome, words in _GATE_WORDS.items()
        if outcome in told
    ]


def _source_lines(samples: _Samples, now: float) -> list[str]:
    """Whether a connector's source is asked at all."""
    since = [value for value in samples.get("hub_connector_paused_since_seconds", {}).values() if value]
    lines = [f"paused for {(now - value) / 3600:.1f} h" for value in since]
    states = [dict(pairs)["state"] for pairs, value in samples.get("hub_connector_breaker", {}).items() if value]
    lines += ["its source is silent" for value in samples.get("hub_source_silent", {}).values() if value]
    return lines + [f"its source's breaker is {state.replace('_', '-')}" for state in states if state != "closed"]


def _paused_lines(samples: _Samples, now: float) -> list[str]:
    """Topics' partitions that the worker does not read on, and what lets them go on."""
    found = [(dict(pairs), since) for pairs, since in samples.get("hub_worker_paused_since_seconds", {}).items() if since]
    return [
        f"{words['topic']} partition {words['partition']} paused for {(now - since) / 3600:.1f} h, too many dead letters: "
        "hub dlq paused"
        for words, since in found
    ]


def _form_lines(samples: _Samples) -> list[str]:
    """Whether a worker's core runs compiled."""
    return [_FORM_WORDS[dict(pairs)["form"]] for pairs, here in samples.get("hub_worker_form", {}).items() if here]


def _restoring_lines(samples: _Samples) -> list[str]:
    """How far a worker has come with what it must read before it takes anything."""
    found = sorted((dict(pairs)["table"], share) for pairs, share in samples.get("hub_worker_restored_ratio", {}).items())
    return [f"restoring the {table}: {round(share * 100)} % of the changelog read" for table, share in found if share < 1]


def _summary(samples: _Samples, now: float) -> list[str]:
    """A process' figures in a few lines: what came out of its records, and what is not well."""
    records = _sums(samples, "hub_connector_records", "outcome")
    lines = _form_lines(samples) + _source_lines(samples, now) + _paused_lines(samples, now) + _restoring_lines(samples)
    lines += [f"{outcome} {number}" for (outcome,), number in records.items() if outcome not in _UNREMARKABLE]
    lines += _gate_lines(samples)
    lines += [f"{outcome} {number}" for (outcome,), number in _sums(samples, "hub_ledger_events", "outcome").items()]
    for name in _READERS:
        sums = _sums(samples, name, "outcome")
        lines += [
            f"{outcome} {number}" for (outcome,), number in sums.items() if outcome.startswith(("refused", "dead_lettered"))
        ]
    for name, words in _GAUGES.items():
        lines += [
            f"{' '.join((words, *key)).strip()} {number}" for key, number in _sums(samples, name, *_LABELS.get(name, ())).items()
        ]
    for name, words in _SIGNS.items():
        lines += [f"{words} {label}" for (label,) in _sums(samples, name, *_LABELS[name])]
    return lines


def collect_status(settings: Settings) -> dict[str, Any]:
    """Everything `hub status` shows, as plain data."""
    now, here = time.time(), parse_clock(settings.clock).now().timestamp()
    entries = read_announcements(settings)
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # one that hangs costs five seconds, and so do many
        samples = list(pool.map(read_metrics, entries))
    processes = [
        {
            "name": entry.name,
            "pid": entry.pid,
            "minutes": (now - entry.started) / 60,
            "metrics": entry.metrics,
            "summary": _summary(found, here),
        }
        for entry, found in zip(entries, samples, strict=True)
    ]
    error = None
    topics: dict[str, int] = {}
    if processes:
        try:
            topics = {name: length for name, length in topic_lengths(settings, _TOLD_TOPICS).items() if length}
        except HubError as failure:
            error = str(failure)
    return {
        "home": str(settings.home),
        "processes": processes,
        "topics": topics,
        "kafka_error": error,
        "databases": {part: _place(getattr(settings, f"{part}_database")) for part in _DATABASES},
    }


def _place(url: str) -> str:
    """Which database a URL names; no user, no password."""
    kind, _, rest = url.partition("://")
    return f"{kind.partition('+')[0]} {rest.rpartition('@')[2].partition('?')[0].removeprefix('/')}"
