"""The audit log in a restore: what was logged after the backup was made stays, and what was done once is not good again.

The log is only appended to. So where the installation's own holds all that the backup's does, to its last entry, it goes on as it
is, with the parts of the sealed vault and the signed checkpoints; nothing of it is gone back on. The backup's is put in its place
only where there is none, or another: on a new machine, or after it was lost. Then what came into the lost one from this machine's
disk is gone with it, and the entry of the restore says how much.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, NullPool, create_engine, make_url

from hub.access.coming_back import come_back
from hub.access.opening import build_access_engine
from hub.audit.actions import Action
from hub.audit.ends import begin_anew, end_of, goes_on_from
from hub.audit.entries import Actor, Entry, Outcome
from hub.audit.opening import open_audit
from hub.backup.copying import copy_sqlite
from hub.backup.manifest import Copied, LogEnd, Manifest
from hub.clock import Clock
from hub.database import build_engine
from hub.errors import ConfigError, HubError, RetriableError
from hub.logs import get_logger
from hub.settings import Settings

__all__ = ["continues", "is_log", "own_end", "put_own_log", "regret", "resume"]

_log = get_logger(__name__)

_FILE: Final = Path("audit", "audit.db")
# What databases are called in a backup: by their setting where they are on a server, else by their place under `data/`.
_LOG: Final = frozenset({"audit", "audit/audit"})
_ACCESS: Final = frozenset({"access", "access/access"})


def is_log(copied: Copied) -> bool:
    """Whether that is the copy of the audit log."""
    return copied.store in _LOG


def own_end(settings: Settings) -> LogEnd | None:
    """How far the installation's log reaches; None when there is none yet. Raises RetriableError, ConfigError."""
    if _on_server(settings) or (settings.data / _FILE).is_file():
        with _open(build_engine(settings.audit_database)) as engine:
            return _as_end(end_of(engine))
    return None


def continues(settings: Settings, backup: Path, manifest: Manifest) -> bool:
    """Whether the installation's own log goes on from the backup's, and stays; a file that cannot be read is no log.

    Raises RetriableError or ConfigError when a server does not answer.
    """
    end = manifest.log_end or _end_of_copy(backup, manifest)
    on_server = _on_server(settings)
    if end is None or not (on_server or (settings.data / _FILE).is_file()):
        return False
    try:
        with _open(build_engine(settings.audit_database)) as engine:
            return goes_on_from(engine, end.position, end.chain)
    except (RetriableError, ConfigError):
        if on_server:
            raise
        return False


def put_own_log(settings: Settings, staged: Path) -> None:
    """Into the data that a restore puts together; on a server it is where it was. Raises RetriableError."""
    if not _on_server(settings):
        copy_sqlite(settings.data / _FILE, staged / _FILE)


def resume(settings: Settings, manifest: Manifest, clock: Clock, actor: Actor, *, continued: bool) -> None:
    """The restore's own entry, behind all that waited, and the end of what was good once. `settings`: of the restored data.

    Raises RetriableError `audit` when the log cannot be written: then nothing is restored.
    """
    log = open_audit(settings, clock)
    try:
        rule = "own_log" if continued else f"log_of_backup.lost{begin_anew(log)}"
        log.append(Entry(actor, Action.BACKUP_RESTORED, purpose=_instant(manifest), rule=rule))
    finally:
        log.close()
    if any(one.store in _ACCESS for one in manifest.files):
        with _open(build_access_engine(settings)) as engine:
            come_back(engine, clock.now())


def regret(settings: Settings, manifest: Manifest, clock: Clock, actor: Actor) -> None:
    """The restore has failed. Its entry goes with what was put together; on a server it stays, and another one says so."""
    if not _on_server(settings):
        return
    try:
        log = open_audit(settings, clock)
        try:
            log.append(Entry(actor, Action.BACKUP_RESTORED, purpose=_instant(manifest), outcome=Outcome.DENY, rule="failed"))
        finally:
            log.close()
    except HubError as error:  # what it failed of is told
        _log.warning("the audit log does not say that the restore failed", code=error.code)


def _instant(manifest: Manifest) -> str:
    return f"{manifest.made_at:%Y%m%dt%H%M%Sz}"


def _on_server(settings: Settings) -> bool:
    return make_url(settings.audit_database).get_backend_name() != "sqlite"


def _end_of_copy(backup: Path, manifest: Manifest) -> LogEnd | None:
    """Of a backup that does not say it: from its copy, where that is a file; every log goes on from none."""
    copy = next((backup / one.path for one in manifest.files if is_log(one)), None)
    if copy is None:
        return LogEnd(position=0, chain="")
    if copy.suffix != ".db":
        return None
    connect = partial(sqlite3.connect, f"file:{copy}?mode=ro", uri=True)  # nothing of a backup is changed
    with _open(create_engine("sqlite://", creator=connect, poolclass=NullPool)) as engine:
        return _as_end(end_of(engine))


def _as_end(found: tuple[int, str] | None) -> LogEnd | None:
    return None if found is None else LogEnd(position=found[0], chain=found[1])


@contextmanager
def _open(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()
