"""The changelog topics: made by the worker itself, compacted, with as many partitions as the topics they follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from hub.errors import ConfigError, RejectedError, RetriableError
from hub.settings import Settings

__all__ = ["COMMIT_BYTES", "Layout", "changelog_name", "check_no_members", "drop_changelogs", "prepare_changelogs"]

_TIMEOUT_MS = 30_000
# The most that a batch of a changelog weighs. A commit is one batch, which Kafka takes whole or not at all: of half of it, a kill
# would leave tasks whose states are not there, and events in states that no position accounts for.
COMMIT_BYTES = 8 * 1024 * 1024
_LARGEST = "max.message.bytes"
_PATIENT = Retrying(
    retry=retry_if_exception_type(RetriableError), stop=stop_after_delay(30), wait=wait_random(0.1, 0.4), reraise=True
)


def _ms(span: timedelta) -> str:
    return str(round(span.total_seconds() * 1000))


def _config(settings: Settings) -> dict[str, str]:
    longest = _ms(timedelta(hours=settings.erasure.compaction_hours))
    return {
        "cleanup.policy": "compact",
        # Time for a new owner to notice and overwrite a zombie's late record before compaction can prefer it.
        "min.compaction.lag.ms": _ms(timedelta(minutes=settings.erasure.compaction_lag_minutes)),
        # Bounds how long an erased state stays in the log.
        "max.compaction.lag.ms": longest,
        "delete.retention.ms": longest,
        _LARGEST: str(COMMIT_BYTES),
    }


@dataclass(frozen=True, slots=True)
class Layout:
    """What the broker has: the number of partitions of each changelog and each source, and the id of every topic."""

    partitions: Mapping[str, int]
    sources: Mapping[str, int]
    topic_ids: Mapping[str, str]


def changelog_name(settings: Settings, table: str) -> str:
    """As Faust names it: the group, the table, `changelog`."""
    return settings.changelog(table)


def prepare_changelogs(settings: Settings, sources: Mapping[str, Sequence[str]]) -> Layout:
    """Make the changelog of each table that lacks one, and let those that are there take whole commits.

    `sources`: the topics that each table follows.

    Raises ConfigError when a source is missing, or when the sources of a table and its changelog differ in their number of
    partitions (a youth would be split between workers); RetriableError when the broker does not answer.
    """
    with _admin(settings.bootstrap_servers) as admin:
        found = _describe(admin, [topic for topics in sources.values() for topic in topics])
        wanted = {table: _partitions_of(topics, found) for table, topics in sources.items()}
        names = {changelog_name(settings, table): number for table, number in wanted.items()}
        missing = {name: number for name, number in names.items() if name not in _describe(admin, list(names))}
        if missing:
            _create(admin, missing, settings)
        _widen(admin, sorted(set(names) - set(missing)))
        logs = _describe(admin, list(names))
    for name, number in names.items():
        if logs[name][0] != number:
            text = f"{name} has {logs[name][0]} partitions, its sources have {number}: delete it and let the worker make it anew"
            raise ConfigError(text, code="topic_shape")
    sizes = {name: number for name, (number, _) in found.items()}
    return Layout(names, sizes, {name: topic_id for name, (_, topic_id) in {**found, **logs}.items()})


def check_no_members(settings: Settings) -> None:
    """Raises RejectedError `worker_runs` while the workers' group has members, RetriableError when the broker does not answer."""
    with _admin(settings.bootstrap_servers) as admin:
        _check_empty(admin, settings.worker.group)


def drop_changelogs(settings: Settings, names: Sequence[str]) -> Sequence[str]:
    """Delete these changelogs; those that were there, once the brokers have forgotten them.

    Raises RejectedError `worker_runs` while the workers' group has members, RetriableError when the broker does not answer.
    """
    with _admin(settings.bootstrap_servers) as admin:
        _check_empty(admin, settings.worker.group)
        there = sorted(set(names) & set(admin.list_topics()))
        if there:
            admin.delete_topics(there, timeout_ms=_TIMEOUT_MS)
            for attempt in _PATIENT:
                with attempt:
                    _check_gone(admin, there)
    return there


def _check_empty(admin: Any, group: str) -> None:
    if admin.describe_groups([group])[group]["members"]:
        text = f"workers are in the group {group}: stop every worker, on every machine, wait half a minute, then do it again"
        raise RejectedError(text, code="worker_runs")


def _check_gone(admin: Any, names: Sequence[str]) -> None:
    if set(names) & set(admin.list_topics()):
        raise RetriableError("the changelogs are not gone from the brokers yet: do it again", code="kafka")


def _partitions_of(topics: Sequence[str], found: Mapping[str, tuple[int, str]]) -> int:
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise ConfigError(f"no such topic: {', '.join(missing)}; run `hub topics apply`", code="no_topic")
    numbers = {found[topic][0] for topic in topics}
    if len(numbers) != 1:
        raise ConfigError(f"{', '.join(topics)} must have the same number of partitions", code="topic_shape")
    return numbers.pop()


def _create(admin: Any, missing: Mapping[str, int], settings: Settings) -> None:
    replicas, config = settings.kafka.replication_factor, _config(settings)
    plans = {
        name: {"num_partitions": number, "replication_factor": replicas, "configs": config} for name, number in missing.items()
    }
    try:
        admin.create_topics(plans, timeout_ms=_TIMEOUT_MS)
    except TopicAlreadyExistsError:
        return  # another worker was quicker
    admin.wait_for_topics(list(missing), timeout_ms=_TIMEOUT_MS)


def _widen(admin: Any, names: Sequence[str]) -> None:
    """Those that an earlier version of the hub made took no batch of more than a mebibyte."""
    if not names:
        return
    found = admin.describe_configs([ConfigResource("TOPIC", name) for name in names], config_filter="all")["topic"]
    narrow = [name for name in names if int(found[name][_LARGEST]["value"]) < COMMIT_BYTES]
    if not narrow:
        return
    answers = admin.alter_configs([ConfigResource("TOPIC", name, {_LARGEST: str(COMMIT_BYTES)}) for name in narrow])
    if refused := [f"{name}: {answer}" for name, answer in answers["topic"].items() if answer != "OK"]:
        text = f"Kafka refused a changelog's {_LARGEST} of {COMMIT_BYTES}; allow it on the brokers: {'; '.join(refused)}"
        raise ConfigError(text, code="topic_config")


def _describe(admin: Any, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    there = sorted(set(names) & set(admin.list_topics()))
    if not there:
        return {}
    return {one["name"]: (len(one["partitions"]), str(one.get("topic_id") or "")) for one in admin.describe_topics(there)}


@contextmanager
def _admin(bootstrap: str) -> Iterator[Any]:
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id="hub-worker-admin", bootstrap_timeout_ms=10_000)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise RetriableError(f"Kafka at {bootstrap} did not answer: {type(error).__name__}", code="kafka") from error
