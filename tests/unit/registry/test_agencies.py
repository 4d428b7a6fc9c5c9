from __future__ import annotations

from pathlib import Path

from hub.installation import initialise
from hub.registry.agencies import AgencyFiles
from hub.settings import load_settings
from tests.support import make_settings


def test_whoever_never_ran_is_not_asked_to_erase_and_whoever_ran_once_is(tmp_path: Path) -> None:
    def one(*, enabled: bool, agency: str = "leisure-norrkoping") -> dict[str, object]:
        return {"agency": agency, "enabled": enabled, "source": {"folder": "inbox"}}

    instances = {"field": one(enabled=True), "former": one(enabled=False), "prepared": one(enabled=False)}
    instances["elsewhere"] = one(enabled=False, agency="school-norrkoping")
    make_settings(tmp_path, connectors=instances)
    initialise(tmp_path)
    settings = load_settings(tmp_path)
    (settings.data / "connect" / "former").mkdir(parents=True)
    assert AgencyFiles(settings)["leisure-norrkoping"].instances == ("field", "former")
    assert AgencyFiles(settings)["school-norrkoping"].instances == ("elsewhere",)


def test_no_shipped_connector_of_places_speaks_for_an_agency_that_tells_of_persons(tmp_path: Path) -> None:
    initialise(tmp_path)
    settings = load_settings(tmp_path)
    known = AgencyFiles(settings)
    assert known["leisure-norrkoping"].instances == ("observations",)
    assert {known[settings.connectors[name].agency].kinds for name in ("planned", "polisen")} == {frozenset()}
