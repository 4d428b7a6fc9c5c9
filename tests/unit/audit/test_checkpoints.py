"""Checkpoints: signed as the log grows, and never over what was tampered with."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.audit.actions import Action
from hub.audit.checkpoints import Checkpoints, keep_signing
from hub.audit.log import AuditLog
from hub.audit.notes import Signer, read_note
from hub.audit.opening import checkpoints_signed, open_checkpoints, open_verifier
from hub.audit.reading import Filter, the_latest
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.clock import ManualClock
from hub.errors import ConfigError, ContractError, RejectedError
from hub.settings import Settings
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import run

SEED = bytes(range(32))


@pytest.fixture
def checkpoints(log: AuditLog, clock: ManualClock) -> Checkpoints:
    return Checkpoints(log.engine, Signer("hub/0581/audit", SEED), clock, entries=10, minutes=60)


def fill(log: AuditLog, number: int) -> None:
    log.append_many([make_entry(each) for each in range(number)])


def size_of(note: str | None) -> int:
    return 0 if note is None else read_note(note).size


def test_an_empty_log_has_none(checkpoints: Checkpoints) -> None:
    assert checkpoints.sign() is None
    assert checkpoints.sign_if_due() is None
    assert checkpoints.latest() is None


def test_one_is_due_after_so_many_entries_or_minutes(checkpoints: Checkpoints, log: AuditLog, clock: ManualClock) -> None:
    fill(log, 1)
    assert size_of(checkpoints.sign_if_due()) == 1
    fill(log, 9)
    assert checkpoints.sign_if_due() is None
    fill(log, 1)
    assert size_of(checkpoints.sign_if_due()) == 11
    clock.advance(timedelta(minutes=61))
    assert checkpoints.sign_if_due() is None, "nothing was added"
    fill(log, 1)
    assert size_of(checkpoints.sign_if_due()) == 12
    assert size_of(checkpoints.latest()) == 12


def test_without_new_entries_the_last_one_stands(checkpoints: Checkpoints, log: AuditLog, clock: ManualClock) -> None:
    fill(log, 3)
    note = checkpoints.sign()
    clock.advance(timedelta(days=1))
    assert checkpoints.sign() == note


def test_each_goes_on_from_the_last(checkpoints: Checkpoints, log: AuditLog, clock: ManualClock) -> None:
    for number in (1, 2, 4, 5):
        fill(log, number)
        grown = checkpoints.sign()
    run(log.engine, "DELETE FROM audit_checkpoint")
    assert checkpoints.sign() == grown, "made anew from all entries"


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 5",
        "DELETE FROM audit_entry WHERE position = 5",
        "DELETE FROM audit_entry WHERE position >= 3",
        "UPDATE audit_checkpoint SET peaks = replace(peaks, 'a', 'b')",
    ],
)
def test_what_was_tampered_with_is_not_signed(checkpoints: Checkpoints, log: AuditLog, tampering: str) -> None:
    fill(log, 3)
    checkpoints.sign()
    fill(log, 3)
    run(log.engine, tampering)
    with pytest.raises(RejectedError, match="hub audit verify"):
        checkpoints.sign()


def test_a_checkpoint_of_another_key_is_not_gone_on_from(checkpoints: Checkpoints, log: AuditLog, clock: ManualClock) -> None:
    fill(log, 3)
    checkpoints.sign()
    fill(log, 3)
    other = Checkpoints(log.engine, Signer("hub/0581/audit", bytes(32)), clock, entries=10, minutes=60)
    with pytest.raises(ContractError):
        other.sign()


def test_two_that_sign_at_once_keep_one(checkpoints: Checkpoints, log: AuditLog, clock: ManualClock) -> None:
    fill(log, 3)
    start, notes = threading.Barrier(4), []

    def sign() -> None:
        mine = Checkpoints(log.engine, Signer("hub/0581/audit", SEED), clock, entries=10, minutes=60)
        start.wait()
        notes.append(mine.sign())

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(notes) == {checkpoints.latest()}


def test_an_installation_signs_with_its_key_and_is_known_by_it(
    log: AuditLog, settings: Settings, clock: ManualClock, tmp_path
) -> None:
    fill(log, 1)
    note = open_checkpoints(settings, log.engine, clock).sign()
    assert note is not None
    kept = tmp_path / "audit.public"
    kept.write_text(open_verifier(settings).text_form(), encoding="utf-8")
    (settings.keys / "audit.key").unlink()
    assert open_verifier(settings, kept).check(note).origin == "hub/0581/audit"
    kept.write_text("nothing", encoding="utf-8")
    with pytest.raises(ConfigError):
        open_verifier(settings, kept)


def test_a_thread_signs_what_is_due_until_it_is_stopped(checkpoints: Checkpoints, log: AuditLog) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=keep_signing, args=(checkpoints, stop), kwargs={"every_seconds": 0.01})
    thread.start()
    try:
        fill(log, 2)
        deadline = time.monotonic() + 30
        while checkpoints.latest() is None:
            assert time.monotonic() < deadline
            stop.wait(0.01)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert size_of(checkpoints.latest()) == 2
    assert not thread.is_alive()


class Told:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def warning(self, _event: str, *, code: str) -> None:
        self.codes.append(code)


def test_what_cannot_be_signed_does_not_end_the_thread(checkpoints: Checkpoints, log: AuditLog, monkeypatch) -> None:
    told = Told()
    monkeypatch.setattr("hub.audit.checkpoints._log", told)
    fill(log, 2)
    run(log.engine, "UPDATE audit_entry SET role = 'auditor' WHERE position = 2")
    stop = threading.Event()
    thread = threading.Thread(target=keep_signing, args=(checkpoints, stop), kwargs={"every_seconds": 0.01})
    thread.start()
    stop.wait(0.3)
    assert thread.is_alive()
    stop.set()
    thread.join(timeout=30)
    assert REGISTRY.get_sample_value("hub_audit_damaged") == 1
    assert REGISTRY.get_sample_value("hub_audit_unsigned") == 2
    assert told.codes == ["audit_damaged"], "told once, not at every look"


def test_a_process_signs_while_it_runs(settings: Settings, log: AuditLog, clock: ManualClock) -> None:
    fill(log, 1)
    with checkpoints_signed(settings, clock):
        assert "audit-checkpoints" in {thread.name for thread in threading.enumerate()}
    assert "audit-checkpoints" not in {thread.name for thread in threading.enumerate()}


def test_a_log_that_became_shorter_is_told_at_the_next_look(checkpoints: Checkpoints, log: AuditLog) -> None:
    fill(log, 3)
    checkpoints.sign()
    run(log.engine, "DELETE FROM audit_entry WHERE position = 3")
    with pytest.raises(RejectedError, match="missing"):
        checkpoints.sign_if_due()


def test_what_waits_is_counted_and_carried_over_by_whoever_signs(log: AuditLog, checkpoints: Checkpoints) -> None:
    assert log.spool is not None
    run(log.engine, "ALTER TABLE audit_entry RENAME TO away")
    with unstoppable(Unstoppable.WITHDRAWAL):
        log.append_many([make_entry(each, action=Action.CONSENT_WITHDRAWN) for each in range(2)])
    stop = threading.Event()
    thread = threading.Thread(target=keep_signing, args=(checkpoints, stop, log), kwargs={"every_seconds": 0.01})
    thread.start()
    try:
        for waiting in (2, 0):
            deadline = time.monotonic() + 30
            while REGISTRY.get_sample_value("hub_audit_waiting") != waiting:
                assert time.monotonic() < deadline
                stop.wait(0.01)
            if waiting:
                run(log.engine, "ALTER TABLE away RENAME TO audit_entry")
    finally:
        stop.set()
        thread.join(timeout=30)
    assert [one.action for one in the_latest(log.engine, Filter(), 9)] == ["audit_carried", *["consent_withdrawn"] * 2]
    assert not log.spool.waits()
