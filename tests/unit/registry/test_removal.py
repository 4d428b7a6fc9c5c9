"""Physical removal: where it is looked for, when a place counts as clean, and what is told when it is late."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from prometheus_client import REGISTRY

from hub.contract.ids import NOBODY
from hub.contract.models import ErasureKind
from hub.contract.topics import CONSENTS, COOPERATIONS, ERASURES, POLICE_NOTICES
from hub.erasure_bounds import (
    BACKUPS,
    DELIVERY_STORE,
    FORMER_DATA,
    KEYRING_STORE,
    REGISTRY_STORE,
    WORKER_STORE,
    Bounds,
    bounds_of,
    database_logs,
)
from hub.put_aside import staging
from hub.registry.former import FormerData
from hub.registry.keyring import open_keyring
from hub.registry.receipts import Receipts
from hub.registry.removal import Survey, look_again
from hub.registry.removal_stores import OwnStores
from tests.support import make_settings
from tests.unit.registry.support import Installation, MemoryReader, make_grant, make_identifier
from tests.unit.registry.test_erasures import answer, make_withdrawal

LOG = "registry-database-log"
CHANGELOG = "hub-correlation-youths-changelog"
TOPICS = (CONSENTS.name, POLICE_NOTICES.name, CHANGELOG)
BOUNDS = {name: timedelta(hours=hours) for name, hours in zip(TOPICS, (26, 3000, 26), strict=True)}
STORES = (REGISTRY_STORE, KEYRING_STORE, DELIVERY_STORE, WORKER_STORE)
BOUNDS |= dict.fromkeys(STORES, timedelta(hours=2)) | {BACKUPS: timedelta(days=30), FORMER_DATA: timedelta(days=7)}
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


@dataclass
class MemoryLog:
    """PostgreSQL's log as the survey sees it: where it is, and how far it is written over."""

    at: int = 100
    over: int = 0
    stirred: int = 0

    def position(self) -> int:
        return self.at

    def is_past(self, position: int) -> bool:
        return self.over >= position

    def stir(self) -> None:
        self.stirred += 1


def make_survey(
    home: Installation, places: MemoryPlaces, log: MemoryLog | None = None, topics: Bounds = MappingProxyType({})
) -> Survey:
    former = FormerData(home.file.parent, timedelta(days=7))
    logs = {} if log is None else {LOG: log}
    stores = OwnStores(home.registry, home.engine, home.keyring, home.clock, former=former, logs=logs)
    bounds = {**BOUNDS, **topics, **({} if log is None else {LOG: timedelta(hours=72)})}
    return Survey(home.registry, stores, places, bounds, home.clock, effect=timedelta(seconds=60))


def put_aside_with_keys(home: Installation) -> Path:
    """What a restore would have put aside an hour ago: the keyring as it is."""
    since = home.clock.now() - timedelta(hours=1)
    file = home.file.parent / f"data.before-{since:%Y%m%dT%H%M%SZ}" / "keyring" / "keyring.db"
    copy = open_keyring(f"sqlite:///{file}")
    copy.put(home.keyring.get(home.keyring.ages()), since)
    copy.put({"registered-since-the-backup": b"k"}, since)
    copy.close()
    return file


def all_gone() -> MemoryPlaces:
    return MemoryPlaces(held={key: [12] for key in TOPICS}, begun={POLICE_NOTICES.name: 10})


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


def test_a_partition_of_cooperations_gets_a_mark_of_nobody_as_long_as_hers_is_to_be_compacted(home: Installation) -> None:
    erased(home)
    places = MemoryPlaces()
    survey = make_survey(home, places, topics={COOPERATIONS.name: timedelta(hours=26)})
    survey.look()
    survey.look()
    places.held[COOPERATIONS.name] = [12]
    survey.look()
    survey.look()
    home.relay.run_once()
    marks = [one for one in home.kafka.published if one.topic == COOPERATIONS.name]
    (hers,) = {one.key for one in home.kafka.published if one.topic == CONSENTS.name}
    at = places.partition_of(hers, 2)
    assert [(one.key, one.value, one.partition) for one in marks] == [(NOBODY.encode(), None, at)] * 3


def test_stores_are_clean_when_their_owner_has_said_so_and_backups_when_their_time_is_over(home: Installation) -> None:
    request = make_withdrawal(home)
    for component in COMPONENTS:
        answer(home, request, component)
    survey = make_survey(home, MemoryPlaces(held={key: [12] for key in TOPICS}, begun={POLICE_NOTICES.name: 10}))
    survey.look()
    assert clean(home) == {*TOPICS, REGISTRY_STORE, KEYRING_STORE, FORMER_DATA}
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
    assert hours(FORMER_DATA, erasure={"former_data_days": 1}) == 26
    assert hours(KEYRING_STORE) == 2


def test_the_log_of_each_postgresql_is_a_place_once(tmp_path: Path) -> None:
    def url(host: str, name: str) -> str:
        return f"postgresql+psycopg://hub@{host}/{name}"

    one = {"database_url": url("a", "registry"), "keyring_url": url("b", "keyring")}
    settings = make_settings(tmp_path, registry=one, delivery={"database_url": url("a", "inbox")})
    assert database_logs(settings) == {
        "registry-database-log": url("a", "registry"),
        "keyring-database-log": url("b", "keyring"),
    }
    assert bounds_of(settings, CHANGELOG)["keyring-database-log"] == timedelta(hours=72)
    assert database_logs(make_settings(tmp_path / "other")) == {}


def test_a_reader_that_keeps_a_destroyed_key_in_the_keyrings_log_is_waited_for(sqlite_home: Installation) -> None:
    """SQLite's log cannot be emptied while somebody reads from before: until then the key is on the disk, and that is told."""
    home = sqlite_home
    home.registry.grant(make_grant(make_identifier(1)))
    home.keyring.tidy()
    with closing(sqlite3.connect(home.file.with_name("keyring.db"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM shred_list").fetchall()
        request = make_withdrawal(home)
        for component in (*COMPONENTS, DELIVERY_STORE, WORKER_STORE):
            answer(home, request, component)
        survey = make_survey(home, all_gone())
        survey.look()
        survey.tell()
        assert clean(home) == BOUNDS.keys() - {BACKUPS, KEYRING_STORE}
    survey.tell()  # told every few seconds, and so tried
    assert clean(home) == BOUNDS.keys() - {BACKUPS}


def test_what_a_restore_put_aside_is_a_place_until_it_is_removed_in_time(home: Installation) -> None:
    home.registry.grant(make_grant(make_identifier(1)))
    file = put_aside_with_keys(home)
    erased(home)
    survey = make_survey(home, all_gone())
    survey.look()
    assert FORMER_DATA not in clean(home)
    home.clock.advance(timedelta(days=7))
    survey.look()
    assert FORMER_DATA in clean(home)
    assert not file.parents[1].exists()


def test_who_is_shredded_is_shredded_in_what_was_put_aside_too(home: Installation) -> None:
    home.registry.grant(make_grant())
    (key,) = home.keyring.get(home.keyring.ages()).values()
    file = put_aside_with_keys(home)
    assert key in file.read_bytes()
    home.registry.withdraw(make_identifier())
    make_survey(home, MemoryPlaces()).look()
    copy = open_keyring(f"sqlite:///{file}")
    assert list(copy.ages()) == ["registered-since-the-backup"]  # known there only; it goes with the folder
    copy.close()
    assert not [path for path in file.parent.iterdir() if key in path.read_bytes()]


def test_what_a_killed_restore_left_is_removed_at_the_next_look(home: Installation) -> None:
    left = staging(home.file.parent) / "keyring"
    left.mkdir(parents=True)
    (left / "keyring.db").write_bytes(b"keys")
    (home.file.parent / "data").mkdir()
    make_survey(home, MemoryPlaces()).look()
    assert not left.parent.exists()


def test_postgresqls_log_is_clean_when_it_is_past_where_it_was_when_the_databases_were_clean(home: Installation) -> None:
    request = make_withdrawal(home)
    for component in COMPONENTS:
        answer(home, request, component)
    log = MemoryLog()
    survey = make_survey(home, all_gone(), log)
    survey.look()
    answer(home, request, DELIVERY_STORE)  # only now is everything out of the databases
    log.at, log.over = 200, 150
    survey.look()
    survey.look()
    assert LOG not in clean(home)
    assert log.stirred == 1
    survey.look()
    log.over = 200
    survey.look()
    assert LOG in clean(home)


def test_after_a_restore_what_is_not_removed_everywhere_is_looked_for_in_the_former_data(home: Installation) -> None:
    erased(home)
    survey = make_survey(home, MemoryPlaces(begun={POLICE_NOTICES.name: 5}))
    survey.look()
    assert FORMER_DATA in clean(home)
    put_aside_with_keys(home)
    with home.registry.work() as work:
        look_again(work, timedelta(days=7), fresh_log=True)
    survey.look()
    assert FORMER_DATA not in clean(home)
    assert POLICE_NOTICES.name in clean(home)  # Kafka's files were put aside too, and it begins anew


def test_a_receipt_that_comes_when_its_topic_was_clean_must_go_too_and_a_repeat_of_it_asks_for_nothing_more(
    home: Installation,
) -> None:
    erased(home)
    (request,) = home.sent(ERASURES.name)
    acknowledged = replace(
        home.incoming(request.model_copy(update={"kind": ErasureKind.RECEIPT, "component": "receiver-sspf"})), offset=12
    )
    places = MemoryPlaces(begun={ERASURES.name: 10})
    survey = make_survey(home, places, topics={ERASURES.name: timedelta(hours=3)})
    survey.look()
    assert ERASURES.name in clean(home)
    home.clock.advance(timedelta(days=2))
    for begins, is_clean in ((10, False), (12, False), (13, True)):
        Receipts(home.registry, MemoryReader([acknowledged]), home.codec.decode, timedelta(hours=3)).run_once()
        places.begun[ERASURES.name] = begins
        survey.look()
        assert (ERASURES.name in clean(home)) is is_clean
        (status,) = home.registry.erasure_status()
        assert next(one.due_at for one in status.places if one.name == ERASURES.name) == home.clock.now() + timedelta(hours=3)
    Receipts(home.registry, MemoryReader([acknowledged]), home.codec.decode, timedelta(hours=3)).run_once()
    assert ERASURES.name in clean(home)
