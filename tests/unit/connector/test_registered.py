from __future__ import annotations

import pytest

from hub.connector import Capability, PersonRecord, RawMessage, find_connectors, load_connector
from hub.contract.models import InfoKind
from hub.errors import ConfigError
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.toy import install_toys, make_connector, toyfeed, toyraw


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


def test_connectors_are_found_by_entry_point(site) -> None:
    install_toys(site)
    assert {"toy", "toyraw", "toyplaces", "ss12000", "sdk", "polisen", "observations"} <= set(find_connectors())


def test_one_connector_is_loaded_by_name(site) -> None:
    install_toys(site)
    assert load_connector("toy").name == "toy"


def test_an_unknown_name_lists_the_known_ones(site) -> None:
    install_toys(site)
    with pytest.raises(ConfigError, match=r"toy, toyfeed, .*toyplaces, toyraw") as raised:
        load_connector("elsewhere")
    assert raised.value.code == "unknown_connector"


@pytest.mark.parametrize("place", ["tests.unit.connect.toy:write_lines", "tests.unit.connect.toy:toy"])
def test_an_entry_point_must_be_a_connector_of_its_own_name(site, place: str) -> None:
    install_toys(site, other=place)
    with pytest.raises(ConfigError, match="other"):
        find_connectors()


def test_an_entry_point_that_is_no_connector_cannot_be_loaded(site) -> None:
    install_toys(site, other="tests.unit.connect.toy:write_lines")
    with pytest.raises(ConfigError) as raised:
        load_connector("other")
    assert raised.value.code == "bad_entry_point"


def test_no_record_prints_a_person_a_source_id_or_content() -> None:
    record = World.absence(World.person(), "a17", minutes=59)
    assert isinstance(record, PersonRecord)
    shown = repr(record)
    assert World.person() not in shown
    assert "a17" not in shown
    assert "59" not in shown
    assert "oro" not in repr(RawMessage("m1", NOW, b"oro"))


def test_what_a_connector_declares_can_be_read_as_data() -> None:
    assert toyraw.capabilities == {Capability.EVENTS, Capability.STATUTORY}
    assert toyfeed.capabilities == {Capability.PLACES, Capability.MOVING_WINDOW}
    school = make_connector("school", kinds=frozenset({InfoKind.SCHOOL_ABSENCE}), backfill=True)
    assert school.capabilities == {Capability.EVENTS, Capability.BACKFILL}


@pytest.mark.parametrize("declared", [{"moving_window": True}, {"backfill": True, "places": True}])
def test_a_declaration_that_cannot_be_kept_is_refused(declared) -> None:
    with pytest.raises(ConfigError) as raised:
        make_connector("boasting", **declared)
    assert raised.value.code == "bad_connector"
