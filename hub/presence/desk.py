"""What pages need of presence: one of each, over the inbox' database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hub.access.attempts import Attempts
from hub.clock import Clock
from hub.database import migrate
from hub.presence.agreements import Agreements
from hub.presence.feeds import Feeds
from hub.presence.links import Links
from hub.presence.offers import Offers
from hub.presence.plan import Plan

__all__ = ["MIGRATIONS", "PresenceDesk", "open_presence"]

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class PresenceDesk:
    """`engine` is the inbox' database, in which presence has tables of its own."""

    engine: Engine
    plan: Plan
    agreements: Agreements
    offers: Offers
    feeds: Feeds
    attempts: Attempts


def open_presence(engine: Engine, clock: Clock, key: bytes, attempts: Attempts) -> PresenceDesk:
    """Over the inbox' database, which is migrated as far as presence goes.

    `key` (32 bytes) signs links; `attempts` counts guesses at them. Raises RetriableError or ConfigError as `migrate` does.
    """
    migrate(engine, MIGRATIONS)
    return PresenceDesk(
        engine=engine,
        plan=Plan(engine, clock),
        agreements=Agreements(engine, clock),
        offers=Offers(engine, clock, Links(key)),
        feeds=Feeds(engine, clock),
        attempts=attempts,
    )
