"""A consent is read before what it permits, however the two race: they are on different topics, and Kafka orders neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from hub.contract.models import Action
from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES, TASKS_OUTREACH
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import Town, absence_of, consent_of, make_youth

YOUTHS, WRITERS = 240, 4
SOURCES = (CONSENTS.name, SCHOOL_ABSENCES.name)


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


def race(settings: Settings, numbers: range, go: Callable[[Town, str], object]) -> None:
    """Several writers at once, each with a connection of its own; of one youth, one thing after the other's acknowledgement."""

    def write(part: int) -> None:
        mine = [make_youth(number) for number in numbers if number % WRITERS == part]
        Random(part).shuffle(mine)
        town = Town(settings, rules=False)
        for youth in mine:
            go(town, youth)
        town.close()

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(write, range(WRITERS)))


def test_no_event_is_refused_whose_consent_was_acknowledged_before_it(
    town: Town, tmp_path: Path, begin: Begin, report: Callable[[str], None]
) -> None:
    def grant_then_tell(one: Town, youth: str) -> None:
        one.publish(consent_of(youth))
        one.publish(absence_of(youth, 0, minutes=480))

    worker = begin(town.settings, tmp_path / "first.log").ready()
    race(town.settings, range(YOUTHS), grant_then_tell)
    worker.reached(town, SOURCES)
    assert worker.ledger(SCHOOL_ABSENCES.name) == {"processed": YOUTHS}
    worker.kill()
    # While nobody reads, both topics grow; the next owner must not judge an event before the consents up to then.
    race(town.settings, range(YOUTHS, 2 * YOUTHS), grant_then_tell)
    again = begin(town.settings, tmp_path / "second.log").ready()
    again.reached(town, SOURCES)
    assert again.ledger(SCHOOL_ABSENCES.name) == {"processed": 2 * YOUTHS}
    opened = Counter(task.youth_ref for task in town.read(TASKS_OUTREACH) if task.action is Action.OPEN)
    assert opened.keys() == {make_youth(number) for number in range(2 * YOUTHS)}
    report(f"{2 * YOUTHS} consents and their first events by {WRITERS} writers at once: none refused")


def test_a_withdrawal_that_races_with_events_wins_for_good(
    town: Town, tmp_path: Path, begin: Begin, report: Callable[[str], None]
) -> None:
    """An event may be taken in the moment before its withdrawal is read (delivery refuses what it brings about): never after."""
    town.publish(*(consent_of(make_youth(number)) for number in range(YOUTHS)))
    worker = begin(town.settings, tmp_path / "worker.log").ready()
    worker.reached(town, [CONSENTS.name])

    def withdraw_then_tell(one: Town, youth: str) -> None:
        one.publish(consent_of(youth, withdrawn=True))
        one.publish(absence_of(youth, 0, minutes=480))

    race(town.settings, range(YOUTHS), withdraw_then_tell)
    worker.reached(town, SOURCES)
    first = worker.ledger(SCHOOL_ABSENCES.name)
    late, proposed = first.get("processed", 0), len(town.read(TASKS_OUTREACH))
    assert first == {"refused/withdrawn": YOUTHS - late} | ({"processed": late} if late else {})
    assert proposed <= late
    town.publish(*(absence_of(make_youth(number), 1, minutes=480) for number in range(YOUTHS)))
    worker.reached(town, SOURCES)
    assert worker.ledger(SCHOOL_ABSENCES.name)["refused/withdrawn"] == 2 * YOUTHS - late
    assert len(town.read(TASKS_OUTREACH)) == proposed
    report(f"{YOUTHS} events raced with their withdrawals: {late} taken before it was read, {proposed} tasks; after it none")
