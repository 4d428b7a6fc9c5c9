"""The five tamperings, done with raw SQL on a real database of each kind: each is caught, named and placed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from hub.audit.checkpoints import Checkpoints
from hub.audit.faults import Fault, Verdict
from hub.audit.log import AuditLog
from hub.audit.notes import Signer
from hub.audit.opening import migrate_audit
from hub.audit.verify import Given, verify
from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import COLUMNS, hash_anew, move, run, swap

SIGNER = Signer("hub/0581/audit", bytes(range(32)))
KEY = bytes(32)


def migrate_url(url: str) -> None:
    engine = build_engine(url)
    migrate_audit(engine)
    engine.dispose()


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    engine = build_engine(databases("audit", migrate_url))
    yield engine
    engine.dispose()


class Kept:
    """A log of twenty entries, and what another system keeps of it: the checkpoint of its first fifteen."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.engine = engine
        self.log = AuditLog(engine, KEY, clock)
        self.checkpoints = Checkpoints(engine, SIGNER, clock, entries=1000, minutes=60)
        self.add(10)
        self.checkpoints.sign()
        self.add(5)
        note = self.checkpoints.sign()
        assert note is not None
        self.exported = Given("exported.note", note)
        self.add(5)

    def add(self, number: int) -> None:
        self.log.append_many([make_entry(each) for each in range(number)])

    def verify(self, *against: Given) -> Verdict:
        return verify(self.engine, SIGNER.verifier, against)

    def found(self, *against: Given) -> list[tuple[Fault, int, int]]:
        return [(one.fault, one.first, one.last) for one in self.verify(*against).findings]


@pytest.fixture
def kept(engine: Engine, clock: ManualClock) -> Kept:
    return Kept(engine, clock)


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


# 4. A truncation


def test_a_truncation_is_found_by_what_another_system_keeps(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position > 12", "DELETE FROM audit_checkpoint WHERE size > 12")
    assert kept.found() == [], "by itself nobody could know"
    assert kept.found(kept.exported) == [(Fault.TRUNCATION, 13, 15)]


def test_a_truncation_behind_the_own_checkpoints_is_found_without(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position > 12")
    assert kept.found() == [(Fault.TRUNCATION, 13, 15)]


def test_an_emptied_log_is_a_truncation(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry", "DELETE FROM audit_checkpoint")
    assert kept.found(kept.exported) == [(Fault.TRUNCATION, 1, 15)]


def test_a_truncation_that_was_filled_up_again_is_a_fork(kept: Kept) -> None:
    run(kept.engine, "DELETE FROM audit_entry WHERE position > 12", "DELETE FROM audit_checkpoint WHERE size > 12")
    kept.add(8)
    assert kept.found() == []
    assert [fault for fault, _, _ in kept.found(kept.exported)] == [Fault.FORK]


# 5. A fork


def test_a_history_written_anew_is_a_fork(kept: Kept) -> None:
    run(kept.engine, "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 12")
    hash_anew(kept.engine)
    assert kept.found() == [(Fault.FORK, 11, 15)], "its own checkpoints are enough, where they were left"
    run(kept.engine, "DELETE FROM audit_checkpoint")
    assert kept.found() == [], "with all hashes made anew it is a history like any other"
    assert kept.found(kept.exported) == [(Fault.FORK, 1, 15)]


def test_a_fork_that_was_signed_again_with_the_stolen_key_is_found(kept: Kept) -> None:
    run(
        kept.engine,
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 12",
        "DELETE FROM audit_entry WHERE position > 15",
        "DELETE FROM audit_checkpoint",
    )
    hash_anew(kept.engine)
    kept.checkpoints.sign()
    assert kept.found() == []
    assert (Fault.FORK, 1, 15) in kept.found(kept.exported)
    assert "exported.note" in " ".join(one.seen for one in kept.verify(kept.exported).findings)


def test_two_checkpoints_of_one_size_with_different_roots_are_a_fork(kept: Kept, clock: ManualClock) -> None:
    other = Given("other.note", SIGNER.sign(15, bytes(32), clock.now()))
    assert (Fault.FORK, 1, 15) in kept.found(kept.exported, other)


# Checkpoints themselves


def test_a_changed_checkpoint_is_found(kept: Kept) -> None:
    run(kept.engine, "UPDATE audit_checkpoint SET note = replace(note, 'at 2025', 'at 2024') WHERE size = 15")
    assert kept.found() == [(Fault.CHECKPOINT, 15, 15)]


def test_a_checkpoint_of_a_stranger_is_told(kept: Kept, clock: ManualClock) -> None:
    stranger = Given("stranger.note", Signer("hub/0581/audit", KEY).sign(15, bytes(32), clock.now()))
    verdict = kept.verify(stranger)
    assert [one.fault for one in verdict.findings] == [Fault.CHECKPOINT]
    assert "stranger.note" in verdict.findings[0].seen


def test_several_at_once_are_all_told(kept: Kept) -> None:
    run(
        kept.engine,
        "UPDATE audit_entry SET role = 'auditor' WHERE position = 3",
        "DELETE FROM audit_entry WHERE position = 6",
        "DELETE FROM audit_entry WHERE position > 13",
    )
    assert kept.found() == [(Fault.EDIT, 3, 3), (Fault.DELETION, 6, 6), (Fault.TRUNCATION, 14, 15)]
    assert all("data protection officer" in one.advice for one in kept.verify().findings)


def test_progress_is_told_of_a_long_log(engine: Engine, clock: ManualClock) -> None:
    AuditLog(engine, KEY, clock).append_many([make_entry(each) for each in range(4500)])
    told: list[int] = []
    assert verify(engine, SIGNER.verifier, progress=told.append).size == 4500
    assert told == [2000, 4000]


_TAMPERING = st.one_of(
    st.tuples(
        st.just("edit"),
        st.integers(1, 15),
        st.sampled_from([name for name in COLUMNS.split(", ") if name not in {"leaf", "chain"}]),
    ),
    st.tuples(st.just("delete"), st.integers(1, 15), st.integers(0, 4)),
    st.tuples(st.just("swap"), st.integers(1, 15), st.integers(1, 4)),
    st.tuples(st.just("anew"), st.integers(1, 15), st.just(0)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_TAMPERING, min_size=1, max_size=3, unique_by=lambda step: step[1]))
def test_whatever_is_done_to_signed_entries_is_found(
    tmp_path_factory, clock: ManualClock, steps: list[tuple[str, int, object]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("any")
    migrate_url(f"sqlite:///{folder / 'audit.db'}")
    engine = build_engine(f"sqlite:///{folder / 'audit.db'}")
    try:
        kept = Kept(engine, clock)
        before = contents(engine)
        for what, place, more in steps:
            if what == "edit":
                run(engine, f"UPDATE audit_entry SET {more} = 'changed' WHERE position = {place}")
            elif what == "delete":
                run(engine, f"DELETE FROM audit_entry WHERE position BETWEEN {place} AND {place + int(str(more))}")
            elif what == "swap":
                swap(engine, place, place + int(str(more)))
            else:
                run(engine, f"UPDATE audit_entry SET role = 'changed' WHERE position = {place}")
                hash_anew(engine)
        assert kept.verify(kept.exported).whole == (contents(engine) == before)
    finally:
        engine.dispose()


def contents(engine: Engine) -> list:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT position, {COLUMNS} FROM audit_entry ORDER BY position")))
