"""What `hub explain --youth` says of a youth whose state a real worker holds on real Kafka."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import app
from hub.clock import CLOCK_VARIABLE, ShiftedClock
from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES
from hub.settings import Settings
from tests.command_line import CliRunner
from tests.integration.runtime.town import Town, absence_of, consent_of, make_youth, working
from tests.unit.core.make import NOW


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


def test_each_rule_says_what_is_lacking_as_the_worker_holds_it(town: Town, tmp_path: Path) -> None:
    youth, other = make_youth(1), make_youth(2)
    town.publish(consent_of(youth), consent_of(other), absence_of(youth, 1, minutes=240), absence_of(other, 1, minutes=480))
    with working(town.settings, tmp_path / "log") as worker:
        worker.reached(town, (CONSENTS.name, SCHOOL_ABSENCES.name))
        assert worker.stop() == 0

    def told(ref: str, *words: str) -> dict[str, dict[str, object]]:
        (tmp_path / "ref").write_text(ref, encoding="utf-8")
        given = {**os.environ, CLOCK_VARIABLE: ShiftedClock(NOW, time.time()).as_setting()}
        asked = ["explain", "--youth", "--reference-from", str(tmp_path / "ref"), "--home", str(town.settings.home), "--json"]
        ended = CliRunner(env=given).invoke(app, [*asked, *words], catch_exceptions=False)
        assert ref not in ended.output
        return {rule["rule"]: rule for rule in json.loads(ended.stdout)["rules"]}

    lacking = told(youth)["absence-alone"]
    assert lacking["conditions"] == [
        "Inte uppfyllt: minst 8 timmar ogiltig frånvaro på 28 dagar (här: 4 timmar; 4 timmar saknas)."
    ]
    assert told(other)["absence-alone"]["standing"] == "open"
    assert told(youth, "--audience", "youth")["absence-and-notice"]["standing"] == "untold"
