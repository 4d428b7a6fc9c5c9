from __future__ import annotations

import socket
import threading
import time

import pytest
from structlog.testing import capture_logs

from hub.contract.topics import CATALOGUE, CONSENTS, PLACE_EVENTS, PRESENCE_TASKS, RULES, SCHOOL_ABSENCES, dead_letter_topic
from hub.errors import RetriableError
from hub.kafka_admin import TopicPlan, await_reach, broker_answers, plan_topics
from tests.support import make_settings
from tests.unit.connect.installation import free_port

DAY_MS = 86_400_000


def plans(tmp_path, **kafka) -> dict[str, TopicPlan]:
    return {plan.name: plan for plan in plan_topics(make_settings(tmp_path, kafka=kafka))}


def test_every_topic_of_the_catalogue_is_planned(tmp_path):
    assert set(plans(tmp_path)) == set(CATALOGUE)


def test_topics_of_one_youth_share_the_partition_count_and_the_others_have_their_own(tmp_path):
    planned = plans(tmp_path, partitions=24)
    assert {planned[name].partitions for name, topic in CATALOGUE.items() if topic.co_partitioned} == {24}
    assert planned[PLACE_EVENTS.name].partitions == planned[PRESENCE_TASKS.name].partitions == 3
    assert planned[dead_letter_topic(SCHOOL_ABSENCES).name].partitions == 1


def test_consents_and_rules_are_compacted_but_not_at_once_and_not_never(tmp_path):
    for topic in (CONSENTS, RULES):
        config = plans(tmp_path)[topic.name].config
        assert config["cleanup.policy"] == "compact"
        assert int(config["min.compaction.lag.ms"]) >= 3_600_000
        assert int(config["min.compaction.lag.ms"]) < int(config["max.compaction.lag.ms"]) <= DAY_MS
        assert "retention.ms" not in config


def test_events_live_as_long_as_the_settings_say_and_dead_letters_two_weeks(tmp_path):
    planned = plans(tmp_path, retention_days=200)
    assert planned[SCHOOL_ABSENCES.name].config["retention.ms"] == str(200 * DAY_MS)
    assert planned[dead_letter_topic(CONSENTS).name].config["retention.ms"] == str(14 * DAY_MS)


def test_the_broker_stamps_every_record_with_its_arrival(tmp_path):
    assert {plan.config["message.timestamp.type"] for plan in plans(tmp_path).values()} == {"LogAppendTime"}


def test_the_broker_unpacks_what_a_reader_might_not_be_able_to(tmp_path):
    assert {plan.config["compression.type"] for plan in plans(tmp_path).values()} == {"uncompressed"}
    assert {plan.config["max.message.bytes"] for plan in plans(tmp_path).values()} == {"65536"}


def test_with_replicas_one_may_be_missing_and_no_more(tmp_path):
    assert {plan.config["min.insync.replicas"] for plan in plans(tmp_path, replication_factor=3).values()} == {"2"}
    assert {plan.config["min.insync.replicas"] for plan in plans(tmp_path).values()} == {"1"}


def test_a_port_that_nobody_listens_on_does_not_answer():
    assert not broker_answers("127.0.0.1:1")


def test_waiting_for_brokers_ends_when_they_come() -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        servers = f"127.0.0.1:{late.getsockname()[1]}"
        threading.Timer(0.5, late.listen).start()
        with capture_logs() as logs:
            assert await_reach(servers, threading.Event(), patience_seconds=30)
    assert {(log["event"], log["servers"]) for log in logs} == {("waiting for Kafka: nobody listens yet", servers)}


def test_waiting_for_brokers_is_bounded_and_then_says_what_to_do() -> None:
    with pytest.raises(RetriableError, match=r"start Kafka .*or set kafka\.bootstrap_servers"):
        await_reach(f"127.0.0.1:{free_port()}", threading.Event(), patience_seconds=0.3)


def test_waiting_for_brokers_ends_when_asked_to_stop() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    assert not await_reach(f"127.0.0.1:{free_port()}", stop, patience_seconds=60)
    assert time.monotonic() - begun < 10
