"""Databases, one way: SQLite in a file by default, PostgreSQL by URL; migrations travel with the package that owns them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    TypeDecorator,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from hub.errors import ConfigError, RetriableError

__all__ = [
    "UtcInstant",
    "answering",
    "be_alone",
    "build_engine",
    "is_newest",
    "migrate",
    "purge",
    "reachable",
    "read_url",
    "truncate_log",
]

# FULL: what was committed survives a power cut. A reader never blocks the writer (WAL). What was erased must not survive
# in a free page.
_PRAGMAS = ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
_SHORT_PATIENCE_MS = 1_000
_CONNECT_SECONDS = 10  # libpq would wait for a silent host as long as the kernel does
_LOCK_MS, _IDLE_MS, _RECYCLE_SECONDS = 15_000, 120_000, 1_800
_USELESS = ("SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_READONLY")  # another try would meet the same
_KNOWN = ("sqlite", "postgresql")
_FORMS = "write sqlite:////folder/file.db or postgresql+psycopg://user@host/name?password_file=/file; no other kind is known"
_REVISION = re.compile(r'^(revision|down_revision) *(?::[^=]*)?= *"([^"]+)"', re.MULTILINE)
_VERSION_TABLE = re.compile(r'version_table *= *"([^"]+)"')
_OF_TABLES = """
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname = ANY(:names) AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
AND a.attnum > 0 AND NOT a.attisdropped
"""
_SAMPLING = f"SELECT c.relname, a.attname {_OF_TABLES} AND coalesce(a.attstattarget, -1) <> 0"
_SAMPLED = f"""SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) {_OF_TABLES} AND EXISTS
(SELECT FROM pg_stats s WHERE s.schemaname = current_schema() AND s.tablename = c.relname AND s.attname = a.attname)"""  # noqa: S608 - no value of anybody's
_OWNED = "SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()"
_MIGRATION_LOCK = 0x4855425F  # any number that only the hub takes


class UtcInstant(TypeDecorator[datetime]):
    """Aware UTC instants in both databases: SQLite forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def build_engine(url: str, setting: str = "database_url") -> Engine:
    """An engine for a database URL; a SQLite file is made, readable to its owner only. Connects to nothing yet.

    Raises ConfigError, naming the `setting` that the URL came from, when it or its folder cannot be used; the URL, which may
    hold a password, is not repeated.
    """
    try:
        parsed = read_url(url)
        if parsed.get_backend_name() not in _KNOWN:
            raise ConfigError(f"{setting}: {_FORMS}", code="bad_database")
        patience = _patience(parsed) if parsed.get_backend_name() == "postgresql" else {}
        engine = create_engine(parsed, hide_parameters=True, **patience)  # parameters could stand in an error's text
        if parsed.get_backend_name() == "sqlite":
            if parsed.database and parsed.database != ":memory:":
                file = Path(parsed.database)
                if file.is_dir():
                    raise ConfigError(f"{setting}: {file} is a folder and should be a file", code="bad_database")
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                file.touch(mode=0o600)
            event.listen(engine, "connect", _set_pragmas)
    except (ArgumentError, ImportError, OSError, ValueError) as error:
        raise ConfigError(f"{setting}: {_fault(error)}", code="bad_database") from error
    return engine


def read_url(url: str) -> URL:
    """A database URL, its password read from the file that `?password_file=` names, if it names one.

    So neither hub.toml nor the environment need hold a password. Raises ArgumentError or OSError.
    """
    parsed = make_url(url)
    named = parsed.query.get("password_file")
    if named is None:
        return parsed
    password = Path(str(named)).read_text(encoding="utf-8").strip()
    return parsed.difference_update_query(["password_file"]).set(password=password)


def _patience(url: URL) -> dict[str, Any]:
    """For a server: connections are tried before they are used and not kept for ever, and nobody waits without end for a lock."""
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    if "options" not in url.query:
        arguments["options"] = f"-c lock_timeout={_LOCK_MS} -c idle_in_transaction_session_timeout={_IDLE_MS}"
    return {"connect_args": arguments, "pool_pre_ping": True, "pool_recycle": _RECYCLE_SECONDS}


def _fault(error: Exception) -> str:
    """What is wrong with a URL; its text, which may hold a password, is not repeated."""
    if isinstance(error, OSError):
        return f"the file cannot be made ({(error.strerror or type(error).__name__).lower()}); check its folder"
    if isinstance(error, ImportError):
        return f"the driver {error.name} is not installed; it comes with the hub's extra `postgres`"
    return _FORMS


@contextmanager
def answering() -> Iterator[None]:
    """Round a transaction: raises RetriableError when the database did not answer, or somebody else was in between.

    The transaction has left no trace then; run it again.
    """
    try:
        yield
    except _unanswered() as error:
        if _is_full(error):
            text = "the database has no room: free space on its disk; nothing is lost meanwhile"
            raise RetriableError(text, code="database_full") from error
        raise RetriableError(f"the database does not answer ({type(error).__name__})", code="database") from error


def _is_full(error: Exception) -> bool:
    told = getattr(error, "orig", None)
    return getattr(told, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(told, "sqlstate", "") == "53100"


def _unanswered() -> tuple[type[Exception], ...]:
    """What says so. The ORM is not loaded for its own error: whoever can raise it has loaded it."""
    orm = sys.modules.get("sqlalchemy.orm.exc")
    return (DBAPIError, PoolTimeoutError) if orm is None else (DBAPIError, PoolTimeoutError, orm.StaleDataError)


def migrate(engine: Engine, migrations: Path, **handed: Any) -> None:
    """Bring the database to the newest revision in `migrations`. Of several processes the first does it, the rest wait.

    A migration finds what is `handed` over, by name, in its configuration's attributes.

    Raises RetriableError when the database does not answer, ConfigError when its file is none or may not be written.
    """
    with reachable(engine):
        if is_newest(engine, migrations):
            return
    from alembic import command  # noqa: PLC0415 - memory: a start that has nothing to migrate does without
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    with reachable(engine), answering(), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may migrate for long
        be_alone(connection, _MIGRATION_LOCK)
        config.attributes.update(handed, connection=connection)
        command.upgrade(config, "head")


@contextmanager
def reachable(engine: Engine) -> Iterator[None]:
    """Round the first transaction, where a wrong address shows: says what to look at."""
    try:
        yield
    except RetriableError as error:
        fault = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorname", "")
        if fault.startswith(_USELESS):
            text = f"{engine.url.database} cannot be used as a database ({fault}): it must be a SQLite file that may be written"
            raise ConfigError(text, code="bad_database") from error
        if engine.dialect.name != "sqlite":
            text = f"{error}: is it running, and are the address, user and password in its database_url right?"
            raise RetriableError(text, code=error.code) from error
        raise


def is_newest(engine: Engine, migrations: Path) -> bool:
    """Whether the database says that it has the newest revision; when in doubt, not."""
    stated = [dict(_REVISION.findall(path.read_text(encoding="utf-8"))) for path in (migrations / "versions").glob("[!_]*.py")]
    named = _VERSION_TABLE.search((migrations / "env.py").read_text(encoding="utf-8"))
    version_table = named[1] if named else "alembic_version"
    newest = {one.get("revision", "") for one in stated} - {one.get("down_revision", "") for one in stated}
    with answering(), engine.connect() as connection:
        if not inspect(connection).has_table(version_table):
            return False
        found: Sequence[str] = connection.scalars(select(column("version_num")).select_from(table(version_table))).all()
    return len(newest) == 1 and set(found) == newest


def be_alone(connection: Connection, lock: int) -> None:
    """Hold, until the transaction's end, what nobody else can hold: the lock of that number; with SQLite, the whole database."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    elif not getattr(connection.connection.dbapi_connection, "in_transaction", True):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def purge(engine: Engine, tables: Sequence[str]) -> bool:
    """Rid the database's own files of what was erased from `tables`; False when somebody was in the way: try again later.

    SQLite overwrites what it deletes (`secure_delete`), so its log is all. PostgreSQL writes the tables anew, which locks them
    while it does, and keeps in its statistics no sample of what they hold. Its write-ahead log: `hub.database_log`.
    """
    if engine.dialect.name != "postgresql":
        return truncate_log(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _keep_no_samples(connection, tables) and all(_written_anew(connection, name) for name in tables)


def _written_anew(connection: Connection, name: str) -> bool:
    """Whether nothing that is dead came along: what an older transaction could still see does."""
    dead: list[int] = []

    def note(notice: Any) -> None:
        found = re.search(r"\d+", notice.message_detail or "")
        if found is not None:
            dead.append(int(found[0]))

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(note)
    try:
        connection.exec_driver_sql(f'VACUUM (FULL, VERBOSE) "{name}"')
    finally:
        driver.remove_notice_handler(note)
    return not any(dead)


def _keep_no_samples(connection: Connection, tables: Sequence[str]) -> bool:
    """Let PostgreSQL sample no column of `tables` for its planner, and forget what it has; False when it may not.

    Its statistics would keep values of persons who are erased. A column's are dropped when its type is set, to what it is.
    """
    names = {"names": list(tables)}
    for table_, column_ in connection.execute(text(_SAMPLING), names).all():
        connection.exec_driver_sql(f'ALTER TABLE "{table_}" ALTER COLUMN "{column_}" SET STATISTICS 0')
    sampled = connection.execute(text(_SAMPLED), names).all()
    if not sampled:
        return True
    if not connection.scalar(text(_OWNED)):
        return False
    for table_, column_, type_ in sampled:
        connection.exec_driver_sql(f'ALTER TABLE "{table_}" ALTER COLUMN "{column_}" TYPE {type_}')
    return _written_anew(connection, "pg_statistic")


def truncate_log(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log, which would keep what was erased; False when a reader was in the way: try again later.

    It waits for a second at most. Elsewhere that is the operator's vacuum.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_SHORT_PATIENCE_MS}")
        try:
            return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        finally:
            connection.exec_driver_sql(f"PRAGMA {_PRAGMAS[0]}")
