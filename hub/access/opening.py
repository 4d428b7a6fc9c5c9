"""Opens the database of signing in and four eyes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from hub.access.accounts import Accounts
from hub.access.attempts import Attempts
from hub.access.four_eyes import FourEyes
from hub.access.sessions import Sessions
from hub.access.trail import Trail
from hub.clock import Clock, SystemClock
from hub.database import build_engine, migrate
from hub.installation import read_key
from hub.settings import Settings

__all__ = ["build_access_engine", "open_accounts", "open_four_eyes", "open_sessions", "own_accounts", "own_codes"]


def build_access_engine(settings: Settings) -> Engine:
    """The database, migrated. Raises ConfigError when it cannot be used, RetriableError when it does not answer."""
    engine = build_engine(settings.access_database)
    migrate(engine, Path(__file__).parent / "migrations")
    return engine


def own_accounts(settings: Settings) -> bool:
    """Whether people may sign in with accounts of this installation; in production beside a provider: emergency accounts."""
    login = settings.login
    return own_codes(settings) or bool(login.oidc.issuer and login.emergency_accounts)


def own_codes(settings: Settings) -> bool:
    """Whether people may sign in with codes of this installation, and with every account of it."""
    login = settings.login
    return settings.environment != "production" or (login.local_in_production and not login.oidc.issuer)


def open_sessions(settings: Settings, engine: Engine, clock: Clock | None = None) -> Sessions:
    """Sessions by the installation's limits and, without a clock, the machine's own time."""
    login = settings.login
    longest, idle = timedelta(hours=login.session_hours), timedelta(minutes=login.idle_minutes)
    return Sessions(
        engine, clock or SystemClock(), longest=longest, idle=idle, recheck=timedelta(minutes=login.oidc.recheck_minutes)
    )


def open_accounts(settings: Settings, engine: Engine, trail: Trail, clock: Clock | None = None) -> Accounts:
    """The accounts of this installation. Raises ConfigError when keys/worklist.key is missing."""
    own = clock or SystemClock()
    emergency = None if own_codes(settings) else frozenset(settings.login.emergency_accounts)
    return Accounts(engine, trail, own, Attempts(engine, read_key(settings, "worklist.key"), own), emergency=emergency)


def open_four_eyes(settings: Settings, engine: Engine, audit: Trail, clock: Clock | None = None) -> FourEyes:
    """Four eyes by the installation's limits; without a clock by the machine's own, which a scenario does not shift."""
    login = settings.login
    return FourEyes(
        engine,
        audit,
        clock or SystemClock(),
        approve_within=timedelta(hours=login.approve_within_hours),
        use_within=timedelta(hours=login.use_within_hours),
        # Beside a provider one person has two kinds of accounts; in production nobody may be both eyes by having two.
        persons_needed=bool(login.oidc.issuer) or settings.environment == "production",
    )
