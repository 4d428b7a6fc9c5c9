from __future__ import annotations

import time
import uuid

import pytest
import tenacity
from kafka import KafkaAdminClient

from hub.contract.topics import CATALOGUE, CONSENTS, PLACE_EVENTS, SCHOOL_ABSENCES, dead_letter_topic
from hub.errors import ConfigError, ContractError, RetriableError
from hub.kafka import Outgoing, Publisher, Reader, apply_topics, begin_offsets, check_topics, end_offsets
from hub.settings import Settings
from tests.support import drop_topics, make_settings

TOPIC = SCHOOL_ABSENCES.name


@pytest.fixture
def publisher(fresh_kafka):
    publisher = Publisher(fresh_kafka, "test")
    yield publisher
    publisher.close()


@pytest.fixture
def make_reader(fresh_kafka):
    opened = []

    def make(*topics: str, group: str | None = None) -> Reader:
        opened.append(Reader(fresh_kafka, topics, group, "test"))
        return opened[-1]

    yield make
    for reader in opened:
        reader.close()


def read_all(reader: Reader, count: int):
    found, deadline = [], time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        found += reader.poll(0.5, 1000)
    return found


def test_a_record_comes_back_as_it_was_published(publisher, make_reader):
    sent = Outgoing(TOPIC, b"key", b"\x00value", (("ce_id", b"one"), ("ce_type", b"two")))
    [(partition, offset)] = publisher.publish([sent])
    [got] = read_all(make_reader(TOPIC), 1)
    assert (got.topic, got.partition, got.offset) == (TOPIC, partition, offset)
    assert (got.key, got.value, got.headers) == (sent.key, sent.value, sent.headers)
    assert abs(got.timestamp_ms / 1000 - time.time()) < 60  # the broker's clock, in milliseconds


def test_a_tombstone_and_a_chosen_partition_are_kept(publisher, make_reader):
    assert publisher.publish([Outgoing(CONSENTS.name, b"key", None, partition=3)]) == [(3, 0)]
    [got] = read_all(make_reader(CONSENTS.name), 1)
    assert (got.partition, got.value) == (3, None)


def test_answers_come_in_the_order_of_the_records(publisher, make_reader):
    records = [Outgoing(TOPIC, f"key-{number % 7}".encode(), str(number).encode()) for number in range(500)]
    places = publisher.publish(records)
    by_place = {(got.partition, got.offset): got.value for got in read_all(make_reader(TOPIC), 500)}
    assert [by_place[place] for place in places] == [record.value for record in records]


def test_one_key_stays_on_one_partition_across_topics(publisher):
    key = b"y" + uuid.uuid4().hex.encode()
    places = publisher.publish([Outgoing(topic, key, b"v") for topic in (TOPIC, CONSENTS.name, TOPIC)])
    assert len({partition for partition, _ in places}) == 1


def test_a_group_goes_on_after_what_it_committed(publisher, make_reader):
    publisher.publish([Outgoing(TOPIC, b"k", b"first")])
    first = make_reader(TOPIC, group="g-commit")
    assert [got.value for got in read_all(first, 1)] == [b"first"]
    first.commit()
    publisher.publish([Outgoing(TOPIC, b"k", b"second")])
    assert [got.value for got in read_all(first, 1)] == [b"second"]
    first.close()  # without a commit
    second = make_reader(TOPIC, group="g-commit")
    assert [got.value for got in read_all(second, 1)] == [b"second"]


def test_a_record_that_is_too_large_is_refused_and_the_next_one_passes(publisher):
    with pytest.raises(ContractError) as refused:
        publisher.publish([Outgoing(TOPIC, b"k", b"v" * 3_000_000)])
    assert refused.value.code == "too_large"
    assert len(publisher.publish([Outgoing(TOPIC, b"k", b"v")])) == 1


def test_an_unknown_topic_is_no_lost_record_but_an_error(publisher):
    with pytest.raises(RetriableError):
        publisher.publish([Outgoing("hub.misspelt.v1", b"k", b"v")])


@pytest.mark.parametrize("group", [None, "g-missing"])
def test_a_reader_says_that_a_topic_is_missing(make_reader, group: str | None):
    with pytest.raises(RetriableError) as refused:
        make_reader(TOPIC, "hub.misspelt.v1", group=group).poll(0.1, 1)
    assert refused.value.code == "no_topic"


def test_whoever_joins_a_group_knows_all_partitions_of_its_topics_first(make_reader):
    # A leader that does not would assign none of them, and a delivery that came back from a kill stood still for minutes.
    reader = make_reader(*CATALOGUE, group="g-knowing")
    reader.poll(0.0, 1)
    known = {topic: reader._consumer._cluster.partitions_for_topic(topic) for topic in CATALOGUE}
    assert all(known.values())


def test_offsets_span_what_is_on_the_topic(publisher, kafka_settings: Settings):
    servers = kafka_settings.bootstrap_servers
    publisher.publish([Outgoing(TOPIC, b"k", b"v", partition=2)] * 3)
    assert end_offsets(servers, [TOPIC]) == {(TOPIC, 0): 0, (TOPIC, 1): 0, (TOPIC, 2): 3, (TOPIC, 3): 0}
    assert set(begin_offsets(servers, [TOPIC, CONSENTS.name]).values()) == {0}
    with pytest.raises(ConfigError):
        end_offsets(servers, ["hub.misspelt.v1"])


def test_applying_topics_twice_changes_nothing_the_second_time(kafka_settings: Settings):
    assert apply_topics(kafka_settings) == []
    assert check_topics(kafka_settings) == []


def test_a_missing_topic_and_a_changed_setting_are_found_and_mended(kafka_settings: Settings):
    drop_topics(kafka_settings.bootstrap_servers, PLACE_EVENTS.name)
    shorter = make_settings(kafka_settings.home, kafka={**kafka_settings.kafka.model_dump(), "retention_days": 30})
    differences = check_topics(shorter)
    assert f"{PLACE_EVENTS.name}: missing" in differences
    assert f"{TOPIC}: retention.ms is {120 * 86_400_000}, should be {30 * 86_400_000}" in differences
    assert len(apply_topics(shorter)) == len(differences)
    told = tenacity.Retrying(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.2), reraise=True)
    for attempt in told:  # a busy broker answers for a moment as it did before
        with attempt:
            assert check_topics(shorter) == []


def test_the_partition_count_of_an_existing_topic_is_never_changed(kafka_settings: Settings):
    other = make_settings(kafka_settings.home, kafka={**kafka_settings.kafka.model_dump(), "partitions": 6, "retention_days": 9})
    with pytest.raises(ConfigError, match=f"{TOPIC}: has 4 partitions, should have 6"):
        apply_topics(other)
    assert check_topics(kafka_settings) == []  # and nothing else was changed either


def test_every_topic_of_the_catalogue_exists_with_its_clean_up(kafka_settings: Settings):
    admin = KafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
    counts = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(CATALOGUE))}
    admin.close()
    assert counts[TOPIC] == counts[CONSENTS.name] == 4
    assert counts[PLACE_EVENTS.name] == 3
    assert counts[dead_letter_topic(CONSENTS).name] == 1
    assert set(counts) == set(CATALOGUE)
