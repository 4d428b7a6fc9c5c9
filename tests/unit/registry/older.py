"""A registry's database as a backup holds it, and the installation after that was restored."""

from __future__ import annotations

import sqlalchemy as sa

from tests.unit.registry.support import Installation

TABLES = (
    "youth",
    "consent",
    "consent_fact",
    "link_key",
    "subject_entry",
    "agency_version",
    "erasure_request",
    "erasure_answer",
    "protection",
    "barred_time",
    "kept_custody",
)


def copy_of(home: Installation) -> dict[str, list[dict]]:
    """What a backup of the registry's database holds."""
    with home.engine.connect() as connection:
        return {name: [dict(row) for row in connection.execute(table(connection, name).select()).mappings()] for name in TABLES}


def put_back(home: Installation, copy: dict[str, list[dict]]) -> None:
    allow_deletion(home)
    with home.engine.begin() as connection:
        for name in reversed(TABLES):
            connection.execute(table(connection, name).delete())
        for name in TABLES:
            if copy[name]:
                connection.execute(table(connection, name).insert(), copy[name])


def allow_deletion(home: Installation) -> None:
    """A restore replaces the database; here its rows are replaced, which the triggers of a history forbid."""
    sqlite, postgresql = (
        "DROP TRIGGER IF EXISTS consent_fact_delete",
        "ALTER TABLE consent_fact DISABLE TRIGGER consent_fact_kept",
    )
    with home.engine.begin() as connection:
        connection.execute(sa.text(sqlite if home.engine.dialect.name == "sqlite" else postgresql))


def table(connection: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=connection)
