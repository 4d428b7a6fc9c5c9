"""Physical removal: where it is looked for, when a place counts as clean, and what is told when it is late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.contract.topics import CONSENTS, POLICE_NOTICES
from hub.erasure_bounds import BACKUPS, DELIVERY_STORE, REGISTRY_STORE, WORKER_STORE, bounds_of
from hub.registry.removal import Survey
from tests.support import make_settings
from tests.unit.registry.support import Installation
from tests.unit.registry.test_erasures import answer, make_withdrawal

CHANGELOG = "hub-correlation-youths-changelog"
TOPICS = (CONSENTS.name, POLICE_NOTICES.name, CHANGELOG)
BOUNDS = {name: timedelta(hours=hours) for name, hours in zip(TOPICS, (26, 3000, 26), strict=True)}
BOUNDS |= dict.fromkeys((REGISTRY_STORE, DELIVERY_STORE, WORKER_STORE), timedelta(hours=2)) | {BACKUPS: timedelta(days=30)}
COMPONENTS = ("connector-sdk", "connector-ss12000", "delivery", "worker")


@dataclass
class MemoryPlaces:
    """Two partitions of each topic. `begun`: where a topic begins; `held`: the offsets of every key by topic."""

    begun: dict[str, int] = field(default_factory=dict)
    held: dict[str, list[int]] = field(default_factory=dict)
    end: int = 10

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {(topic, partition): self.end for topic in topics for partition in range(2)}

    def begins(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {(topic, partition): self.begun.get(topic, 0) for topic in topics for partition in range(2)}

    def partition_of(self, key: bytes, partitions: int) -> int:
        assert partitions == 2
        return key[-1] % 2

    def standing(self, topic: str, partition: int, keys: Collection[bytes]) -> dict[bytes, list[int]]:
        return {key: self.held.get(topic, [3, 7]) for key in keys}


def make_survey(home: Installation, places: MemoryPlaces) -> Survey:
    return Survey(home.registry, home.engine, places, BOUNDS, home.clock, effect=timedelta(seconds=60))


def erased(home: Installation) -> None:
    request = make_withdrawal(home)
    for component in COMPONENTS:
        answer(home, request, component)


def clean(home: Installation) -> set[str]:
    (status,) = home.registry.erasure_status()
    return {place.name for place in status.places if place.done_at is not None}


def late(stage: str) -> float | None:
    return REGISTRY.get_sample_value("hub_erasures_late", {"stage": stage})


def test_nothing_is_looked_for_before_everybody_has_answered(home: Installation) -> None:
    make_withdrawal(home)
    assert make_survey(home, MemoryPlaces()).look() == 0
    assert home.registry.erasure_status()[0].places == ()


def test_every_place_has_its_bound_from_when_everybody_has_answered(home: Installation) -> None:
    erased(home)
    make_survey(home, MemoryPlaces()).look()
    (status,) = home.registry.erasure_status()
    assert {place.name: place.due_at - home.clock.now() for place in status.places} == BOUNDS
    assert status.removed_by == home.clock.now() + timedelta(hours=3000)
    assert status.removed_at is None


def test_a_topic_with_a_retention_is_clean_when_it_begins_beyond_the_withdrawal(home: Installation) -> None:
    erased(home)
    places = MemoryPlaces(begun={POLICE_NOTICES.name: 9})
    survey = make_survey(home, places)
    survey.look()
    assert POLICE_NOTICES.name not in clean(home)
    places.begun[POLICE_NOTICES.name], places.end = 10, 90  # what came since is not what must go
    survey.look()
    assert POLICE_NOTICES.name in clean(home)


@pytest.mark.parametrize(("standing", "is_clean"), [([3, 7], False), ([7], True), ([3, 12], False), ([11, 12], True), ([], True)])
def test_a_compacted_topic_is_clean_when_only_the_newest_record_can_be_read(
    home: Installation, standing: list[int], is_clean: bool
) -> None:
    erased(home)
    make_survey(home, MemoryPlaces(held={CONSENTS.name: standing})).look()
    assert (CONSENTS.name in clean(home)) is is_clean


def test_as_long_as_something_is_to_be_compacted_its_partition_gets_something_new(home: Installation) -> None:
    erased(home)
    home.relay.run_once()
    before = len(home.sent(CONSENTS.name))
    places = MemoryPlaces()
    survey = make_survey(home, places)
    for _ in range(2):
        survey.look()
        home.relay.run_once()
    told = home.sent(CONSENTS.name)
    assert len(told) == before + 2
    assert told[-1] == told[before - 1]  # the withdrawn record again, as it was
    places.held = {key: [12] for key in TOPICS}
    survey.look()
    survey.look()
    home.relay.run_once()
    assert len(home.sent(CONSENTS.name)) == before + 3


def test_stores_are_clean_when_their_owner_has_said_so_and_backups_when_their_time_is_over(home: Installation) -> None:
    request = make_withdrawal(home)
    for component in COMPONENTS:
        answer(home, request, component)
    survey = make_survey(home, MemoryPlaces(held={key: [12] for key in TOPICS}, begun={POLICE_NOTICES.name: 10}))
    survey.look()
    assert clean(home) == {*TOPICS, REGISTRY_STORE}
    for component in (DELIVERY_STORE, WORKER_STORE):
        answer(home, request, component)
    survey.look()
    assert clean(home) == BOUNDS.keys() - {BACKUPS}
    home.clock.advance(timedelta(days=30))
    survey.look()
    (status,) = home.registry.erasure_status()
    assert status.removed_at == home.clock.now()


def test_what_was_published_of_her_before_leaves_the_outbox(home: Installation) -> None:
    erased(home)
    home.relay.run_once()
    assert home.rows("outbox") > 0
    survey = make_survey(home, MemoryPlaces(held={key: [12] for key in TOPICS}, begun={POLICE_NOTICES.name: 10}))
    survey.look()
    assert home.rows("outbox") == 1  # the withdrawn record, once more


def test_a_withdrawal_without_effect_in_time_is_told_and_so_is_what_should_be_gone(home: Installation) -> None:
    request = make_withdrawal(home)
    survey = make_survey(home, MemoryPlaces())
    survey.tell()
    assert (late("effect"), late("answers"), late("removal")) == (0, 0, 0)
    home.clock.advance(timedelta(hours=2))
    survey.tell()
    assert (late("effect"), late("answers"), late("removal")) == (1, 1, 0)
    for component in COMPONENTS:
        answer(home, request, component)
    survey.look()
    home.clock.advance(timedelta(hours=27))
    survey.tell()
    assert (late("effect"), late("answers"), late("removal")) == (0, 0, 1)
    assert REGISTRY.get_sample_value("hub_erasures_open", {"stage": "removal"}) == 1


def test_the_bound_follows_the_settings(tmp_path) -> None:
    def hours(name: str, **sections: dict[str, object]) -> float:
        return bounds_of(make_settings(tmp_path, **sections), CHANGELOG)[name].total_seconds() / 3600

    assert 24 < hours(CHANGELOG) < 28
    assert 2880 + 168 < hours(POLICE_NOTICES.name) < 2880 + 170
    assert hours(POLICE_NOTICES.name, kafka={"retention_days": 0.5}) < 12 + 170
    assert hours(CHANGELOG, erasure={"compaction_hours": 1, "look_minutes": 1, "compaction_lag_minutes": 0}) < 1.3
    assert hours(BACKUPS, erasure={"backup_days": 2}) == 48
    assert hours("hub.police-notices.v1.dlq") > 14 * 24
