"""A word on a youth's cases reaches the rules that ask for it, on a real broker, and is still known to who takes over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.contract.models import CooperationRecord
from hub.contract.topics import CONSENTS, COOPERATIONS, SCHOOL_ABSENCES, TASKS_OUTREACH, dead_letter_topic
from hub.core.rule_set import Rule
from hub.kafka import Outgoing
from hub.rules_file import load_rules
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import Town, absence_of, consent_of, make_youth, message_record
from tests.unit.core.make import ago, make_case

SOURCES = (CONSENTS.name, SCHOOL_ABSENCES.name, COOPERATIONS.name)
ASKED, OVER, NEVER = (make_youth(number) for number in (1, 2, 3))


def word(youth: str, record: CooperationRecord) -> Outgoing:
    return message_record(COOPERATIONS, youth, record.model_copy(update={"youth_ref": youth}))


def mark(youth: str) -> Outgoing:
    return Outgoing(COOPERATIONS.name, youth.encode(), None)


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings, rules=False)
    shipped = load_rules(kafka_settings.home / "rules")
    rule = next(one for one in shipped.rules if isinstance(one, Rule) and one.id == "absence-alone")
    made.activate(shipped.model_copy(update={"version": "test.1", "rules": (rule.model_copy(update={"in_case": "sspf"}),)}))
    yield made
    made.close()


def test_a_rule_goes_by_the_latest_word_on_cases_also_after_a_kill(town: Town, tmp_path: Path, begin: Begin) -> None:
    opened, closed = make_case("sspf", at=ago(3)), make_case(at=ago(2))
    for youth in (ASKED, OVER, NEVER):
        town.publish(consent_of(youth))
    town.publish(word(ASKED, opened), word(OVER, closed), word(OVER, opened), word(NEVER, opened), mark(NEVER))
    worker = begin(town.settings, tmp_path / "first.log").ready()
    worker.reached(town, SOURCES)
    worker.kill()
    town.publish(*(absence_of(youth, 0, minutes=480) for youth in (ASKED, OVER, NEVER)))
    again = begin(town.settings, tmp_path / "second.log").ready()
    again.reached(town, SOURCES)
    assert [task.youth_ref for task in town.read(TASKS_OUTREACH)] == [ASKED]
    assert again.ledger(COOPERATIONS.name) == {"processed": 4, "duplicate": 1}
    assert town.read(dead_letter_topic(COOPERATIONS)) == []
