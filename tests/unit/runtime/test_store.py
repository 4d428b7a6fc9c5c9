"""The local copy of a partition."""

from __future__ import annotations

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
