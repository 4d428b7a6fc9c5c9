"""What of faust-streaming 0.15.3, mode and aiokafka 0.14.0 is used beyond their documented surface: a new release must be read first."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faust.app.base import App
from faust.assignor.partition_assignor import PartitionAssignor
from faust.stores.base import Store
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_versions_are_those_that_were_tried() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


def test_a_table_makes_its_store_in_one_place() -> None:
    assert parameters(Collection._new_store) == ["self"]
    assert "self._new_store()" in inspect.getsource(Collection.data.fget)


def test_faust_asks_the_store_on_every_rebalance_before_it_recovers() -> None:
    assert parameters(Store.on_rebalance) == ["self", "assigned", "revoked", "newly_assigned", "generation_id"]
    text = inspect.getsource(TableManager.on_rebalance)
    assert text.index("table.on_rebalance") < text.index("recovery.on_rebalance")


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


def test_a_full_partition_stops_alone_and_what_was_fetched_still_comes() -> None:
    assert parameters(Consumer.on_buffer_full) == parameters(Consumer.on_buffer_drop) == ["self", "tp"]
    assert "tp in self._buffered_partitions" in inspect.getsource(Consumer.getmany)


def test_an_agent_takes_an_error_callback_of_ours() -> None:
    assert {"channel", "concurrency", "supervisor_strategy", "on_error"} <= set(parameters(faust.Agent.__init__))


def test_the_edge_finds_the_calls_it_makes() -> None:
    assert {"value", "key", "partition", "headers"} <= set(parameters(AIOKafkaProducer.send))
    for name in ("assign", "seek", "getmany", "position", "end_offsets", "beginning_offsets", "pause"):
        assert callable(getattr(AIOKafkaConsumer, name))


def test_every_member_of_a_group_learns_who_owns_what() -> None:
    text = inspect.getsource(PartitionAssignor.on_assignment)
    assert "self.changelog_distribution = metadata.changelog_distribution" in text
    assert "self.app.conf.canonical_url" in inspect.getsource(PartitionAssignor._url.fget)  # type: ignore[attr-defined]
