"""The town in the foreign systems' own shapes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from hub.demo.datasets import consent_rows, write_observations, write_planned, write_school, write_sdk
from hub.demo.town import build_town

TOWN = build_town(youths=60)


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_attendance_adds_up_to_the_lesson_and_to_the_youths_absences(tmp_path: Path) -> None:
    write_school(tmp_path, TOWN)
    absent: dict[str, int] = {}
    for event in rows(tmp_path / "calendarEvents.jsonl"):
        for mark in event["_embedded"]["attendance"]:
            assert mark["attendanceMinutes"] + mark["validAbsenceMinutes"] + mark["invalidAbsenceMinutes"] == 80
            student = mark["student"]["id"]
            absent[student] = absent.get(student, 0) + mark["invalidAbsenceMinutes"]
    for youth in TOWN.youths:
        assert absent[youth.person_uuid] == sum(fact.minutes for fact in youth.absences if not fact.excused)


def test_protected_persons_are_marked_in_the_school_and_nobody_else_is(tmp_path: Path) -> None:
    write_school(tmp_path, TOWN)
    marked = {row["id"] for row in rows(tmp_path / "persons.jsonl") if row["securityMarking"] != "Ingen"}
    assert marked == {youth.person_uuid for youth in TOWN.youths if youth.consent == "protected"}


def test_every_notice_is_one_message_and_one_more_names_nobody(tmp_path: Path) -> None:
    number = write_sdk(tmp_path, TOWN)
    messages = json.loads((tmp_path / "messages.json").read_text(encoding="utf-8"))
    assert len(messages) == number == sum(len(youth.notices) for youth in TOWN.youths) + 1
    assert len({message["id"] for message in messages}) == number
    roots = [{one["root"] for one in message["attributes"]["senderAttention"]["referenceId"]} for message in messages]
    assert sum("1.2.752.129.2.1.3.1" not in found for found in roots) == 1


def test_every_observation_is_a_row(tmp_path: Path) -> None:
    write_observations(tmp_path, TOWN)
    with (tmp_path / "observationer.csv").open(encoding="utf-8-sig", newline="") as table:
        assert len(list(csv.DictReader(table, delimiter=";"))) == sum(len(youth.observations) for youth in TOWN.youths)
    with (tmp_path / "lagesbild.csv").open(encoding="utf-8", newline="") as table:
        assert len(list(csv.DictReader(table, delimiter=";"))) == len(TOWN.est_rows)


def test_every_gathering_is_a_row(tmp_path: Path) -> None:
    write_planned(tmp_path, TOWN)
    with (tmp_path / "kalender.csv").open(encoding="utf-8", newline="") as table:
        assert [row["id"] for row in csv.DictReader(table, delimiter=";")] == [one.row_id for one in TOWN.gatherings]


def test_the_same_town_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_school(tmp_path / name, TOWN)
        write_sdk(tmp_path / name, TOWN)
        write_observations(tmp_path / name, TOWN)
        write_planned(tmp_path / name, TOWN)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("state", ["none", "protected"])
def test_the_registry_is_told_nothing_of_those_who_have_no_consent(state: str) -> None:
    told = {row["identifier"] for row in consent_rows(TOWN)}
    assert not told & {youth.person_id for youth in TOWN.youths if youth.consent == state}


def test_a_waiting_consent_lacks_a_signature_and_from_fifteen_the_youth_signs() -> None:
    by_number = {youth.person_id: youth for youth in TOWN.youths}
    for row in consent_rows(TOWN):
        youth = by_number[row["identifier"]]
        assert ("guardian_2" in row["signed"]) == (youth.consent != "waiting")
        assert ("youth" in row["signed"]) == (
            (f"{youth.born:%m%d}" <= "0523" and youth.born.year <= 2010) or youth.born.year < 2010
        )
