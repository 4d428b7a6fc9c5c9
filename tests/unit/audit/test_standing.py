"""What is shown on the log's word is shown only while the log still says it: an entry is changed, alone and with all its hashes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.audit.checkpoints import Checkpoints
from hub.audit.log import AuditLog
from hub.audit.pruning import prune
from hub.audit.standing import stands_from
from hub.clock import ManualClock
from tests.unit.audit.kept import SIGNER
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import hash_anew, move, run, swap

SIZE, SIGNED = 9, (3, 6)


@pytest.fixture
def long(log: AuditLog, clock: ManualClock) -> AuditLog:
    """Nine entries: checkpoints over three and over six."""
    checkpoints = Checkpoints(log.engine, SIGNER, clock, entries=1000, minutes=60)
    for last in (*SIGNED, SIZE):
        log.append_many([make_entry(number) for number in range(3)])
        if last in SIGNED:
            checkpoints.sign()
    return log


def stands(log: AuditLog, position: int) -> bool:
    return stands_from(log.engine, SIGNER.verifier, position)


def edit(log: AuditLog, position: int) -> None:
    run(log.engine, f"UPDATE audit_entry SET rule = 'another' WHERE position = {position}")


@pytest.mark.parametrize("position", [-1, 1, 3, 4, 7, SIZE])
def test_a_log_that_nobody_touched_stands_from_every_entry(long: AuditLog, position: int) -> None:
    assert stands(long, position)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda log: edit(log, 5),
        lambda log: (edit(log, 5), hash_anew(log.engine, links=False)),
        lambda log: (edit(log, 5), hash_anew(log.engine)),
        lambda log: edit(log, 8),
        lambda log: run(log.engine, "DELETE FROM audit_entry WHERE position = 8"),
        lambda log: (run(log.engine, "DELETE FROM audit_entry WHERE position = 5"), move(log.engine, 6, -1), hash_anew(log.engine)),
        lambda log: swap(log.engine, 8, 9),
        lambda log: run(log.engine, "DELETE FROM audit_entry WHERE position > 5"),
        lambda log: run(log.engine, "UPDATE audit_checkpoint SET peaks = '' WHERE size = 6"),
        lambda log: run(log.engine, "UPDATE audit_checkpoint SET note = '' WHERE size = 6"),
        lambda log: run(log.engine, "DROP TABLE audit_checkpoint"),
    ],
    ids=[
        "edited", "with its leaf", "with all hashes", "after the last checkpoint", "taken out", "and numbered anew", "swapped",
        "cut off", "a checkpoint's tree", "a checkpoint's note", "no checkpoints",
    ],
)  # fmt: skip
def test_what_was_done_to_an_entry_or_behind_it_is_seen(long: AuditLog, tamper: Callable[[AuditLog], object]) -> None:
    tamper(long)
    assert not stands(long, 5)


def test_what_was_done_before_the_checkpoint_before_an_entry_does_not_matter_to_it(long: AuditLog) -> None:
    edit(long, 2)
    assert not stands(long, 2)
    assert stands(long, 4)


def test_behind_what_retention_let_go_of_a_log_stands_by_the_checkpoint_there(long: AuditLog, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1))
    assert prune(long, SIGNER.verifier, clock.now()) == max(SIGNED)
    assert all(stands(long, position) for position in (1, 7, SIZE))
    run(long.engine, "DELETE FROM audit_checkpoint")
    assert not stands(long, 7)
