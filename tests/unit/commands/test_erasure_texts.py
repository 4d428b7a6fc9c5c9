"""How a withdrawal is told on the command line: effect, answers, removal, acknowledgement."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.commands.erasure_texts import as_json_erasure, bound_line, lines
from hub.registry.erasures import ErasureStatus, Place
from tests.support import make_settings

ASKED = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
ERASURE_ID = "00000000-0000-4000-8000-00000000000e"
WAITING = ErasureStatus(ERASURE_ID, ASKED, ("delivery", "worker"), (), None)
ANSWERED = replace(
    WAITING,
    waiting_for=(),
    answered=("delivery", "worker"),
    completed_at=ASKED + timedelta(seconds=2),
    effect_at=ASKED + timedelta(seconds=1, milliseconds=400),
    unacknowledged=("outreach",),
    scope_id="11111111-0000-4000-8000-00000000000e",
    places=(
        Place("hub.consents.v1", ASKED + timedelta(hours=26), ASKED + timedelta(hours=25)),
        Place("backups", ASKED + timedelta(days=30), None),
    ),
)


def test_who_has_not_answered_is_told_before_anything_is_looked_for() -> None:
    (line,) = lines(WAITING, places=True)
    assert "not in effect yet" in line
    assert "waits for delivery, worker" in line
    assert "all" in line.split()


def test_effect_scope_removal_and_acknowledgement_are_told_apart() -> None:
    (line,) = lines(ANSWERED, places=False)
    assert "scope 11111111" in line
    assert "in effect after 1.4 s" in line
    assert "complete" in line
    assert "1 of 2 places clean, the last (backups) by 2026-06-03 07:00" in line
    assert "to be acknowledged by outreach" in line


def test_every_place_is_named_when_asked_for() -> None:
    told = list(lines(ANSWERED, places=True))
    assert told[1:] == ["    hub.consents.v1: clean 2026-05-05 08:00", "    backups: by 2026-06-03 07:00"]


def test_removed_is_when_the_last_place_was_found_clean() -> None:
    done = ASKED + timedelta(days=30)
    places = tuple(replace(place, done_at=place.done_at or done) for place in ANSWERED.places)
    whole = replace(ANSWERED, places=places, unacknowledged=(), acknowledged=("outreach",))
    (line,) = lines(whole, places=False)
    assert "removed 2026-06-03 07:00" in line
    assert "acknowledged by outreach" in line
    assert as_json_erasure(whole)["removed_at"] == done.isoformat()


def test_scripts_get_both_figures_and_every_place() -> None:
    told = json.loads(json.dumps(as_json_erasure(ANSWERED)))
    assert (told["effect_seconds"], told["complete"], told["removed_at"]) == (1.4, True, None)
    assert told["removed_by"] == (ASKED + timedelta(days=30)).isoformat()
    assert [place["place"] for place in told["places"]] == ["hub.consents.v1", "backups"]


def test_the_bound_names_the_place_that_takes_longest(tmp_path: Path) -> None:
    make_settings(tmp_path)
    shipped = bound_line(tmp_path)
    assert 3040 < shipped.hours < 3060  # 120 days, and a file of a week
    assert "hub." in shipped.text
    make_settings(tmp_path, kafka={"retention_days": 1}, erasure={"segment_hours": 1, "backup_days": 90})
    assert bound_line(tmp_path).hours == 90 * 24
