"""`hub tasks`: what is in the inbox, also what no page shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.bootstrap import build_delivery_engine
from hub.cases.orders import Orders
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.delivery.tables import TaskRow
from hub.errors import ConfigError, RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.cases.test_ordering import ORDER
from tests.unit.delivery.make import NOW, Desk, make_task


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two open tasks, one of them for a team that nobody knows, and a recalled one."""
    initialised(tmp_path)
    engine = build_delivery_engine(load_settings(tmp_path))
    desk = Desk(engine, ManualClock(NOW))
    refs = [new_youth_ref() for _ in range(3)]
    tasks = [
        make_task(refs[0]), make_task(refs[1]).model_copy(update={"team": "unheard-of"}), make_task(refs[2]),
        make_task(refs[2], action=Action.GROUND_LOST),
    ]  # fmt: skip
    for task in tasks:
        desk.inbox.take([desk.record(TASKS_OUTREACH, task.youth_ref, task)])
    desk.inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], datetime.now(UTC))
    engine.dispose()
    return tmp_path


def run(home: Path, *words: str):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["tasks", "--home", str(home), *words], catch_exceptions=False)


def documents(home: Path, *words: str) -> list[dict]:
    return json.loads(run(home, "--json", *words).output)


def test_open_tasks_are_listed_and_closed_ones_when_asked_for(home: Path) -> None:
    assert [one["state"] for one in documents(home)] == ["received", "received"]
    assert sorted(one["state"] for one in documents(home, "--all")) == ["recalled", "received", "received"]


def test_a_task_of_a_team_that_nobody_knows_is_listed_and_marked(home: Path) -> None:
    assert {one["team"]: one["team_known"] for one in documents(home)} == {"outreach": True, "unheard-of": False}
    assert "unheard-of (not in teams.yaml)" in run(home).output
    assert [one["team"] for one in documents(home, "--team", "unheard-of")] == ["unheard-of"]


@pytest.mark.parametrize("words", [("tasks", "--home", "{home}"), ("init", "{home}")])
def test_a_team_that_is_not_in_the_file_is_told_by_name_with_what_to_do(home: Path, words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [one.format(home=home) for one in words], catch_exceptions=False).stderr
    assert "no team unheard-of (any more), and the inbox holds 1 open tasks of it" in told
    assert "hub tasks settle unheard-of" in told


def test_what_a_gone_team_leaves_goes_to_its_successor_and_is_said_and_logged(home: Path) -> None:
    done = run(home, "settle", "unheard-of", "--to", "sig", "--home", str(home))
    assert done.output == "1 tasks of unheard-of lie with another team now; 0 withdrawals await it no more.\n"
    assert sorted(one["team"] for one in documents(home)) == ["outreach", "sig"]
    with pytest.raises(RejectedError, match="nothing of unheard-of is left"):
        run(home, "settle", "unheard-of", "--home", str(home))


def test_what_nobody_can_have_stays_and_says_what_is_missing(home: Path) -> None:
    engine = build_delivery_engine(load_settings(home))
    with Session(engine) as session, session.begin():
        session.execute(update(TaskRow).where(TaskRow.team == "unheard-of").values(function="unheard-of", payload=_of_function()))
    engine.dispose()
    done = run(home, "settle", "unheard-of", "--json", "--home", str(home))
    assert json.loads(done.stdout) == {"moved": 0, "left": 1, "ended": 0, "kept": 0, "kept_left": 0}
    assert (done.exit_code, "give a team their function" in done.stderr) == (1, True)


def test_an_order_of_a_gone_team_goes_to_a_successor_that_takes_orders_and_is_told_until_then(home: Path) -> None:
    engine = build_delivery_engine(load_settings(home))
    Orders(engine, ManualClock(NOW)).receive("unheard-of", ORDER, record=int)
    engine.dispose()
    assert "and 1 open cases, orders and ways of contact" in run(home).stderr
    done = run(home, "settle", "unheard-of", "--to", "sig", "--home", str(home))
    assert (done.exit_code, "1 open cases, orders and ways of contact are still unheard-of's" in done.stderr) == (1, True)
    done = run(home, "settle", "unheard-of", "--to", "outreach", "--home", str(home))
    assert (done.exit_code, "1 of its cases, orders and ways of contact are outreach's now" in done.stdout) == (0, True)
    assert "unheard-of" not in run(home).stderr


def _of_function() -> str:
    return make_task(new_youth_ref()).model_copy(update={"team": "unheard-of", "function": "unheard-of"}).model_dump_json()


def test_a_team_of_which_nothing_is_known_is_no_empty_list(home: Path) -> None:
    assert run(home, "--team", "sig").output == "No open task.\n"
    with pytest.raises(ConfigError, match="outreach, sig, sspf"):
        run(home, "--team", "outreech")


def test_no_reference_is_shown(home: Path) -> None:
    assert "youth_ref" not in run(home, "--json", "--all").output
    engine = build_delivery_engine(load_settings(home))
    with engine.connect() as connection:
        references = [row[0] for row in connection.exec_driver_sql("SELECT subject FROM task")]
    engine.dispose()
    shown = run(home, "--json", "--all").output + run(home).output
    assert not any(reference in shown for reference in references)


def test_of_a_youths_task_no_list_tells_the_area_which_is_read_by_who_opens_it(home: Path) -> None:
    rows = json.loads(run(home, "--json", "--all").stdout)
    assert {row["kind"] for row in rows} == {"referral"}
    assert [row["area"] for row in rows] == [None] * len(rows)


def test_while_delivery_is_behind_nothing_that_is_proposed_for_a_youth_is_shown(home: Path) -> None:
    engine = build_delivery_engine(load_settings(home))
    Desk(engine, ManualClock(NOW)).inbox.beat([(ERASURES.name, 0)], datetime.now(UTC) - timedelta(minutes=2))
    engine.dispose()
    told = run(home)
    assert "delivery has not looked for withdrawn consents since" in told.stderr
    assert "school_attendance" not in told.output
    rows = json.loads(run(home, "--json").stdout)
    assert [(row["withheld"], row["rule"], row["function"], row["area"]) for row in rows] == [(True, None, None, None)] * 2
