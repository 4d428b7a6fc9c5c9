"""The log against what was signed: a truncation and a fork, by raw SQL on each kind of database, and checkpoints that were changed."""

from __future__ import annotations

from hub.audit.faults import Fault
from hub.audit.notes import Signer
from hub.audit.verify import Given
from hub.clock import ManualClock
from tests.unit.audit.kept import KEY, SIGNER, Kept
from tests.unit.audit.tampering import hash_anew, run

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
