"""The migrations make what the code expects."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

import hub.access
from hub.access.opening import build_access_engine
from hub.access.rights import read_kept, words_of
from hub.access.roles import Role
from hub.access.tables import AccessRow
from hub.settings import Settings
from tests.unit.access.conftest import NOW

OTHERS = {
    "account": "local-1", "username": "anna", "name": "Anna", "password_hash": "", "disabled": False, "changed_at": NOW.isoformat(),
    "person": "",
}  # fmt: skip


def to(connection: Connection, revision: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hub.access.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, revision)


def keep(connection: Connection, **values: str) -> None:
    row = OTHERS | values
    connection.execute(sa.delete(sa.table("access_account")))
    connection.execute(sa.insert(sa.table("access_account", *map(sa.column, row))).values(row))


def kept(connection: Connection, *columns: str) -> tuple[str, ...]:
    return tuple(connection.execute(sa.select(*map(sa.column, columns)).select_from(sa.table("access_account"))).one())


def test_the_migrated_database_has_the_tables_columns_and_indexes_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "access_schema"})
        differences = [one for one in compare_metadata(context, AccessRow.metadata) if one[0] != "remove_constraint"]
    assert differences == []


def test_the_database_is_readable_to_its_owner_only(sqlite_settings: Settings) -> None:
    engine = build_access_engine(sqlite_settings)
    file = Path(str(engine.url.database))
    engine.dispose()
    assert file.is_relative_to(sqlite_settings.data)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("roles", "teams", "rights"),
    [
        ("team-head team-member", "outreach sig", "team-head:outreach team-head:sig team-member:outreach team-member:sig"),
        ("auditor consent-officer", "sspf", "auditor consent-officer:sspf"),
        ("auditor observer", "sspf", "auditor observer"),
        ("team-head", "", "team-head"),
        ("king", "sig", "king"),
    ],
)
def test_an_account_of_before_keeps_each_role_in_each_of_its_teams_and_gets_no_more(
    engine: Engine, roles: str, teams: str, rights: str
) -> None:
    with engine.begin() as connection:
        to(connection, "l0003", back=True)
        keep(connection, roles=roles, teams=teams)
        to(connection, "head")
        assert kept(connection, "rights") == (rights,)
        to(connection, "l0003", back=True)
        assert kept(connection, "roles")[0] == roles


def test_on_the_way_back_nobody_gets_what_the_former_tables_would_give_them_together(engine: Engine) -> None:
    rights = {Role.TEAM_HEAD: frozenset({"sig", "sspf"}), Role.TEAM_MEMBER: frozenset({"outreach", "sig"})}
    with engine.begin() as connection:
        keep(connection, rights=" ".join(words_of(rights)))
        to(connection, "l0003", back=True)
        assert kept(connection, "roles", "teams") == ("team-head team-member", "sig")
        to(connection, "head")
        assert read_kept(*kept(connection, "rights")) == dict.fromkeys(rights, frozenset({"sig"}))
