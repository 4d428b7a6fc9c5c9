from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from hub.connect.statutory import StatutoryLane, is_secured
from hub.errors import RetriableError
from hub.testing import MemoryStatutoryStore


def make_lane(world, source, store) -> StatutoryLane:
    return StatutoryLane(connector="sdk", source=source, store=store, ledger=world.ledger, clock=world.clock)


def test_every_message_is_stored_byte_for_byte_and_counts_once(world, raw_source) -> None:
    store = MemoryStatutoryStore()
    raw_source.given = [[world.raw("m1", b"\xff not json"), world.raw("m2")], [world.raw("m2")]]
    assert make_lane(world, raw_source, store).poll() == {("secured", ""): 2}
    assert store.messages["m1"].content == b"\xff not json"
    assert world.ledger.cursor("statutory") == {"next": 2}


def test_a_message_is_secured_only_once_it_is_on_disk(world, raw_source) -> None:
    store = MemoryStatutoryStore()
    raw_source.given = [[world.raw("m1")], [world.raw("m2")]]
    lane, secured = make_lane(world, raw_source, store), is_secured(world.ledger)
    store.failures.append(RetriableError("disk full", code="disk"))
    with pytest.raises(RetriableError):
        lane.poll()
    assert not secured("m1")
    assert world.ledger.cursor("statutory") is None
    assert lane.poll() == {("secured", ""): 2}
    assert secured("m1")
    assert secured("m2")


def test_a_message_under_the_id_of_a_secured_one_is_not_secured(world, raw_source) -> None:
    raw_source.given = [[replace(world.raw("m1"), key="k1")]]
    make_lane(world, raw_source, MemoryStatutoryStore()).poll()
    secured = is_secured(world.ledger)
    assert [secured(key) for key in ("k1", "k2", "m1")] == [True, False, False]


def test_what_was_secured_before_it_had_a_key_is_secured_by_it_and_counts_once(world) -> None:
    world.ledger.secure("statutory", {"next": 1}, world.clock.now(), ["of the id"])
    assert world.ledger.secure("statutory", {"next": 1}, world.clock.now(), [], ["of the key"]) == 0
    assert world.ledger.is_secured("of the key")
    assert world.ledger.totals()["secured", ""] == 1


def test_a_caught_up_lane_says_nothing(world, raw_source) -> None:
    raw_source.given = [[world.raw("m1")]]
    lane = make_lane(world, raw_source, MemoryStatutoryStore())
    lane.poll()
    lane.keep()
    assert lane.poll() == {}


@pytest.mark.parametrize(
    ("cursor", "number"),
    [({}, 0), ({"done": ["a", "b", "c"]}, 3), ({"kept": 7, "source": {"done": ["a", "b"]}}, 2)],
)
def test_how_much_the_cursor_lists_is_told(world, raw_source, cursor, number) -> None:
    world.ledger.secure("statutory", {"next": 0, **cursor}, world.clock.now(), [])
    make_lane(world, raw_source, MemoryStatutoryStore()).poll()
    assert REGISTRY.get_sample_value("hub_connector_remembered", {"connector": "sdk", "lane": "statutory"}) == number
