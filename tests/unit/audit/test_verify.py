"""The log from the inside: an edit, a deletion or a reordering by raw SQL, on each kind of database, is caught, named and placed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from hub.audit.faults import Fault
from hub.audit.log import AuditLog
from hub.audit.verify import verify
from hub.clock import ManualClock
from tests.unit.audit.kept import KEY, SIGNER, Kept
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import COLUMNS, hash_anew, move, run, swap


def test_a_whole_log_is_said_to_be_whole(kept: Kept) -> None:
    verdict = kept.verify(kept.exported)
    assert (verdict.whole, verdict.first, verdict.size, verdict.checkpoints) == (True, 1, 20, 3)


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert verify(engine, SIGNER.verifier).whole


# 1. An edit


@pytest.mark.parametrize("column", [name for name in COLUMNS.split(", ") if name != "chain"])
def test_an_edit_of_any_column_is_found(kept: Kept, column: str) -> None:
    run(kept.engine, f"UPDATE audit_entry SET {column} = 'somebody-else' WHERE position = 7")
    assert kept.found() == [(Fault.EDIT, 7, 7)]


@pytest.mark.parametrize("value", ["'no hash'", f"'{'ab' * 32}'"])
def test_an_edit_of_a_link_is_found(kept: Kept, value: str) -> None:
    run(kept.engine, f"UPDATE audit_entry SET chain = {value} WHERE position = 7")
    assert kept.found() == [(Fault.EDIT, 7, 7)]


def test_an_edit_whose_own_hash_was_made_anew_is_found(kept: Kept) -> None:
    run(kept.engine, "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 7")
    hash_anew(kept.engine, links=False)
    assert kept.found() == [(Fault.EDIT, 7, 7)]


def test_two_edits_are_two(kept: Kept) -> None:
    run(kept.engine, "UPDATE audit_entry SET role = 'auditor' WHERE position IN (3, 20)")
    assert kept.found() == [(Fault.EDIT, 3, 3), (Fault.EDIT, 20, 20)]


def test_thousands_of_edits_are_told_in_one_line(kept: Kept) -> None:
    run(kept.engine, "UPDATE audit_entry SET role = 'auditor' WHERE position BETWEEN 3 AND 17")
    assert kept.found() == [(Fault.EDIT, 3, 17)]


@pytest.mark.parametrize("place", [0, -5])
def test_an_entry_before_the_first_is_found(kept: Kept, place: int) -> None:
    run(kept.engine, f"INSERT INTO audit_entry SELECT {place}, {COLUMNS} FROM audit_entry WHERE position = 3")
    assert kept.found() == [(Fault.EDIT, place, 0)]


# 2. A deletion


def test_a_deletion_is_found(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position BETWEEN 7 AND 8")
    assert kept.found() == [(Fault.DELETION, 7, 8)]


def test_a_deletion_at_the_beginning_is_found(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position = 1")
    assert kept.found() == [(Fault.DELETION, 1, 1)]


def test_a_deletion_after_which_the_rest_was_numbered_anew_is_found(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position BETWEEN 7 AND 12")
    move(kept.engine, 13, -6)
    assert kept.found() == [(Fault.DELETION, 7, 7)]


def test_a_deletion_that_pretends_to_be_retention_is_found(kept: Kept, clock: ManualClock) -> None:
    run(
        kept.engine,
        "INSERT INTO audit_horizon SELECT position, at, chain FROM audit_entry WHERE position = 10",
        "DELETE FROM audit_entry WHERE position <= 10",
    )
    assert verify(kept.engine, SIGNER.verifier, oldest=clock.now() + timedelta(days=1)).whole, "signed, and old enough"
    young = verify(kept.engine, SIGNER.verifier, oldest=clock.now() - timedelta(days=5 * 365))
    assert [(one.fault, one.first, one.last) for one in young.findings] == [(Fault.DELETION, 1, 10)]


def test_retention_without_a_checkpoint_is_a_deletion(kept: Kept, clock: ManualClock) -> None:
    run(
        kept.engine,
        "INSERT INTO audit_horizon SELECT position, at, chain FROM audit_entry WHERE position = 8",
        "DELETE FROM audit_entry WHERE position <= 8",
    )
    late = verify(kept.engine, SIGNER.verifier, oldest=clock.now() + timedelta(days=1))
    assert [(one.fault, one.first, one.last) for one in late.findings] == [(Fault.DELETION, 1, 8)]


# 3. A reordering


@pytest.mark.parametrize("pair", [(7, 8), (7, 12), (1, 2), (1, 20)])
def test_a_reordering_is_found(kept: Kept, pair: tuple[int, int]) -> None:
    swap(kept.engine, *pair)
    ((fault, first, last),) = kept.found()
    assert fault is Fault.REORDERING
    assert first <= pair[0] + 1
    assert last >= pair[1]


def test_an_exchange_of_contents_under_hashes_that_stay_is_found(kept: Kept) -> None:
    run(
        kept.engine,
        "UPDATE audit_entry SET position = 100 WHERE position = 7",
        "INSERT INTO audit_entry SELECT 7, o.at, o.account, o.unit, o.role, o.action, o.subject, o.item, o.purpose, o.outcome, o.rule,"
        " s.leaf, s.chain FROM audit_entry o, audit_entry s WHERE o.position = 9 AND s.position = 100",
        "UPDATE audit_entry SET position = 200 WHERE position = 9",
        "INSERT INTO audit_entry SELECT 9, o.at, o.account, o.unit, o.role, o.action, o.subject, o.item, o.purpose, o.outcome, o.rule,"
        " s.leaf, s.chain FROM audit_entry o, audit_entry s WHERE o.position = 100 AND s.position = 200",
        "DELETE FROM audit_entry WHERE position >= 100",
    )
    assert kept.found() == [(Fault.REORDERING, 7, 9)]


def test_an_entry_put_in_between_is_found(kept: Kept) -> None:
    move(kept.engine, 7, 1)
    run(kept.engine, f"INSERT INTO audit_entry SELECT 7, {COLUMNS} FROM audit_entry WHERE position = 3")
    assert Fault.REORDERING in {fault for fault, _, _ in kept.found()}


def test_progress_is_told_of_a_long_log(engine: Engine, clock: ManualClock) -> None:
    AuditLog(engine, KEY, clock).append_many([make_entry(each) for each in range(4500)])
    told: list[int] = []
    assert verify(engine, SIGNER.verifier, progress=told.append).size == 4500
    assert told == [2000, 4000]
