"""The worker on real Kafka: tasks out of events, poison put aside, kills survived, withdrawals obeyed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from hub.contract.ids import event_id
from hub.contract.models import Action, Erasure, ErasureKind, PoliceCategory
from hub.contract.topics import (
    CATALOGUE,
    CONSENTS,
    ERASURES,
    PLACE_EVENTS,
    POLICE_NOTICES,
    PRESENCE_TASKS,
    SCHOOL_ABSENCES,
    TASKS_OUTREACH,
    dead_letter_topic,
)
from hub.core.state import from_bytes
from hub.kafka import Outgoing, apply_topics
from hub.runtime.timers import unsealed
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import CODEC, Town, absence_of, consent_of, make_youth, message_record, working
from tests.support import drop_topics
from tests.unit.core.make import NOW, ago, make_notice, make_place_event

ABSENCES = SCHOOL_ABSENCES.name
SOURCES = (CONSENTS.name, ABSENCES)
ERASURE_ID = "00000000-0000-4000-8000-00000000000e"


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


def open_tasks(town: Town) -> set[tuple[str, str]]:
    return {(task.youth_ref, task.rule_id) for task in town.read(TASKS_OUTREACH) if task.action is Action.OPEN}


def test_events_become_tasks_and_every_record_is_accounted_for(town: Town, log: Path) -> None:
    youths = [make_youth(number) for number in range(12)]
    town.publish(*(consent_of(youth) for youth in youths))
    town.publish(*(absence_of(youth, number) for youth in youths for number in range(8)))
    notice = make_notice(1, ago(2), PoliceCategory.NARCOTICS).model_copy(update={"youth_ref": youths[0]})
    town.publish(message_record(POLICE_NOTICES, youths[0], notice))
    place = make_place_event(1, ago(2), 5)
    town.publish(message_record(PLACE_EVENTS, place.area, place))
    with working(town.settings, log) as worker:
        worker.reached(town, [*SOURCES, POLICE_NOTICES.name, PLACE_EVENTS.name])
        assert worker.ledger(ABSENCES) == {"processed": 96}
        assert worker.sum("hub_worker_lag") == 0
        memory = psutil.Process(worker.process.pid).memory_info().rss
        assert worker.stop() == 0
    assert open_tasks(town) == {(youth, "absence-alone") for youth in youths} | {(youths[0], "absence-and-notice")}
    assert [task.area for task in town.read(PRESENCE_TASKS)] == [place.area]
    assert town.committed(ABSENCES) == 96
    assert memory < 150e6
    said = log.read_text(encoding="utf-8")
    assert "worker ends" not in said
    assert not any(youth in said for youth in youths)


def poison(youth: str) -> dict[str, Outgoing]:
    good = absence_of(youth, 0)
    value, key = good.value or b"", youth.encode()
    return {
        "bad_magic": Outgoing(ABSENCES, key, b"\x01" + value[1:]),
        "unknown_schema_id": Outgoing(ABSENCES, key, b"\x00\x7f\xff\xff\xff" + value[5:]),
        "truncated": Outgoing(ABSENCES, key, value[:-3]),
        "trailing_bytes": Outgoing(ABSENCES, key, value + b"\x00"),
        "schema_of_another_topic": Outgoing(ABSENCES, key, consent_of(youth).value),
        "no_value": Outgoing(ABSENCES, key, None),
        "bad_key": Outgoing(ABSENCES, b"200001019801", value),
        "key_mismatch": Outgoing(ABSENCES, make_youth(999).encode(), value),
    }


def test_poison_is_put_aside_without_its_content_and_the_next_is_processed(town: Town, log: Path) -> None:
    youth = make_youth(1)
    records = poison(youth)
    town.publish(consent_of(youth))
    town.publish(*records.values())
    town.publish(absence_of(youth, 1, minutes=480))
    with working(town.settings, log) as worker:
        worker.reached(town, SOURCES)
        assert worker.ledger(ABSENCES) == {"processed": 1} | {f"dead_lettered/{code}": 1 for code in records}
        assert worker.stop() == 0
    assert open_tasks(town) == {(youth, "absence-alone")}
    letters = town.raw(dead_letter_topic(SCHOOL_ABSENCES).name)
    told = [CODEC.decode(CATALOGUE[letter.topic], letter.value) for letter in letters]
    assert sorted(letter.error_class for letter in told) == sorted(records)
    assert all(b"980" not in (letter.key or b"") + letter.value for letter in letters)


def test_kills_with_work_in_flight_lose_nothing_and_count_nothing_twice(town: Town, log: Path, begin: Begin) -> None:
    youths = [make_youth(number) for number in range(60)]
    town.publish(*(consent_of(youth) for youth in youths))
    worker = begin(town.settings, log).ready()
    total = 0
    for kill in range(3):
        in_flight = 0.0
        while not in_flight:  # again where the worker was done with a lot before anybody looked
            numbers = range(total // len(youths), total // len(youths) + 20)
            town.publish(*(absence_of(youth, number, minutes=20) for number in numbers for youth in youths))
            total += 20 * len(youths)
            in_flight = worker.sum("hub_worker_in_flight")
        done = sum(worker.ledger(ABSENCES).values())
        worker.kill()
        print(f"killed with {in_flight:.0f} records in flight, {done} of {total} in the ledger")
        if kill == 1:
            shutil.rmtree(town.settings.data / "worker")  # the changelog alone must do
        worker = begin(town.settings, log).ready()
    worker.reached(town, SOURCES)
    assert worker.ledger(ABSENCES) == {"processed": total}
    assert worker.ledger(CONSENTS.name) == {"processed": len(youths)}
    assert worker.stop() == 0
    tasks = [task for task in town.read(TASKS_OUTREACH) if task.rule_id == "absence-alone"]
    assert {task.youth_ref for task in tasks} == set(youths)
    assert len({task.task_id for task in tasks}) == len(youths)
    assert town.committed(ABSENCES) == total


def test_a_withdrawal_erases_is_answered_and_refuses_what_comes_later(town: Town, log: Path) -> None:
    youth, other = make_youth(1), make_youth(2)
    request = Erasure(kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=youth, component=None, occurred_at=NOW)
    town.publish(consent_of(youth), consent_of(other), absence_of(youth, 1))
    with working(town.settings, log) as worker:
        worker.reached(town, SOURCES)
        town.publish(consent_of(youth, withdrawn=True))
        town.publish(
            message_record(ERASURES, youth, request), absence_of(youth, 2, minutes=480), absence_of(other, 1, minutes=480)
        )
        worker.reached(town, SOURCES)
        worker.until(lambda: "worker" in {one.component for one in town.read(ERASURES)}, "the receipt")
        assert worker.ledger(ABSENCES) == {"processed": 2, "refused/withdrawn": 1}
        # The consent from before, repeated or forged with a higher version, resurrects nobody, in this run or the next.
        town.publish(consent_of(youth), consent_of(youth, version=9), absence_of(youth, 3, minutes=480))
        worker.reached(town, SOURCES)
        assert worker.stop() == 0
    shutil.rmtree(town.settings.data / "worker")  # the changelog alone must do
    with working(town.settings, log) as worker:
        town.publish(consent_of(youth), absence_of(youth, 4, minutes=480))
        worker.reached(town, SOURCES)
        assert worker.ledger(ABSENCES) == {"processed": 2, "refused/withdrawn": 3}
        assert worker.ledger(CONSENTS.name) == {"processed": 3, "duplicate": 2, "refused/withdrawn": 1}
        assert worker.stop() == 0
    assert open_tasks(town) == {(other, "absence-alone")}
    receipts = [one for one in town.read(ERASURES) if one.kind is ErasureKind.RECEIPT]
    assert {one.erasure_id for one in receipts} == {ERASURE_ID}
    assert "worker" in {one.component for one in receipts}
    changelog = town.raw(f"{town.settings.worker.group}-youths-changelog")
    last = {record.key: record.value for record in sorted(changelog, key=lambda record: record.offset)}
    kept = last[youth.encode()]
    assert kept is not None
    state = from_bytes(unsealed(kept)[1])
    assert state.withdrawn
    assert not state.events
    event = event_id(b"k", "absence", f"{youth}1")
    spellings = event.encode(), bytes.fromhex(event[1:])
    assert any(one in (record.value or b"") for record in changelog for one in spellings), "it was held, and can be found"
    assert not any(one in kept for one in spellings)


def test_time_that_passes_between_two_runs_is_made_up_for(town: Town, log: Path) -> None:
    youth = make_youth(1)
    future = absence_of(youth, 1, days=-2, minutes=480)
    town.publish(consent_of(youth), future)
    with working(town.settings, log) as worker:
        worker.reached(town, SOURCES)
        assert worker.stop() == 0
    assert open_tasks(town) == set()
    with working(town.settings, log, NOW + timedelta(days=3)) as worker:
        worker.until(lambda: open_tasks(town), "the task")
        assert worker.stop() == 0
    assert open_tasks(town) == {(youth, "absence-alone")}


def test_two_workers_share_the_partitions_and_one_takes_over(town: Town, log: Path, begin: Begin) -> None:
    youths = [make_youth(number) for number in range(40)]
    town.publish(*(consent_of(youth) for youth in youths))
    with working(town.settings, log) as first:
        second = begin(town.settings, log.with_suffix(".second"))
        second.until(lambda: sum(second.ledger(CONSENTS.name).values()) > 0, "a share of the partitions", 60)
        town.publish(*(absence_of(youth, number, minutes=240) for youth in youths for number in range(2)))
        both = (first, second)
        first.until(lambda: sum(one.ledger(ABSENCES).get("processed", 0) for one in both) == 80, "all records")
        assert all(one.ledger(ABSENCES) for one in both)
        second.kill()
        town.publish(*(absence_of(youth, 9) for youth in youths))
        first.until(lambda: first.ledger(ABSENCES) == {"processed": 120}, "the take-over", 60)
        assert first.stop() == 0
    assert open_tasks(town) == {(youth, "absence-alone") for youth in youths}


def test_a_recreated_topic_stops_the_worker_with_a_clear_message(town: Town, log: Path, begin: Begin) -> None:
    youth = make_youth(1)
    town.publish(consent_of(youth), absence_of(youth, 1))
    with working(town.settings, log) as worker:
        worker.reached(town, SOURCES)
        assert worker.stop() == 0
    drop_topics(town.servers, ABSENCES)
    apply_topics(town.settings)
    again = begin(town.settings, log)
    assert again.process.wait(timeout=60) == 70
    assert f"topic {ABSENCES} was deleted and made anew" in again.log().splitlines()[-1]
