"""PostgreSQL's write-ahead log, which keeps what was erased until its files are written over: whether they have been.

A file of the log is not removed when it is done with: it gets the name of a later one and keeps its content until the log comes
to it. So what was written up to a position is gone when (1) no file has the name of that position or an earlier one, and (2) the
log has gone beyond every file that was there then. A quiet database comes to that in weeks: so something is written at each look.

Whoever looks needs the right to list the log's files: `GRANT pg_monitor TO the hub's role`. Archives and replicas are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hub.database import answering, build_engine
from hub.errors import ConfigError

__all__ = ["DatabaseLog"]

_MIB = 1 << 20
_DENIED = "42501"
_NAME_DIGITS = 24
_POSITION = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"
_SIZE = "SELECT pg_size_bytes(current_setting('wal_segment_size'))"
_FILES = "SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
_FILL = "SELECT pg_logical_emit_message(false, 'hub.erasure', repeat('0', :size))"


class DatabaseLog:
    """One server's log, seen through any database on it, by URL; connected for each question anew. Every method may raise
    RetriableError.

    `is_past` remembers, as long as the process lives, which files were there: after a restart it waits for longer, never shorter.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._beyond: dict[int, int] = {}

    def position(self) -> int:
        """Up to where the log is written, in bytes from its beginning."""
        with self._connected() as connection:
            return int(connection.scalar(text(_POSITION)) or 0)

    def is_past(self, position: int) -> bool:
        """Whether no file of the log can hold what was written before `position`.

        Raises ConfigError `no_pg_monitor` when the log's files may not be listed.
        """
        with self._connected() as connection:
            size = int(connection.scalar(text(_SIZE)) or 0)
            starts = _starts(connection, size)
            here = int(connection.scalar(text(_POSITION)) or 0)
        if min(starts, default=here) <= position:
            return False
        return here >= self._beyond.setdefault(position, max(starts, default=here) + size)

    def stir(self) -> None:
        """Write as much as one file holds; it means nothing to anybody."""
        with self._connected() as connection:
            size = int(connection.scalar(text(_SIZE)) or 0)
            for _ in range(size // _MIB):
                connection.execute(text(_FILL), {"size": _MIB})

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = build_engine(self._url)
        try:
            with answering(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection
        finally:
            engine.dispose()


def _starts(connection: Connection, size: int) -> list[int]:
    """The position at which each file of the log begins."""
    try:
        names = connection.scalars(text(_FILES)).all()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _DENIED:
            role = f"GRANT pg_monitor TO {connection.engine.url.username or 'the role of the hub'}"
            raise ConfigError(f"what PostgreSQL's log still holds cannot be seen: {role}", code="no_pg_monitor") from error
        raise
    per_log = (1 << 32) // size
    return [(int(name[8:16], 16) * per_log + int(name[16:_NAME_DIGITS], 16)) * size for name in names]
