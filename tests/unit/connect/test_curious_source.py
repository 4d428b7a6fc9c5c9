"""A source sees only the requests that are made to it: they are the same whether or not the person whom it told of consents.

That a connector cannot even know is structure: what a source is built from holds no directory, and connectors import nothing of
the hub but `hub.connector`, `hub.contract` and `hub.errors` (an import contract).
"""

from __future__ import annotations

from dataclasses import fields

import pytest

from hub.connector import SourceContext
from hub.errors import RetriableError


class Watching:
    """A source that writes down with which cursor it was asked, how far each look went, and when it was closed."""

    def __init__(self, inner) -> None:
        self.inner, self.seen = inner, []

    def batches(self, cursor):
        self.seen.append(("asked", cursor))
        for batch in self.inner.batches(cursor):
            self.seen.append(("taken", dict(batch.cursor)))
            yield batch

    def close(self) -> None:
        self.seen.append(("closed",))


def facts(world, person):
    """As a school tells of one pupil: said, said again, corrected, taken back, unsound."""
    return [
        [world.absence(person, "a1")],
        [world.absence(person, "a1"), world.absence(person, "a1", minutes=30)],
        [world.absence(person, "a1", retracted=True), world.absence(person, "a2", minutes=-1)],
        [world.absence(person, f"b{number}") for number in range(40)],
    ]


@pytest.mark.parametrize("covered", ["consenting", "another kind", "another time", "nobody"])
def test_a_source_is_asked_the_same_whatever_consent_there_is(world, covered: str) -> None:
    named, somebody = world.person(0), world.person(1)
    known = {"another kind": {"kinds": ()}, "another time": {"spans": ((world.clock.now(), world.clock.now()),)}}.get(covered, {})
    world.grant(somebody if covered == "nobody" else named, 1, **known)
    world.source.given = facts(world, named)
    source = Watching(world.source)
    lane = world.lane(source=source)
    for _ in range(3):
        lane.poll()
    assert source.seen == [
        ("asked", None),
        *[("taken", {"next": number}) for number in (1, 2, 3, 4)],
        ("asked", {"next": 4}),
        ("asked", {"next": 4}),
    ]


@pytest.mark.parametrize("consents", [True, False])
def test_while_kafka_is_away_a_poll_ends_the_same(world, *, consents: bool) -> None:
    """Whoever can stop Kafka and feed a source would otherwise see a failed poll for those who have a reference only."""
    if consents:
        world.grant(world.person(0))
    world.source.given = [[world.absence(world.person(0))]]
    source = Watching(world.source)
    world.publisher.away = RetriableError("no broker", code="kafka")
    with pytest.raises(RetriableError) as raised:
        world.lane(source=source).poll()
    assert raised.value.code == "kafka"
    assert world.ledger.cursor("events") is None
    assert source.seen == [("asked", None), ("taken", {"next": 1})]


@pytest.mark.parametrize("gaining", [1, 2])
def test_who_has_gained_cannot_be_read_in_what_is_asked_again(world, gaining: int) -> None:
    """That somebody's consent came to cover the agency shows in a second reading, which is whole, whoever it is for."""
    world.source.given = [[world.absence(world.person(number), f"a{number}")] for number in (1, 2, 3)]
    source = Watching(world.source)
    lane = world.lane(source=source)
    lane.poll()
    source.seen.clear()
    world.grant(world.person(gaining), gaining)
    lane.poll()
    taken = [("taken", {"next": number}) for number in (1, 2, 3)]
    assert source.seen == [("asked", {"next": 3}), ("asked", None), *taken]


def test_a_source_is_given_nothing_that_knows_of_consents() -> None:
    assert {field.name for field in fields(SourceContext)} == {
        "now", "secret", "gazetteer", "observe_request", "secured", "handed_over", "kinds", "home", "pause",
    }  # fmt: skip


def test_an_unsound_record_is_refused_for_its_fault_whoever_it_is_about(world) -> None:
    outcomes = []
    for consents in (True, False):
        if consents:
            world.grant(world.person(0), 1)
        at = 0 if consents else 1
        lane = world.lane()
        world.source.given.append(
            [
                world.absence(world.person(at), f"u{at}", minutes=-1),
                world.absence(world.person(at), f"v{at}", minutes=-1, retracted=True),
            ]
        )
        outcomes.append(lane.poll())
    assert outcomes == [{("refused", "invalid_record"): 2}] * 2
