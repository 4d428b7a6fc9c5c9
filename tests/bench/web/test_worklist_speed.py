"""How long a team waits for its list, and for a task, with ten thousand open tasks: what LOOK asks is a fifth of a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hub.delivery.tables import TaskRow
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.town import NOW, PagesTown, make_task, member

TASKS, ROUNDS = 10_000, 20
ANNA = member("Anna", "outreach")


def fill(town: PagesTown) -> str:
    """As many tasks as there are, each as large as a real one; the number of one that can be opened."""
    first = town.add("first", make_task("absence-and-notice", created=NOW, days=5))
    with Session(town.engine) as session, session.begin():
        row = session.scalars(select(TaskRow)).one()
        usual = {column.name: getattr(row, column.name) for column in TaskRow.__table__.columns}
        session.execute(
            insert(TaskRow),
            [
                usual
                | {
                    "task_id": str(UUID(int=number)),
                    "open_key": f"k{number}",
                    "due_by": NOW + timedelta(minutes=number),
                    "holder": ANNA.account if number % 7 == 0 else None,
                    "state": "accepted" if number % 7 == 0 else "received",
                }
                for number in range(1, TASKS)
            ],
        )
    return first.task_id


@pytest.mark.bench
def test_a_list_of_ten_thousand_tasks(tmp_path: Path, report: Callable[[str], None]) -> None:
    town = PagesTown(tmp_path)
    number = fill(town)
    with Browser(transport=InProcess(town.app), base_url="http://127.0.0.1:8700") as client:
        client.get("/sign-in", params={"code": town.code(ANNA)})
        for path in (
            "/team/outreach", "/team/outreach?page=150", "/team/outreach?show=mine", "/team/outreach?show=called",
            f"/team/outreach/task/{number}", "/team/outreach/today",
        ):  # fmt: skip
            took, spent = [], []
            for _ in range(ROUNDS):
                began, worked = time.perf_counter(), time.process_time()
                assert client.get(path).status_code == 200
                took.append(time.perf_counter() - began)
                spent.append(time.process_time() - worked)
            p95 = statistics.quantiles(took, n=20)[-1] * 1000
            cpu = statistics.median(spent) * 1000
            report(
                f"{path.replace(number, '…')}: p50 {statistics.median(took) * 1000:.0f} ms, p95 {p95:.0f} ms, processor {cpu:.0f} ms"
            )
    spent = []
    for _ in range(ROUNDS):
        worked = time.process_time()
        town.worklist.version_of("outreach")
        spent.append(time.process_time() - worked)
    report(f"one look for changes, once a second while a page is open: processor {statistics.median(spent) * 1000:.1f} ms")
    town.close()
