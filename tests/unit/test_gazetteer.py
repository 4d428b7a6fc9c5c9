"""Which area a name means, and whether it was exposed, at the time when something occurred."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.gazetteer import Places
from hub.installation import load_places

_FILE = """
areas:
  0581-hageby:
    title: Hageby
    names: [Hageby]
    exposed: [{from: 2021-01-01, to: 2023-12-31}, {from: 2025-03-30}]
  0581-ektorp-old:
    title: Ektorp (till 2024)
    names: [Ektorp]
    exposed: true
    valid: {to: 2024-06-30}
  0581-ektorp:
    title: Ektorp
    names: [Ektorp]
    exposed: false
    valid: {from: 2024-07-01}
"""


def load(tmp_path: Path, text: str) -> Places:
    (tmp_path / "areas.yaml").write_text(text, encoding="utf-8")
    return load_places(tmp_path)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_periods_of_exposure_run_from_midnight_to_midnight_in_sweden_summer_time_or_not(tmp_path: Path) -> None:
    first, second = load(tmp_path, _FILE).exposed["0581-hageby"]
    assert first == (utc(2020, 12, 31, 23), utc(2023, 12, 31, 23))
    assert second[0] == utc(2025, 3, 29, 23)


def test_an_area_that_is_not_exposed_is_not_listed_and_true_means_as_long_as_it_is_valid(tmp_path: Path) -> None:
    exposed = load(tmp_path, _FILE).exposed
    assert set(exposed) == {"0581-hageby", "0581-ektorp-old"}
    assert exposed["0581-ektorp-old"][0][1] == utc(2024, 6, 30, 22)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (utc(2024, 6, 30, 21, 59), "0581-ektorp-old"),
        (utc(2024, 6, 30, 22), "0581-ektorp"),  # midnight in Sweden
        (None, "0581-ektorp-old"),
    ],
)
def test_a_name_means_the_area_that_had_it_when_it_occurred(tmp_path: Path, at: datetime | None, code: str) -> None:
    assert load(tmp_path, _FILE).area_code("ektorp", at) == code


def test_a_name_that_no_area_had_then_is_a_place_like_any_other(tmp_path: Path) -> None:
    text = _FILE.replace("valid: {from: 2024-07-01}", "valid: {from: 2030-01-01}")
    assert load(tmp_path, text).area_code("Ektorp", utc(2025, 1, 1)) == "place-ektorp"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "to: 2023-12-31}",
            "to: 2020-12-31}",
            "areas.0581-hageby.exposed.0: `to` is the last day and must not lie before `from`",
        ),
        ("{from: 2025-03-30}", "{from: 2023-12-31}", "areas.0581-hageby: two periods of `exposed` share a day"),
        ("{from: 2025-03-30}", "{since: 2025-03-30}", "exposed.1.since: has no meaning here"),
        ("{from: 2025-03-30}", "{from: next spring}", "exposed.1.from: "),
        ("{from: 2025-03-30}", "{from: 1025-03-30}", "exposed.1.from: "),
        ("exposed: false", "exposed: sometimes", "areas.0581-ektorp.exposed: must be true, false, or a list of periods"),
        ("exposed: false", "exposed: [{from: 2023-01-01}]", "areas.0581-ektorp: is `exposed` on days on which it is not `valid`"),
        ("valid: {from: 2024-07-01}", "valid: {from: 2024-06-30}", "two areas have the name ektorp: let `valid` say which"),
    ],
)
def test_a_slip_is_told_by_place_and_rule(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, _FILE.replace(old, new))
    assert "areas.yaml: " in str(caught.value)
    assert told in str(caught.value)
