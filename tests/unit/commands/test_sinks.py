"""`hub sinks`, as an operator meets it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from connectors.webhook.simulator import build_simulator
from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit, build_delivery_engine
from hub.cli import app
from hub.delivery.sink_rows import sink_row
from hub.delivery.tables import ErrandRow, TaskRow
from hub.errors import ConfigError, HubError, RejectedError, RetriableError
from hub.installation import initialise
from hub.settings import load_settings
from hub.testing import served
from hub.testing.serving import Watched, refusing
from tests.command_line import CliRunner

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
TASK = "3f0c2b1e-8d5a-4c7e-9b1a-0e5d7a9c4b01"
SECRET = "whsec_" + base64.b64encode(b"the secret of the receiver at hand").decode()


class Hub:
    def __init__(self, home, url: str) -> None:
        self.home = home
        initialise(home)
        with (home / "hub.toml").open("a", encoding="utf-8") as toml:
            toml.write(f'\n[sinks.system]\nconnector = "webhook"\n[sinks.system.settings]\nurl = "{url}/hook"\n')
            toml.write('allow_private = ["127.0.0.0/8"]\n')
        (home / "keys" / "sink-system-signing").write_text(SECRET, encoding="utf-8")

    def __call__(self, *words: str, code: int = 0) -> str:
        ended = CliRunner().invoke(app, ["sinks", *words, "--home", str(self.home)], env={"COLUMNS": "200"})
        assert ended.exit_code == code, (ended.output, ended.exception)
        return " ".join(ended.stdout.split())

    def refused(self, *words: str) -> HubError:
        ended = CliRunner().invoke(app, ["sinks", *words, "--home", str(self.home)])
        assert isinstance(ended.exception, HubError), ended.output
        return ended.exception

    def put(self, *rows) -> None:
        engine = build_delivery_engine(load_settings(self.home))
        with Session(engine) as session, session.begin():
            session.add_all(rows)
        engine.dispose()

    def stop(self) -> None:
        engine = build_delivery_engine(load_settings(self.home))
        with Session(engine) as session, session.begin():
            row = sink_row(session, "system")
            row.stopped_at, row.stopped_code = NOW, "status_401"
        engine.dispose()

    def audited(self) -> list[str]:
        log = build_audit(load_settings(self.home))
        try:
            return [one.action for one in the_latest(log.engine, Filter(), 10)]
        finally:
            log.close()


def make_errand(status: str, task_id: str = TASK, code: str = "") -> ErrandRow:
    return ErrandRow(
        task_id=task_id, state="requested", sink="system", team="outreach", function="school_attendance", priority="normal",
        created_at=NOW, respond_by=NOW + timedelta(days=5), written_at=NOW, status=status, code=code, attempts=1, begun_at=NOW,
        next_try=NOW if status == "waiting" else None, settled_at=None if status == "waiting" else NOW,
    )  # fmt: skip


def make_task_row() -> TaskRow:
    return TaskRow(
        task_id=TASK, kind="referral", subject=None, open_key="k", team="outreach", function="school_attendance",
        rule_id="absence-alone", priority="normal", state="received", created_at=NOW, received_at=NOW,
    )  # fmt: skip


@pytest.fixture
def receiver(tmp_path):
    app = Watched(build_simulator(tmp_path, {"secret": SECRET}))
    with served(app) as app.url:
        yield app


@pytest.fixture
def hub(tmp_path, receiver) -> Hub:
    return Hub(tmp_path / "home", receiver.url)


def test_an_installation_without_sinks_says_what_that_means(hub) -> None:
    (hub.home / "hub.toml").write_text("")
    assert "hub.toml has no sinks: tasks are in the worklist" in hub("list")
    assert json.loads(hub("list", "--json")) == []


def test_the_list_says_what_waits_since_when_and_what_was_refused_and_exits_1_for_that(hub) -> None:
    hub.put(make_errand("waiting", "another"))
    table = hub("list")
    assert "hands over" in table
    assert "2025-05-19 07:30" in table
    hub.put(make_errand("refused", code="status_422"))
    table = hub("list", code=1)
    assert f"system refused requested of {TASK} (outreach) 2025-05-19 07:30: status_422" in table
    (told,) = json.loads(hub("list", "--json", code=1))
    assert (told["waiting"], told["refused"], told["configured"]) == (1, 1, True)


def test_a_stopped_sink_is_told_with_what_to_do_and_is_resumed(hub) -> None:
    hub.stop()
    assert "Put it straight, then: hub sinks resume system" in hub("list", code=1)
    assert "system goes on; 0 wait" in hub("resume", "system", "--as", "olle")
    assert "stopped" not in hub("list")
    assert hub.audited()[0] == "sink_resumed"


def test_an_operator_pauses_sees_it_and_resumes(hub) -> None:
    assert "hub sinks resume system" in hub("pause", "system", "--reason", "It is being [moved]", "--as", "olle")
    assert "by olle: It is being [moved]" in hub("list")
    assert json.loads(hub("resume", "system", "--as", "olle", "--json"))["paused_at"] is None
    assert hub.audited()[:2] == ["sink_resumed", "sink_paused"]


def test_a_refused_errand_is_handed_over_again(hub) -> None:
    hub.put(make_errand("refused", code="status_422"))
    assert hub.refused("redrive", "system", TASK[:8], "--as", "olle").code == "task_ended"
    hub.put(make_task_row())
    assert f"{TASK} is handed to system again" in hub("redrive", "system", TASK[:8], "--as", "olle")
    assert "0" in hub("list")
    assert hub.audited()[0] == "sink_redriven"


def test_a_test_hands_over_an_errand_of_no_task_and_takes_it_back(hub, receiver) -> None:
    assert "took the errand" in hub("test", "system", "--as", "olle")
    assert [asked.line for asked in receiver.asked] == ["POST /hook"] * 2
    assert [json.loads(asked.body)["type"] for asked in receiver.asked] == ["task.requested", "task.cancelled"]
    assert hub.audited()[0] == "sink_tested"


@pytest.mark.parametrize(("status", "error"), [(401, ConfigError), (422, RejectedError), (503, RetriableError)])
def test_a_test_that_fails_ends_as_the_receiver_s_answer_asks(hub, receiver, status: int, error) -> None:
    receiver.fault = refusing(status)
    assert isinstance(hub.refused("test", "system", "--as", "olle"), error)


@pytest.mark.parametrize("words", [("pause", "another", "--reason", "why"), ("resume", "another"), ("redrive", "another", TASK)])
def test_a_name_that_is_none_is_refused_with_those_that_there_are(hub, words) -> None:
    error = hub.refused(*words, "--as", "olle")
    assert error.code == "unknown_sink"
    assert "there are: system" in str(error)
