"""What lies in the store, by what has changed: true whatever the file system's times, and no file is read twice for nothing."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import ContractError
from hub.statutory.index import Index
from hub.statutory.sealing import read_header
from tests.unit.statutory.make import NOW, make_message, make_store

SECOND = 1_000_000_000


class Town:
    """A store, its index, and the clocks that it goes by: the newest folder changed `age` seconds ago."""

    def __init__(self, folder: Path) -> None:
        self.store = make_store(folder)
        self.messages = folder / "messages"
        self.reads: Counter[str] = Counter()
        self.age, self.seconds, self.time = 0.0, 0.0, 7 * SECOND
        self.index = Index(self.messages, arrival_of=self._arrival_of, file_time=self._file_time, monotonic=lambda: self.seconds)

    def put(self, name: str, content: bytes = b"one", arrived: datetime = NOW) -> Path:
        before = set(self.store.files())
        self.store.put(make_message(name, content, arrived))
        (path,) = set(self.store.files()) - before
        return path

    def long_ago(self, *folders: Path) -> None:
        """The folders changed at one and the same time."""
        for folder in folders:
            os.utime(folder, ns=(0, self.time))

    def _arrival_of(self, path: Path) -> datetime:
        self.reads[path.name] += 1
        with path.open("rb") as stream:
            return read_header(stream)[0]

    def _file_time(self) -> int:
        newest = max(path.stat().st_mtime_ns for path in (self.messages, *self.messages.glob("*/")))
        return newest + int(self.age * SECOND)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_store_in_which_nothing_was_ever_put_is_empty(tmp_path: Path) -> None:
    index = make_store(tmp_path, private=False).index()
    assert index.refresh() == index.refresh()
    assert (index.survey().messages, index.survey().oldest_arrival) == (0, None)


def test_what_is_put_is_found_and_read_once(town: Town) -> None:
    first = town.put("one")
    revision = town.index.refresh()
    second, third = town.put("one", b"two"), town.put("another", arrived=NOW - timedelta(days=9))
    assert town.index.refresh() != revision
    assert town.index.arrivals.keys() == {first, second, third}
    assert town.index.survey().oldest_arrival == datetime(2025, 5, 10, 5, 30, tzinfo=UTC)
    revision = town.index.refresh()
    town.seconds += 61
    assert town.index.refresh() == revision
    assert set(town.reads.values()) == {1}


def test_what_is_put_within_one_step_of_the_file_system_s_times_is_found(town: Town) -> None:
    first = town.put("one")
    town.long_ago(first.parent, town.messages)
    town.index.refresh()
    second = town.put("one", b"two")
    town.long_ago(first.parent, town.messages)
    town.index.refresh()
    assert town.index.arrivals.keys() == {first, second}


def test_a_store_that_has_not_changed_is_looked_through_once_a_minute(town: Town) -> None:
    first = town.put("one")
    town.long_ago(first.parent, town.messages)
    town.age = 10.0
    town.index.refresh()
    second = town.put("one", b"two")
    town.long_ago(town.messages)  # so that it does not tell
    town.index.refresh()
    assert town.index.arrivals.keys() == {first}
    town.seconds += 61
    town.index.refresh()
    assert town.index.arrivals.keys() == {first, second}


def test_what_was_let_go_of_is_forgotten_within_a_minute(town: Town) -> None:
    kept, gone = town.put("one"), town.put("two")
    town.long_ago(kept.parent, gone.parent, town.messages)
    town.age = 10.0
    town.index.refresh()
    gone.unlink()
    town.seconds += 61
    town.index.refresh()
    assert town.index.arrivals.keys() == {kept}
    gone.parent.rmdir()
    town.index.refresh()
    assert town.index.survey().messages == 1


def test_a_file_that_is_none_of_ours_is_damaged_until_somebody_puts_it_right(town: Town) -> None:
    path = town.put("one")
    whole = path.read_bytes()
    path.write_bytes(b"short")
    revision = town.index.refresh()
    assert [file.reason for file in town.index.survey().damaged] == ["truncated"]
    assert (town.index.survey().messages, town.index.refresh()) == (1, revision)
    path.write_bytes(whole)
    assert town.index.refresh() != revision
    assert (town.index.arrivals.keys(), town.index.damaged) == ({path}, {})


def test_a_store_that_cannot_be_read_is_looked_at_again_and_what_was_known_stays(town: Town) -> None:
    path = town.put("one")
    town.index.refresh()
    aside = town.messages.rename(town.messages.with_name("aside"))
    town.messages.write_bytes(b"")
    town.seconds += 61
    with pytest.raises(OSError, match="Not a directory"):
        town.index.refresh()
    assert town.index.arrivals.keys() == {path}
    town.messages.unlink()
    aside.rename(town.messages)
    other = town.put("other")
    town.index.refresh()
    assert town.index.arrivals.keys() == {path, other}


_DEEDS = st.lists(
    st.sampled_from(["put", "again", "damage", "mend", "let go", "look", "a minute", "restart"]), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(_DEEDS, st.sampled_from([0.0, 3.0, 60.0]))
def test_after_whatever_happened_it_says_what_the_disk_says(deeds: list[str], age: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        town.age, wholes = age, dict[Path, bytes]()
        first = town.put("first")
        town.long_ago(town.messages, first.parent)
        for number, deed in enumerate(deeds):
            files = sorted(town.store.files())
            match deed:
                case "put":
                    town.put(f"m{number}")
                case "again":
                    town.put("first", str(number).encode())
                case "damage" if files and files[0] not in wholes and files[0] not in town.index.arrivals:
                    wholes[files[0]] = files[0].read_bytes()
                    files[0].write_bytes(b"")
                case "mend" if wholes:
                    path, whole = wholes.popitem()
                    path.write_bytes(whole)
                case "let go" if files and files[-1] not in wholes:
                    files[-1].unlink()
                case "a minute":
                    town.seconds += 61
                case "restart":
                    town.index = Index(town.messages, file_time=town._file_time, monotonic=lambda: town.seconds)
                case _:
                    town.index.refresh()
            town.time += SECOND
            if age > 5:  # then no two changes fall on one step of the times
                town.long_ago(town.messages, *{path.parent for path in set(files) ^ set(town.store.files())})
        town.seconds += 61
        town.index.refresh()
        assert (town.index.arrivals.keys(), town.index.damaged.keys()) == _read(town)


def _read(town: Town) -> tuple[set[Path], set[Path]]:
    whole, damaged = set[Path](), set[Path]()
    for path in town.store.files():
        try:
            with path.open("rb") as stream:
                read_header(stream)
            whole.add(path)
        except ContractError:
            damaged.add(path)
    return whole, damaged
