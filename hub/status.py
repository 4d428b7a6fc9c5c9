"""Collects the state of a running installation from its processes' metrics and from Kafka."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from hub.contract.topics import CATALOGUE
from hub.errors import HubError
from hub.kafka_admin import begin_offsets, end_offsets
from hub.process import Announcement, read_announcements
from hub.settings import Settings

__all__ = ["collect_status", "read_metrics", "topic_lengths"]

_SECONDS = 5.0


def read_metrics(entry: Announcement) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """A process' samples: name → sorted label pairs → value; empty when it does not answer."""
    try:
        text = httpx.get(entry.metrics, timeout=_SECONDS).raise_for_status().text
    except httpx.HTTPError:
        return {}
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def topic_lengths(settings: Settings) -> dict[str, int]:
    """Records ever written and still kept, per topic of the catalogue. Raises RetriableError when Kafka does not answer."""
    names = list(CATALOGUE)
    ends = end_offsets(settings.bootstrap_servers, names)
    begins = begin_offsets(settings.bootstrap_servers, names)
    lengths = dict.fromkeys(names, 0)
    for (topic, partition), end in ends.items():
        lengths[topic] += end - begins.get((topic, partition), 0)
    return lengths


def _figures(entry: Announcement, picked: Collection[str]) -> dict[str, float]:
    figures = {}
    for name, values in read_metrics(entry).items():
        if name in picked:
            for labels, value in values.items():
                words = " ".join(text for key, text in labels if text and key != "connector")
                figures[f"{name.removeprefix('hub_')} {words}".strip()] = value
    return figures


def collect_status(settings: Settings, picked: Collection[str]) -> dict[str, Any]:
    """Everything `hub status` shows, as plain data."""
    now = time.time()
    processes = [
        {
            "name": entry.name,
            "pid": entry.pid,
            "minutes": (now - entry.started) / 60,
            "metrics": entry.metrics,
            "figures": _figures(entry, picked),
        }
        for entry in read_announcements(settings)
    ]
    error = None
    topics: dict[str, int] = {}
    if processes:
        try:
            topics = {name: length for name, length in topic_lengths(settings).items() if length}
        except HubError as failure:
            error = str(failure)
    return {"home": str(settings.home), "processes": processes, "topics": topics, "kafka_error": error}
