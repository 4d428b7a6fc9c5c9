"""Backups: made while others write, checked, restored into a stopped installation; nothing that opens anything is in them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock

from hub.backup import copying
from hub.backup.create import create_backup, create_key_copy
from hub.backup.manifest import MANIFEST, SHRED_LIST, lacking, read_manifest, verify
from hub.backup.restore import make_plan, restore
from hub.backup.stores import find_stores
from hub.bootstrap import build_delivery_engine
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.core.consent_rules import Signatory
from hub.errors import ConfigError
from hub.installation import initialise
from hub.put_aside import beside
from hub.registry.former import FormerData
from hub.registry.keyring import open_keyring
from hub.registry.opening import OpenRegistry, open_registry
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.delivery.conftest import migrate_inbox
from tests.unit.registry.conftest import migrate_registry
from tests.unit.registry.support import SCHOOL, START, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)


@pytest.fixture
def settings(tmp_path: Path, databases: Callable[..., str], request: pytest.FixtureRequest) -> Settings:
    """An installation whose registry and inbox lie on either database."""
    home = tmp_path / "home"
    initialised(home)
    loaded = load_settings(home)
    if "sqlite" in request.node.callspec.id:
        return loaded
    registry = loaded.registry.model_copy(update={"database_url": databases("registry", migrate_registry)})
    delivery = loaded.delivery.model_copy(update={"database_url": databases("delivery", migrate_inbox)})
    return loaded.model_copy(update={"registry": registry, "delivery": delivery})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def opened(settings: Settings, clock: ManualClock) -> OpenRegistry:
    return open_registry(settings, clock, Codec.load())


@pytest.fixture
def granted(settings: Settings, clock: ManualClock) -> Iterator[Settings]:
    build_delivery_engine(settings).dispose()
    registry = opened(settings, clock)
    registry.registry.grant(make_grant(PERSON))
    registry.registry.grant(make_grant(OTHER))
    registry.close()
    (settings.data / "statutory" / "messages").mkdir(parents=True)
    (settings.data / "statutory" / "messages" / "one.sealed").write_bytes(b"sealed")
    (settings.data / "statutory" / "messages" / "half.tmp").write_bytes(b"half")
    return settings


def fresh_databases(settings: Settings, databases: Callable[..., str]) -> Settings:
    """PostgreSQL is restored into new databases, as the runbook says."""
    if not settings.registry.database_url:
        return settings
    registry = settings.registry.model_copy(update={"database_url": databases()})
    delivery = settings.delivery.model_copy(update={"database_url": databases()})
    return settings.model_copy(update={"registry": registry, "delivery": delivery})


def test_a_backup_holds_every_database_but_no_key(granted: Settings, clock: ManualClock, tmp_path: Path) -> None:
    keyring = open_keyring(granted.keyring_database)
    keys = list(keyring.get(keyring.ages()).values())
    keyring.close()
    ledger = granted.data / "connect" / "ss12000" / "lane.db"
    ledger.parent.mkdir(parents=True)
    with closing(sqlite3.connect(ledger)) as connection, connection:  # a part that nobody listed
        connection.execute("CREATE TABLE some_part (what TEXT)")
    backup, manifest = create_backup(granted, tmp_path / "backups", clock.now())
    stores = {one.store for one in manifest.files if one.store}
    assert {name.partition("/")[0] for name in stores} >= {"registry", "delivery", "connect"}
    assert stores == {store.name for store in find_stores(granted)}
    assert (backup / "data" / "statutory" / "messages" / "one.sealed").read_bytes() == b"sealed"
    assert not list(backup.rglob("*.tmp"))
    assert (backup / "settings" / "hub.toml").is_file()
    content = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file())
    secrets = [path.read_bytes().strip() for path in granted.keys.iterdir()]
    assert len(keys) == 2
    assert not [key for key in (*keys, *secrets) if key in content]
    assert PERSON.encode() not in content
    assert not [path for path in backup.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert verify(backup) == []


def test_it_is_made_while_somebody_writes(tmp_path: Path) -> None:
    """The last commit is in the write-ahead log only: copying the file would lose it."""
    source = tmp_path / "some.db"
    with closing(sqlite3.connect(source)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE held (what TEXT)")
        writer.execute("INSERT INTO held VALUES ('committed')")
        writer.commit()
        writer.execute("INSERT INTO held VALUES ('not yet')")
        copying.copy_sqlite(source, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT what FROM held").fetchall() == [("committed",)]


@pytest.mark.parametrize("damage", ["changed", "missing", "list"])
def test_a_damaged_backup_is_told_and_not_restored(granted: Settings, clock: ManualClock, tmp_path: Path, damage: str) -> None:
    backup, manifest = create_backup(granted, tmp_path / "backups", clock.now())
    file = backup / next(one.path for one in manifest.files if one.store)
    if damage == "missing":
        file.unlink()
    elif damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    else:
        (backup / SHRED_LIST).write_text("no list")
    done = CliRunner().invoke(app, ["backup", "verify", str(backup), "--json"])
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["faults"]) == 1
    with pytest.raises(ConfigError, match="damaged"):
        make_plan(granted, backup, None, ())


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no backup"):
        verify(tmp_path)


def test_a_restore_brings_back_what_was_lost_and_nobody_who_withdrew(
    granted: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str]
) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    clock.advance(timedelta(days=3))
    registry = opened(granted, clock)
    registry.registry.withdraw(PERSON)
    registry.registry.withdraw(OTHER)
    registry.registry.grant(make_grant(OTHER))
    registry.close()
    settings = fresh_databases(granted, databases)
    done = restore(make_plan(settings, backup, None, (), former_registry=granted.registry_database), clock, Codec.load())
    assert done.aside is not None
    assert (done.aside / "keyring" / "keyring.db").is_file()
    assert not (settings.home / "data.restoring").exists()
    assert (settings.data / "statutory" / "messages" / "one.sealed").is_file()
    for url in filter(None, (settings.registry.database_url, settings.delivery.database_url)):
        assert copying.restored_from(url) is None  # it is done: the next restore begins anew
    registry = opened(settings, clock)
    assert registry.registry.references([PERSON, OTHER]) == [None, None]
    assert registry.registry.grant(make_grant(PERSON)).status == "in_force"
    registry.close()


def test_a_restore_that_fails_half_way_leaves_no_key_beside_the_installation(
    granted: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str]
) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    keyring = open_keyring(granted.keyring_database)
    keys = list(keyring.get(keyring.ages()).values())
    keyring.close()
    settings = fresh_databases(granted, databases)
    plan = make_plan(settings, backup, None, (), former_registry=granted.registry_database)
    (settings.keys / "registry.key").rename(tmp_path / "registry.key")  # the registry cannot be opened
    with pytest.raises(ConfigError, match=r"registry\.key"):
        restore(plan, clock, Codec.load())
    assert not (settings.home / "data.restoring").exists()
    holding = [path for path in settings.home.rglob("*") if path.is_file() and keys[0] in path.read_bytes()]
    assert {path.relative_to(settings.home).parts[:2] for path in holding} == {("data", "keyring")}
    (tmp_path / "registry.key").rename(settings.keys / "registry.key")
    (beside(settings.data, clock.now()) / "some").mkdir(parents=True)  # its last step cannot be done
    with pytest.raises(ConfigError, match="as it was"):
        restore(plan, clock, Codec.load())
    shutil.rmtree(beside(settings.data, clock.now()))
    assert restore(plan, clock, Codec.load()).aside is not None


def test_who_withdraws_after_a_restore_is_shredded_in_the_former_data_too_and_they_leave_in_time(
    granted: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str]
) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    settings = fresh_databases(granted, databases)
    done = restore(make_plan(settings, backup, None, (), former_registry=granted.registry_database), clock, Codec.load())
    assert done.aside is not None
    registry = opened(settings, clock)
    registry.registry.withdraw(PERSON)
    former = FormerData(settings.home, timedelta(days=7))
    former.tend(registry.registry, registry.keyring, clock.now())
    copy = open_keyring(f"sqlite:///{done.aside / 'keyring' / 'keyring.db'}")
    assert copy.ages().keys() == registry.keyring.ages().keys()
    assert len(copy.ages()) == 1
    copy.close()
    assert not former.is_gone()
    former.tend(registry.registry, registry.keyring, clock.now() + timedelta(days=7))
    registry.close()
    assert former.is_gone()
    assert not done.aside.exists()


def test_a_database_password_of_the_settings_is_not_in_the_backup_and_that_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    initialised(home)
    file = home / "hub.toml"
    content = file.read_text(encoding="utf-8")
    secret = "postgresql+psycopg://hub:a-password-of-hers@127.0.0.1:1/audit"
    file.write_text(content.replace("[web]", f'# [audit] database_url = "{secret}"\n[web]'), encoding="utf-8")
    opened(load_settings(home), ManualClock(START)).close()
    made = CliRunner().invoke(app, ["backup", "create", str(tmp_path / "backups"), "--home", str(home)])
    assert made.exit_code == 0, (made.output, made.exception)
    assert "put it back in hub.toml" in made.output
    (backup,) = (tmp_path / "backups").iterdir()
    assert not [path for path in backup.rglob("*") if path.is_file() and b"a-password-of-hers" in path.read_bytes()]
    assert tomllib.loads((backup / "settings" / "hub.toml").read_text(encoding="utf-8"))["municipality"] == "0581"
    restored = CliRunner().invoke(app, ["backup", "restore", str(backup), "--home", str(home), "--yes"])
    assert "put it back in hub.toml" in restored.output


def installed(home: Path, variant: str = "norrkoping") -> Settings:
    initialise(home, variant)
    opened(load_settings(home), ManualClock(START)).close()
    return load_settings(home)


def without_rules(backup: Path) -> None:
    """As a version made it that left out consent.yaml."""
    manifest = read_manifest(backup)
    files = tuple(one for one in manifest.files if one.path != "settings/consent.yaml")
    (backup / MANIFEST).write_text(manifest.model_copy(update={"files": files}).model_dump_json(), encoding="utf-8")
    (backup / "settings" / "consent.yaml").unlink()


def test_every_file_of_an_installation_by_which_the_hub_decides_is_in_a_backup(tmp_path: Path) -> None:
    settings = installed(tmp_path / "home")
    backup, manifest = create_backup(settings, tmp_path / "backups", START)
    found = {path.relative_to(settings.home).as_posix() for path in settings.home.rglob("*") if path.is_file()}
    decides = {name for name in found if not name.startswith(("keys/", "data/", "."))}
    assert "consent.yaml" in decides
    assert decides == {one.path.removeprefix("settings/") for one in manifest.files if one.path.startswith("settings/")}
    assert lacking(manifest) == []
    assert (backup / "settings" / "consent.yaml").read_bytes() == settings.consent_file.read_bytes()


def test_the_backups_rules_of_consent_are_put_back_and_others_that_were_there_are_kept_beside(tmp_path: Path) -> None:
    first, home = installed(tmp_path / "first", "sigtuna"), tmp_path / "second"
    backup, _ = create_backup(first, tmp_path / "backups", START)
    theirs, own = (first.consent_file.read_bytes(), installed(home).consent_file.read_bytes())
    shutil.copytree(first.keys, home / "keys", dirs_exist_ok=True)
    (home / "teams.yaml").write_bytes((home / "teams.yaml").read_bytes() + b"# another\n")
    done = CliRunner().invoke(app, ["backup", "restore", str(backup), "--home", str(home), "--yes"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "consent.yaml: the backup's is put back" in done.output
    assert "teams.yaml is not as it was in the backup" in done.output
    assert "areas.yaml" not in done.output
    assert (home / "consent.yaml").read_bytes() == theirs
    (former,) = home.glob("consent.yaml.before-*")
    assert former.read_bytes() == own
    again = make_plan(load_settings(home), backup, None, ())
    assert (again.replaces_rules, again.lacking, again.differing) == (False, [], ["teams.yaml"])


def test_what_is_done_again_in_a_restore_is_judged_by_the_backups_rules_of_consent(tmp_path: Path) -> None:
    settings, clock, grown = installed(tmp_path / "home", "sigtuna"), ManualClock(START), make_identifier(born="20050304")
    with closing(opened(settings, clock)) as there:
        there.registry.grant(make_grant(grown, required=("youth",), signed=("youth",)))
        backup, _ = create_backup(settings, tmp_path / "backups", START)
        there.registry.block(grown, Signatory.YOUTH)
    settings.consent_file.write_bytes(installed(tmp_path / "other").consent_file.read_bytes())  # she is too old for these
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    with closing(opened(settings, clock)) as there:
        assert [one.state for one in there.registry.show(grown).consents] == ["blocked"]


def test_a_restore_that_fails_leaves_the_rules_of_consent_as_they_were(tmp_path: Path) -> None:
    first, second = installed(tmp_path / "first", "sigtuna"), installed(tmp_path / "second")
    backup, _ = create_backup(first, tmp_path / "backups", START)
    own = second.consent_file.read_bytes()
    (second.keys / "registry.key").unlink()
    with pytest.raises(ConfigError, match=r"registry\.key"):
        restore(make_plan(second, backup, None, ()), ManualClock(START), Codec.load())
    assert second.consent_file.read_bytes() == own
    assert not list(second.home.glob("consent.yaml.*"))


def test_a_backup_of_an_older_version_is_told_to_lack_the_rules_of_consent_and_is_restored_under_the_installations_own(
    tmp_path: Path,
) -> None:
    settings = installed(tmp_path / "home", "sigtuna")
    backup, _ = create_backup(settings, tmp_path / "backups", START)
    own = settings.consent_file.read_bytes()
    without_rules(backup)
    looked = CliRunner().invoke(app, ["backup", "verify", str(backup)])
    assert looked.exit_code == 1
    assert "consent.yaml is not in it" in looked.output
    assert "not whole" in looked.output
    done = CliRunner().invoke(app, ["backup", "restore", str(backup), "--home", str(settings.home), "--yes"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "consent.yaml is not in this backup" in done.output
    assert settings.consent_file.read_bytes() == own


def test_what_restores_left_is_told_and_removed_by_a_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    initialised(home)
    opened(load_settings(home), ManualClock(START)).close()
    for name in ("data.before-20250519T053000Z", "data.restoring"):
        (home / name / "keyring").mkdir(parents=True)
        (home / name / "keyring" / "keyring.db").write_bytes(b"keys")
    told = CliRunner().invoke(app, ["consent", "erasure-status", "--home", str(home)])
    assert "data.before-20250519T053000Z holds former data: removed by 2025-05-26 05:30" in told.output.replace("\n", " ")
    assert "data.restoring was left by a restore that was killed" in told.output.replace("\n", " ")
    asked = CliRunner().invoke(app, ["backup", "discard", "--home", str(home)], input="n\n")
    assert asked.exit_code == 1
    assert len(list(home.glob("data.*"))) == 2
    done = CliRunner().invoke(app, ["backup", "discard", "--home", str(home), "--yes", "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert len(json.loads(done.stdout)["removed"]) == 2
    assert not list(home.glob("data.*"))
    again = CliRunner().invoke(app, ["backup", "discard", "--home", str(home)])
    assert "Nothing of a restore lies here" in again.output


def test_versions_go_on_above_what_others_have_seen(
    granted: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str]
) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    clock.advance(timedelta(days=3))
    settings = fresh_databases(granted, databases)
    restore(make_plan(settings, backup, None, (), former_registry=granted.registry_database), clock, Codec.load())
    registry = opened(settings, clock)
    first = registry.registry.show(PERSON).version
    assert first >= 1 + 3 * 24 * 60
    assert registry.registry.suspend(PERSON).version == first + 1
    assert SCHOOL in registry.tools.agencies
    registry.close()


def test_a_running_installation_is_not_overwritten(granted: Settings, clock: ManualClock, tmp_path: Path) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    with FileLock(granted.data / "up.lock"), pytest.raises(ConfigError, match="running"):
        make_plan(granted, backup, None, ())


def test_without_a_keyring_nothing_is_restored(granted: Settings, clock: ManualClock, tmp_path: Path) -> None:
    backup, _ = create_backup(granted, tmp_path / "backups", clock.now())
    (granted.data / "keyring" / "keyring.db").unlink()
    with pytest.raises(ConfigError, match="--keyring"):
        make_plan(granted, backup, None, ())


def test_old_copies_of_the_keyring_are_removed(granted: Settings, clock: ManualClock, tmp_path: Path) -> None:
    first, _ = create_key_copy(granted, tmp_path / "keys", clock.now(), timedelta(days=7))
    clock.advance(timedelta(days=6))
    second, removed = create_key_copy(granted, tmp_path / "keys", clock.now(), timedelta(days=7))
    assert removed == []
    clock.advance(timedelta(days=2))
    _, removed = create_key_copy(granted, tmp_path / "keys", clock.now(), timedelta(days=7))
    assert removed == [first]
    assert second.is_file()


def test_the_command_asks_once_and_shows_what_it_will_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    initialised(home)
    opened(load_settings(home), ManualClock(START)).close()
    made = CliRunner().invoke(app, ["backup", "create", str(tmp_path / "backups"), "--home", str(home), "--json"])
    assert made.exit_code == 0, (made.output, made.exception)
    backup = json.loads(made.stdout)["backup"]
    refused = CliRunner().invoke(app, ["backup", "restore", backup, "--home", str(home)], input="n\n")
    assert refused.exit_code == 1
    assert "registry/registry" in refused.output
    assert not list(home.glob("data.before-*"))
    done = CliRunner().invoke(app, ["backup", "restore", backup, "--home", str(home), "--yes"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert len(list(home.glob("data.before-*"))) == 1
    assert (Path(backup) / MANIFEST).is_file()


@pytest.mark.postgres
def test_a_database_that_is_not_empty_is_not_restored_into(postgres, tmp_path: Path) -> None:
    with postgres.database() as source, postgres.database() as target:
        file = copying.dump(source, tmp_path / "copy")
        copying.load(file, target, "b")
        assert copying.restored_from(target) == "b"
        with pytest.raises(ConfigError, match="not empty"):
            copying.load(file, target, "c")


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_the_mark_of_an_unfinished_restore_is_in_no_later_backup_and_one_of_an_older_version_is_in_nobodys_way(
    postgres, tmp_path: Path
) -> None:
    with postgres.database() as source, postgres.database() as target:
        first = copying.dump(source, tmp_path / "first")
        copying.load(first, target, "first")
        engine = sa.create_engine(target)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE restored_from (backup TEXT NOT NULL)"))
            connection.execute(sa.text("CREATE TABLE held (what TEXT)"))
        engine.dispose()
        second = copying.dump(target, tmp_path / "second")
        assert tables(target) == {"held", "restored_from", "unfinished_restore"}
        assert not [name for name in (b"restored_from", b"unfinished_restore") if name in second.read_bytes()]
        copying.unmark(target)
        assert (tables(target), copying.restored_from(target)) == ({"held"}, None)
        with postgres.database() as third:
            copying.load(second, third, "second")
            assert (tables(third), copying.restored_from(third)) == ({"held", "unfinished_restore"}, "second")


@pytest.mark.postgres
def test_a_missing_pg_dump_says_what_to_install(postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_found", lambda _name: [(9, "/old/pg_dump")])
    with postgres.database() as source, pytest.raises(ConfigError, match="install postgresql-client-"):
        copying.dump(source, tmp_path / "copy")
