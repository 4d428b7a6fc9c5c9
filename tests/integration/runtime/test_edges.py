"""The worker's own edges to a real Kafka: appending, reading spans, making changelogs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from hub.contract.topics import CONSENTS, PLACE_EVENTS, SCHOOL_ABSENCES
from hub.errors import ConfigError, FatalError, RetriableError
from hub.kafka import Outgoing
from hub.kafka_admin import end_offsets
from hub.runtime.changelogs import COMMIT_BYTES, changelog_name, prepare_changelogs
from hub.runtime.transport import KafkaLog, LogRecord
from hub.settings import Settings

TOPIC = SCHOOL_ABSENCES.name
SOURCES = {"youths": (CONSENTS.name, TOPIC), "places": (PLACE_EVENTS.name,)}


def with_log(servers: str, story: Callable[[KafkaLog], Awaitable[None]]) -> None:
    async def whole() -> None:
        log = KafkaLog(servers)
        await log.start()
        try:
            await story(log)
        finally:
            await log.stop()

    asyncio.run(whole())


async def read(log: KafkaLog, partition: int, start: int, stop: int | None) -> tuple[int, list[LogRecord]]:
    found: list[LogRecord] = []
    end = await log.read(TOPIC, partition, start, stop, found.extend)
    return end, found


def test_what_is_appended_is_read_back_in_spans(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        records = [Outgoing(TOPIC, b"k%d" % number, b"v%d" % number, (("h", b"x"),), 2) for number in range(5000)]
        assert await log.append(records) == [(2, offset) for offset in range(5000)]
        end, found = await read(log, 2, 1000, 4500)
        assert end == 4500
        assert [one.offset for one in found] == list(range(1000, 4500))
        assert found[0] == LogRecord(1000, b"k1000", b"v1000", (("h", b"x"),))
        assert await read(log, 2, 5000, None) == (5000, [])
        assert await read(log, 1, 0, None) == (0, [])
        assert await log.bounds([(TOPIC, 2), (TOPIC, 1)]) == {(TOPIC, 2): (0, 5000), (TOPIC, 1): (0, 0)}

    with_log(fresh_kafka, story)


def test_the_present_end_is_what_was_acknowledged_before_the_question(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        for number in range(20):
            await log.append([Outgoing(TOPIC, b"k", b"v", (), 0)])
            assert (await read(log, 0, number, None))[0] == number + 1

    with_log(fresh_kafka, story)


def test_records_deleted_meanwhile_are_passed_over(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        await log.append([Outgoing(TOPIC, b"k", b"v", (), 0) for _ in range(10)])
        admin = KafkaAdminClient(bootstrap_servers=fresh_kafka)
        from kafka import TopicPartition

        admin.delete_records({TopicPartition(TOPIC, 0): 7})
        admin.close()
        end, found = await read(log, 0, 0, None)
        assert (end, [one.offset for one in found]) == (10, [7, 8, 9])
        assert await read(log, 0, 2, 5) == (5, [])

    with_log(fresh_kafka, story)


def test_a_partition_shorter_than_what_was_read_of_it_is_fatal(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        with pytest.raises(FatalError, match="shorter"):
            await read(log, 0, 5, None)

    with_log(fresh_kafka, story)


def test_no_broker_is_told_as_such() -> None:
    async def story() -> None:
        with pytest.raises(RetriableError):
            await KafkaLog("127.0.0.1:1").start()

    asyncio.run(story())


def test_a_record_no_broker_would_take_is_given_up_and_told(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        with pytest.raises(RetriableError):
            await log.append([Outgoing(TOPIC, b"k", b"v" * 2_000_000, (), 0)])
        assert await log.append([Outgoing(TOPIC, b"k", b"v", (), 0)]) == [(0, 0)]

    with_log(fresh_kafka, story)


def test_changelogs_are_compacted_and_follow_their_sources_partitions(kafka_settings: Settings) -> None:
    layout = prepare_changelogs(kafka_settings, SOURCES)
    names = [changelog_name(kafka_settings, table) for table in SOURCES]
    assert dict(layout.partitions) == dict(zip(names, (4, 3), strict=True))
    assert set(layout.topic_ids) == {*names, *SOURCES["youths"], *SOURCES["places"]}
    assert all(layout.topic_ids.values())
    admin = KafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
    found = admin.describe_configs([ConfigResource("TOPIC", names[0])], config_filter="all")["topic"][names[0]]
    admin.close()
    assert found["cleanup.policy"]["value"] == "compact"
    assert int(found["min.compaction.lag.ms"]["value"]) >= 3_600_000
    assert prepare_changelogs(kafka_settings, SOURCES) == layout


def test_a_commit_that_kafka_does_not_take_whole_leaves_nothing_of_it(kafka_settings: Settings) -> None:
    """A changelog that an earlier version made takes less than a commit may weigh, until a worker starts."""
    layout = prepare_changelogs(kafka_settings, SOURCES)
    name = changelog_name(kafka_settings, "youths")
    admin = KafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
    admin.alter_configs([ConfigResource("TOPIC", name, {"max.message.bytes": str(1024 * 1024)})])
    admin.close()
    commit = {b"y%d" % number: b"s" * 1000 for number in range(3000)}

    async def refused(log: KafkaLog) -> None:
        with pytest.raises(RetriableError, match="did not acknowledge"):
            await log.change(name, 0, commit, ("hub-epoch", b"e"))

    with_log(kafka_settings.bootstrap_servers, refused)
    assert end_offsets(kafka_settings.bootstrap_servers, [name])[name, 0] == 0
    assert prepare_changelogs(kafka_settings, SOURCES) == layout

    async def taken(log: KafkaLog) -> None:
        assert await log.change(name, 0, commit, ("hub-epoch", b"e")) == list(range(3000))
        largest = {b"y%d" % number: b"s" * 1000 for number in range(COMMIT_BYTES // 1100)}
        assert await log.change(name, 0, largest, ("hub-epoch", b"e")) == list(range(3000, 3000 + len(largest)))

    with_log(kafka_settings.bootstrap_servers, taken)


def test_a_missing_source_is_named(kafka_settings: Settings) -> None:
    with pytest.raises(ConfigError, match="hub topics apply"):
        prepare_changelogs(kafka_settings, {"youths": ("no-such-topic",)})


def test_sources_that_split_a_youth_are_refused(kafka_settings: Settings) -> None:
    with pytest.raises(ConfigError, match="same number of partitions"):
        prepare_changelogs(kafka_settings, {"youths": (CONSENTS.name, PLACE_EVENTS.name)})


def test_a_changelog_of_another_shape_is_refused(kafka_settings: Settings) -> None:
    prepare_changelogs(kafka_settings, {"youths": (PLACE_EVENTS.name,)})
    with pytest.raises(ConfigError, match="delete it"):
        prepare_changelogs(kafka_settings, SOURCES)


def test_more_than_a_batch_is_written_in_pieces_and_in_order(fresh_kafka: str) -> None:
    async def story(log: KafkaLog) -> None:
        records = [Outgoing(TOPIC, b"k", bytes([number]) * 9_000, (), 1) for number in range(40)]
        assert await log.append(records) == [(1, offset) for offset in range(40)]
        _, found = await read(log, 1, 0, None)
        assert [one.value for one in found] == [one.value for one in records]

    with_log(fresh_kafka, story)
