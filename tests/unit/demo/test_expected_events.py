"""How many events the town ought to give, counted from its facts."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.contract.topics import PLACE_EVENTS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES
from hub.demo.expected_events import expect_events
from hub.demo.facts import START, AbsenceFact, EstRow, Gathering, Lesson, NoticeFact, ObservationFact, Town, Youth


def youth(consent: str, days_ago: int = 1) -> Youth:
    """With one fact of each kind."""
    at = START - timedelta(days=days_ago)
    made = Youth(0, "", "", "", date(2010, 1, 1), consent=consent)
    made.absences.append(AbsenceFact(Lesson("l1", 0, at, cancelled=False), 60, excused=False))
    made.notices.append(NoticeFact("m1", "narcotics", at, "City", may_tell_youth=False))
    made.observations.append(ObservationFact("o1", "conflict", at, "City"))
    return made


def of_persons(tmp_path: Path, *youths: Youth) -> list[int]:
    found = expect_events(Town(START, list(youths), [], []), tmp_path)
    return [found[topic.name] for topic in (SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS)]


def write_polls(folder: Path, *polls: list[dict[str, object]] | None) -> None:
    for number, rows in enumerate(polls):
        (folder / f"{number}.json").write_text("" if rows is None else json.dumps(rows), encoding="utf-8")


@pytest.mark.parametrize("consent", ["sspf", "sspf_sig", "withdraws", "late"])
def test_what_consent_covers_is_expected(tmp_path: Path, consent: str) -> None:
    assert of_persons(tmp_path, youth(consent), youth(consent)) == [2, 2, 2]


@pytest.mark.parametrize("consent", ["none", "waiting", "expired", "withdrawn", "suspended", "protected"])
def test_nothing_is_expected_of_who_does_not_consent(tmp_path: Path, consent: str) -> None:
    assert of_persons(tmp_path, youth(consent)) == [0, 0, 0]


def test_nothing_is_expected_from_before_the_consent(tmp_path: Path) -> None:
    assert of_persons(tmp_path, youth("late", 15), youth("late", 14)) == [1, 1, 1]


def test_rows_of_the_weekly_report_and_of_the_calendar_and_changes_of_the_police_feed_are_place_events(tmp_path: Path) -> None:
    row = {"id": 1, "name": "a"}
    write_polls(tmp_path, [row, {"id": 2}], None, [{"name": "a", "id": 1}], [row | {"name": "b"}], [row])
    rows = [EstRow("2025-W20", "City", "theft", number) for number in (1, 2)] + [EstRow("2025-W20", "City", "fire", 0)]
    town = Town(START, [], [], rows, [Gathering("one", "City", START)])
    assert expect_events(town, tmp_path)[PLACE_EVENTS.name] == 2 + 1 + 2 + 2
