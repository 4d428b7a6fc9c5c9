"""What two processes do to one row at the same time, on a real PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from hub.errors import RejectedError, RetriableError
from hub.registry.agency_trail import AgencyTrail
from hub.registry.database import CONFLICT, repeated, writing
from hub.registry.subject_api import build_app
from hub.testing import served
from tests.postgres import Cluster
from tests.unit.registry.conftest import migrate_both
from tests.unit.registry.memory_log import MemoryLog
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

pytestmark = pytest.mark.postgres


@pytest.fixture
def two(tmp_path: Path, postgres: Cluster) -> Iterator[tuple[Installation, Installation]]:
    """Two processes' registries on one database."""
    with postgres.database(migrate_both) as url:
        pair = (Installation(tmp_path / "a", url=url, keyring_url=url), Installation(tmp_path / "b", url=url, keyring_url=url))
        yield pair
        for one in pair:
            one.close()


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run all, each in a thread that waits for the others; what each returned or raised."""
    gate, found = threading.Barrier(len(calls)), [None] * len(calls)

    def body(number: int, call: Callable[[], object]) -> None:
        gate.wait(30)
        try:
            found[number] = call()
        except Exception as error:  # noqa: BLE001
            found[number] = error

    threads = [threading.Thread(target=body, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def waits_for_it(postgres: Cluster) -> None:
    """Until somebody waits for what another transaction holds."""
    deadline = time.monotonic() + 30
    while not postgres.run("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_who_register_the_same_person_at_once_get_one_youth(two: tuple[Installation, Installation]) -> None:
    for number in range(5):
        person = make_identifier(number)
        found = at_once(*(partial(one.registry.grant, make_grant(person)) for one in two))
        refused = [one for one in found if isinstance(one, RejectedError)]
        assert [error.code for error in refused] == ["already_granted"], found
        assert two[0].rows("youth") == number + 1


def test_two_who_withdraw_at_once_withdraw_once(two: tuple[Installation, Installation]) -> None:
    person = make_identifier()
    two[0].registry.grant(make_grant(person))
    found = at_once(*(lambda one=one: one.registry.withdraw(person) for one in two))
    assert [error.code for error in found if isinstance(error, RejectedError)] == ["no_consent"], found
    assert two[0].rows("erasure_request") == 1


def test_two_imports_of_the_same_people_in_another_order_do_not_wait_for_each_other(two) -> None:
    people = [make_identifier(number) for number in range(40)]
    two[0].registry.grant_many([make_grant(person) for person in people])
    rows = [make_grant(person, cooperation="sig", recipients=("sig",)) for person in people]
    found = at_once(lambda: two[0].registry.grant_many(rows), lambda: two[1].registry.grant_many(rows[::-1]))
    assert not [one for one in found if isinstance(one, Exception)], found
    assert two[0].registry.counts()["in_force"] == 80


def test_a_deadlock_is_a_conflict_that_is_run_again(two: tuple[Installation, Installation], postgres: Cluster) -> None:
    """The registry's writers wait for each other at their beginning; whoever else works in its database may cross one."""
    for number in range(2):
        two[0].registry.grant(make_grant(make_identifier(number)))
    with two[0].engine.connect() as connection:
        first, second = connection.execute(text("SELECT youth_id FROM youth ORDER BY youth_id")).scalars().all()
    change, both_hold, runs = text("UPDATE youth SET acked_version = 1 WHERE youth_id = :id"), threading.Barrier(2), []

    def outside() -> None:
        with two[1].engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the other one finds it
            connection.execute(change, {"id": second})
            both_hold.wait(30)
            connection.execute(change, {"id": first})

    @repeated
    def work() -> None:
        runs.append(1)
        with writing(two[0].engine) as session:
            session.execute(change, {"id": first})
            if len(runs) == 1:
                both_hold.wait(30)
                waits_for_it(postgres)
            session.execute(change, {"id": second})

    assert at_once(outside, work) == [None, None]
    assert len(runs) == 2


def test_a_connection_that_is_lost_in_mid_transaction_leaves_no_trace_and_is_not_run_again(two, postgres: Cluster) -> None:
    person, runs = make_identifier(), []

    @repeated
    def lost() -> None:
        runs.append(1)
        with two[0].registry.work() as work:
            work.session.execute(text("UPDATE agency_version SET version = version"))
            pid = work.session.scalar(text("SELECT pg_backend_pid()"))
            postgres.run("SELECT pg_terminate_backend(%s)", pid)
            work.session.execute(text("SELECT 1"))

    with pytest.raises(RetriableError) as caught:
        lost()
    assert (caught.value.code, runs) == ("database", [1])
    assert two[0].registry.grant(make_grant(person)).status == "in_force"  # the pool has found a living connection


def test_a_pool_that_outlives_the_servers_restart_goes_on(two, postgres: Cluster) -> None:
    two[0].registry.grant(make_grant(make_identifier()))
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL")
    assert two[0].registry.grant(make_grant(make_identifier(1))).status == "in_force"


def test_a_look_sees_one_state_whatever_is_written_meanwhile(two: tuple[Installation, Installation]) -> None:
    with two[0].registry.view() as session:
        before = session.execute(text("SELECT count(*) FROM youth")).scalar_one()
        two[1].registry.grant(make_grant(make_identifier()))
        assert session.execute(text("SELECT count(*) FROM youth")).scalar_one() == before == 0
    assert CONFLICT == "conflict"


def test_an_agencys_first_question_while_its_first_youth_is_registered_is_answered(two, postgres: Cluster) -> None:
    app = build_app(two[1].engine, two[1].tools, two[1].clock, AgencyTrail(MemoryLog(), two[1].clock))
    asked: list[httpx.Response] = []

    def ask() -> None:
        with served(app) as url:
            asked.append(httpx.get(f"{url}/v1/agencies/{SCHOOL}/subjects", headers={"Authorization": "Bearer token-1"}))

    asking = threading.Thread(target=ask)
    with two[0].registry.work() as work:
        work.counter(SCHOOL)
        asking.start()
        waits_for_it(postgres)
    asking.join(30)
    assert [one.status_code for one in asked] == [200]
