"""Values of another type, and tables that are gone: each is a finding at its place, and hides no other tampering.

SQLite keeps whatever is put into a column; PostgreSQL refuses it, and loses tables like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from hub.audit.faults import Fault
from hub.audit.opening import open_audit
from hub.audit.reading import Filter, size, the_latest
from hub.cli import app
from hub.clock import ManualClock
from hub.database import build_engine
from hub.errors import HubError, RejectedError, RetriableError
from hub.settings import Settings
from tests.command_line import CliRunner
from tests.unit.audit.kept import Kept, migrate_url
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import COLUMNS, run


@pytest.fixture
def lenient(sqlite_databases: Callable[..., str]) -> Iterator[Engine]:
    engine = build_engine(sqlite_databases("audit", migrate_url))
    yield engine
    engine.dispose()


@pytest.fixture
def loose(lenient: Engine, clock: ManualClock) -> Kept:
    """A log on a database that takes every value."""
    return Kept(lenient, clock)


@pytest.mark.parametrize("value", ["x'00ff'", "cast({} as blob)", "x''"])
@pytest.mark.parametrize("column", COLUMNS.split(", "))
def test_bytes_in_the_place_of_a_text_are_an_edit_and_hide_no_other(loose: Kept, column: str, value: str) -> None:
    run(
        loose.engine,
        f"UPDATE audit_entry SET {column} = {value.format(column)} WHERE position = 3",
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 7",
        "DELETE FROM audit_entry WHERE position = 12",
    )
    assert loose.found(loose.exported) == [(Fault.EDIT, 3, 3), (Fault.EDIT, 7, 7), (Fault.DELETION, 12, 12)]


@pytest.mark.parametrize("column", ["account", "leaf", "chain"])
def test_a_text_that_is_no_utf_8_is_an_edit_at_its_place_and_hides_no_other(loose: Kept, column: str) -> None:
    """SQLite's driver reads no row that holds one as a text."""
    run(
        loose.engine,
        f"UPDATE audit_entry SET {column} = cast(x'66ff' AS text) WHERE position = 3",
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 7",
    )
    assert loose.found(loose.exported) == [(Fault.EDIT, 3, 3), (Fault.EDIT, 7, 7)]


def test_a_list_says_which_entry_holds_a_text_that_is_no_utf_8(loose: Kept) -> None:
    run(loose.engine, "UPDATE audit_entry SET rule = cast(x'66ff' AS text) WHERE position = 17")
    with pytest.raises(RejectedError, match="entry 17 was changed"):
        the_latest(loose.engine, Filter(), 100)


@pytest.mark.parametrize("column", ["account", "leaf", "chain"])
def test_several_in_a_row_are_told_as_they_are_and_what_follows_is_not_blamed(loose: Kept, column: str) -> None:
    run(loose.engine, f"UPDATE audit_entry SET {column} = x'00ff' WHERE position BETWEEN 7 AND 9")
    assert loose.found(loose.exported) == [(Fault.EDIT, 7, 9)]


def test_an_edit_does_not_hide_that_the_entry_before_it_was_taken_out(loose: Kept) -> None:
    run(
        loose.engine,
        "DELETE FROM audit_entry WHERE position = 12",
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 13",
    )
    assert loose.found(loose.exported) == [(Fault.DELETION, 12, 12), (Fault.EDIT, 13, 13)]


def test_a_whole_row_of_bytes_is_found_where_it_stands(loose: Kept) -> None:
    changed = ", ".join(f"{column} = x'00ff'" for column in COLUMNS.split(", "))
    run(loose.engine, f"UPDATE audit_entry SET {changed} WHERE position = 20")
    assert loose.found() == [(Fault.EDIT, 20, 20)]


@pytest.mark.parametrize("value", ["x'00ff'", "'twelve'", "11.5"])
def test_a_position_that_is_no_number_is_found(loose: Kept, value: str) -> None:
    run(loose.engine, f"UPDATE audit_entry SET position = {value} WHERE position = 11")
    found = loose.found()
    assert (Fault.DELETION, 11, 11) in found
    assert Fault.EDIT in {fault for fault, _, _ in found}


@pytest.mark.parametrize("column", ["note", "peaks"])
@pytest.mark.parametrize("value", ["x'00ff'", "cast({} as blob)"])
def test_a_checkpoint_of_bytes_is_found_and_hides_no_edit(loose: Kept, column: str, value: str) -> None:
    run(
        loose.engine,
        f"UPDATE audit_checkpoint SET {column} = {value.format(column)} WHERE size = 15",
        "UPDATE audit_entry SET role = 'auditor' WHERE position = 17",
    )
    assert loose.found() == [(Fault.CHECKPOINT, 15, 15), (Fault.EDIT, 17, 17)]


def test_a_checkpoint_without_a_size_is_found(loose: Kept) -> None:
    run(loose.engine, "UPDATE audit_checkpoint SET size = x'00ff' WHERE size = 15")
    assert loose.found() == [(Fault.CHECKPOINT, 0, 0)]


@pytest.mark.parametrize("row", ["x'00ff', 'then', 'none'", "5, 'then', x'00ff'"])
def test_a_note_of_retention_that_is_none_is_found(loose: Kept, row: str) -> None:
    run(loose.engine, f"INSERT INTO audit_horizon (size, at, chain) VALUES ({row})")
    assert loose.found() == [(Fault.EDIT, 0, 0)]


def test_a_sealed_part_that_became_a_text_is_found(loose: Kept) -> None:
    run(loose.engine, "INSERT INTO audit_sealed (position, document, kind, at, sealed) VALUES (4, 'd', 'form', 'then', 'text')")
    assert loose.found() == [(Fault.EDIT, 4, 4)]


def test_a_carried_entry_that_became_bytes_does_not_end_the_verification(loose: Kept) -> None:
    run(loose.engine, "INSERT INTO audit_carried (spool, number, position) VALUES ('s', x'00', 3), ('s', 2, x'00')")
    run(loose.engine, "INSERT INTO audit_carried (spool, number, position) VALUES ('s', 3, 4)")
    assert loose.found() == [(Fault.DELETION, 4, 4)]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET account = x'00ff' WHERE position = 17",
        "UPDATE audit_entry SET chain = cast(chain as blob) WHERE position = 15",
        "UPDATE audit_entry SET position = x'00ff' WHERE position = 20",
        "UPDATE audit_checkpoint SET peaks = x'00ff'",
        "UPDATE audit_checkpoint SET note = x'00ff'",
        "UPDATE audit_checkpoint SET size = x'00ff' WHERE size = 15",
    ],
)
def test_nothing_is_signed_over_it_and_whoever_signs_goes_on_living(loose: Kept, tampering: str) -> None:
    run(loose.engine, tampering)
    with pytest.raises(HubError) as refused:
        loose.checkpoints.sign_if_due() or loose.checkpoints.sign()
    assert not isinstance(refused.value, RetriableError)


@pytest.mark.parametrize("column", ["position", "chain"])
def test_nothing_is_appended_behind_it(loose: Kept, column: str) -> None:
    run(loose.engine, f"UPDATE audit_entry SET {column} = x'00ff' WHERE position = 20")
    with pytest.raises(RetriableError):
        loose.log.append(make_entry())


def test_a_list_says_which_entry_was_changed(loose: Kept) -> None:
    run(loose.engine, "UPDATE audit_entry SET rule = x'00ff' WHERE position = 17")
    with pytest.raises(RejectedError, match="entry 17 was changed"):
        the_latest(loose.engine, Filter(), 100)
    assert size(loose.engine) == 20


@pytest.mark.parametrize("table", ["audit_checkpoint", "audit_carried", "audit_sealed"])
def test_a_table_that_is_gone_is_told_and_the_rest_is_verified(kept: Kept, table: str) -> None:
    run(kept.engine, f"DROP TABLE {table}", "UPDATE audit_entry SET role = 'auditor' WHERE position = 17")
    assert kept.found(kept.exported) == [(Fault.DELETION, 0, 0), (Fault.EDIT, 17, 17)]
    assert f"the table {table} is missing" in kept.verify().findings[0].seen


@pytest.mark.parametrize("table", ["audit_entry", "audit_horizon"])
def test_without_its_entries_there_is_nothing_to_read_and_that_is_told(kept: Kept, table: str) -> None:
    run(kept.engine, f"DROP TABLE {table}")
    (finding,) = kept.verify(kept.exported).findings
    assert f"the table {table} is missing" in finding.seen


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE audit_entry SET account = x'00ff' WHERE position = 2", "EDIT: entry 2 "),
        ("UPDATE audit_entry SET position = x'00ff' WHERE position = 3", "EDIT: behind entry "),
        ("UPDATE audit_entry SET unit = cast(x'66ff' AS text) WHERE position = 2", "EDIT: entry 2 "),
        ("DROP TABLE audit_entry", "DELETION: the table audit_entry is missing"),
        ("DROP TABLE audit_checkpoint", "DELETION: the table audit_checkpoint is missing"),
    ],
)
def test_the_command_says_it_and_ends_as_for_any_tampering(
    settings: Settings, clock: ManualClock, tampering: str, told: str
) -> None:
    log = open_audit(settings, clock)
    log.append_many([make_entry(number) for number in range(3)])
    run(log.engine, tampering)
    log.close()
    result = CliRunner().invoke(app, ["audit", "verify", "--home", str(settings.home)])
    assert result.exit_code == 1
    assert told in result.stdout
    assert "Next:" in result.stdout
