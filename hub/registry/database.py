"""The registry's database: what `hub.database` gives, with one writer at a time.

**Who writes, writes alone**, on PostgreSQL as on SQLite: a transaction that may write waits at its beginning until the one before
it is through. What a person's number leads to, and what is kept of the number, may be another row in the next moment; rows cannot
be locked that are not there yet, and a word that met nobody would be lost in silence. A registry writes seldom, and looks wait
for nobody. So every transaction is to be short: work on many people goes in portions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from hub import database
from hub.errors import ConfigError, FatalError, RetriableError

__all__ = [
    "ALONE",
    "CONFLICT",
    "LOOKS",
    "is_newest",
    "migrate",
    "open_database",
    "reading",
    "repeated",
    "rid",
    "shrink",
    "writing",
]

CONFLICT = "conflict"
LOOKS, ALONE = "looks", "alone"
"""What a session's `info` says of it: that it looks, or that it is the one writer's."""
_ONE_WRITER = 0x48554252  # any number that only the hub takes
_IN_BETWEEN = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, waited too long: the other goes on
_P = ParamSpec("_P")
_R = TypeVar("_R")
_again = Retrying(
    retry=retry_if_exception(lambda error: isinstance(error, RetriableError) and error.code == CONFLICT),
    stop=stop_after_attempt(5),
    wait=wait_random_exponential(multiplier=0.05, max=0.5),
    reraise=True,
)

_READ_ONLY = "hub_read_only"
_SHRINK_PATIENCE_MS = 1000
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """An engine for `url`; connects to nothing yet. A SQLite file is made readable to its owner only.

    Raises ConfigError when the URL or the folder cannot be used.
    """
    try:
        engine = database.build_engine(url, "registry.database_url")
        if engine.dialect.name == "sqlite":
            if engine.url.database:
                Path(engine.url.database).touch(mode=0o600)
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
    except (DBAPIError, OSError, ImportError, ValueError) as error:
        raise ConfigError(
            f"registry.database_url: the database cannot be opened ({type(error).__name__})", code="bad_database"
        ) from error
    return engine


def _prepare(connection: Any, _entry: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that DDL is transactional too


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could otherwise fail half-way."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READ_ONLY) else "BEGIN IMMEDIATE")


def is_newest(engine: Engine) -> bool:
    """Whether a registry of this version is there, looked at without changing it. Raises RetriableError."""
    return database.is_newest(engine, _MIGRATIONS)


def migrate(engine: Engine, take_keys: Callable[[Mapping[str, bytes]], None] | None = None) -> None:
    """Bring the schema to this version's. Safe from several processes at once: the first does it, the rest wait.

    `take_keys` is given the data keys, by youth, that an older version kept in this database, before they leave it. Raises
    RetriableError when the database does not answer.
    """
    taken: list[str] = []

    def take(keys: Mapping[str, bytes]) -> None:
        if take_keys is None:
            raise FatalError("the data keys of this database have no keyring to move to", code="no_keyring")
        take_keys(keys)
        taken.extend(keys)

    database.migrate(engine, _MIGRATIONS, take_keys=take)
    if taken:
        shrink(engine)


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """The one writer's transaction: all of it or nothing, after whoever was before it, and it sees what that did.

    Raises RetriableError when another process was in the way; run it again.
    """
    with (
        _translated(),
        engine.connect().execution_options(**_options_to_write(engine)) as connection,
        Session(connection, expire_on_commit=False, info={ALONE: True}) as session,
        session.begin(),
    ):
        database.be_alone(session.connection(), _ONE_WRITER)
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A consistent view that holds up no writer. Raises RetriableError when the database does not answer."""
    with (
        _translated(),
        engine.connect().execution_options(**_options_to_read(engine)) as connection,
        Session(connection, expire_on_commit=False, info={LOOKS: True}) as session,
        session.begin(),
    ):
        yield session


def _options_to_read(engine: Engine) -> dict[str, Any]:
    """One state for all queries of a look: SQLite gives it anyway, PostgreSQL when it is asked to."""
    if engine.dialect.name == "sqlite":
        return {_READ_ONLY: True}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _options_to_write(engine: Engine) -> dict[str, Any]:
    """Whatever the server's own setting is: each statement after the wait is to see what was committed meanwhile."""
    return {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        with database.answering():
            yield
    except RetriableError as error:
        cause = error.__cause__
        if isinstance(cause, IntegrityError) or getattr(getattr(cause, "orig", None), "sqlstate", None) in _IN_BETWEEN:
            text = "another process was writing to the registry; run it again"
            raise RetriableError(text, code=CONFLICT) from cause
        raise


def repeated(operation: Callable[_P, _R]) -> Callable[_P, _R]:
    """An operation that is run again, a few times, when another process was in between: it left no trace then.

    Not when the database was lost: whether the commit came through is not known, and the caller has to look.
    """

    @wraps(operation)
    def until_it_is_through(*arguments: _P.args, **named: _P.kwargs) -> _R:
        return _again(operation, *arguments, **named)

    return until_it_is_through


def rid(engine: Engine, tables: Sequence[str]) -> bool:
    """`hub.database.purge` for the registry's own tables; RetriableError when the database does not answer."""
    with _translated():
        return shrink(engine) if engine.dialect.name == "sqlite" else database.purge(engine, tables)


def shrink(engine: Engine) -> bool:
    """Let go of what was overwritten: with SQLite, empty the write-ahead log, where destroyed keys would otherwise linger.

    False: a reader in the way postpones it to the next call. PostgreSQL's vacuum and WAL retention are its operator's.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_SHRINK_PATIENCE_MS}")
        (busy, *_pages) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
        return not busy
    finally:
        connection.invalidate()  # its patience is too short for other work
