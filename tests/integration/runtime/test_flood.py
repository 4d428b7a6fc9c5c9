"""What stood on the topics before the worker came, and goes through Faust: it comes in runs, and none is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import Town, absence_of, consent_of, make_youth

pytestmark = pytest.mark.kafka
ABSENCES = SCHOOL_ABSENCES.name
YOUTHS, EACH = 40, 100


def test_a_flood_comes_in_runs_and_all_of_it_is_committed(
    kafka_settings: Settings, begin: Begin, tmp_path: Path, report: Callable[[str], None]
) -> None:
    town, log = Town(kafka_settings), tmp_path / "worker.log"
    changelog = kafka_settings.changelog("youths")
    youths = [make_youth(number) for number in range(YOUTHS)]
    town.publish(*map(consent_of, youths))
    first = begin(kafka_settings, log).ready()
    first.reached(town, [CONSENTS.name])
    assert first.stop() == 0  # the next one finds a state, and rebuilds nothing
    town.publish(*(absence_of(youth, number, minutes=1) for number in range(EACH) for youth in youths))
    before = town.ends(changelog)[changelog]
    worker = begin(kafka_settings, log)
    worker.reached(town, [ABSENCES])
    assert worker.ledger(ABSENCES) == {"processed": YOUTHS * EACH}
    worker.until(lambda: town.committed(ABSENCES) == YOUTHS * EACH, "the commit of the last record")
    written = town.ends(changelog)[changelog] - before
    report(f"{YOUTHS * EACH} events, {written} records of the changelog")
    assert written < YOUTHS * EACH / 4, "batches were small: two for each event is what no batch at all would write"
    assert "did not deliver" not in worker.log()
    assert worker.stop() == 0
    town.close()
