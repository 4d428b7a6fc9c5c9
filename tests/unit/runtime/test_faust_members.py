"""What of faust-streaming, mode and aiokafka is used beyond their documented surface: a new release must be read first."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.fetcher import Fetcher as AiokafkaFetcher
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import ConsumerStoppedError
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator, MessageBatch
from faust.app.base import App
from faust.assignor.partition_assignor import PartitionAssignor
from faust.channels import Channel
from faust.serializers.schemas import Schema
from faust.stores.base import Store
from faust.streams import Stream
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.topics import Topic
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, Fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from mode import Service
from mode.utils.queues import FlowControlEvent, FlowControlQueue


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_versions_are_those_that_were_tried() -> None:
    found = {name: version(name) for name in ("faust-streaming", "mode-streaming", "aiokafka", "rocksdict")}
    assert found == {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0", "rocksdict": "0.3.29"}


def test_a_table_makes_its_store_in_one_place() -> None:
    assert parameters(Collection._new_store) == ["self"]
    assert "self._new_store()" in inspect.getsource(Collection.data.fget)


def test_faust_asks_the_store_on_every_rebalance_before_it_recovers() -> None:
    assert parameters(Store.on_rebalance) == ["self", "assigned", "revoked", "newly_assigned", "generation_id"]
    text = inspect.getsource(TableManager.on_rebalance)
    assert text.index("table.on_rebalance") < text.index("recovery.on_rebalance")


def test_tables_begin_with_a_wait_of_a_second_and_then_two_steps_that_are_taken_without_it() -> None:
    lines = [line.strip() for line in inspect.getsource(TableManager.on_start).splitlines()]
    assert lines[-4:] == [
        "await self.sleep(1.0)",
        "if not self.should_stop:",
        "await self._update_channels()",
        "await self.recovery.start()",
    ]


def test_lanes_start_after_the_restoring_and_stop_with_the_revocation() -> None:
    text = inspect.getsource(App._on_partitions_assigned)
    assert text.index("tables.on_rebalance") < text.index("on_partitions_assigned.send")
    assert "on_partitions_revoked.send" in inspect.getsource(App._on_partitions_revoked)


def test_a_table_makes_faust_use_its_own_assignor() -> None:
    text = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert "has_changelog_tables" in text


def test_a_consumer_takes_its_isolation_level_when_it_starts() -> None:
    assert parameters(driver.AIOKafkaConsumerThread._create_worker_consumer) == ["self", "transport"]
    assert "AIOKafkaConsumerThread(self, loop=self.loop, beacon=self.beacon)" in inspect.getsource(
        driver.Consumer._new_consumer_thread
    )
    assert "isolation_level=self._isolation_level" in inspect.getsource(AIOKafkaConsumer.start)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


def test_a_fetcher_asks_a_broker_by_one_member_and_of_a_request_needs_no_more_than_ours_has() -> None:
    assert parameters(AiokafkaFetcher._proc_fetch_request) == ["self", "assignment", "node_id", "request"]
    assert "self._proc_fetch_request(assignment, node_id, request)" in inspect.getsource(AiokafkaFetcher._fetch_requests_routine)
    for member in (AiokafkaFetcher._proc_fetch_request, AiokafkaFetcher._invalidate_preferred_read_replica_for_node):
        assert set(re.findall(r"request\.(\w+)", inspect.getsource(member))) == {"topics"}
    assert set(re.findall(r"[^_]request\.(\w+)", inspect.getsource(AIOKafkaConnection.send))) == {"prepare"}


def test_a_full_partition_stops_alone_and_what_was_fetched_still_comes() -> None:
    assert parameters(Consumer.on_buffer_full) == parameters(Consumer.on_buffer_drop) == ["self", "tp"]
    assert "tp in self._buffered_partitions" in inspect.getsource(Consumer.getmany)


def test_an_agent_takes_an_error_callback_of_ours() -> None:
    assert {"channel", "concurrency", "supervisor_strategy", "on_error"} <= set(parameters(faust.Agent.__init__))


@pytest.mark.parametrize(
    ("member", "signature"),
    [
        (Consumer._drain_messages, ["self", "fetcher"]),
        (Consumer._filter_tps_with_pending_acks, ["self", "topics"]),
        (Consumer._new_offset, ["self", "tp"]),
        (Consumer.on_partitions_revoked, ["self", "revoked"]),
        (Consumer.perform_seek, ["self"]),
        (Consumer.on_buffer_drop, ["self", "tp"]),
        (driver.Consumer._new_consumer_thread, ["self"]),
        (Schema.compile, ["self", "app", "on_key_decode_error", "on_value_decode_error", "default_propagate"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_what_is_overridden_is_called_as_before(member: object, signature: list[str]) -> None:
    assert parameters(member) == signature


@pytest.mark.parametrize(
    ("member", "signature"),
    [
        (Consumer._wait_next_records, ["self", "timeout"]),
        (Consumer._is_changelog_tp, ["self", "tp"]),
        (driver.Consumer._to_message, ["self", "tp", "record"]),
        (Service.wait_first, ["self", "coros", "timeout"]),
        (App.create_event, ["self", "key", "value", "headers", "message"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_what_the_intake_calls_takes_what_it_gives(member: object, signature: list[str]) -> None:
    assert parameters(member) == signature


def test_the_fetcher_leaves_everything_from_poll_to_agent_to_one_member() -> None:
    assert "await consumer._drain_messages(self)" in inspect.getsource(Fetcher)
    assert driver.Transport.Consumer is driver.Consumer
    assert App.transport.fset is not None  # type: ignore[attr-defined]


def test_a_consumer_keeps_what_the_intake_looks_at() -> None:
    text = inspect.getsource(Consumer.__init__) + inspect.getsource(Consumer._reset_state)
    for name in ("_active_partitions", "_buffered_partitions", "_read_offset", "callback", "suspend_flow", "flow_active"):
        assert f"self.{name} = " in text
    assert driver.Consumer.consumer_stopped_errors == (ConsumerStoppedError,)
    assert "self.consumer_generation_id" in inspect.getsource(App.__init__) or hasattr(App, "consumer_generation_id")


def test_a_commit_takes_its_offsets_from_the_two_members_that_are_ours_and_nothing_else() -> None:
    assert "self._filter_tps_with_pending_acks(topics)" in inspect.getsource(Consumer.force_commit)
    text = inspect.getsource(Consumer._filter_committable_offsets)
    assert "offset = self._new_offset(tp)" in text
    assert "self._should_commit(tp, offset)" in text
    assert "offset > committed" in inspect.getsource(Consumer._should_commit)
    assert "if tp in assignment" in inspect.getsource(Consumer._commit_offsets)


def test_a_rebalance_while_recovery_seeks_is_told_by_an_illegal_state() -> None:
    assert "except IllegalStateError" in inspect.getsource(Recovery)
    assert "await self.seek_to_committed()" in inspect.getsource(Consumer.perform_seek)
    assert "assert partitions" in inspect.getsource(AIOKafkaConsumer.seek_to_committed)


def test_a_message_can_carry_a_run_and_a_stream_passes_over_those_of_a_former_generation() -> None:
    wanted = ["topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum"]
    wanted += ["serialized_key_size", "serialized_value_size", "tp"]
    given = parameters(ConsumerMessage.__init__)
    assert given[1 : 1 + len(wanted)] == wanted
    assert "generation_id" in given
    assert "generation_id != self.app.consumer_generation_id" in inspect.getsource(Stream)


def test_a_topic_decodes_by_the_schema_it_is_given_and_its_queue_is_the_one_that_is_filled() -> None:
    assert "schema" in parameters(App.topic)
    assert "self.schema.compile(" in inspect.getsource(Topic._compile_decode)
    assert isinstance(Channel.queue, property)
    assert callable(Conductor.__iter__)


def test_a_queue_comes_under_pressure_from_a_share_of_its_size_on() -> None:
    queue: FlowControlQueue[int] = FlowControlQueue(maxsize=100, flow_control=FlowControlEvent())
    assert queue.pressure_high_size == int(100 / FlowControlQueue.pressure_high_ratio)


def test_a_poll_brings_a_partition_s_records_whole_from_its_first_to_its_last() -> None:
    text = inspect.getsource(FetchResult.getall)
    assert "for msg in self._partition_records:" in text
    assert "ret_list.append(msg)" in text


def test_a_fetcher_keeps_what_it_fetched_in_one_place_and_makes_records_by_one_member() -> None:
    text = inspect.getsource(AiokafkaFetcher)
    assert text.count("self._records = ") == 1
    assert text.count("self._records[tp] = ") == 2
    assert "type(res_or_error) is FetchResult" in text
    assert "consumer_record = self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)
    assert parameters(PartitionRecords._consumer_record) == ["self", "tp", "record"]
    assert "self._consumer = self._create_consumer(" in inspect.getsource(driver.AIOKafkaConsumerThread.on_start)


def test_a_batch_is_built_sent_and_answered_as_one() -> None:
    assert {"timestamp", "key", "value", "headers"} <= set(parameters(BatchBuilder.append))
    assert parameters(AIOKafkaProducer.send_batch) == ["self", "batch", "topic", "partition"]
    assert parameters(AIOKafkaProducer.create_batch) == ["self"]
    batch = BatchBuilder(1000, 0)
    assert batch.append(timestamp=None, key=b"k", value=b"v" * 2000, headers=[]) is not None  # the first, however large
    assert batch.append(timestamp=None, key=b"k", value=b"v", headers=[]) is None
    assert batch.append(timestamp=None, key=b"k", value=None, headers=[]) is None  # and then it is closed
    assert batch.record_count() == 1
    text = inspect.getsource(MessageBatch.done)
    assert text.index("base_offset,\n") < text.index("# Set message futures")  # the answer to a batch is its first offset


def test_batches_of_a_partition_are_sent_in_order() -> None:
    text = inspect.getsource(MessageAccumulator.add_batch)
    assert "await pending[-1].wait_drain(" in text
    assert "_append_batch(builder, tp)" in text


def test_the_edge_finds_the_calls_it_makes() -> None:
    assert parameters(AIOKafkaProducer.send)[1:5] == ["topic", "value", "key", "partition"]
    assert "headers" in parameters(AIOKafkaProducer.send)
    for name in ("assign", "seek", "getmany", "position", "end_offsets", "beginning_offsets", "pause"):
        assert callable(getattr(AIOKafkaConsumer, name))


def test_every_member_of_a_group_learns_who_owns_what() -> None:
    text = inspect.getsource(PartitionAssignor.on_assignment)
    assert "self.changelog_distribution = metadata.changelog_distribution" in text
    assert "self.app.conf.canonical_url" in inspect.getsource(PartitionAssignor._url.fget)  # type: ignore[attr-defined]
