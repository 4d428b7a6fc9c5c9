"""What `hub status` says of a running installation."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub.process import Announcement
from hub.status import collect_status, read_metrics
from hub.testing import served
from tests.support import make_settings

CONNECTOR = """
hub_connector_caught_up{connector="ss12000",lane="events"} 1.0
hub_connector_records{connector="ss12000",outcome="handled",reason=""} 20.0
hub_connector_records{connector="ss12000",outcome="refused",reason="invalid_record"} 1.0
hub_connector_records{connector="ss12000",outcome="secured",reason=""} 2.0
hub_connector_gate_persons{connector="ss12000",outcome="passed"} 15.0
hub_connector_gate_persons{connector="ss12000",outcome="no_reference"} 0.0
"""
DELIVER = """
hub_worker_partitions{table="youths"} 3.0
hub_worker_partitions{table="places"} 2.0
hub_delivery_overdue_tasks{team="outreach"} 1.0
hub_outbox_stuck{outbox="delivery"} 0.0
hub_outbox_stuck{outbox="registry"} 1.0
hub_erasures_late{stage="effect"} 1.0
hub_erasures_late{stage="removal"} 0.0
"""
REFUSING = """
hub_delivery_messages{topic="hub.consents.v1",outcome="dead_lettered"} 2.0
hub_delivery_messages{topic="hub.erasures.v1",outcome="dead_lettered"} 1.0
hub_delivery_messages{topic="hub.presence-tasks.v1",outcome="opened"} 7.0
hub_registry_messages_total{topic="hub.erasures.v1",outcome="dead_lettered",reason="bad_key"} 4.0
"""


@contextmanager
def process(text: str) -> Iterator[Announcement]:
    with served(Starlette(routes=[Route("/metrics", lambda _: PlainTextResponse(text))])) as url:
        yield Announcement("sample", os.getpid(), 0.0, f"{url}/metrics")


def summary_of(home: Path, text: str) -> list[str]:
    settings = make_settings(home, kafka={"bootstrap_servers": "127.0.0.1:1"})
    with process(text) as entry:
        settings.run.mkdir(parents=True)
        line = f'{{"name": "sample", "pid": {entry.pid}, "started": 0, "metrics": "{entry.metrics}"}}'
        (settings.run / "sample.json").write_text(line, encoding="utf-8")
        report = collect_status(settings)
    assert report["kafka_error"]
    return report["processes"][0]["summary"]


def test_what_the_gate_decided_is_told_in_blurred_persons_of_yesterday(tmp_path: Path) -> None:
    assert summary_of(tmp_path, CONNECTOR) == [
        "handled 20",
        "refused 1",
        "secured 2",
        "yesterday about 15 persons with a consent that covers it",
        "yesterday few or no persons without a reference",
    ]


def test_figures_are_summed_and_what_is_nought_is_left_out(tmp_path: Path) -> None:
    assert summary_of(tmp_path, DELIVER) == [
        "partitions 5", "an outbox stands still: registry", "tasks are late for outreach", "withdrawals are late: effect",
    ]  # fmt: skip


@pytest.mark.parametrize(("form", "said"), [("compiled", "compiled"), ("pure", "pure Python")])
def test_whether_the_workers_core_is_compiled_is_told_first(tmp_path: Path, form: str, said: str) -> None:
    assert summary_of(tmp_path, f'hub_worker_form{{form="{form}"}} 1.0\n{DELIVER}')[:2] == [said, "partitions 5"]


def test_how_far_restoring_has_come_is_told_until_nothing_is_left(tmp_path: Path) -> None:
    shares = 'hub_worker_restored_ratio{{table="places"}} 1.0\nhub_worker_restored_ratio{{table="youths"}} {}\n'
    assert summary_of(tmp_path / "some", shares.format(0.57)) == ["restoring the youths: 57 % of the changelog read"]
    assert summary_of(tmp_path / "all", shares.format(1.0)) == []


def test_what_delivery_and_the_registry_refused_is_told_and_what_they_took_is_not(tmp_path: Path) -> None:
    assert summary_of(tmp_path, REFUSING) == ["dead_lettered 3", "dead_lettered 4"]


def test_nothing_runs_and_nothing_is_asked(tmp_path: Path) -> None:
    report = collect_status(make_settings(tmp_path))
    assert (report["processes"], report["topics"], report["kafka_error"]) == ([], {}, None)


@pytest.mark.parametrize("answer", ["<html>not metrics</html>", 'broken{a="b} 1\n'])
def test_somebody_else_on_the_port_tells_nothing(answer: str) -> None:
    with process(answer) as entry:
        assert read_metrics(entry) == {}


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/metrics", "http://[broken", "nowhere"])
def test_a_process_that_does_not_answer_tells_nothing(address: str) -> None:
    assert read_metrics(Announcement("sample", 1, 0.0, address)) == {}


def test_processes_are_asked_all_at_once(tmp_path: Path) -> None:
    """Each answers only while the others are being asked: seven that hang cost no more time than one."""
    settings = make_settings(tmp_path, kafka={"bootstrap_servers": "127.0.0.1:1"})
    settings.run.mkdir(parents=True)
    together = threading.Barrier(7)

    def answer(_: Request) -> PlainTextResponse:
        together.wait(timeout=4)
        return PlainTextResponse(DELIVER)

    with served(Starlette(routes=[Route("/metrics", answer)])) as url:
        for number in range(7):
            line = {"name": f"sample-{number}", "pid": os.getpid(), "started": 0, "metrics": f"{url}/metrics"}
            (settings.run / f"sample-{number}.json").write_text(json.dumps(line), encoding="utf-8")
        report = collect_status(settings)
    assert [bool(one["summary"]) for one in report["processes"]] == [True] * 7


def test_it_tells_which_database_each_part_uses_and_no_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://hub:planted-password@db:5433/registry?sslmode=require"
    settings = make_settings(tmp_path, registry={"database_url": url})
    told = collect_status(settings)["databases"]
    assert told["registry"] == "postgresql db:5433/registry"
    assert told["delivery"] == f"sqlite {tmp_path}/data/delivery/delivery.db"
    assert "planted-password" not in str(told)


def test_a_paused_connector_is_seen(tmp_path) -> None:
    since = 'hub_connector_paused_since_seconds{{connector="ss12000"}} {}\n'
    assert summary_of(tmp_path / "going", since.format(0.0)) == []
    (line,) = summary_of(tmp_path / "paused", since.format(time.time() - 7200))
    assert line == "paused for 2.0 h"


def test_a_source_that_is_left_alone_is_seen(tmp_path) -> None:
    states = 'hub_connector_breaker{{connector="ss12000",state="closed"}} {}\nhub_connector_breaker{{connector="ss12000",state="half_open"}} {}\n'
    assert summary_of(tmp_path / "going", states.format(1, 0)) == []
    assert summary_of(tmp_path / "trying", states.format(0, 1)) == ["its source's breaker is half-open"]


def test_a_silent_source_is_seen(tmp_path) -> None:
    assert summary_of(tmp_path, 'hub_source_silent{connector="ss12000"} 1.0\n') == ["its source is silent"]


def test_a_paused_partition_is_seen_with_the_command_that_tells_more(tmp_path) -> None:
    since = 'hub_worker_paused_since_seconds{{topic="hub.school-absences.v1",partition="3"}} {}\n'
    assert summary_of(tmp_path / "going", since.format(0.0)) == []
    (line,) = summary_of(tmp_path / "paused", since.format(time.time() - 7200))
    assert line == "hub.school-absences.v1 partition 3 paused for 2.0 h, too many dead letters: hub dlq paused"
