"""Guessing is slowed down, whoever guesses from wherever, and nobody can lock another out of a browser that she uses."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

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


def poll(attempts: Attempts, clock: ManualClock, address: str, *, anna: str = "") -> tuple[int, int]:
    """For six hours somebody tries every five minutes, Anna with her password every ten; how many attempts of each were granted."""
    theirs = hers = 0
    for step in range(72):
        clock.advance(timedelta(minutes=5))
        theirs += attempts.take("anna", address) is None
        if step % 2 == 0 and attempts.take("anna", THERE, anna) is None:
            attempts.succeeded("anna", THERE, anna)
            hers += 1
    return theirs, hers


def test_who_guesses_from_one_address_makes_the_owner_wait_at_no_other(attempts: Attempts, clock: ManualClock) -> None:
    theirs, hers = poll(attempts, clock, HERE)
    assert hers == 36
    assert 22 < theirs < 40


def test_a_browser_that_signed_in_before_waits_for_nobody_even_at_the_guessers_own_address(
    attempts: Attempts, clock: ManualClock
) -> None:
    for number in range(100):
        attempts.take("anna", f"198.51.100.{number}")
    theirs, hers = poll(attempts, clock, THERE, anna=attempts.known_browser("anna"))
    assert hers == 36
    assert theirs < 40
    assert attempts.take("anna", "203.0.113.1") is not None


def test_guesses_from_ever_new_addresses_are_bounded(attempts: Attempts, clock: ManualClock) -> None:
    assert [attempts.take("anna", f"first-{number}") for number in range(100)] == [None] * 100
    granted = 0
    for number in range(72):
        clock.advance(timedelta(minutes=5))
        granted += attempts.take("anna", f"address-{number}") is None
    assert 20 < granted < 40


def test_whoever_has_a_network_has_all_its_addresses(attempts: Attempts) -> None:
    assert [attempts.take("anna", f"2001:db8:0:1::{number}") for number in range(5)] == [None] * 5
    assert attempts.take("anna", "2001:db8:0:1:ffff::9") is not None
    assert attempts.take("anna", "2001:db8:0:2::1") is None
    assert [attempts.take("anna", address) for address in (HERE, f"::ffff:{HERE}") for _ in range(2)] == [None] * 4
    assert attempts.take("anna", "::ffff:192.0.2.9") is None
    assert attempts.take("anna", HERE) is None
    assert attempts.take("anna", f"::ffff:{HERE}") is not None


def test_from_many_addresses_each_counts_for_the_account_with_its_first_attempts(attempts: Attempts, clock: ManualClock) -> None:
    for number in range(20):
        assert [attempts.take("anna", f"address-{number}") for _ in range(5)] == [None] * 5
    assert minutes(attempts.take("anna", HERE)) == 1
    assert attempts.take("berit", HERE) is None


def test_a_known_browser_has_five_attempts_of_its_own_and_only_for_its_account(attempts: Attempts) -> None:
    known = attempts.known_browser("anna")
    assert [attempts.take("anna", HERE, known) for _ in range(5)] == [None] * 5
    assert minutes(attempts.take("anna", THERE, known)) == 1
    assert attempts.take("anna", HERE, attempts.known_browser("anna")) is None
    for _ in range(5):
        attempts.take("berit", HERE)
    for token in (attempts.known_browser("anna"), known, "nonsense", ""):
        assert attempts.take("berit", HERE, token) is not None


def test_the_right_password_gives_a_known_browser_its_attempts_back(attempts: Attempts) -> None:
    known = attempts.known_browser("anna")
    for _ in range(5):
        attempts.take("anna", HERE, known)
    attempts.succeeded("anna", HERE, known)
    assert [attempts.take("anna", HERE, known) for _ in range(5)] == [None] * 5


def test_what_the_owner_mistyped_is_no_longer_counted_for_the_account(attempts: Attempts, clock: ManualClock) -> None:
    for _ in range(26):
        for _ in range(4):
            assert attempts.take("anna", HERE) is None
        attempts.succeeded("anna", HERE)
        clock.advance(timedelta(hours=12))
    assert attempts.take("anna", THERE) is None


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
    assert len(kept) == 3
    assert all(len(target) == 64 and "anna" not in target and HERE not in target for target in kept)


def counters(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(AttemptRow)).scalar_one()


def test_an_attempt_that_has_to_wait_leaves_nothing_behind(attempts: Attempts, engine: Engine) -> None:
    for number in range(20):
        attempts.take(f"name{number}", HERE)
    before = counters(engine)
    assert all(attempts.take(f"another{number}", HERE) for number in range(50))
    assert counters(engine) == before == 41


def test_a_flood_of_names_and_addresses_is_bounded_and_washes_no_count_away(engine: Engine, clock: ManualClock) -> None:
    attempts = Attempts(engine, b"k" * 32, clock, most=60)
    for number in range(100):
        assert attempts.take("anna", f"192.0.2.{number}") is None
        clock.advance(timedelta(seconds=1))
    assert attempts.take("anna", THERE) is not None
    for number in range(100):
        attempts.take(f"name{number}", f"198.51.100.{number}")
        clock.advance(timedelta(milliseconds=1))
        assert counters(engine) <= 62
    assert attempts.take("anna", "203.0.113.1") is not None
