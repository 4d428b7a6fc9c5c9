"""What the registry has kept of rule sets, to read: loads no more than the database needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from hub.core.rule_set import RulesError, RuleSet, parse_rules
from hub.errors import FatalError
from hub.registry.database import is_newest, open_database, reading
from hub.registry.rule_tables import RuleActivation, RuleSetVersion
from hub.settings import Settings

__all__ = ["Activation", "activations", "in_force", "read_in_force", "read_kept", "view"]


@dataclass(frozen=True, slots=True)
class Activation:
    """One time at which a version came into force; instants are UTC."""

    number: int
    version: str
    sha256: str
    content: str
    activated_at: datetime
    by: str
    note: str

    @property
    def rules(self) -> RuleSet:
        """The set itself. Raises FatalError when this version of the hub cannot read it: a newer one activated it."""
        try:
            return parse_rules(json.loads(self.content))
        except RulesError as error:
            text = f"the rules of version {self.version} cannot be read by this version of the hub: {error}"
            raise FatalError(text, code="unknown_rules") from error


def in_force(session: Session) -> Activation | None:
    """What is in force, in a transaction or look of one's own."""
    query = select(RuleActivation, RuleSetVersion).join(RuleSetVersion).order_by(RuleActivation.number.desc()).limit(1)
    found = session.execute(query).one_or_none()
    return None if found is None else view(*found)


def activations(session: Session) -> list[Activation]:
    """Every activation, the newest first."""
    query = select(RuleActivation, RuleSetVersion).join(RuleSetVersion).order_by(RuleActivation.number.desc())
    return [view(row, kept) for row, kept in session.execute(query)]


def view(row: RuleActivation, kept: RuleSetVersion) -> Activation:
    """One activation as it is told."""
    return Activation(row.number, kept.version, kept.sha256, kept.content, row.activated_at, row.by, row.note)


def read_in_force(settings: Settings) -> Activation | None:
    """What is in force, read without opening the registry; None: nothing, or there is no registry of this version yet.

    Raises RetriableError when its database does not answer, ConfigError when it cannot be opened.
    """
    with _looking(settings) as session:
        return None if session is None else in_force(session)


def read_kept(settings: Settings) -> list[RuleSet]:
    """Every version that was ever in force, each once, beginning with the one that is. Raises as `read_in_force` does."""
    with _looking(settings) as session:
        found = [] if session is None else activations(session)
    return list({one.version: one.rules for one in found}.values())


@contextmanager
def _looking(settings: Settings) -> Iterator[Session | None]:
    url = make_url(settings.registry_database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield None
        return
    engine = open_database(settings.registry_database)
    try:
        if not is_newest(engine):
            yield None
            return
        with reading(engine) as session:
            yield session
    finally:
        engine.dispose()
