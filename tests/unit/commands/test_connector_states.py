"""`hub connectors state|pause|resume`, as an operator meets them."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime

import pytest

from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit
from hub.cli import app
from hub.connect.conditions import Conditions
from hub.connect.ledger import Ledger
from hub.errors import RejectedError
from tests.command_line import CliRunner
from tests.prepared import prepare
from tests.unit.connect.installation import make_installation
from tests.unit.connect.toy import install_toys


class Hub:
    def __init__(self, home) -> None:
        self.home = home
        self.settings = make_installation(home, 1)
        for number, name in enumerate(("audit.key", "audit-subject.key", "worklist.key")):
            (home / "keys" / name).write_text(base64.b64encode(bytes([number]) * 32).decode())

    def __call__(self, *words: str, code: int = 0, columns: int = 200) -> str:
        ended = CliRunner().invoke(app, ["connectors", *words, "--home", str(self.home)], env={"COLUMNS": str(columns)})
        assert ended.exit_code == code, (ended.output, ended.exception)
        return ended.stdout

    def refused(self, *words: str) -> RejectedError:
        ended = CliRunner().invoke(app, ["connectors", *words, "--home", str(self.home)])
        assert isinstance(ended.exception, RejectedError), ended.output
        return ended.exception


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Hub:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return Hub(tmp_path / "home")


def test_an_operator_pauses_sees_it_and_resumes(hub) -> None:
    assert "hub connectors resume toy" in hub("pause", "toy", "--reason", "The school system is [being] moved", "--as", "olle")
    assert "by olle: The school system is [being] moved" in " ".join(hub("state").split())
    (told,) = json.loads(hub("state", "toy", "--json"))
    assert (told["paused"]["by"], told["pauses"][0]["resumed_at"]) == ("olle", None)
    assert "goes on" in hub("resume", "toy", "--as", "olle")
    assert "by olle" in hub("state", "toy")
    (told,) = json.loads(hub("state", "toy", "--json"))
    assert told["paused"] is None


def test_every_instance_is_listed_with_its_statutory_lane(hub) -> None:
    told = {one["name"]: one for one in json.loads(hub("state", "--json"))}
    assert set(told) == set(hub.settings.connectors)
    assert told["toyraw"]["statutory"]["last_result"] == ""
    table = hub("state")
    assert "does not run" in table
    assert "statutory" in table


def test_a_statutory_lane_that_fails_says_so_in_its_own_row_also_while_the_events_lane_is_paused(hub) -> None:
    for file, lane, code in (("ledger.db", "events", ""), ("statutory.db", "statutory", "token_refused")):
        store = hub.settings.data / "connect" / "toyraw" / file
        store.parent.mkdir(parents=True, exist_ok=True)
        prepare(f"sqlite:///{store}", "connect/migrations")
        ledger = Ledger(store)
        Conditions(ledger.engine, lane).note(datetime(2025, 11, 27, 2, 8, tzinfo=UTC), "retry" if code else "ok", code, None)
        ledger.close()
    assert "retry: token_refused" not in hub("state", "toyraw")  # it does not run: that is said
    hub.settings.run.mkdir(parents=True, exist_ok=True)
    entry = {"name": "connect-toyraw", "pid": os.getpid(), "started": 0, "metrics": "http://127.0.0.1:1/metrics"}
    (hub.settings.run / "connect-toyraw.json").write_text(json.dumps(entry))
    hub("pause", "toyraw", "--reason", "The mapping is mended", "--as", "olle")
    row = next(line for line in hub("state", "toyraw").splitlines() if line.strip().startswith("statutory"))
    assert "fails (retry: token_refused)" in row


def test_a_day_and_the_minute_below_it_are_whole_on_a_terminal_of_eighty_columns(hub) -> None:
    file = hub.settings.data / "connect" / "toyraw" / "ledger.db"
    file.parent.mkdir(parents=True)
    prepare(f"sqlite:///{file}", "connect/migrations")
    ledger = Ledger(file)
    Conditions(ledger.engine, "events").note(datetime(2025, 11, 27, 2, 8, tzinfo=UTC), "ok", "", None)
    ledger.close()
    table = hub("state", columns=80)
    assert "2025-11-27" in table
    assert "03:08" in table
    assert "statutory" in table
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in table


def test_a_pause_stands_in_the_audit_log_and_its_reason_does_not(hub) -> None:
    hub("pause", "toy", "--reason", "because", "--as", "olle")
    log = build_audit(hub.settings)
    try:
        (entry,) = the_latest(log.engine, Filter(), 9)
    finally:
        log.close()
    assert (entry.account, entry.action, entry.role, entry.purpose) == ("olle", "connector_paused", "operator", "connector:toy")


def test_what_cannot_be_done_says_why(hub) -> None:
    assert hub.refused("resume", "toy").code == "not_paused"
    assert hub.refused("pause", "nobody", "--reason", "why").code == "unknown_instance"
    assert hub.refused("pause", "toy", "--reason", "about 20110315-9801").code == "number_in_reason"
    assert hub.refused("state", "nobody").code == "unknown_instance"
