from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.observations.mapping import map_est, map_observation, retracted_place
from hub.connector import Observation, PersonRecord, Place, PlaceRecord, Unmapped
from hub.contract.models import InfoKind, PlaceCategory, PlaceKind, RiskConcern
from hub.testing import MemoryPlaces
from tests.unit.connectors.observations.make import NOW, PERSON

PLACES = MemoryPlaces()


def observation(**changes):
    fields = {"id": "obs-1", "person": PERSON, "concern": "recruitment", "area": "Hageby", "observed_at": "2025-05-12T19:30"}
    return map_observation(fields | changes, PLACES, NOW)


def est(**changes):
    return map_est({"week": "2025-W20", "area": "Hageby", "category": "disorder", "incidents": "4"} | changes, PLACES, NOW)


def test_an_observation_becomes_a_record():
    record = observation()
    assert isinstance(record, PersonRecord)
    assert (record.kind, record.person_id) == (InfoKind.RISK_EVENT, PERSON)
    assert record.occurred_at == datetime(2025, 5, 12, 17, 30, tzinfo=UTC)
    assert record.body == Observation(concern=RiskConcern.RECRUITMENT, area="0581-hageby")
    assert "obs-1" not in record.source_id


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-05-12T19:30:00+00:00", datetime(2025, 5, 12, 19, 30, tzinfo=UTC)),
        ("2025-05-12 19:30", datetime(2025, 5, 12, 17, 30, tzinfo=UTC)),
        ("2025-01-12 19:30", datetime(2025, 1, 12, 18, 30, tzinfo=UTC)),
        ("2025-05-12", datetime(2025, 5, 12, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_zone_is_swedish_and_a_date_is_its_noon(text, instant):
    assert observation(observed_at=text).occurred_at == instant


@pytest.mark.parametrize("concern", [*RiskConcern, "Kriminell  Miljö", "DROGER"])
def test_concerns_are_understood_in_both_languages(concern):
    assert isinstance(observation(concern=str(concern)), PersonRecord)


@pytest.mark.parametrize("area", ["", "hemma hos Kalle", "Storgatan 1", PERSON, "x" * 500])
def test_an_area_that_is_not_configured_is_left_out(area):
    assert observation(area=area).body.area is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, "no_row_id"),
        ({"id": "två ord"}, "no_row_id"),
        ({"id": "x" * 65}, "no_row_id"),
        ({"id": "\ud800"}, "no_row_id"),  # half a surrogate pair: JSON may hold it, UTF-8 not
        ({"id": PERSON}, "telling_row_id"),
        ({"id": f"obs-{PERSON.replace('-', '')}"}, "telling_row_id"),
        ({"id": "120314-9800/1"}, "telling_row_id"),
        ({"person": ""}, "no_person"),
        ({"person": "x" * 65}, "no_person"),
        ({"concern": "bad"}, "unknown_concern"),
        ({"observed_at": "yesterday"}, "bad_time"),
        ({"observed_at": "0001-01-01"}, "bad_time"),
        ({"observed_at": "2052-05-12"}, "future_time"),
    ],
)
def test_a_bad_observation_is_a_reason_without_its_value(changes, reason):
    assert observation(**changes) == Unmapped(reason, intentional=False)


@pytest.mark.parametrize("row_id", ["obs-0003f2a1c7", "obs-0123456789", "2025-05-12/4", "7b9d2f58-6a6b-4a7d-9d2e-012345678901"])
def test_ids_of_systems_are_no_persons(row_id):
    assert isinstance(observation(id=row_id), PersonRecord)


def test_a_weekly_row_occurs_at_noon_on_its_sunday():
    record = est()
    assert isinstance(record, PlaceRecord)
    assert record.occurred_at == datetime(2025, 5, 18, 10, 0, tzinfo=UTC)
    assert (record.source_id, record.area) == ("2025-W20/0581-hageby/disorder", "0581-hageby")
    assert record.body == Place(kind=PlaceKind.EST_REPORT, category=PlaceCategory.DISORDER, incidents=4)


@pytest.mark.parametrize("week", ["2025W20", "2025-V20", "2025v20", " 2025-w20 "])
def test_weeks_are_written_in_several_ways(week):
    assert est(week=week).source_id.startswith("2025-W20/")


@given(week=st.integers(1, 52), year=st.integers(2001, 2024))
def test_two_weeks_of_a_place_never_lie_within_seven_days(week, year):
    this, following = est(week=f"{year}-W{week:02d}"), est(week=f"{year}-W{week + 1:02d}" if week < 52 else f"{year + 1}-W01")
    assert following.occurred_at - this.occurred_at >= timedelta(days=7) - timedelta(hours=1)
    assert following.occurred_at.astimezone().isocalendar() > this.occurred_at.astimezone().isocalendar()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"week": "20"}, "bad_week"),
        ({"week": "2025-W54"}, "bad_week"),
        ({"week": "0000-W01"}, "bad_week"),
        ({"week": "2025-W30"}, "future_time"),
        ({"area": ""}, "unknown_area"),
        ({"area": "120314-9800 hemma"}, "unknown_area"),
        ({"area": "hemma hos Kalle Svensson"}, "unknown_area"),
        ({"area": "Storgatan 12 lgh 3"}, "unknown_area"),
        ({"area": "x" * 500}, "unknown_area"),
        ({"category": "weather"}, "unknown_category"),
        ({"incidents": "-1"}, "bad_count"),
        ({"incidents": "4.5"}, "bad_count"),
        ({"incidents": "²"}, "bad_count"),
        ({"incidents": "100001"}, "bad_count"),
    ],
)
def test_a_bad_weekly_row_is_a_reason_without_its_value(changes, reason):
    assert est(**changes) == Unmapped(reason, intentional=False)


def test_a_weekly_row_is_retracted_from_its_identity_alone():
    record = est()
    back = retracted_place(f"{record.source_id}/1")
    assert back.retracted
    assert (back.area, back.occurred_at, back.source_id) == (record.area, record.occurred_at, f"{record.source_id}/1")
    with pytest.raises(ValueError, match="identity"):
        retracted_place("x/y/disorder")


TEXT = st.text(max_size=70)


@given(st.fixed_dictionaries(dict.fromkeys(("id", "person", "concern", "area", "observed_at"), TEXT)))
def test_no_text_breaks_the_mapping_of_an_observation(fields):
    assert isinstance(map_observation(fields, PLACES, NOW), PersonRecord | Unmapped)


@given(st.fixed_dictionaries(dict.fromkeys(("week", "area", "category", "incidents"), TEXT)))
def test_no_text_breaks_the_mapping_of_a_weekly_row(fields):
    assert isinstance(map_est(fields, PLACES, NOW), PlaceRecord | Unmapped)


def test_areas_are_those_that_had_the_name_when_it_occurred() -> None:
    class Asked(MemoryPlaces):
        def area_code(self, name: str, at: datetime | None = None) -> str:
            asked.append((name, at))
            return super().area_code(name, at)

    asked: list[tuple[str, datetime | None]] = []
    fields = {
        "id": "obs-1",
        "person": "20120314-9800",
        "concern": "conflict",
        "area": "Hageby",
        "observed_at": "2025-05-12T19:30",
    }
    map_observation(fields, Asked(), NOW)
    map_est({"week": "2025-W20", "area": "City", "category": "theft", "incidents": "1"}, Asked(), NOW)
    assert asked == [("Hageby", datetime(2025, 5, 12, 17, 30, tzinfo=UTC)), ("City", datetime(2025, 5, 18, 10, tzinfo=UTC))]
