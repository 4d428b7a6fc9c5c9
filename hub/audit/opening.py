"""Opens the installation's audit log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from hub.audit.checkpoints import Checkpoints, keep_signing
from hub.audit.log import AuditLog
from hub.audit.notes import Signer, Verifier
from hub.audit.sealed import SealedVault
from hub.audit.spool import SPOOL, Spool
from hub.audit.unstoppable import is_unstoppable
from hub.clock import Clock
from hub.database import build_engine, migrate
from hub.errors import ConfigError, ContractError, RetriableError
from hub.in_use import hold
from hub.installation import read_key
from hub.settings import Settings

__all__ = [
    "build_audit_engine",
    "checkpoints_signed",
    "migrate_audit",
    "open_audit",
    "open_checkpoints",
    "open_vault",
    "open_verifier",
]


def build_audit_engine(settings: Settings) -> Engine:
    """The log's own database, migrated. Raises ConfigError when it cannot be used, RetriableError when it does not answer."""
    engine = build_engine(settings.audit_database)
    migrate_audit(engine)
    return engine


def migrate_audit(engine: Engine) -> None:
    """Bring the log's database to this version's form; of several processes the first does it, the rest wait."""
    migrate(engine, Path(__file__).parent / "migrations")


def open_audit(settings: Settings, clock: Clock) -> AuditLog:
    """The log, ready to append to; `close` it. Raises ConfigError when `keys/audit-subject.key` is missing (`hub init`), and
    while a restore is at work.

    A database that does not answer is met by whoever appends: a process whose other work must go on starts all the same.
    """
    with ExitStack() as held:
        held.callback(hold(settings.home, settings.data))
        engine, key = build_engine(settings.audit_database), read_key(settings, "audit-subject.key")
        spool = Spool(settings.data / SPOOL, key)
        log = AuditLog(engine, key, clock, spool=spool, prepare=migrate_audit, let_go=held.pop_all().close)
    try:
        log.prepare()
    except (RetriableError, ConfigError) as error:
        if isinstance(error, ConfigError) and not is_unstoppable():
            log.close()
            raise
    return log


def open_vault(settings: Settings, clock: Clock) -> SealedVault:
    """The sealed vault, to be written to; `close` it. Raises ConfigError when `keys/sealed.public` is missing (`hub init`)."""
    public = read_key(settings, "sealed.public")
    return SealedVault(open_audit(settings, clock), public)


def open_checkpoints(settings: Settings, engine: Engine, clock: Clock) -> Checkpoints:
    """What signs the log's checkpoints. Raises ConfigError when `keys/audit.key` is missing."""
    chosen = settings.audit
    return Checkpoints(engine, _signer(settings), clock, entries=chosen.checkpoint_entries, minutes=chosen.checkpoint_minutes)


@contextmanager
def checkpoints_signed(settings: Settings, clock: Clock) -> Iterator[None]:
    """For as long as the block runs, a thread carries over what waits and signs checkpoints when they are due.

    Raises ConfigError when the key is missing.
    """
    log = open_audit(settings, clock)
    end = threading.Event()
    checkpoints = open_checkpoints(settings, log.engine, clock)
    thread = threading.Thread(target=keep_signing, args=(checkpoints, end, log), name="audit-checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        log.close()


def open_verifier(settings: Settings, public_key: Path | None = None) -> Verifier:
    """What knows the log's public key: from a file that was kept elsewhere, else from the installation's own key.

    Raises ConfigError when the file is no public key.
    """
    if public_key is None:
        return _signer(settings).verifier
    try:
        return Verifier.read(public_key.read_text(encoding="utf-8"))
    except (OSError, ValueError, ContractError) as error:
        raise ConfigError(f"{public_key} holds no public key of an audit log", code="bad_public_key") from error


def _signer(settings: Settings) -> Signer:
    return Signer(f"hub/{settings.municipality}/audit", read_key(settings, "audit.key"))
