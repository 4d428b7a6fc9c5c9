"""Which settings an instance has run with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hub.connect.settings_history import Change, changes, note_settings, read_versions, settings_told
from hub.sections import ConnectorSettings
from tests.unit.connect.conftest import NOW, World


def make(**source: object) -> ConnectorSettings:
    return ConnectorSettings(agency="school-norrkoping", source={"page": 2, **source})


def test_a_version_is_made_of_each_change_and_of_nothing_else(tmp_path: Path) -> None:
    for day, settings in enumerate((make(), make(), make(minutes_in="minutes"), make())):
        note_settings(tmp_path, settings, NOW + timedelta(days=day))
    versions = read_versions(tmp_path)
    assert [(one.number, (one.since - NOW).days) for one in versions] == [(3, 3), (2, 2), (1, 0)]
    assert changes(versions[2].settings, versions[1].settings) == [Change("source.minutes_in", "", "minutes")]
    assert changes(versions[1].settings, versions[0].settings) == [Change("source.minutes_in", "minutes", "")]
    assert (tmp_path / "settings.json").stat().st_mode & 0o077 == 0


def test_what_looks_like_a_person_s_number_is_not_remembered(tmp_path: Path) -> None:
    note_settings(tmp_path, make(note=f"about {World.person()}"), NOW)
    assert World.person() not in (tmp_path / "settings.json").read_text()
    assert settings_told(make(page=3))["source.page"] == "3"


def test_very_many_changes_and_a_damaged_file_are_survived(tmp_path: Path) -> None:
    for number in range(103):
        note_settings(tmp_path, make(page=number), NOW)
    assert [one.number for one in read_versions(tmp_path)] == list(range(103, 3, -1))
    (tmp_path / "settings.json").write_text("{")
    assert read_versions(tmp_path) == []
    note_settings(tmp_path, make(), NOW)
    assert [one.number for one in read_versions(tmp_path)] == [1]


def test_a_folder_that_takes_nothing_is_no_reason_not_to_start(tmp_path: Path) -> None:
    note_settings(tmp_path / "nowhere", make(), NOW)
    assert read_versions(tmp_path / "nowhere") == []
