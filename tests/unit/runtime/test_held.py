"""A look at what the worker holds of one youth: the newest of the owner's records, under the rules of its partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from hub.core.rule_set import rules_content
from hub.core.state import YouthState, to_bytes
from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from hub.kafka import Incoming
from hub.runtime.effects import META_KEY, RULES_KEY, Change
from hub.runtime.fence import stamp
from hub.runtime.held import read_held
from hub.runtime.timers import sealed
from tests.unit.core.make import YOUTH, ago, make_absence
from tests.unit.core.make_rules import SHIPPED, last, run

TOPIC = "hub-youths-changelog"
FIRST, SECOND = (1, b"a" * 16), (2, b"b" * 16)
KEY = YOUTH.encode()
OLD, NEW = (last(run(*(make_absence(number, ago(1)) for number in range(count)))) for count in (1, 3))


class MemoryChangelogs:
    """One partition of three holds the youth; what is put is read back in order."""

    def __init__(self) -> None:
        self.records: list[Incoming] = []

    def put(self, key: bytes, value: bytes | None, epoch: tuple[int, bytes] = FIRST) -> None:
        offset = len(self.records)
        self.records.append(Incoming(TOPIC, 1, offset, key, value, (stamp(epoch, offset),), 0))

    def hold(self, state: YouthState | None, epoch: tuple[int, bytes] = FIRST) -> None:
        self.put(KEY, sealed(Change(None if state is None else to_bytes(state), None)), epoch)

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        return {(topic, number): len(self.records) for topic in topics for number in range(3)}

    def partition_of(self, key: bytes, partitions: int) -> int:
        return 1 if (key, partitions) == (KEY, 3) else 0

    def each(self, topic: str, partition: int, note: Callable[[Incoming], None]) -> None:
        for record in self.records:
            if (record.topic, record.partition) == (topic, partition):
                note(record)


@pytest.fixture
def changelogs() -> MemoryChangelogs:
    made = MemoryChangelogs()
    made.put(RULES_KEY, rules_content(SHIPPED).encode())
    made.put(META_KEY, b"{}")
    return made


def test_the_newest_state_is_read_with_the_rules_of_its_partition(changelogs: MemoryChangelogs) -> None:
    changelogs.hold(OLD)
    changelogs.hold(NEW)
    told: list[str] = []
    found = read_held(changelogs, TOPIC, YOUTH, told.append)
    assert found.state == NEW
    assert found.rules.version == SHIPPED.version
    assert found.titles["en"] == {rule.id: rule.title_en for rule in SHIPPED.rules}
    assert told == ["reading what the worker holds (partition 1 of 3, up to 4 records)"]


def test_what_a_worker_wrote_that_no_longer_owned_the_partition_is_passed_over(changelogs: MemoryChangelogs) -> None:
    changelogs.hold(NEW, SECOND)
    changelogs.hold(OLD, FIRST)
    assert read_held(changelogs, TOPIC, YOUTH).state == NEW


@pytest.mark.parametrize("erased", [True, False])
def test_a_reference_of_which_nothing_is_held_is_refused(changelogs: MemoryChangelogs, erased: bool) -> None:
    if erased:
        changelogs.hold(NEW)
        changelogs.hold(None)
    with pytest.raises(RejectedError) as refusal:
        read_held(changelogs, TOPIC, YOUTH)
    assert refusal.value.code == "unknown_reference"
    assert YOUTH not in str(refusal.value)


def test_without_rules_in_force_it_says_what_to_do() -> None:
    bare = MemoryChangelogs()
    bare.hold(NEW)
    with pytest.raises(ConfigError, match="hub rules activate"):
        read_held(bare, TOPIC, YOUTH)


def test_a_state_of_another_version_is_not_guessed(changelogs: MemoryChangelogs) -> None:
    changelogs.put(KEY, sealed(Change(b'{"v":99}', None)))
    with pytest.raises(FatalError):
        read_held(changelogs, TOPIC, YOUTH)


def test_a_reading_that_nobody_waits_for_any_more_ends_at_the_next_record(changelogs: MemoryChangelogs) -> None:
    changelogs.hold(NEW)
    looks = iter([False, True])
    with pytest.raises(RetriableError) as given_up:
        read_held(changelogs, TOPIC, YOUTH, expired=lambda: next(looks))
    assert given_up.value.code == "slow"
    assert next(looks, None) is None
