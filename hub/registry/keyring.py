"""Where data keys lie: apart from the registry's database, and beside them the shred list, which outlives every backup.

A youth's fields are sealed under a data key of her own. The key is wrapped by the installation's master key and kept here,
never in the registry's database: whoever restores an old copy of that finds no key that was destroyed since. The shred list
says whose keys were destroyed, which consents ended or are blocked, and by which role, whom custody makes sign them, and who is
marked as protected; it is copied out with every backup and replayed after a restore.

Guarantee: what `put` and `end` returned is on disk. `end` destroys keys in the transaction that writes their owners on the list;
their bytes are gone from the keyring's own files when `tidy` has said so, for which physical removal waits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hub.database import UtcInstant, answering, be_alone, build_engine, migrate, purge, truncate_log
from hub.errors import ConfigError
from hub.logs import get_logger

__all__ = [
    "BLOCKED",
    "BLOCKS_ALL",
    "BLOCKS_ONE",
    "LIFTED",
    "NARROWED",
    "PROTECTED",
    "SHREDDED",
    "SUSPENDED",
    "UNPROTECTED",
    "Ending",
    "KeyStore",
    "Keyring",
    "changes_state",
    "latest_of",
    "merge_endings",
    "open_keyring",
    "read_shred_list",
    "write_shred_list",
]

SHREDDED, PROTECTED, UNPROTECTED = "shredded", "protected", "unprotected"
BLOCKED, SUSPENDED = "blocked", "suspended"
BLOCKS_ALL, BLOCKS_ONE, LIFTED = "blocks_all", "blocks_one", "lifted"
NARROWED = "narrowed"
_FOR_EVER = frozenset({SHREDDED, "withdrawn"})
_MIGRATIONS = Path(__file__).parent / "keyring_migrations"
_AT_ONCE = 500
_log = get_logger(__name__)
_LOCK = 0x48554B52  # any number that only the keyring takes
_metadata = MetaData()
_keys = Table(
    "data_key",
    _metadata,
    Column("youth_id", String(32), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", UtcInstant, nullable=False),
)
_endings = Table(
    "shred_list",
    _metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("at", UtcInstant, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, order=True)
class Ending:
    """One line of the shred list: a youth's key is gone (shredded), a consent is withdrawn, suspended, blocked or in force again,
    it covers something no longer, a role has blocked it, with everything else or alone, or lifted that, custody is another's, or
    somebody is marked as protected, or is no longer.

    `subject` is the registry's own random number of the youth or the consent (and `.` and a role, of its block; and `.` and what
    was left out, `hub.registry.narrow_lines`; and `.custody`, whose state names the roles, `hub.registry.custody_lines`), of a
    marking the keyed hash under which it is kept: without the installation's keys it says nothing about a person.
    """

    at: datetime
    subject: str
    state: str


class KeyStore(Protocol):
    """What the registry needs of a keyring. Every method may raise RetriableError: nothing has changed then."""

    def put(self, keys: Mapping[str, bytes], now: datetime) -> None:
        """Keep wrapped keys by youth; one that is there stays as it is."""
        ...

    def replace(self, keys: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Put the second of each pair in the place of the first; one that is no longer the first, or gone, stays as it is."""
        ...

    def get(self, youth_ids: Collection[str]) -> dict[str, bytes]:
        """The wrapped keys of these youths; who has none, or none any more, is left out."""
        ...

    def end(self, endings: Sequence[Ending]) -> None:
        """Write the endings on the shred list and destroy the keys of the shredded; a repeat changes nothing."""
        ...

    def endings(self) -> list[Ending]:
        """The shred list, oldest first."""
        ...

    def ages(self) -> dict[str, datetime]:
        """Every youth that has a key, and since when."""
        ...


class Keyring:
    """A key store in a database of its own: SQLite in a file, or PostgreSQL where several hosts share it.

    With `copy`, the whole shred list is also kept in that file, on another disk: the restore of a lost machine needs it.
    """

    def __init__(self, engine: Engine, copy: Path | None = None) -> None:
        self.engine = engine
        self._copy = copy

    def close(self) -> None:
        """Release the database."""
        self.engine.dispose()

    def put(self, keys: Mapping[str, bytes], now: datetime) -> None:
        if not keys:
            return
        with answering(), self.engine.begin() as connection:
            known = set(connection.scalars(select(_keys.c.youth_id).where(_keys.c.youth_id.in_(keys))))
            fresh = [{"youth_id": name, "wrapped": key, "created_at": now} for name, key in keys.items() if name not in known]
            if fresh:
                connection.execute(insert(_keys), fresh)

    def replace(self, keys: Mapping[str, tuple[bytes, bytes]]) -> None:
        if not keys:
            return
        with answering(), self.engine.begin() as connection:
            for youth_id, (former, fresh) in keys.items():
                here = (_keys.c.youth_id == youth_id) & (_keys.c.wrapped == former)
                connection.execute(update(_keys).where(here).values(wrapped=fresh))

    def get(self, youth_ids: Collection[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        wanted = sorted(youth_ids)
        with answering(), self.engine.connect() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                query = select(_keys.c.youth_id, _keys.c.wrapped).where(_keys.c.youth_id.in_(wanted[start : start + _AT_ONCE]))
                found.update({row.youth_id: bytes(row.wrapped) for row in connection.execute(query)})
        return found

    def end(self, endings: Sequence[Ending]) -> None:
        shredded = [one.subject for one in endings if one.state == SHREDDED]
        with answering(), self.engine.begin() as connection:
            be_alone(connection, _LOCK)
            fresh = _news(_read(connection.execute(select(_endings).order_by(_endings.c.number))), endings)
            if fresh:
                connection.execute(insert(_endings), [{"subject": o.subject, "state": o.state, "at": o.at} for o in fresh])
            for start in range(0, len(shredded), _AT_ONCE):
                connection.execute(delete(_keys).where(_keys.c.youth_id.in_(shredded[start : start + _AT_ONCE])))
        if fresh:
            self.copy_out()
        if shredded and not truncate_log(self.engine):
            _log.warning("a reader keeps destroyed keys in the keyring's log; tried again until it has let go")

    def endings(self) -> list[Ending]:
        with answering(), self.engine.connect() as connection:
            return _read(connection.execute(select(_endings).order_by(_endings.c.at, _endings.c.number)))

    def ages(self) -> dict[str, datetime]:
        with answering(), self.engine.connect() as connection:
            return {row.youth_id: row.created_at for row in connection.execute(select(_keys))}

    def copy_out(self) -> None:
        """Bring the copy of the shred list up to date. Raises ConfigError when it cannot be written."""
        if self._copy is not None:
            write_shred_list(self._copy, self.endings())

    def copy_to(self, other: Keyring) -> None:
        """Put every key, with its age, and the shred list into an empty keyring, whatever database either is in."""
        with answering(), self.engine.connect() as here, other.engine.begin() as there:
            for table in (_keys, _endings):
                found = here.execute(select(table).order_by(*table.primary_key)).mappings()
                rows = [{name: value for name, value in row.items() if name != "number"} for row in found]
                if rows:
                    there.execute(insert(table), rows)

    def tidy(self) -> bool:
        """Let go of the bytes of destroyed keys; False when somebody was in the way: they are there still, try again.

        SQLite overwrote them, so its log is all; PostgreSQL writes its table anew, without them.
        """
        with answering():
            return purge(self.engine, [_keys.name])


def open_keyring(url: str, copy: Path | None = None) -> Keyring:
    """The keyring at a database URL, its tables made. Raises ConfigError or RetriableError."""
    engine = build_engine(url)
    try:
        migrate(engine, _MIGRATIONS)
    except BaseException:
        engine.dispose()
        raise
    return Keyring(engine, copy)


def write_shred_list(path: Path, endings: Iterable[Ending]) -> None:
    """The list as a file of JSON lines: whole or not at all. Raises ConfigError when it cannot be written."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            for one in endings:
                out.write(json.dumps({"at": one.at.isoformat(), "subject": one.subject, "state": one.state}) + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"the shred list cannot be written to {path}: {error.strerror}", code="cannot_write") from error


def read_shred_list(path: Path) -> list[Ending]:
    """Such a file. Raises ConfigError when it is not one."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [Ending(datetime.fromisoformat(row["at"]), row["subject"], row["state"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no shred list ({type(error).__name__})", code="bad_shred_list") from error


def merge_endings(*lists: Iterable[Ending]) -> list[Ending]:
    """Several copies as one, oldest first; what stands in more than one stands once."""
    return sorted({one for each in lists for one in each})


def latest_of(endings: Iterable[Ending]) -> dict[str, Ending]:
    """The line that counts of each subject, of a list oldest first: the last, but what is for ever is so whatever comes later.

    Lists of copies that parted say both, when they are merged.
    """
    latest: dict[str, Ending] = {}
    for one in endings:
        before = latest.get(one.subject)
        if before is None or before.state not in _FOR_EVER or one.state == SHREDDED:
            latest[one.subject] = one
    return latest


def changes_state(latest: str | None, state: str) -> bool:
    """Whether a line with `state` says more than the latest about its subject.

    A restored consent whose block stands is suspended, for the list does not say whose block it is: it stays blocked here.
    """
    return latest not in {state, SHREDDED} and (latest, state) != (BLOCKED, SUSPENDED)


def _news(known: Iterable[Ending], told: Iterable[Ending]) -> list[Ending]:
    """What of `told` is not known and changes the state at its instant. Shredded is for ever; blocked is more than suspended.

    By instants, not in the order in which lines came: a list that was merged in brings older lines behind newer ones.
    """
    listed = list(known)
    before = set(listed)
    gone = {one.subject for one in before if one.state == SHREDDED}
    latest: dict[str, str] = {}
    fresh: list[Ending] = []
    for one in sorted([*listed, *sorted(set(told) - before)], key=lambda line: line.at):  # of one instant, as they came
        if one not in before:
            if one.subject in gone or not changes_state(latest.get(one.subject), one.state):
                continue
            fresh.append(one)
        latest[one.subject] = one.state
    return fresh


def _read(rows: Iterable[object]) -> list[Ending]:
    return [Ending(row.at, row.subject, row.state) for row in rows]  # type: ignore[attr-defined]
