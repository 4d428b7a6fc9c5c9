"""Topics as the catalogue wants them, and how far each partition reaches: kafka-python's admin client, wrapped."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, OffsetSpec
from kafka.errors import KafkaError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, stop_when_event_set, wait_exponential_jitter
from tenacity.nap import sleep_using_event

from hub.contract.topics import CATALOGUE, Cleanup, KeyKind, Topic
from hub.errors import ConfigError, RetriableError
from hub.logs import get_logger
from hub.settings import Settings

__all__ = [
    "AWAY",
    "TopicPlan",
    "apply_topics",
    "await_reach",
    "begin_offsets",
    "broker_answers",
    "check_topics",
    "end_offsets",
    "plan_topics",
    "reach",
    "retention_of",
]

AWAY = (KafkaError, OSError, RuntimeError)
"""What kafka-python raises when a broker goes: a connection that ends just before a write is a RuntimeError to it."""

_log = get_logger(__name__)
_CLIENT = "hub-admin"
_PATIENCE_SECONDS = 60.0
_TIMEOUT_MS = 30_000
_REACH_SECONDS = 3.0
# Of a batch. Ours are half of that (`hub.kafka`, `hub.runtime.transport`), a record less than 10 kB. What a stranger packs into
# as much the broker unpacks: 64 KiB of gzip are 64 MiB at most, which its memory bears; 100 MB ended it.
LARGEST_BATCH = 64 * 1024
PLACE_PARTITIONS = 3  # areas are few and their events slow; three leave room for three place agents
DEAD_LETTER_PARTITIONS = 1  # read by people, in the order of arrival


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What one topic must look like; `config` holds Kafka's own setting names and values as text."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def plan_topics(settings: Settings) -> list[TopicPlan]:
    """The whole catalogue under these settings."""
    return [_plan(topic, settings) for topic in CATALOGUE.values()]


def _plan(topic: Topic, settings: Settings) -> TopicPlan:
    if topic.key is KeyKind.ANY_OR_NONE:
        partitions = DEAD_LETTER_PARTITIONS
    else:
        partitions = settings.kafka.partitions if topic.co_partitioned else PLACE_PARTITIONS
    replicas = settings.kafka.replication_factor
    config = {
        "cleanup.policy": topic.cleanup.value,
        # Retention and lag count from arrival: a late report of an old event must live as long as any other.
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(max(1, replicas - 1)),
        # The broker unpacks whatever a producer packed: one batch in a codec that a reader lacks would stop that reader.
        "compression.type": "uncompressed",
        "max.message.bytes": str(LARGEST_BATCH),
    }
    if topic.cleanup is Cleanup.COMPACT:
        # A worker that lost its partition needs time to notice before its late write could win compaction.
        config["min.compaction.lag.ms"] = _ms(timedelta(minutes=settings.erasure.compaction_lag_minutes))
        # Bounds physical removal after a withdrawal; it also rolls the active segment.
        config["max.compaction.lag.ms"] = _ms(timedelta(hours=settings.erasure.compaction_hours))
    else:
        segment = timedelta(hours=settings.erasure.segment_hours)
        config["retention.ms"] = _ms(retention_of(topic, settings))
        config["segment.ms"] = _ms(min(segment, timedelta(days=1)) if topic.retention_days else segment)
    return TopicPlan(topic.name, partitions, replicas, config)


def retention_of(topic: Topic, settings: Settings) -> timedelta:
    """How long a topic that is cleaned by age keeps a record."""
    return timedelta(days=min(topic.retention_days or math.inf, settings.kafka.retention_days))


def _ms(span: timedelta) -> str:
    return str(round(span.total_seconds() * 1000))


@dataclass(frozen=True, slots=True)
class _Found:
    """One topic as the broker has it."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def apply_topics(settings: Settings) -> list[str]:
    """Create what is missing and set what differs; the answer lists the changes, empty when there were none.

    Raises ConfigError, before anything is changed, when a topic exists with another number of partitions or replicas:
    keys would land elsewhere than their history, so that is an operator's migration, never a setting. Raises
    RetriableError when the broker does not answer.
    """
    plans = plan_topics(settings)
    with _admin(settings.bootstrap_servers) as admin:
        found = _found(admin, [plan.name for plan in plans])
        frozen = [line for plan in plans if plan.name in found for line in _frozen_differences(plan, found[plan.name])]
        if frozen:
            raise ConfigError(
                "these cannot be changed on a topic that exists; set [kafka] in hub.toml to what is there: " + "; ".join(frozen),
                code="topic_shape",
            )
        missing = [plan for plan in plans if plan.name not in found]
        if missing:
            admin.create_topics({plan.name: _creation(plan) for plan in missing}, timeout_ms=_TIMEOUT_MS)
            # Waited for here rather than by create_topics, whose 10 s are short for a busy machine.
            admin.wait_for_topics([plan.name for plan in missing], timeout_ms=_TIMEOUT_MS)
        changed = {plan.name: _config_changes(plan, found[plan.name]) for plan in plans if plan.name in found}
        altered = [ConfigResource("TOPIC", name, changes) for name, changes in changed.items() if changes]
        if altered:
            _alter(admin, altered)
    created = [f"{plan.name}: created with {plan.partitions} partitions" for plan in missing]
    return created + [f"{name}: set {key}={value}" for name, changes in changed.items() for key, value in changes.items()]


def check_topics(settings: Settings) -> list[str]:
    """The differences between the broker and the catalogue, one line each; empty when all is as it should be.

    Raises RetriableError when the broker does not answer.
    """
    plans = plan_topics(settings)
    with _admin(settings.bootstrap_servers) as admin:
        found = _found(admin, [plan.name for plan in plans])
    lines = []
    for plan in plans:
        if plan.name not in found:
            lines.append(f"{plan.name}: missing")
            continue
        there = found[plan.name]
        lines += _frozen_differences(plan, there)
        changes = _config_changes(plan, there)
        lines += [f"{plan.name}: {key} is {there.config.get(key, 'unset')}, should be {changes[key]}" for key in changes]
    return lines


def _frozen_differences(plan: TopicPlan, found: _Found) -> list[str]:
    lines = []
    if found.partitions != plan.partitions:
        lines.append(f"{plan.name}: has {found.partitions} partitions, should have {plan.partitions}")
    if found.replication_factor != plan.replication_factor:
        lines.append(f"{plan.name}: has {found.replication_factor} replicas, should have {plan.replication_factor}")
    return lines


def _config_changes(plan: TopicPlan, found: _Found) -> dict[str, str]:
    return {key: value for key, value in plan.config.items() if found.config.get(key) != value}


def _creation(plan: TopicPlan) -> dict[str, Any]:
    return {
        "num_partitions": plan.partitions,
        "replication_factor": plan.replication_factor,
        "configs": dict(plan.config),
    }


def _alter(admin: Any, resources: list[Any]) -> None:
    answers = admin.alter_configs(resources)
    refused = [f"{name}: {result}" for name, result in answers.get("topic", {}).items() if result != "OK"]
    if refused:
        raise ConfigError("Kafka refused topic settings: " + "; ".join(refused), code="topic_config")


def _found(admin: Any, names: Sequence[str]) -> dict[str, _Found]:
    there = sorted(set(names) & set(admin.list_topics()))
    if not there:
        return {}
    described = {one["name"]: one["partitions"] for one in admin.describe_topics(there)}
    answer = admin.describe_configs([ConfigResource("TOPIC", name) for name in there], config_filter="all")
    return {
        name: _Found(
            len(described[name]),
            len(described[name][0]["replica_nodes"]),
            {key: str(entry["value"]) for key, entry in answer["topic"][name].items()},
        )
        for name in there
    }


def end_offsets(bootstrap: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The offset the next record of each (topic, partition) will get.

    Raises ConfigError for a topic that does not exist, RetriableError when the broker does not answer.
    """
    return _offsets(bootstrap, topics, OffsetSpec.LATEST)


def begin_offsets(bootstrap: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The first offset still on each (topic, partition); errors as in `end_offsets`."""
    return _offsets(bootstrap, topics, OffsetSpec.EARLIEST)


def _offsets(bootstrap: str, topics: Sequence[str], spec: Any) -> dict[tuple[str, int], int]:
    if not topics:
        return {}
    with _admin(bootstrap) as admin:
        described = {one["name"]: one["partitions"] for one in admin.describe_topics(list(topics))}
        absent = [topic for topic in topics if not described.get(topic)]
        if absent:
            raise ConfigError(f"no such topic: {', '.join(absent)}; run `hub topics apply`", code="no_topic")
        wanted = {TopicPartition(topic, partition["partition_index"]): spec for topic in topics for partition in described[topic]}
        answer = admin.list_partition_offsets(wanted, timeout_ms=_TIMEOUT_MS)
    return {(where.topic, where.partition): int(found.offset) for where, found in answer.items()}


def reach(bootstrap: str) -> None:
    """Raise RetriableError at once when none of the servers (`host:port`, comma-separated) accepts a connection.

    Asked before every connect: kafka-python would try for its whole time-out, and leave each refused socket open.
    """
    for server in bootstrap.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_SECONDS):
                return
        except (OSError, ValueError):
            continue
    text = f"nobody listens at {bootstrap}: start Kafka (`hub up` or `hub broker`), or set kafka.bootstrap_servers"
    raise RetriableError(text, code="kafka")


def await_reach(bootstrap: str, stop: threading.Event, *, patience_seconds: float = _PATIENCE_SECONDS) -> bool:
    """Wait until one of the servers accepts a connection, saying so at once and then every few seconds; False when `stop` came.

    Raises RetriableError when nobody did in time: leave, and start again.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(RetriableError),
        stop=stop_after_delay(patience_seconds) | stop_when_event_set(stop),
        wait=wait_exponential_jitter(multiplier=0.2, max=5.0),
        sleep=sleep_using_event(stop),
        before_sleep=lambda _state: _log.warning("waiting for Kafka: nobody listens yet", servers=bootstrap),
        reraise=True,
    )
    try:
        retrying(reach, bootstrap)
    except RetriableError:
        if stop.is_set():
            return False
        raise
    return True


def broker_answers(bootstrap: str) -> bool:
    """Whether the cluster has a broker that takes requests now; waits at most five seconds for an answer."""
    try:
        with _admin(bootstrap, connect_ms=5_000) as admin:
            return bool(admin.describe_cluster()["brokers"])
    except RetriableError:
        return False


@contextmanager
def _admin(bootstrap: str, connect_ms: int = 10_000) -> Iterator[Any]:
    reach(bootstrap)
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id=_CLIENT, bootstrap_timeout_ms=connect_ms)
        try:
            yield admin
        finally:
            admin.close()
    except AWAY as error:
        raise RetriableError(f"Kafka at {bootstrap} did not answer: {type(error).__name__}", code="kafka") from error
