"""The local copy of a partition."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.runtime.store import LocalMark, PartitionStore, StoreCache

MARK = LocalMark(7, (3, b"o" * 16), "3f0c")


def test_a_batch_and_its_mark_are_there_after_reopening(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({b"a": b"1", b"b": b"2"}, MARK)
    store.write({b"a": None}, MARK)
    store.close()
    again = PartitionStore(tmp_path / "p", StoreCache())
    assert again.mark == MARK
    assert (again.get(b"a"), again.get(b"b")) == (None, b"2")
    again.close()


def test_the_partitions_own_records_are_not_among_its_items(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({b"\x00meta": b"m", b"a": b"1"}, MARK)
    assert list(store.items()) == [(b"a", b"1")]
    store.close()


def test_a_second_opener_is_refused(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    with pytest.raises(Exception, match=r"(?i)lock"):
        PartitionStore(tmp_path / "p", StoreCache())
    store.close()


def test_what_was_written_last_is_read_before_it_stands_in_the_files(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({b"a": b"1", b"b": b"1"}, MARK)
    store.write({b"a": b"2", b"b": None, b"c": b"3"}, MARK)
    assert [store.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"2", None, b"3", None]
    assert list(store.items()) == [(b"a", b"2"), (b"c", b"3")]
    assert store.keys_after(b"a", 9) == [b"c"]
    store.close()


def test_subjects_are_listed_from_the_files_some_at_a_time_without_what_waits_to_enter_them(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({b"\x00meta": b"m", **{b"%d" % number: b"1" for number in range(5)}}, MARK)
    store.settle()
    store.write({b"1": b"2", b"3": None, b"9": b"new"}, MARK)
    assert store.filed_after(b"\x01", 2) == [(b"0", b"1"), (b"2", b"1")]
    assert store.filed_after(b"2", 2) == [(b"4", b"1")]
    store.close()


def test_a_mark_that_moves_alone_is_there_after_reopening(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({}, MARK)
    store.close()
    again = PartitionStore(tmp_path / "p", StoreCache())
    assert again.mark == MARK
    again.close()


_KILLED = """
import os, sys, time
from pathlib import Path
from hub.runtime.store import LocalMark, PartitionStore, StoreCache
store = PartitionStore(Path(sys.argv[1]), StoreCache())
for number in range(1, 601):
    value = number.to_bytes(4, "big") * (64 * 256)
    changes = {b"always": value, b"%d" % (number % 7): value, b"%d" % (number % 5): None}
    store.write(changes, LocalMark(number, (3, b"o" * 16), ""))
while store._database.property_int_value("rocksdb.num-immutable-mem-table"):
    time.sleep(0.01)
os._exit(0)
"""


def test_a_kill_leaves_whole_batches_up_to_a_mark_that_lies_some_megabytes_behind(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "p")], check=True, timeout=60)
    left = PartitionStore(tmp_path / "p", StoreCache())
    reached = left.mark.next_offset
    assert 600 - 20 * 1024 * 1024 // (2 * 64 * 1024) < reached <= 600
    expected: dict[bytes, int] = {}
    for number in range(1, reached + 1):
        expected[b"always"] = expected[b"%d" % (number % 7)] = number
        expected.pop(b"%d" % (number % 5), None)
    assert {key: int.from_bytes(value[:4], "big") for key, value in left.items()} == expected
    left.close()


def test_a_few_keys_that_change_again_and_again_reach_the_files_too(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    for number in range(1, 600):
        store.write({b"always": bytes(64 * 1024)}, LocalMark(number, (3, b"o" * 16), ""))
    while store._database.property_int_value("rocksdb.num-immutable-mem-table"):
        time.sleep(0.01)
    assert list((tmp_path / "p").rglob("*.sst"))
    store.close()


def test_nothing_of_an_earlier_value_is_left_in_the_files_behind_a_compaction(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", StoreCache())
    store.write({b"a": b"first of a", b"b": b"of b"}, MARK)
    store.compact([b"b"])
    store.write({b"a": b"second of a"}, MARK)
    store.write({b"a": None}, MARK)
    store.compact([b"a"])
    content = b"".join(path.read_bytes() for path in (tmp_path / "p").rglob("*.sst"))
    assert b"of b" in content
    assert b"of a" not in content
    store.close()


def _files_after(folder: Path, *, settled: bool) -> int:
    store = PartitionStore(folder, StoreCache())
    if settled:
        store.settle()
    for number in range(300):
        store.write({b"%03d" % number: bytes(64 * 1024)}, MARK)
    assert store.get(b"000") == bytes(64 * 1024)
    store.close()
    return len(list(folder.glob("*.sst")))


def test_what_is_restored_enters_few_large_files_and_what_follows_holds_little_in_memory(tmp_path: Path) -> None:
    assert _files_after(tmp_path / "restoring", settled=False) <= 2
    assert _files_after(tmp_path / "settled", settled=True) >= 6
