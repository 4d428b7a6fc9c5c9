"""One holder at a time, whatever the database does between two who ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, Session

from hub.database import UtcInstant, build_engine
from hub.lease import LeaseColumns, release_lease, take_lease, this_process

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
LENGTH = timedelta(seconds=90)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: UtcInstant}


class Row(LeaseColumns, Base):
    __tablename__ = "lease"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = build_engine(f"sqlite:///{tmp_path / 'lease.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def take(engine: Engine, holder: str, seconds: float = 0, name: str = "a") -> bool:
    with Session(engine) as session, session.begin():
        return take_lease(session, Row, name, holder=holder, now=NOW + timedelta(seconds=seconds), length=LENGTH)


def test_the_first_gets_it_keeps_it_and_loses_it_by_silence(engine: Engine) -> None:
    assert take(engine, "there/1/x")
    assert not take(engine, "there/2/x", 89)
    assert take(engine, "there/1/x", 89)
    assert not take(engine, "there/2/x", 178)
    assert take(engine, "there/2/x", 179)
    assert not take(engine, "there/1/x", 180)


def test_leases_of_other_names_are_others(engine: Engine) -> None:
    assert take(engine, "there/1/x")
    assert take(engine, "there/2/x", name="b")


def test_only_its_holder_can_let_it_go(engine: Engine) -> None:
    take(engine, "there/1/x")
    for holder, free in (("there/2/x", False), ("there/1/x", True)):
        with Session(engine) as session, session.begin():
            release_lease(session, Row, "a", holder)
        assert take(engine, "there/3/x") is free


@pytest.mark.parametrize(
    ("other", "free"), [("{host}/4194305/x", True), ("{host}/{pid}/x", False), ("elsewhere/4194305/x", False), ("odd", False)]
)
def test_a_dead_process_of_this_machine_holds_nothing(engine: Engine, other: str, free: bool) -> None:
    host, pid, _nonce = this_process().split("/")
    take(engine, other.format(host=host, pid=pid))
    assert take(engine, this_process()) is free


def test_two_lives_of_one_process_are_two_holders() -> None:
    assert this_process() != this_process()
