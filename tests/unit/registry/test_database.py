from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from hub.errors import ConfigError
from hub.registry.database import migrate, open_database
from hub.registry.tables import Row
from hub.registry.vault import subject_hash
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier


def pages(home: Installation) -> bytes:
    """Every byte of database and keyring: files and write-ahead logs, as they lie on disk at this moment."""
    return b"".join(path.read_bytes() for name in ("registry", "keyring") for path in home.file.parent.glob(f"{name}.db*"))


def spellings(identifier: str) -> list[bytes]:
    forms = [identifier, identifier[2:], f"{identifier[2:8]}-{identifier[8:]}", f"{identifier[:8]}-{identifier[8:]}"]
    return [form.encode(coding) for form in forms for coding in ("utf-8", "utf-16-le", "utf-16-be")] + [
        form.encode().hex().encode() for form in forms
    ]


def test_the_migrations_make_the_tables_of_the_models(databases: Callable[..., str]) -> None:
    engine = open_database(databases("registry"))
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "registry_schema", "compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path / 'new' / 'registry.db'}") for _ in range(4)]
    threads = [threading.Thread(target=migrate, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "youth" in inspect(engines[0]).get_table_names()
    for engine in engines:
        engine.dispose()


def test_the_file_is_its_owners_alone_and_the_settings_hold(sqlite_home: Installation) -> None:
    assert sqlite_home.file.stat().st_mode & 0o077 == 0
    with sqlite_home.engine.connect() as connection:
        found = [
            connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_a_url_that_cannot_be_used_is_a_setting_to_change() -> None:
    with pytest.raises(ConfigError) as caught:
        open_database("sqlite:////proc/no/such/place/registry.db")
    assert caught.value.code == "bad_database"


def test_no_identifier_stands_in_any_page(sqlite_home: Installation) -> None:
    """The same search first finds a planted control, in another table of the same file."""
    control = make_identifier(19)
    with sqlite_home.registry.work() as work:
        work.session.execute(text("insert into memo values ('control', :text)"), {"text": control})
    assert control.encode() in pages(sqlite_home)

    people = [make_identifier(number) for number in range(12)]
    sqlite_home.registry.grant_many([make_grant(person) for person in people[:6]])
    sqlite_home.registry.grant_many([make_grant(person, signed=()) for person in people[6:]])
    sqlite_home.relay.run_once()
    sqlite_home.told()
    sqlite_home.registry.withdraw(people[0])
    sqlite_home.relay.run_once()

    content = pages(sqlite_home)
    assert control.encode() in content
    for person in people:
        assert not [spelling for spelling in spellings(person) if spelling in content]


def test_a_withdrawal_leaves_neither_sealed_identity_nor_keys_in_any_page(sqlite_home: Installation) -> None:
    person = make_identifier()
    sqlite_home.registry.grant(make_grant(person))
    with sqlite_home.engine.connect() as connection:
        query = "select identity, lookup, sealed from youth join link_key using (youth_id)"
        parts = [bytes(part) for row in connection.execute(text(query)) for part in row]
    parts += sqlite_home.keyring.get(sqlite_home.keyring.ages()).values()
    assert len(parts) == 7
    sqlite_home.relay.run_once()
    assert all(part in pages(sqlite_home) for part in parts)
    sqlite_home.registry.withdraw(person)
    sqlite_home.relay.run_once()
    content = pages(sqlite_home)
    assert not [part for part in parts if part in content]


def test_nothing_but_a_keyed_hash_ties_a_person_to_a_directory(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    (entry,) = home.told().entries
    assert entry["subject_hashes"] == [subject_hash(home.agencies[SCHOOL].hmac_key, make_identifier())]
    assert make_identifier() not in json.dumps(entry)
