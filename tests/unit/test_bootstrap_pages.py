"""What the pages are built with."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub.bootstrap import build_audit
from hub.bootstrap_pages import build_console, build_office
from hub.connect.letter_box import Look
from hub.contract.ids import new_youth_ref
from hub.contract.topics import ERASURES
from hub.erasure_bounds import bounds_of
from hub.errors import RetriableError
from tests.prepared import initialised
from tests.support import make_settings


@pytest.mark.parametrize(("days", "hours"), [(120, 168), (63.9, 1), (90, 23)])
def test_the_days_that_pages_promise_are_those_of_the_bound_rounded_up(tmp_path: Path, days: float, hours: float) -> None:
    settings = make_settings(tmp_path, kafka={"retention_days": days}, erasure={"segment_hours": hours})
    initialised(tmp_path)
    with closing(build_audit(settings)) as audit:
        told = timedelta(days=build_office(settings, audit).retention_days)
    assert timedelta(0) <= told - bounds_of(settings, "")[ERASURES.name] < timedelta(days=1, hours=1)


def test_the_console_reads_the_settings_anew_and_looks_at_the_stores_of_its_own_installation(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    initialised(tmp_path)
    console = build_console(settings)
    assert console.box.letters(Look()) == []
    before = set(console.load().connectors)
    file = tmp_path / "hub.toml"
    file.write_text(file.read_text() + '\n[connectors.another]\nconnector = "polisen"\nagency = "police"\n')
    assert set(console.load().connectors) - before == {"another"}


def test_a_look_at_what_the_worker_holds_asks_kafka_and_says_when_nobody_answers(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, kafka={"bootstrap_servers": "127.0.0.1:1"})
    initialised(tmp_path)
    with closing(build_audit(settings)) as audit, pytest.raises(RetriableError) as away:
        build_office(settings, audit).held.at(new_youth_ref())
    assert away.value.code == "kafka"
