"""Everything an installation leaves on disk, opened: files, Kafka records, RocksDB stores, SQLite rows."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import rocksdict
from aiokafka.record import MemoryRecords

__all__ = ["Piece", "kafka_records", "open_everything"]

_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes and where they were: `kind` is file, record, store or row."""

    kind: str
    place: str
    content: bytes


def open_everything(folder: Path, scratch: Path) -> Iterator[Piece]:
    """Every file below `folder` as it lies there, its name too; then whatever is compressed or split, opened.

    Opening may change files (SQLite and RocksDB put their logs in order), so give it a copy. `scratch` is a new folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        place = str(path.relative_to(folder))
        yield Piece("file", place, place.encode() + b"\x00" + path.read_bytes())
    for path in files:
        if path.name.endswith(".log") and path.with_suffix(".index").exists():
            yield from _records(path, str(path.relative_to(folder)))
        elif path.suffix == ".sst":
            yield from _store(path, str(path.relative_to(folder)), scratch)
        elif path.read_bytes()[: len(_SQLITE)] == _SQLITE:
            yield from _rows(path, str(path.relative_to(folder)))


def kafka_records(segment: Path) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Key, value and headers of each record of a log segment, decompressed.

    aiokafka raises for a codec that is not installed here, so a batch that cannot be opened fails the test.
    """
    batches = MemoryRecords(segment.read_bytes())
    while batches.has_next():
        batch = batches.next_batch()
        assert batch.validate_crc()
        for record in batch:
            headers = b"\x00".join(name.encode() + b"\x00" + (value or b"") for name, value in record.headers)
            yield record.key or b"", record.value or b"", headers


def _records(segment: Path, place: str) -> Iterator[Piece]:
    for key, value, headers in kafka_records(segment):
        yield Piece("record", f"key in {place}", key)
        yield Piece("record", f"value in {place}", value)
        yield Piece("record", f"headers in {place}", headers)


def _store(table: Path, place: str, scratch: Path) -> Iterator[Piece]:
    """The entries of one table, overwritten ones included: alone in a folder, it is a database of its own."""
    alone = scratch / "store"
    shutil.rmtree(alone, ignore_errors=True)
    alone.mkdir(parents=True)
    shutil.copyfile(table, alone / table.name)
    options = rocksdict.Options(raw_mode=True)
    rocksdict.Rdict.repair(str(alone), options)
    with closing(rocksdict.Rdict(str(alone), options)) as database:
        for key, value in database.items():
            yield Piece("store", place, key + b"\x00" + value)


def _rows(database: Path, place: str) -> Iterator[Piece]:
    """Values as SQLite puts them together: a long one lies on disk in pieces."""
    with closing(sqlite3.connect(database)) as connection:
        connection.text_factory = bytes
        tables = [name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
                yield Piece("row", f"{table} in {place}", b"\x00".join(cells))
