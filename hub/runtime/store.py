"""The worker's local copy of one partition: a small RocksDB, always behind the changelog, never ahead of it.

Losing it costs time, not data: the changelog restores it. What is written enters the files whole batches at a time, together
with the changelog offset that they reach, so a kill leaves a state that belongs to one offset.

What was written last waits in a plain dictionary, where the next value of a key takes the place of the former one: a youth of
whom much is told costs RocksDB one write, not one a batch. A kill loses that, as it loses RocksDB's memtables, which keep no
log either: together no more than `_UNFILED_BYTES` of what was written, and the memtable that is on its way into a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import rocksdict

from hub.runtime import outbox
from hub.runtime.fence import Epoch

__all__ = ["LocalMark", "PartitionStore", "StoreCache"]

_LOCAL_KEY = b"\x00local"
_MARK = struct.Struct(">QQ16s")
_MEBIBYTE = 1024 * 1024
# RocksDB's defaults (64 MiB memtables, an unbounded cache) are meant for one database; a worker opens fifteen.
_MEMTABLE_BYTES = _MEBIBYTE  # a quarter of it, and the files behind it cost as much processor time as all the worker writes
_CACHE_BYTES = 8 * _MEBIBYTE
_OPEN_FILES = 64
# What may be written before it enters RocksDB, and then its files: bounds what waits in memory, and what a restart after a kill
# reads again. A memtable alone would not: where few keys change again and again, it holds hours of them.
_WAITING_BYTES, _UNFILED_BYTES = 2 * _MEBIBYTE, 16 * _MEBIBYTE
# While a changelog is read into it: a memtable of the usual size would be a file of its own a thousand states later.
_RESTORING_BYTES = 16 * _MEBIBYTE
_ARENA_BYTES = 128 * 1024  # an eighth of a memtable, unless it is said: what is hardly written to holds as much all the same
# Files of fresh writes before they are merged with all that is there. Each merge writes the whole partition anew: with many
# youths, four files made of every event's state some fifteen writes. Blooms keep reads out of files that do not have a key.
_FRESH_FILES, _FRESH_FILES_SLOW, _FRESH_FILES_STOP = 12, 24, 36


@dataclass(frozen=True, slots=True)
class LocalMark:
    """How far the local copy reaches: the next changelog offset, the epoch last admitted, and the changelog's topic id."""

    next_offset: int = 0
    epoch: Epoch = (0, b"")
    topic_id: str = ""

    def to_bytes(self) -> bytes:
        return _MARK.pack(self.next_offset, self.epoch[0], self.epoch[1]) + self.topic_id.encode()

    @staticmethod
    def from_bytes(value: bytes | None) -> LocalMark:
        if value is None:
            return LocalMark()
        next_offset, number, owner = _MARK.unpack_from(value)
        return LocalMark(next_offset, (number, owner if number else b""), value[_MARK.size :].decode())


class StoreCache:
    """The block cache that all partitions of a process share."""

    def __init__(self) -> None:
        self.cache = rocksdict.Cache(_CACHE_BYTES)


class PartitionStore:
    """Keys and values as bytes. Not for sharing between processes: a second opener gets an error from RocksDB's lock."""

    def __init__(self, path: Path, shared: StoreCache) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = rocksdict.Rdict(str(path), _options(shared))
        # No log of writes of its own: the changelog is that. What a kill leaves is what stood in the tables, whole batches
        # up to a mark, and the changelog has the rest.
        self._unlogged = rocksdict.WriteOptions()
        self._unlogged.disable_wal = True
        self.mark = LocalMark.from_bytes(self._database.get(_LOCAL_KEY))
        self._entered = self.mark
        self._waiting: dict[bytes, bytes | None] = {}
        self._written = self._unfiled = 0

    def get(self, key: bytes) -> bytes | None:
        """The stored value."""
        if key in self._waiting:
            return self._waiting[key]
        value: bytes | None = self._database.get(key)
        return value

    def write(self, changes: Mapping[bytes, bytes | None], mark: LocalMark) -> None:
        """Put and delete (None), and move the mark with it: all of it or nothing, whatever happens to the process."""
        self._waiting.update(changes)
        self.mark = mark
        self._written += sum(map(len, changes)) + sum(map(len, filter(None, changes.values())))
        if self._written > _WAITING_BYTES:
            self._enter()

    def _enter(self) -> None:
        if not self._waiting and self.mark is self._entered:
            return
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in self._waiting.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_LOCAL_KEY, self.mark.to_bytes())
        self._database.write(batch, self._unlogged)
        self._unfiled += self._written
        self._entered, self._waiting, self._written = self.mark, {}, 0
        if self._unfiled > _UNFILED_BYTES:
            self._database.flush(wait=False)
            self._unfiled = 0

    def settle(self) -> None:
        """The restore is done: from here on memtables are small."""
        self._enter()
        self._database.set_options({"write_buffer_size": str(_MEMTABLE_BYTES)})
        self._database.flush(wait=False)

    def compact(self, keys: Iterable[bytes]) -> None:
        """Let go of earlier values of these keys in every table that holds them. Blocks."""
        self._enter()
        self._database.flush(wait=True)
        for key in keys:
            self._database.compact_range(key, key + b"\x00")
        self._database.compact_range(outbox.BEGIN, outbox.END)  # their tasks may have stood there

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All subjects' keys and values; the partition's own records, whose keys begin with a zero byte, are left out."""
        self._enter()
        for key, value in self._database.items():
            if not key.startswith(b"\x00"):
                yield key, value

    def filed_after(self, key: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """The first `limit` subjects' keys and values behind this one, in order, but for those that wait to enter RocksDB."""
        found = (one for one in self._database.items(from_key=key) if one[0] > key and one[0] not in self._waiting)
        return list(islice(found, limit))

    def keys_after(self, key: bytes, limit: int) -> list[bytes]:
        """The first `limit` subjects' keys behind this one, in order."""
        self._enter()
        found = (one for one in self._database.keys(from_key=key) if one > key and not one.startswith(b"\x00"))
        return list(islice(found, limit))

    def close(self) -> None:
        """Release the files, so that another lane or process may open them. Safe to repeat."""
        self._enter()
        self._database.close()


def _options(shared: StoreCache) -> rocksdict.Options:
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_RESTORING_BYTES)
    options.set_arena_block_size(_ARENA_BYTES)
    options.set_max_write_buffer_number(2)
    options.set_max_open_files(_OPEN_FILES)
    options.set_level_zero_file_num_compaction_trigger(_FRESH_FILES)
    options.set_level_zero_slowdown_writes_trigger(_FRESH_FILES_SLOW)
    options.set_level_zero_stop_writes_trigger(_FRESH_FILES_STOP)
    options.set_keep_log_file_num(1)
    options.set_stats_dump_period_sec(0)
    options.set_max_background_jobs(2)
    blocks = rocksdict.BlockBasedOptions()
    blocks.set_block_cache(shared.cache)
    blocks.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(blocks)
    return options
