"""Rules that change while events flow, two workers share them and partitions move: every episode names exactly one version."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.contract.models import Action, ReferralTask, RuleMarker
from hub.contract.topics import CONSENTS, RULES, SCHOOL_ABSENCES, TASKS_OUTREACH, dead_letter_topic
from hub.core.rule_set import Rule, RuleSet
from hub.core.state import Episode, from_bytes
from hub.kafka import Outgoing, Publisher
from hub.rules_file import load_rules
from hub.runtime.changelogs import changelog_name
from hub.runtime.effects import META_KEY
from hub.runtime.ledger import PartitionRecord
from hub.runtime.timers import unsealed
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.town import NOW, Town, WorkerProcess, absence_of, consent_of, make_youth, message_record, working

ABSENCES = SCHOOL_ABSENCES.name
MINUTES = 20
FIRST, SECOND = "test.1", "test.2"
LASTING, BROKEN_OFF = "absence-alone", "test-gone"
# What the rules ask for, written down a second time: minutes of unexcused absence, by version and rule.
ASKED = {FIRST: {LASTING: 480, BROKEN_OFF: 400}, SECOND: {LASTING: 240}}
EARLY = {make_youth(number): 30 for number in range(40)}  # events before the activation: enough for the first version
BETWEEN = {make_youth(number): 15 for number in range(40, 80)}  # for the second only, and nothing comes afterwards
FEW = {make_youth(number): 5 for number in range(80, 100)}
LATE = {make_youth(number): 15 for number in range(100, 140)}  # all of it while the rules change
MORE = 60  # further events of each early one, meanwhile


def rules_of(shipped: RuleSet, version: str) -> RuleSet:
    """The shipped rule about absence alone, with the thresholds of `ASKED`."""
    rule = next(rule for rule in shipped.rules if isinstance(rule, Rule) and rule.id == LASTING)

    def asking(name: str, minutes: int) -> Rule:
        return rule.model_copy(update={"id": name, "when": (rule.when[0].model_copy(update={"at_least": minutes}),)})

    return shipped.model_copy(update={"version": version, "rules": tuple(asking(*one) for one in ASKED[version].items())})


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


class Load(threading.Thread):
    """Publishes in small portions until it is through; `half` is set in the middle of it."""

    def __init__(self, servers: str, records: list[Outgoing]) -> None:
        super().__init__(daemon=True)
        self._servers, self._records = servers, records
        self.half = threading.Event()

    def run(self) -> None:
        publisher = Publisher(self._servers, "load")
        for start in range(0, len(self._records), 40):
            publisher.publish(self._records[start : start + 40])
            if start > len(self._records) // 2:
                self.half.set()
        publisher.close()


def episodes(town: Town) -> dict[tuple[str, str], Episode]:
    """The open episodes in the workers' states, from the changelog: (youth, rule) → episode."""
    newest: dict[bytes, bytes | None] = {}
    for record in sorted(town.raw(changelog_name(town.settings, "youths")), key=lambda one: one.offset):
        if record.key and not record.key.startswith(b"\x00"):
            newest[record.key] = record.value
    states = [from_bytes(unsealed(value)[1]) for value in newest.values() if value is not None]
    return {(state.youth_ref, rule): episode for state in states for rule, episode in state.episodes.items()}


def settled(town: Town, table: str) -> set[str]:
    """The versions in force on the partitions of a table, once all their states have been looked at; else one of them empty."""
    newest = {
        record.partition: PartitionRecord.from_bytes(record.value)
        for record in sorted(town.raw(changelog_name(town.settings, table)), key=lambda one: one.offset)
        if record.key == META_KEY
    }
    return {one.marker.get("version", "") if one.stepped_with else "" for one in newest.values()}


def expected(minutes: dict[str, int], version: str) -> set[tuple[str, str]]:
    return {(youth, rule) for youth, sum_ in minutes.items() for rule, least in ASKED[version].items() if sum_ >= least}


def minutes_of(*groups: dict[str, int]) -> dict[str, int]:
    return {youth: number * MINUTES for group in groups for youth, number in group.items()}


def all_read(town: Town, workers: list[WorkerProcess]) -> None:
    end = town.ends(ABSENCES)[ABSENCES]
    workers[0].until(lambda: sum(one.ledger(ABSENCES).get("processed", 0) for one in workers) == end, "every record", 120)


def test_a_rule_activated_under_load_with_two_workers_and_a_rebalance(
    town: Town, tmp_path: Path, begin: Begin, report: Callable[[str], None]
) -> None:
    shipped = load_rules(town.settings.home / "rules")
    town.activate(rules_of(shipped, FIRST))
    everybody = {**EARLY, **BETWEEN, **FEW, **LATE}
    town.publish(*(consent_of(youth) for youth in everybody))
    town.publish(*absences(EARLY), *absences(BETWEEN), *absences(FEW))
    with working(town.settings, tmp_path / "first.log") as first:
        second = begin(town.settings, tmp_path / "second.log").ready()
        all_read(town, [first, second])
        before = episodes(town)
        assert set(before) == expected(minutes_of(EARLY, BETWEEN, FEW), FIRST)

        more = {youth: (number, number + MORE) for youth, number in EARLY.items()}
        records = [absence_of(youth, number, minutes=MINUTES) for youth, span in more.items() for number in range(*span)]
        load = Load(town.servers, [*records[::2], *absences(LATE), *records[1::2]])
        load.start()
        assert load.half.wait(60)
        second.kill()  # its partitions move to the first
        town.activate(rules_of(shipped, SECOND))
        third = begin(town.settings, tmp_path / "third.log")  # and some of them to a newcomer
        load.join(120)
        assert not load.is_alive()
        third.ready()
        all_read(town, [first, third])
        first.until(lambda: settled(town, "youths") == {SECOND}, "the second version everywhere", 60)
        first.until(lambda: settled(town, "places") == {SECOND}, "the second version at the places", 60)
        assert third.sum("hub_worker_partitions") > 0

        total = {**minutes_of(BETWEEN, FEW, LATE), **{youth: number * MINUTES for youth, (_, number) in more.items()}}
        after = episodes(town)
        assert set(after) == expected(total, SECOND)
        names = judged(town, before, after)
        assert (
            first.sum("hub_ledger_events", RULES.name) + third.sum("hub_ledger_events", RULES.name)
            == town.ends(RULES.name)[RULES.name]
        )
        report(
            f"{town.ends(ABSENCES)[ABSENCES]} events, {town.settings.kafka.partitions} partitions, one of two workers killed and "
            f"another come within the activation: {len(after)} episodes, by version {dict(names)}; none lost, none doubled"
        )

        town.activate(rules_of(shipped, FIRST))  # a rollback
        first.until(lambda: settled(town, "youths") == {FIRST}, "the first version again", 60)
        back = episodes(town)
        assert set(back) == expected(total, FIRST)
        kept = {where: one for where, one in back.items() if where in after}
        assert kept == {where: one for where, one in after.items() if where in back}, "what holds under both stays as it was"
        report(
            f"rolled back: {len(after) - len(kept)} episodes ended, {len(kept)} stayed as they were, {len(back) - len(kept)} anew"
        )
        assert third.stop() == 0
        assert first.stop() == 0


def absences(group: dict[str, int]) -> list[Outgoing]:
    return [absence_of(youth, number, minutes=MINUTES) for youth, events in group.items() for number in range(events)]


def judged(town: Town, before: dict[tuple[str, str], Episode], after: dict[tuple[str, str], Episode]) -> Counter[str]:
    """Every episode has one task under one version; the versions are those that were in force. How many by version."""
    tasks: list[ReferralTask] = [task for task in town.read(TASKS_OUTREACH) if task.action is Action.OPEN]
    versions: dict[str, set[str]] = defaultdict(set)
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for task in tasks:
        versions[task.task_id].add(task.rules_version)
        ids[task.youth_ref, task.rule_id].add(task.task_id)
    assert all(len(names) == 1 for names in versions.values()), "a task under two versions"
    assert all(len(some) == 1 for some in ids.values()), "two tasks of one rule for one youth"
    assert set(ids) == set(before) | set(after), "a task without its episode, or an episode without its task"
    for where, episode in after.items():
        assert ids[where] == {episode.task_id}
        assert versions[episode.task_id] == {episode.rules_version}
        assert episode.rules_version == FIRST or where not in before, "what opened before the activation keeps its version"
    waited = {(youth, LASTING) for youth in BETWEEN}
    assert {after[where].rules_version for where in waited} == {SECOND}, "no event came for them: they were woken"
    names = Counter(episode.rules_version for episode in after.values())
    assert names[FIRST] >= len(EARLY)
    assert names[SECOND] >= len(BETWEEN)
    return names


def test_a_marker_that_is_none_is_put_aside_and_the_rules_stay(town: Town, tmp_path: Path) -> None:
    youth = make_youth(1)
    town.publish(consent_of(youth), absence_of(youth, 1))
    with working(town.settings, tmp_path / "worker.log") as worker:
        worker.reached(town, [CONSENTS.name, ABSENCES])
        forged = RuleMarker(version="test.9", sha256="0" * 64, activated_at=NOW, content='{"rules":[]}')
        record = message_record(RULES, "test.9", forged)
        town.publish(Outgoing(record.topic, record.key, record.value, record.headers, partition_of(town, youth)))
        worker.reached(town, [RULES.name])
        assert worker.ledger(RULES.name)["dead_lettered/rules_digest_mismatch"] == 1
        town.publish(absence_of(youth, 2, minutes=480))
        worker.reached(town, [ABSENCES])
        assert worker.stop() == 0
    [task] = [one for one in town.read(TASKS_OUTREACH) if one.action is Action.OPEN]
    assert task.rules_version == load_rules(town.settings.home / "rules").version
    letters = town.read(dead_letter_topic(RULES))
    assert {(letter.stage, letter.error_class) for letter in letters} == {("activate", "rules_digest_mismatch")}
    said = (tmp_path / "worker.log").read_text(encoding="utf-8")
    assert "a rule marker is refused" in said


def partition_of(town: Town, youth: str) -> int:
    """Where the youth's records stand."""
    return next(record.partition for record in town.raw(ABSENCES) if record.key == youth.encode())


def test_a_worker_without_rules_waits_and_begins_with_the_first_marker(
    kafka_settings: Settings, tmp_path: Path, begin: Begin
) -> None:
    town, youth = Town(kafka_settings, rules=False), make_youth(1)
    town.publish(consent_of(youth), absence_of(youth, 1, minutes=480))
    worker = begin(town.settings, tmp_path / "worker.log")
    worker.until(lambda: "no rules are in force yet" in worker.log(), "the wait", 60)
    assert town.read(TASKS_OUTREACH) == []
    town.activate(load_rules(town.settings.home / "rules"))
    worker.ready().reached(town, [CONSENTS.name, ABSENCES, RULES.name])
    assert [(task.youth_ref, task.rule_id) for task in town.read(TASKS_OUTREACH)] == [(youth, LASTING)]
    assert worker.stop() == 0
    town.close()
