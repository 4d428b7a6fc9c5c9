"""Hostile and damaged records between good ones: each is put aside without its content, and nothing else happens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.contract.ids import task_id
from hub.contract.models import Action, Cooperation, Evidence, InfoKind, Priority, ReferralTask
from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES, TASK_EVENTS, TASKS_OUTREACH
from hub.kafka import Outgoing
from hub.settings import Settings
from tests.integration.bad_input.cases import make_bad
from tests.integration.bad_input.trial import Trial
from tests.integration.runtime.town import CODEC, Town, WorkerProcess, absence_of, consent_of, make_youth, message_record
from tests.unit.contract.hostile import CONSENT, MILLIS, framed, number, text
from tests.unit.core.make import NOW, SSPF_SCOPE

YOUTH = make_youth(1)
GOOD = 16


class DeliverProcess(WorkerProcess):
    """`hub deliver` as a process of its own."""

    program = ("hub", "deliver")

    def ledger(self, topic: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for (name, labels), value in self.samples().items():
            fields = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if name == "hub_delivery_messages" and fields["topic"] == topic:
                counts[fields["outcome"]] += int(value)
        return dict(counts)

    def ready(self) -> DeliverProcess:
        self.until(self.samples, "readiness")
        return self


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


@contextmanager
def running(process: WorkerProcess) -> Iterator[WorkerProcess]:
    try:
        yield process.ready()
    finally:
        if process.process.poll() is None:
            process.kill()


def test_the_worker_puts_bad_input_aside_and_goes_on(town: Town, tmp_path: Path, report: Callable[[str], None]) -> None:
    ((partition, _),) = town.publish(consent_of(YOUTH))
    bad = make_bad(
        SCHOOL_ABSENCES,
        YOUTH,
        partition,
        good=absence_of(YOUTH, 99, minutes=1000).value or b"",
        foreign=consent_of(YOUTH).value or b"",
        bomb=(CONSENTS, framed(CODEC, CONSENTS, CONSENT)),
        depth_code="malformed",
    )
    log = tmp_path / "worker.log"
    with running(WorkerProcess(town.settings, log)) as process:
        # 480 minutes are reached with the very last of the good ones.
        trial = Trial(town, process, bad, lambda number: absence_of(YOUTH, number, minutes=480 // GOOD))
        trial.feed("processed")
        process.until(lambda: town.read(TASKS_OUTREACH), "the task")
        assert [task.rule_id for task in town.read(TASKS_OUTREACH)] == ["absence-alone"]
        trial.stay_small(300, report)
        trial.check_letters(log.read_bytes(), report)
        assert process.stop() == 0
    trial.check_key(log.read_bytes(), tmp_path / "scratch")


def task_for(youth: str, partition: int) -> Outgoing:
    evidence = Evidence(
        condition="unexcused", kind=InfoKind.SCHOOL_ABSENCE, measure="minutes", at_least=480, met=500, unit="minutes",
        window_days=28, first_at=NOW - timedelta(days=9), last_at=NOW - timedelta(days=1), agencies=("school",), may_tell_youth=True,
    )  # fmt: skip
    task = ReferralTask(
        action=Action.OPEN, task_id=task_id(youth, "absence-alone", "e1"), youth_ref=youth, rule_id="absence-alone",
        rules_version="1", team="outreach", function="school_attendance", cooperation=Cooperation.SSPF,
        priority=Priority.NORMAL, created_at=NOW, respond_by=NOW + timedelta(days=5), evidence=(evidence,), consent_version=1,
        scope_id=SSPF_SCOPE, area="0581-hageby", age_years=14,
    )  # fmt: skip
    return replace(message_record(TASKS_OUTREACH, youth, task), partition=partition)


def up_to_evidence(youth: str) -> bytes:
    """A referral task up to the count of its evidence."""
    words = (text(task_id(youth, "absence-alone", "e2")), text(youth), *map(text, ("absence-alone", "1", "outreach", "support")))
    return framed(CODEC, TASKS_OUTREACH, b"".join((number(1), *words, number(1), number(1), MILLIS, MILLIS)))


def test_delivery_puts_bad_input_aside_and_goes_on(town: Town, tmp_path: Path, report: Callable[[str], None]) -> None:
    partition = 2
    bad = make_bad(
        TASKS_OUTREACH,
        YOUTH,
        partition,
        good=task_for(YOUTH, partition).value or b"",
        foreign=absence_of(YOUTH, 1).value or b"",
        bomb=(TASKS_OUTREACH, up_to_evidence(YOUTH)),
        depth_code="truncated",
    )
    log = tmp_path / "deliver.log"
    with running(DeliverProcess(town.settings, log)) as process:
        trial = Trial(town, process, bad, lambda number: task_for(make_youth(100 + number), partition))
        trial.feed("opened")
        trial.stay_small(100, report)
        trial.check_letters(log.read_bytes(), report)
        process.until(lambda: town.ends(TASK_EVENTS.name)[TASK_EVENTS.name] >= GOOD, "what delivery says of them")
        assert process.stop() == 0
    assert {event.youth_ref for event in town.read(TASK_EVENTS)} == {make_youth(100 + number) for number in range(GOOD)}
    trial.check_key(log.read_bytes(), tmp_path / "scratch")
