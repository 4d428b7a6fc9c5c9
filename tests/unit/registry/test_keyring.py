"""Data keys lie apart; who was shredded stays shredded whatever copy of the database comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from structlog.testing import capture_logs

from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from hub.registry import keyring as module
from hub.registry.database import migrate, open_database
from hub.registry.granting import Marking, Signatory
from hub.registry.keyring import (
    SHREDDED,
    Ending,
    Keyring,
    latest_of,
    merge_endings,
    open_keyring,
    read_shred_list,
    write_shred_list,
)
from hub.registry.protecting import protect, unprotect
from hub.registry.reconcile import Reconciled, abandon, reconcile
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import START, Installation, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)


def states(home: Installation, person: str) -> dict[str, str]:
    return {one.cooperation: one.state for one in home.registry.show(person).consents}


@pytest.fixture
def ring(home: Installation) -> Keyring:
    return home.keyring


def test_the_migrations_make_the_tables_of_the_keyring(databases: Callable[..., str]) -> None:
    ring = open_keyring(databases("keyring"))
    with ring.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "keyring_schema", "compare_type": True})
        assert compare_metadata(context, module._metadata) == []
    ring.close()


def test_a_key_is_kept_once_given_back_and_never_after_its_end(ring: Keyring) -> None:
    ring.put({"a": b"1", "b": b"2"}, START)
    ring.put({"a": b"other"}, START)
    assert ring.get(["a", "b", "c"]) == {"a": b"1", "b": b"2"}
    ring.end([Ending(START, "a", SHREDDED)])
    assert ring.get(["a", "b"]) == {"b": b"2"}
    assert list(ring.ages()) == ["b"]


def test_many_keys_come_at_once(ring: Keyring) -> None:
    keys = {f"{number:032x}": bytes([number % 256]) for number in range(1700)}
    ring.put(keys, START)
    assert ring.get(keys) == keys


def test_the_list_tells_each_change_once_and_nothing_after_the_end(ring: Keyring) -> None:
    told = [Ending(START + timedelta(minutes=at), "c", state) for at, state in enumerate(("suspended", "in_force", "withdrawn"))]
    for _ in range(2):
        ring.end(told[:2])
    ring.end(told[2:])
    ring.end([Ending(START, "y", SHREDDED)])
    ring.end([Ending(START + timedelta(days=1), "y", SHREDDED), Ending(START + timedelta(days=1), "y", "in_force")])
    assert sorted(ring.endings()) == sorted([*told, Ending(START, "y", SHREDDED)])


def told(*lines: tuple[int, str]) -> list[Ending]:
    """Of one consent, by hours."""
    return [Ending(START + timedelta(hours=at), "c", state) for at, state in lines]


def test_what_ends_after_an_older_list_was_merged_in_is_on_the_list(ring: Keyring) -> None:
    ring.end(told((1, "suspended"), (4, "in_force")))
    ring.end(told((2, "in_force"), (3, "suspended")))  # of a copy that parted from this one
    ring.end(told((5, "suspended")))
    assert latest_of(ring.endings())["c"] == told((5, "suspended"))[0]


def test_of_two_lists_that_parted_both_are_merged_in_by_their_instants(ring: Keyring) -> None:
    ring.end(told((1, "suspended"), (4, "in_force")))
    ring.end(told((3, "suspended"), (5, "suspended")))
    assert latest_of(ring.endings())["c"] == told((5, "suspended"))[0]


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_withdrawn_on_one_list_is_so_whatever_another_says_later(ring: Keyring, first: int) -> None:
    lists = [told((2, "withdrawn")), told((1, "suspended"), (3, "in_force"))]
    ring.end(lists[first])
    ring.end(lists[1 - first])
    assert latest_of(ring.endings())["c"].state == "withdrawn"


def test_a_list_comes_back_from_its_file_and_several_copies_become_one(tmp_path: Path) -> None:
    first, second = Ending(START, "a", SHREDDED), Ending(START + timedelta(hours=1), "b", "withdrawn")
    file = tmp_path / "elsewhere" / "shred-list"
    write_shred_list(file, [first])
    assert file.stat().st_mode & 0o077 == 0
    assert merge_endings([second], read_shred_list(file), [first]) == [first, second]
    file.write_text("{}\n")
    with pytest.raises(ConfigError, match="no shred list"):
        read_shred_list(file)


def test_what_ends_is_on_the_copy_elsewhere_when_the_withdrawal_returns(home: Installation, tmp_path: Path) -> None:
    home.keyring._copy = tmp_path / "elsewhere" / "shred-list"
    home.registry.grant(make_grant(PERSON))
    home.registry.withdraw(PERSON)
    assert sorted(one.state for one in read_shred_list(tmp_path / "elsewhere" / "shred-list")) == ["shredded", "withdrawn"]


def test_the_registrys_database_holds_no_data_key(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    assert len(home.keyring.ages()) == 1
    assert "data_key" not in {column["name"] for column in sa.inspect(home.engine).get_columns("youth")}


def test_a_key_that_the_database_does_not_know_stays_and_is_told_until_a_restore_decides(home: Installation) -> None:
    def fail() -> None:
        with home.registry.work() as work:
            work.keep_key("f" * 32, b"k")
            work.write_outbox()
            raise RetriableError("the disk is full")

    with pytest.raises(RetriableError):
        fail()
    later = START + timedelta(hours=2)
    with capture_logs() as logs:
        assert reconcile(home.registry, home.keyring, START) == Reconciled(0, 0)
        assert logs == []  # its youth might be about to be committed
        assert reconcile(home.registry, home.keyring, later) == Reconciled(0, 0)
    assert [one["code"] for one in logs] == ["unknown_keys"]
    assert home.keyring.ages().keys() == {"f" * 32}
    assert home.keyring.endings() == []
    assert abandon(home.registry, home.keyring, later) == 1
    assert home.keyring.ages() == {}
    assert [(one.subject, one.state) for one in home.keyring.endings()] == [("f" * 32, SHREDDED)]


def test_in_an_older_database_whoever_it_does_not_know_keeps_her_key(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    older = copy_of(home)
    home.registry.grant(make_grant(OTHER))
    newer = copy_of(home)
    put_back(home, older)
    assert reconcile(home.registry, home.keyring, START + timedelta(days=30)) == Reconciled(0, 0)
    put_back(home, newer)
    assert reconcile(home.registry, home.keyring, START + timedelta(days=30)) == Reconciled(0, 0)
    assert states(home, OTHER) == {"sspf": "in_force"}


def test_an_older_database_comes_back_and_the_shredded_stay_shredded(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    home.registry.grant(make_grant(PERSON, cooperation="sig", recipients=("sig",), signed=()))
    other = home.registry.grant(make_grant(OTHER)).youth_ref
    home.relay.run_once()
    assert len(home.told().entries) == 2
    backup = copy_of(home)
    home.registry.withdraw(PERSON)
    home.kafka.published.clear()

    put_back(home, backup)
    assert [entry["removed"] for entry in home.told().entries if entry["youth_ref"] != other] == [True]
    with pytest.raises(FatalError) as caught:
        home.registry.sign(PERSON, Signatory.GUARDIAN_1)
    assert caught.value.code == "no_data_key"

    assert reconcile(home.registry, home.keyring, START).ended == 1
    home.relay.run_once()
    assert [entry["youth_ref"] for entry in home.told().entries if not entry["removed"]] == [other]
    assert {record.status.value for record in home.sent() if record.youth_ref != other} == {"withdrawn"}
    assert home.registry.references([PERSON, OTHER]) == [None, other]
    assert states(home, OTHER) == {"sspf": "in_force"}
    assert reconcile(home.registry, home.keyring, START) == Reconciled(0, 0)
    assert home.registry.grant(make_grant(PERSON)).status == "in_force"


def test_one_of_two_consents_that_ended_after_the_backup_ends_again(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    home.registry.grant(make_grant(PERSON, cooperation="sig", recipients=("sig",)))
    home.registry.grant(make_grant(OTHER))
    backup = copy_of(home)
    home.registry.withdraw(PERSON, "sig")
    home.registry.suspend(OTHER)
    put_back(home, backup)
    assert reconcile(home.registry, home.keyring, START).ended == 2
    assert states(home, PERSON) == {"sspf": "in_force", "sig": "withdrawn"}
    assert states(home, OTHER) == {"sspf": "suspended"}


def test_a_consent_that_was_suspended_and_signed_again_is_in_force_after_a_restore(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    home.registry.suspend(PERSON)  # custody stays: whom another makes sign signs anew (test_custody_lines)
    home.registry.sign(PERSON, Signatory.GUARDIAN_1)
    home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    put_back(home, backup)
    assert reconcile(home.registry, home.keyring, START).ended == 0
    assert states(home, PERSON) == {"sspf": "in_force"}


@pytest.mark.parametrize("signed", [("guardian_1", "guardian_2"), ("guardian_1",)])
def test_a_block_that_was_set_after_the_backup_is_not_lifted_by_a_restore_nor_by_signatures(
    home: Installation, signed: tuple[str, ...]
) -> None:
    home.registry.grant(make_grant(PERSON, signed=signed))
    backup = copy_of(home)
    home.registry.block(PERSON, Signatory.YOUTH)
    for _ in range(2):  # the second restore finds on the list what the first has written there
        put_back(home, backup)
        assert reconcile(home.registry, home.keyring, START).ended == 1
        home.relay.run_once()
        for guardian in (Signatory.GUARDIAN_1, Signatory.GUARDIAN_2):
            with suppress(RejectedError):
                home.registry.sign(PERSON, guardian)
        assert states(home, PERSON) != {"sspf": "in_force"}
        assert not [entry for entry in home.told().entries if not entry["removed"]]
        assert reconcile(home.registry, home.keyring, START) == Reconciled(0, 0)


@pytest.mark.parametrize("registered", [True, False])
def test_who_was_marked_as_protected_after_the_backup_stays_so_after_a_restore(home: Installation, *, registered: bool) -> None:
    if registered:
        home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    protect(home.registry, PERSON, Marking.OWN, lambda _youth: None)
    put_back(home, backup)
    assert reconcile(home.registry, home.keyring, START).ended >= 1
    home.relay.run_once()
    assert not [entry for entry in home.told().entries if not entry["removed"]]
    with pytest.raises(RejectedError) as caught:
        home.registry.grant(make_grant(PERSON))
    assert caught.value.code == "manual_handling"
    assert reconcile(home.registry, home.keyring, START) == Reconciled(0, 0)


def test_a_marking_that_was_lifted_is_not_set_again_and_one_that_a_crash_kept_off_the_list_comes_on_it(
    home: Installation,
) -> None:
    protect(home.registry, PERSON, Marking.OWN, lambda _youth: None)
    protect(home.registry, OTHER, Marking.OWN, lambda _youth: None)
    unprotect(home.registry, PERSON, "KS 2025/1", lambda _youth: None)
    assert reconcile(home.registry, home.keyring, START) == Reconciled(0, 0)
    assert home.registry.grant(make_grant(PERSON)).status == "in_force"
    with home.keyring.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM shred_list WHERE state = 'protected'"))
    assert reconcile(home.registry, home.keyring, START).told == 1
    assert PERSON not in str(home.keyring.endings())


def test_a_crash_after_the_commit_is_made_good(home: Installation) -> None:
    class Dead(type(home.keyring)):  # type: ignore[misc]
        def end(self, endings: object) -> None:
            raise RetriableError("the disk is gone", code="database")

    home.registry.grant(make_grant(PERSON))
    home.registry.grant(make_grant(OTHER))
    home.registry.grant(make_grant(OTHER, cooperation="sig", recipients=("sig",)))
    object.__setattr__(home.tools, "keys", Dead(home.keyring.engine))
    home.registry.withdraw(PERSON)
    home.registry.withdraw(OTHER, "sig")
    object.__setattr__(home.tools, "keys", home.keyring)
    assert len(home.keyring.ages()) == 2
    assert reconcile(home.registry, home.keyring, START).told == 3
    assert len(home.keyring.ages()) == 1
    assert reconcile(home.registry, home.keyring, START).told == 0


def test_keys_move_from_an_older_database_to_the_keyring_and_leave_it(databases: Callable[..., str], tmp_path: Path) -> None:
    engine, ring = open_database(databases("old")), open_keyring(databases("keyring"))
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "r0001")
        row = "('a', NULL, NULL, NULL, :key, 'none', 0, 0, NULL, '2025-01-01', NULL)"
        connection.execute(sa.text(f"INSERT INTO youth VALUES {row}"), {"key": b"planted-wrapped-key"})
        connection.execute(
            sa.text("INSERT INTO link_key VALUES ('a', 'school', :key)"), {"key": b"k"}
        )  # it must not be in the way
    with pytest.raises(FatalError, match="no keyring"):
        migrate(engine)
    migrate(engine, lambda keys: ring.put(keys, START))
    assert ring.get(["a"]) == {"a": b"planted-wrapped-key"}
    if engine.dialect.name == "sqlite":
        assert not [path for path in tmp_path.glob("old.db*") if b"planted-wrapped-key" in path.read_bytes()]
    engine.dispose()
    ring.close()


def test_a_destroyed_key_is_in_no_page_of_the_keyring(sqlite_home: Installation) -> None:
    sqlite_home.registry.grant(make_grant(PERSON))
    (key,) = sqlite_home.keyring.get(sqlite_home.keyring.ages()).values()

    def found() -> list[Path]:
        return [path for path in sqlite_home.file.parent.glob("*.db*") if key in path.read_bytes()]

    assert found()
    sqlite_home.registry.withdraw(PERSON)
    assert not found()
