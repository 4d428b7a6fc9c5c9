"""A flood of bad records on a real Kafka: its partition pauses, everything else goes on, and a command lets it go on too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES, TASKS_OUTREACH, dead_letter_topic
from hub.dead_letters.pauses import KafkaBoard
from hub.kafka import Outgoing
from hub.settings import Settings
from hub.status import collect_status
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import Town, WorkerProcess, absence_of, consent_of, make_youth

pytestmark = pytest.mark.kafka
ABSENCES = SCHOOL_ABSENCES.name
LETTERS = dead_letter_topic(SCHOOL_ABSENCES).name
YOUTH = make_youth(1)
FLOOD, GOOD = 400, 8
LIMIT = 101  # more than half of 200


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


def command(settings: Settings, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "dlq", *words], env=os.environ | {"HUB_HOME": str(settings.home)}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


class Story:
    """One youth with a consent, on a partition whose absences become a flood of bad records with good ones behind."""

    def __init__(self, town: Town) -> None:
        self.town = town
        ((self.partition, _),) = town.publish(consent_of(YOUTH))

    def flood(self) -> None:
        bad = Outgoing(ABSENCES, YOUTH.encode(), b"\x01no such form", partition=self.partition)
        good = (replace(absence_of(YOUTH, number, minutes=480 // GOOD), partition=self.partition) for number in range(GOOD))
        self.town.publish(*[bad] * FLOOD, *good)

    def paused(self, worker: WorkerProcess) -> bool:
        return worker.sum("hub_worker_paused_since_seconds", f'topic="{ABSENCES}"', f'partition="{self.partition}"') > 0

    def letters(self) -> int:
        return self.town.ends(LETTERS)[LETTERS]

    def told(self) -> bool:
        """Whether the worker has told Kafka of its pause."""
        return self.at() is not None

    def at(self) -> int | None:
        """Where, as far as Kafka knows."""
        board = KafkaBoard(self.town.servers, self.town.settings.worker.group)
        mark = board.read().get((ABSENCES, self.partition))
        return None if mark is None or mark.resumed else mark.at

    def answer(self, *words: str) -> None:
        place = ("--topic", ABSENCES, "--partition", str(self.partition), "--reason", "a drill", "--as", "olle")
        command(self.town.settings, "resume", *place, *words)


def test_it_pauses_is_seen_and_goes_on_and_a_withdrawal_waits_for_nothing(
    town: Town, begin: Begin, tmp_path: Path, report: Callable[[str], None]
) -> None:
    story, log = Story(town), tmp_path / "worker.log"
    worker = begin(town.settings, log).ready()
    worker.reached(town, [CONSENTS.name])
    story.flood()
    worker.until(lambda: story.paused(worker), "the pause")
    assert worker.ledger(ABSENCES) == {"dead_lettered/bad_magic": LIMIT}
    assert story.letters() == LIMIT
    (line,) = [json.loads(one) for one in log.read_text("utf-8").splitlines() if "too many dead letters" in one]
    assert line["command"] == f"hub dlq resume --topic {ABSENCES} --partition {story.partition}"
    worker.until(story.told, "the mark on Kafka")
    assert f"{ABSENCES} partition {story.partition}: paused at {LIMIT}" in command(town.settings, "paused")
    (shown,) = [one for one in collect_status(town.settings)["processes"] if one["name"].startswith("worker")]
    assert any(f"{ABSENCES} partition {story.partition} paused" in one for one in shown["summary"])
    # A youth of the same partition: her consent, and its withdrawal, are taken while events wait.
    town.publish(consent_of(YOUTH, withdrawn=True))
    worker.reached(town, [CONSENTS.name])
    town.publish(*(replace(absence_of(YOUTH, GOOD + number), partition=story.partition) for number in range(GOOD)))
    worker.until(lambda: worker.sum("hub_worker_lag", ABSENCES) == FLOOD + 2 * GOOD - LIMIT, "what came behind")
    assert worker.ledger(ABSENCES) == {"dead_lettered/bad_magic": LIMIT}
    story.answer("--limit", str(FLOOD))
    worker.reached(town, [ABSENCES])
    assert worker.ledger(ABSENCES) == {"dead_lettered/bad_magic": FLOOD, "refused/withdrawn": 2 * GOOD}
    assert "did not deliver" not in worker.log()
    worker.until(lambda: not story.paused(worker), "the gauge")
    assert story.letters() == FLOOD
    assert town.read(TASKS_OUTREACH) == []
    assert worker.stop() == 0
    report(f"paused after {LIMIT} of {FLOOD} bad records; every one of them and the {2 * GOOD} good ones behind counted once")


def test_neither_the_pause_nor_the_answer_is_lost_with_the_worker(town: Town, begin: Begin, tmp_path: Path) -> None:
    story = Story(town)
    first = begin(town.settings, tmp_path / "first.log").ready()
    first.reached(town, [CONSENTS.name])
    story.flood()
    first.until(lambda: story.paused(first), "the pause")
    first.until(story.told, "the mark on Kafka")
    first.kill()
    second = begin(town.settings, tmp_path / "second.log").ready()
    second.until(lambda: story.paused(second), "the pause after a restart")
    assert second.ledger(ABSENCES) == {"dead_lettered/bad_magic": LIMIT}
    second.kill()
    story.answer("--limit", str(FLOOD))
    third = begin(town.settings, tmp_path / "third.log").ready()
    third.reached(town, [ABSENCES])
    assert third.ledger(ABSENCES) == {"dead_lettered/bad_magic": FLOOD, "processed": GOOD}
    assert [task.rule_id for task in town.read(TASKS_OUTREACH)] == ["absence-alone"]
    third.until(lambda: town.committed(ABSENCES) == FLOOD + GOOD, "the commit of the last record")
    assert third.stop() == 0


def test_without_leave_for_more_it_pauses_again_a_hundred_later(town: Town, begin: Begin, tmp_path: Path) -> None:
    story = Story(town)
    worker = begin(town.settings, tmp_path / "worker.log").ready()
    worker.reached(town, [CONSENTS.name])
    story.flood()
    worker.until(story.told, "the mark on Kafka")
    story.answer()
    worker.until(lambda: worker.ledger(ABSENCES) == {"dead_lettered/bad_magic": 2 * LIMIT}, "the next pause")
    worker.until(lambda: story.at() == 2 * LIMIT, "the next mark")
    assert worker.stop() == 0
