"""A connector that does not keep to the SPI: it has Kafka's address and writes what it likes, in the right form.

Everything it claims falsely is refused by the worker with a counted reason, or ends as a dead letter, and no task rests on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.contract.ids import event_id
from hub.contract.models import InfoKind, Message, PersonEvent
from hub.contract.topics import (
    CONSENTS,
    PLACE_EVENTS,
    POLICE_NOTICES,
    PRESENCE_TASKS,
    RISK_EVENTS,
    SCHOOL_ABSENCES,
    TASKS_OUTREACH,
    TASKS_SIG,
    Topic,
    dead_letter_topic,
)
from hub.kafka import Outgoing
from hub.settings import Settings
from tests.integration.runtime.town import Town, consent_of, make_youth, message_record, working
from tests.unit.core.make import (
    LEISURE,
    POLICE,
    SCHOOL,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_place_event,
    make_scope,
)

ENOUGH = 480  # minutes, in one event, for a task
WHOLE, SCHOOL_ONLY, NO_ABSENCE, WITHDRAWN, NOBODY = (make_youth(number) for number in range(1, 6))
_TOPICS = (SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS, PLACE_EVENTS)


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    with (kafka_settings.home / "hub.toml").open("a", encoding="utf-8") as file:
        for connector, agency in (("ss12000", SCHOOL), ("sdk", POLICE), ("observations", LEISURE)):
            file.write(f'\n[connectors.{connector}]\nagency = "{agency}"\n')
    made = Town(kafka_settings)
    yield made
    made.close()


def consents() -> list[Outgoing]:
    """One whole, one to the school's word alone, one that leaves absence out, one withdrawn; the fifth youth has none."""
    own = {SCHOOL_ONLY: make_scope(agencies=(SCHOOL,)), NO_ABSENCE: make_scope(kinds=(InfoKind.RISK_EVENT,))}
    given = [make_consent(scope).model_copy(update={"youth_ref": youth}) for youth, scope in own.items()]
    written = [message_record(CONSENTS, record.youth_ref, record) for record in given]
    return [consent_of(WHOLE), *written, consent_of(WITHDRAWN), consent_of(WITHDRAWN, withdrawn=True)]


def about(youth: str, event: PersonEvent, name: str, **claims: str) -> PersonEvent:
    return event.model_copy(update={"youth_ref": youth, "event_id": event_id(b"k", "evil", youth + name), **claims})


def record(topic: Topic, message: Message) -> Outgoing:
    key = getattr(message, "youth_ref", None) or getattr(message, "area", "")
    return message_record(topic, key, message)


def lies() -> list[tuple[str, Topic, Outgoing]]:
    """(how it must be counted, where, the record), each enough for a task if it were believed."""
    much, long_ago = make_absence(1, ago(3), ENOUGH), make_absence(1, ago(250), ENOUGH)
    notice, seen, crowd = make_notice(1, ago(3)), make_observation(1, ago(3)), make_place_event(1, ago(2), 50)
    told: list[tuple[str, Topic, Message]] = [
        ("refused/unknown_agency", SCHOOL_ABSENCES, about(WHOLE, much, "1", agency="school-elsewhere")),
        ("refused/kind_not_of_agency", SCHOOL_ABSENCES, about(WHOLE, much, "2", agency=LEISURE, connector="observations")),
        ("refused/kind_not_of_agency", POLICE_NOTICES, about(WHOLE, notice, "3", agency=SCHOOL, connector="ss12000")),
        ("refused/kind_not_of_agency", RISK_EVENTS, about(WHOLE, seen, "4", agency=POLICE, connector="sdk")),
        ("refused/connector_of_another_agency", SCHOOL_ABSENCES, about(WHOLE, much, "5", connector="observations")),
        ("refused/unknown_area", RISK_EVENTS, about(WHOLE, seen, "13", area="place-storgatan-12-lgh-3")),
        ("refused/no_scope_for_source", POLICE_NOTICES, about(SCHOOL_ONLY, notice, "6")),
        ("refused/kind_not_in_scope", SCHOOL_ABSENCES, about(NO_ABSENCE, much, "7")),
        ("refused/withdrawn", SCHOOL_ABSENCES, about(WITHDRAWN, much, "8")),
        ("refused/no_consent", SCHOOL_ABSENCES, about(NOBODY, much, "9")),
        ("refused/outside_period", SCHOOL_ABSENCES, about(WHOLE, long_ago, "10")),
        ("refused/unknown_agency", PLACE_EVENTS, crowd.model_copy(update={"agency": "somebody"})),
        ("refused/connector_of_another_agency", PLACE_EVENTS, crowd.model_copy(update={"connector": "sdk"})),
    ]
    written = [(outcome, topic, record(topic, message)) for outcome, topic, message in told]
    mine = record(SCHOOL_ABSENCES, about(WHOLE, much, "11"))
    foreign = record(POLICE_NOTICES, about(WHOLE, notice, "12"))
    return [
        *written,
        ("dead_lettered/key_mismatch", SCHOOL_ABSENCES, replace(mine, key=NOBODY.encode())),
        ("dead_lettered/bad_key", SCHOOL_ABSENCES, replace(mine, key=b"somebody")),
        ("dead_lettered/schema_of_another_topic", SCHOOL_ABSENCES, replace(foreign, topic=SCHOOL_ABSENCES.name)),
    ]


def test_nothing_that_an_evil_connector_claims_is_believed(town: Town, tmp_path: Path, report: Callable[[str], None]) -> None:
    town.publish(*consents())
    evil = lies()
    with working(town.settings, tmp_path / "worker.log") as worker:
        town.publish(*(lie for _, _, lie in evil))
        honest = about(WHOLE, make_absence(1, ago(4), ENOUGH), "honest")
        town.publish(record(SCHOOL_ABSENCES, honest))
        worker.reached(town, [topic.name for topic in _TOPICS])
        worker.until(lambda: town.read(TASKS_OUTREACH), "the task that rests on what the school said")
        counted = Counter(
            {
                (topic.name, outcome): number
                for topic in _TOPICS
                for outcome, number in worker.ledger(topic.name).items()
                if not outcome.startswith("gone")
            }
        )
        assert worker.stop() == 0
    expected = Counter((topic.name, outcome) for outcome, topic, _ in evil)
    assert counted == expected + Counter({(SCHOOL_ABSENCES.name, "processed"): 1})
    letters = sum(town.ends(*(dead_letter_topic(topic).name for topic in _TOPICS)).values())
    assert letters == sum(outcome.startswith("dead_lettered") for outcome, _, _ in evil)

    (task,) = town.read(TASKS_OUTREACH)
    assert (task.youth_ref, task.evidence[0].met, task.evidence[0].agencies) == (WHOLE, ENOUGH, (SCHOOL,))
    assert town.read(TASKS_SIG) == town.read(PRESENCE_TASKS) == []
    report(f"{len(evil)} lies in the right form: {len(set(expected))} counted reasons, {letters} dead letters, no task of them")
