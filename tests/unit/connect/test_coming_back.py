"""A connector after a restore beside which Kafka begins anew: what its source shows still is told again, and once."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.connect.coming_back import tell_anew
from hub.contract.models import Erasure

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
ERASURE = "11111111-2222-3333-4444-555555555555"


def come_back(world) -> None:
    tell_anew(world.folder / "ledger.db", NOW)
    world.crash()
    world.publisher.records.clear()


def test_what_the_source_shows_still_is_told_again_under_the_same_identity_and_only_once(world) -> None:
    world.grant(world.person(), 1)
    world.source.given = [[world.absence(world.person(), "a1"), world.incident()], [world.absence(world.person(), "a2")]]
    assert world.lane().poll() == {("published", ""): 3}
    before = {one.event_id: one.revision for one in world.published}
    come_back(world)
    lane = world.lane()
    lane.poll()
    assert {one.event_id: one.revision for one in world.published} == {name: number + 1 for name, number in before.items()}
    assert len(world.published) == len(before) == 3
    world.publisher.records.clear()
    assert lane.poll() == {}
    assert world.published == []


def test_of_who_has_withdrawn_nothing_is_told(world) -> None:
    world.grant(world.person(), 1)
    world.source.given = [[world.absence(world.person(), "a1")]]
    world.lane().poll()
    come_back(world)
    world.directory.withdraw(world.person(), ERASURE)
    world.lane().poll()
    assert [type(one) for one in world.published] == [Erasure]


def test_a_source_that_was_never_read_is_read_once(world) -> None:
    world.grant(world.person(), 1)
    come_back(world)
    world.source.given = [[world.absence(world.person(), "a1")]]
    assert world.lane().poll() == {("published", ""): 1}
    assert world.ledger.cursor("backfill") is None
