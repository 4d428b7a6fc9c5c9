"""Guessing is slowed down per account and per address, and nobody can lock another out for good."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from hub.access.attempts import Attempts
from hub.access.tables import AttemptRow
from hub.clock import ManualClock

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def attempts(engine: Engine, clock: ManualClock) -> Attempts:
    return Attempts(engine, b"k" * 32, clock)


def minutes(wait: timedelta | None) -> float:
    return 0 if wait is None else wait / timedelta(minutes=1)


def test_five_attempts_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour(attempts: Attempts, clock: ManualClock) -> None:
    assert [attempts.take("anna", HERE) for _ in range(5)] == [None] * 5
    waits = []
    for _ in range(8):
        wait = attempts.take("anna", HERE)
        waits.append(minutes(wait))
        clock.advance(wait or timedelta(0))
        assert attempts.take("anna", HERE) is None
    assert waits == [1, 2, 4, 8, 15, 15, 15, 15]


def test_guessing_during_the_wait_does_not_lengthen_it(attempts: Attempts, clock: ManualClock) -> None:
    for _ in range(5):
        attempts.take("anna", HERE)
    for _ in range(100):
        assert minutes(attempts.take("anna", HERE)) == 1
    clock.advance(timedelta(minutes=1))
    assert attempts.take("anna", HERE) is None


def test_an_account_waits_wherever_it_is_tried_from_and_another_does_not(attempts: Attempts) -> None:
    for _ in range(5):
        attempts.take("anna", HERE)
    assert attempts.take("anna", THERE) is not None
    assert attempts.take("berit", THERE) is None


def test_an_address_that_tries_many_accounts_waits_and_another_does_not(attempts: Attempts) -> None:
    assert [attempts.take(f"name{number}", HERE) for number in range(20)] == [None] * 20
    assert attempts.take("anna", HERE) is not None
    assert attempts.take("anna", THERE) is None


def test_the_right_password_forgets_the_accounts_failures_but_not_the_addresss(attempts: Attempts) -> None:
    for number in range(19):
        attempts.take(f"name{number}", HERE)
    attempts.take("anna", HERE)
    attempts.succeeded("anna", HERE)
    assert attempts.take("berit", HERE) is None
    assert attempts.take("cecilia", HERE) is not None
    assert [attempts.take("anna", THERE) for _ in range(5)] == [None] * 5


def test_failures_are_forgotten_after_a_day(attempts: Attempts, clock: ManualClock) -> None:
    for _ in range(5):
        attempts.take("anna", HERE)
    clock.advance(timedelta(hours=24, seconds=1))
    assert [attempts.take("anna", HERE) for _ in range(5)] == [None] * 5


def test_many_at_once_get_no_more_attempts(attempts: Attempts) -> None:
    granted: list[bool] = []
    threads = [threading.Thread(target=lambda: granted.append(attempts.take("anna", HERE) is None)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(True) == 5


def test_neither_name_nor_address_is_kept(attempts: Attempts, engine: Engine) -> None:
    attempts.take("anna", HERE)
    with engine.connect() as connection:
        kept = [row[0] for row in connection.execute(select(AttemptRow.target))]
    assert len(kept) == 2
    assert all(len(target) == 64 and "anna" not in target and HERE not in target for target in kept)
