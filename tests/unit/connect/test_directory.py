from __future__ import annotations

import hashlib
import hmac
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from hub.connect.directory import Directory
from hub.connect.ports import Removed
from hub.connect.subjects import Changes
from hub.connect.vault import DirectoryFile
from hub.contract.ids import key_id
from hub.contract.models import InfoKind
from hub.errors import RejectedError, RetriableError, StaleDirectoryError

KEY = b"k" * 32
NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
LIMIT = timedelta(minutes=60)
DOWN = RetriableError("down", code="registry")
ERASURE = "11111111-2222-3333-4444-555555555555"


class ScriptedFeed:
    """Answers in order; an exception is raised, and the last answer stays."""

    def __init__(self, *answers) -> None:
        self.answers = deque(answers)
        self.asked: list[tuple[int, str]] = []
        self.keys: list[str] = []

    def fetch(self, since: int, etag: str, key: str):
        self.asked.append((since, etag))
        self.keys.append(key)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


def under(key: bytes, person: str) -> str:
    return hmac.new(key, person.replace("-", "").encode(), hashlib.sha256).hexdigest()


def hashed(person: str) -> str:
    return under(KEY, person)


def make_directory(world, *answers, **parts) -> tuple[Directory, ScriptedFeed]:
    feed = ScriptedFeed(*answers)
    file = DirectoryFile(world.folder / "directory.sealed", KEY, "ss12000")
    usual = {"agency_key": lambda: KEY, "clock": world.clock, "stale_after": LIMIT, "pause": lambda _: None}
    directory = Directory(feed, file, **(usual | parts))
    return directory, feed


def changes(world, version: int = 1, *numbers: int, removed=()) -> Changes:
    return Changes(version, f'"{version}"', {hashed(world.person(n)): world.entry(n) for n in numbers}, tuple(removed))


def nothing_to_erase(change) -> None:
    assert list(change.removed) == []


def test_without_a_copy_nothing_is_fresh_and_nobody_is_known(world) -> None:
    directory, _ = make_directory(world, DOWN)
    with pytest.raises(RetriableError):
        directory.refresh(nothing_to_erase)
    with pytest.raises(StaleDirectoryError):
        directory.require_fresh()
    assert directory.lookup(world.person(1)) is None
    assert directory.age_seconds == float("inf")


def test_a_short_outage_is_bridged_by_retries(world) -> None:
    directory, feed = make_directory(world, DOWN, DOWN, changes(world, 1, 1))
    directory.refresh(nothing_to_erase)
    assert len(feed.asked) == 3
    assert directory.lookup(world.person(1)) == world.entry(1)
    assert directory.lookup(world.person(2)) is None


def test_an_unreadable_identifier_is_refused_without_its_value(world) -> None:
    directory, _ = make_directory(world, changes(world, 1, 1))
    with pytest.raises(RejectedError) as raised:
        directory.lookup("19990101-98")
    assert raised.value.code == "unresolved_identifier"
    assert "1999" not in str(raised.value)


def test_changes_are_asked_for_since_the_version_at_hand_even_after_a_restart(world) -> None:
    directory, _ = make_directory(world, changes(world, 5, 1))
    directory.refresh(nothing_to_erase)
    again, feed = make_directory(world, changes(world, 6, 2))
    again.refresh(nothing_to_erase)
    assert feed.asked == [(5, '"5"')]
    assert again.lookup(world.person(1)) == world.entry(1)
    assert again.lookup(world.person(2)) == world.entry(2)


def test_the_copy_grows_stale_and_a_confirmation_makes_it_fresh(world) -> None:
    directory, feed = make_directory(world, changes(world, 1, 1), None)
    directory.refresh(nothing_to_erase)
    world.clock.advance(LIMIT)
    directory.require_fresh()
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(StaleDirectoryError):
        directory.require_fresh()
    directory.refresh(nothing_to_erase)
    directory.require_fresh()
    assert directory.age_seconds < 1
    assert feed.asked[-1] == (1, '"1"')


def test_a_copy_from_the_future_is_stale(world) -> None:
    directory, _ = make_directory(world, changes(world, 1, 1))
    directory.refresh(nothing_to_erase)
    world.clock.advance(timedelta(hours=-1))
    with pytest.raises(StaleDirectoryError):
        directory.require_fresh()


def test_turning_the_clock_back_makes_no_copy_younger(world) -> None:
    passed = [100.0]
    directory, _ = make_directory(world, changes(world, 1, 1), DOWN, ticks=lambda: passed[0])
    directory.refresh(nothing_to_erase)
    for _ in range(4):  # half an hour goes by, and each time somebody sets the clock back to where it was
        directory.require_fresh()
        passed[0] += LIMIT.total_seconds() / 2
        if passed[0] - 100 > LIMIT.total_seconds():
            with pytest.raises(StaleDirectoryError):
                directory.require_fresh()
            break
    assert directory.age_seconds == 1.5 * LIMIT.total_seconds()


@pytest.mark.parametrize("erasure_id", [None, ERASURE])
def test_who_may_come_back_is_known_meanwhile_covers_nothing_and_is_known_after_a_restart(world, erasure_id) -> None:
    removal = Removed(world.entry(1).youth_ref, erasure_id)
    directory, _ = make_directory(world, changes(world, 1, 1, 2), changes(world, 2, removed=[removal]), changes(world, 3, 1))
    directory.refresh(nothing_to_erase)
    directory.refresh(lambda _: None)
    again, _ = make_directory(world, DOWN)
    for one in (directory, again):
        resting = one.lookup(world.person(1))
        assert resting == (None if erasure_id else world.entry(1).at_rest())
        assert resting is None or (resting.rests and resting.link_key == world.entry(1).link_key)
        assert world.entry(2) in list(one.entries())
    gained = []
    directory.refresh(lambda change: gained.append(change.widened))
    assert gained == [{world.entry(1).youth_ref: world.entry(1).spans[0][0]}]
    assert directory.lookup(world.person(1)) == world.entry(1)


def test_a_new_key_is_taken_up_at_the_next_refresh_and_finds_the_same_persons(world) -> None:
    other, keys = b"n" * 32, [KEY]
    both = {under(key, world.person(1)): world.entry(1) for key in (other, KEY)}
    told = Changes(2, '"2"', both, (), (key_id(other), key_id(KEY)))
    directory, feed = make_directory(world, changes(world, 1, 1), told, None, agency_key=lambda: keys[0])
    directory.refresh(nothing_to_erase)
    heeded: list = []
    directory.refresh(heeded.append)
    assert heeded == []  # nobody gained: nothing is read again
    keys[0] = other
    assert directory.lookup(world.person(1)) == world.entry(1)
    directory.refresh(nothing_to_erase)
    directory.require_fresh()
    assert directory.lookup(world.person(1)) == world.entry(1)
    assert feed.keys == [key_id(KEY), key_id(KEY), key_id(other)]
    again = DirectoryFile(world.folder / "directory.sealed", other, "ss12000").load()
    assert again is not None
    assert again.keys == (key_id(other), key_id(KEY))


def test_with_a_key_that_was_retired_nothing_may_be_published_but_removals_are_heeded(world) -> None:
    gone = Removed(world.entry(1).youth_ref, ERASURE)
    told = Changes(2, '"2"', {under(b"n" * 32, world.person(2)): world.entry(2)}, (gone,), (key_id(b"n" * 32),))
    directory, _ = make_directory(world, changes(world, 1, 1, 2), told)
    directory.refresh(nothing_to_erase)
    erased: list[Removed] = []
    directory.refresh(lambda change: erased.extend(change.removed))
    assert erased == [gone]
    with pytest.raises(StaleDirectoryError, match="bring keys/agency") as raised:
        directory.require_fresh()
    assert raised.value.code == "agency_key_retired"


def test_a_second_identifier_of_a_known_person_is_a_gain(world) -> None:
    more = {hashed(world.person(1)): world.entry(1), hashed(world.person(2)): world.entry(1)}
    directory, _ = make_directory(world, changes(world, 1, 1), Changes(2, "", more, ()))
    heeded: list = []
    directory.refresh(heeded.append)
    directory.refresh(heeded.append)
    assert [change.gained for change in heeded] == [True, True]
    assert directory.lookup(world.person(2)) == world.entry(1)


def test_what_is_told_of_a_reference_replaces_all_that_was_known_of_it(world) -> None:
    other = {hashed(world.person(2)): world.entry(1)}
    directory, _ = make_directory(world, changes(world, 1, 1), Changes(2, "", other, ()))
    directory.refresh(nothing_to_erase)
    directory.refresh(nothing_to_erase)
    assert directory.lookup(world.person(1)) is None
    assert directory.lookup(world.person(2)) == world.entry(1)


def test_a_removal_is_erased_before_it_is_remembered_and_comes_again_after_a_crash(world) -> None:
    removal = Removed(world.entry(1).youth_ref, ERASURE)
    directory, _ = make_directory(world, changes(world, 1, 1, 2), changes(world, 2, removed=[removal]))
    directory.refresh(nothing_to_erase)

    def dying(change) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 -- ours, a line above
        directory.refresh(dying)
    again, feed = make_directory(world, changes(world, 2, removed=[removal]))
    erased: list[Removed] = []
    again.refresh(lambda change: erased.extend(change.removed))
    assert feed.asked == [(1, '"1"')]
    assert erased == [removal]
    assert again.lookup(world.person(1)) is None
    assert again.lookup(world.person(2)) == world.entry(2)


def test_an_erasure_takes_every_identifier_of_the_reference(world) -> None:
    directory, _ = make_directory(
        world,
        Changes(1, "", {hashed(world.person(1)): world.entry(1), hashed(world.person(2)): world.entry(1)}, ()),
        changes(world, 2, removed=[Removed(world.entry(1).youth_ref, ERASURE)]),
    )
    directory.refresh(nothing_to_erase)
    directory.refresh(lambda _: None)
    assert directory.lookup(world.person(2)) is None


def test_a_registry_that_went_back_in_time_is_read_anew(world) -> None:
    directory, feed = make_directory(world, changes(world, 9, 1, 2), changes(world, 4), changes(world, 4, 2))
    directory.refresh(nothing_to_erase)
    directory.refresh(nothing_to_erase)
    assert feed.asked == [(0, ""), (9, '"9"'), (0, "")]
    assert directory.lookup(world.person(1)) is None
    assert directory.lookup(world.person(2)) == world.entry(2)


def test_who_rests_is_known_still_when_the_registry_went_back_in_time(world) -> None:
    rests = Removed(world.entry(1).youth_ref, None)
    restored = changes(world, 4, 2, removed=[rests])
    directory, _ = make_directory(
        world, changes(world, 9, 1, 2, 3), changes(world, 12, removed=[rests]), changes(world, 4), restored
    )
    for _ in range(3):
        directory.refresh(lambda _: None)
    assert directory.lookup(world.person(1)) == world.entry(1).at_rest()
    assert directory.lookup(world.person(3)) is None


def test_under_another_key_the_registry_is_asked_whether_it_knows_that_one_though_nothing_changed(world) -> None:
    new, keys = b"n" * 32, [KEY]
    known = [Changes(1, '"1"', {}, (), tuple(map(key_id, valid))) for valid in ([KEY], [new, KEY])]
    directory, feed = make_directory(world, *known, agency_key=lambda: keys[0])
    directory.refresh(nothing_to_erase)
    keys[0] = new
    directory.refresh(nothing_to_erase)
    assert feed.asked == [(0, ""), (1, "")]
    directory.require_fresh()


def test_nothing_changed_without_a_copy_is_no_answer(world) -> None:
    directory, _ = make_directory(world, None)
    with pytest.raises(RetriableError):
        directory.refresh(nothing_to_erase)


@pytest.mark.parametrize(
    ("start", "end", "kinds", "gained"),
    [
        (-30, 30, ["school_absence"], False),
        (-20, 10, ["school_absence"], False),
        (-31, 30, ["school_absence"], True),
        (-30, 31, ["school_absence"], True),
        (-30, 30, ["school_absence", "risk_event"], True),
    ],
)
def test_an_entry_gains_when_it_lets_more_pass_than_the_copy_did(world, start, end, kinds, gained: bool) -> None:
    def one(version, first, last, names):
        spans = ((NOW + timedelta(days=first), NOW + timedelta(days=last)),)
        entry = world.entry(1, kinds=[InfoKind(name) for name in names], spans=spans)
        return Changes(version, "", {hashed(world.person(1)): entry}, ())

    directory, _ = make_directory(world, one(1, -30, 30, ["school_absence"]), one(2, start, end, kinds))
    heeded: list = []
    directory.refresh(heeded.append)
    directory.refresh(heeded.append)
    assert [change.gained for change in heeded] == [True] + [True] * gained
