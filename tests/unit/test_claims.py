from __future__ import annotations

import os

import pytest

from hub.claims import Claims, Declared, declared_in, read_claims
from hub.contract.models import InfoKind
from hub.errors import ConfigError
from hub.installation import initialise
from hub.settings import load_settings
from tests.unit.core.make import LEISURE, SCHOOL, ago, make_absence, make_notice, make_observation, make_place_event
from tests.unit.runtime.fakes import DECLARED

AT = ago(2)


def in_area(event, area: str):
    return event.model_copy(update={"area": area})


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (make_absence(1, AT), ""),
        (make_notice(1, AT), ""),
        (make_observation(1, AT), ""),
        (make_place_event(1, AT), ""),
        (make_absence(1, AT, agency="school-elsewhere"), "unknown_agency"),
        (make_place_event(1, AT, agency="school-elsewhere"), "unknown_agency"),
        (make_absence(1, AT, agency=LEISURE, connector="observations"), "kind_not_of_agency"),
        (make_notice(1, AT, agency=SCHOOL), "kind_not_of_agency"),
        (make_absence(1, AT, connector="observations"), "connector_of_another_agency"),
        (make_place_event(1, AT, connector="ss12000"), "connector_of_another_agency"),
        (make_absence(1, AT, connector="in-another-zone"), ""),
        (in_area(make_observation(1, AT), "0581-hageby"), ""),
        (in_area(make_observation(1, AT), "place-storgatan-12-lgh-3"), "unknown_area"),
        (in_area(make_notice(1, AT), "place-storgatan-12-lgh-3"), "unknown_area"),
        (in_area(make_observation(1, AT, retracted=True), "place-storgatan-12-lgh-3"), ""),
        (make_place_event(1, AT, area="place-linkoping"), ""),
    ],
)
def test_a_claim_is_held_against_what_is_declared(event, reason: str) -> None:
    assert DECLARED.refusal(event) == reason


def test_what_is_declared_is_read_from_the_installations_files(tmp_path) -> None:
    initialise(tmp_path)
    declared = declared_in(load_settings(tmp_path))
    assert declared.kinds[SCHOOL] == {InfoKind.SCHOOL_ABSENCE}
    assert declared.kinds["police-public"] == frozenset()
    assert declared.connectors["observations"] == LEISURE
    assert "0581-hageby" in declared.areas


def test_an_agency_that_is_added_meanwhile_is_known_before_anything_of_it_is_refused(tmp_path) -> None:
    initialise(tmp_path)
    claims = read_claims(load_settings(tmp_path))
    event = make_absence(1, AT, agency="school-new", connector="school-new")
    assert claims.refusal(event) == "unknown_agency"
    with (tmp_path / "agencies.yaml").open("a") as file:
        file.write("  school-new:\n    title: Friskolan\n    kinds: [school_absence]\n")
    assert claims.refusal(event) == ""


def test_an_area_that_is_added_meanwhile_is_known_as_well(tmp_path) -> None:
    initialise(tmp_path)
    claims = read_claims(load_settings(tmp_path))
    event = in_area(make_observation(1, AT), "0581-ektorp")
    assert claims.refusal(event) == "unknown_area"
    with (tmp_path / "areas.yaml").open("a") as file:
        file.write("  0581-ektorp:\n    title: Ektorp\n    names: [Ektorp]\n    exposed: false\n")
    assert claims.refusal(event) == ""


def test_files_that_did_not_change_are_not_read_again() -> None:
    readings = []

    def read() -> Declared:
        readings.append(1)
        return DECLARED

    claims = Claims(read, lambda: "the same")
    for _ in range(100):
        assert claims.refusal(make_absence(1, AT, agency="school-elsewhere")) == "unknown_agency"
    assert len(readings) == 1


def test_a_file_that_cannot_be_read_stops_and_passes_over_nothing(tmp_path) -> None:
    initialise(tmp_path)
    claims = read_claims(load_settings(tmp_path))
    (tmp_path / "agencies.yaml").write_text("agencies: [")
    os.utime(tmp_path / "agencies.yaml", (1, 1))
    with pytest.raises(ConfigError):
        claims.refusal(make_absence(1, AT, agency="school-elsewhere"))
    assert claims.refusal(make_absence(1, AT)) == ""
