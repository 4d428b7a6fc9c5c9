"""The migrations make what the code expects, and give what was there before its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

import hub.delivery
from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.topics import CONSENTS, ERASURES, PRESENCE_TASKS, TASKS_OUTREACH
from hub.delivery.notes import NoteKind
from hub.delivery.readers import ReaderRow
from hub.delivery.tables import Base, MoveRow, NoteRow, TaskRow
from tests.unit.delivery.make import NOW, Desk, make_consent, make_erasure, make_presence, make_task
from tests.unit.delivery.test_calls import DUE, come, make_calls

REF = new_youth_ref()


def to(connection: Connection, revision: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hub.delivery.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, revision)


@pytest.mark.parametrize(
    ("takings", "teams"),
    [
        ([], ["sig", "sig", "sig"]),
        ([(1, "outreach>sig")], ["outreach", "outreach", "sig"]),
        ([(0, "outreach>sspf"), (1, "sspf>sig")], ["outreach", "sspf", "sig"]),
        ([(0, "sig>outreach"), (1, "outreach>sig")], ["sig", "outreach", "sig"]),
    ],
)
def test_a_note_of_before_goes_to_the_team_that_had_the_task_when_it_was_written(
    desk: Desk, clock: ManualClock, engine: Engine, takings: list[tuple[int, str]], teams: list[str]
) -> None:
    task = make_task(REF)
    desk.inbox.take([desk.record(CONSENTS, REF, make_consent(REF)), desk.record(TASKS_OUTREACH, REF, task)])
    for day in range(3):
        clock.set(NOW + timedelta(days=day))
        desk.notes.add(task.task_id, "outreach", "anna", NoteKind.NOTE, str(day), record=lambda: None)
    with Session(engine) as session, session.begin():
        session.execute(sa.update(TaskRow).values(team="sig"))
        session.add_all(
            MoveRow(task_id=task.task_id, at=NOW + timedelta(days=day, hours=1), account="bo", move="take-over", detail=detail)
            for day, detail in takings
        )
    with engine.begin() as connection:
        to(connection, "0010", back=True)
        to(connection, "head")
    with Session(engine) as session:
        assert list(session.scalars(sa.select(NoteRow.team).order_by(NoteRow.at))) == teams


def test_a_task_of_before_that_was_taken_over_has_each_team_that_had_read_it_as_a_reader(desk: Desk, engine: Engine) -> None:
    unread, read = come(desk, recipients=("outreach", "sspf")), come(desk, recipients=("outreach", "sspf"))
    desk.worklist.open_task(read.task_id, "outreach")
    desk.clock.set(DUE)
    make_calls(desk).make_due()
    for one in desk.worklist.all_tasks():
        desk.answering.take_over(one.task_id, "sspf", "bo", seen=one.version, record=int)
    with Session(engine) as session, session.begin():  # a version from before the table kept the first opening, whoever it was
        session.execute(sa.update(TaskRow).where(TaskRow.task_id == read.task_id).values(opened_at=NOW))
    desk.inbox.take([desk.record(ERASURES, read.youth_ref, make_erasure(read.youth_ref))])
    asked = [(read.task_id, "outreach", read.youth_ref), (read.task_id, "sspf", read.youth_ref), (unread.task_id, "sspf", None)]
    query = sa.select(ReaderRow.task_id, ReaderRow.team, ReaderRow.recall_of)
    for _ in range(2):
        with Session(engine) as session:
            assert sorted(tuple(one) for one in session.execute(query)) == sorted(asked)
        with engine.begin() as connection:
            to(connection, "0011", back=True)
            to(connection, "head")


def test_the_migrated_database_has_the_tables_columns_and_indexes_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "delivery_schema"})
        differences = compare_metadata(context, Base.metadata)
    own = set(Base.metadata.tables)
    assert [one for one in differences if one[0] in {"add_table", "add_column", "remove_column", "add_index"}] == []
    assert own >= {"task", "task_reader", "rule_block"}


def test_a_presence_task_of_before_gets_its_clock_and_one_that_has_ended_none(desk: Desk, engine: Engine) -> None:
    running, ended = make_presence(week="2025-W22"), make_presence("other").model_copy(update={"area": "0581-navestad"})
    task = make_task(REF)
    desk.inbox.take(
        [desk.record(PRESENCE_TASKS, one.area, one) for one in (running, ended)]
        + [desk.record(CONSENTS, REF, make_consent(REF)), desk.record(TASKS_OUTREACH, REF, task)]
    )
    clocks = sa.select(TaskRow.task_id, TaskRow.respond_by, TaskRow.due_by)
    with Session(engine) as session, session.begin():
        session.execute(sa.update(TaskRow).where(TaskRow.task_id == ended.task_id).values(closed_at=NOW))
        before = {number: clock for number, *clock in session.execute(clocks)}
    with engine.begin() as connection:
        to(connection, "0013", back=True)
    with Session(engine) as session, session.begin():
        without = {number: clock for number, *clock in session.execute(clocks)}
        session.execute(sa.update(TaskRow).where(TaskRow.task_id == ended.task_id).values(respond_by=None, due_by=None))
    with engine.begin() as connection:
        to(connection, "head")
    with Session(engine) as session:
        after = {number: clock for number, *clock in session.execute(clocks)}
    assert without[running.task_id] == [None, None]
    assert after[running.task_id] == before[running.task_id] == [datetime(2025, 6, 1, 22, tzinfo=UTC)] * 2
    assert after[ended.task_id] == [None, None]
    assert after[task.task_id] == before[task.task_id] == [task.respond_by] * 2
