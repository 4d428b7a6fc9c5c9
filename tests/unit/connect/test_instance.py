from __future__ import annotations

import base64

import pytest

from hub.connect.instance import load_instance
from hub.connect.vault import Copy
from hub.errors import ConfigError
from tests.unit.connect.installation import KEY, PLACES, make_installation
from tests.unit.connect.toy import install_toys


@pytest.fixture
def settings(tmp_path, monkeypatch):
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return make_installation(tmp_path / "home", 1)


def test_an_instance_speaks_for_its_agency_and_its_kinds(settings) -> None:
    origin = load_instance(settings, "toy").origin()
    assert (origin.agency, origin.connector, origin.key, origin.places) == ("school-norrkoping", "toy", KEY, False)
    assert origin.kinds == {"school_absence"}
    assert "0581-hageby" in origin.areas
    assert not origin.public  # it tells of persons


def test_kinds_are_those_that_connector_and_agency_both_may_carry(settings) -> None:
    (settings.home / "agencies.yaml").write_text("agencies:\n  school-norrkoping:\n    title: Skolan\n    kinds: []\n")
    assert load_instance(settings, "toy").origin().kinds == frozenset()


def test_a_copy_that_was_kept_under_its_agencys_former_key_is_still_read(settings, world) -> None:
    toy = load_instance(settings, "toy")
    toy.directory_file().save(Copy(1, "", world.clock.now(), {"a" * 64: world.entry(1)}))
    key = settings.keys / "agency-school-norrkoping.hmac"
    former = key.with_name(key.name + ".former")
    former.write_bytes(key.read_bytes())
    key.write_text(base64.b64encode(b"n" * 32).decode())
    assert toy.directory_file().load() is not None
    former.unlink()
    assert toy.directory_file().load() is not None


@pytest.mark.parametrize(("name", "code"), [("missing", "unknown_instance"), ("wrong", "bad_connector_settings")])
def test_what_is_wrong_in_the_settings_is_named_without_its_value(settings, name: str, code: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_instance(settings, name)
    assert raised.value.code == code
    assert "secret-word" not in str(raised.value)


def test_an_unknown_agency_stops_it(settings) -> None:
    with pytest.raises(ConfigError, match=r"agencies\.yaml"):
        load_instance(settings, "odd").origin()


def test_secrets_are_its_own(settings, world) -> None:
    context = load_instance(settings, "toy").context(world.clock, lambda _: True)
    assert context.secret("password") == "swordfish"
    with pytest.raises(ConfigError, match="connector-toyraw-password"):
        load_instance(settings, "toyraw").context(world.clock, lambda _: True).secret("password")
    with pytest.raises(ConfigError):
        context.secret("../registry.key")


def test_a_source_is_given_time_places_and_the_installation(settings, world) -> None:
    context = load_instance(settings, "toy").context(world.clock, lambda _: False)
    assert context.now() == world.clock.now()
    assert context.gazetteer.area_code("Hageby") == "0581-hageby"
    assert context.home == settings.home
    assert not context.secured("m1")
    context.observe_request("list", 200)


def test_what_tells_of_places_alone_speaks_for_no_agency_that_tells_of_persons(settings) -> None:
    assert load_instance(settings, "toyfeed").origin().places
    agencies = f"agencies:\n  {PLACES}:\n    title: Alla\n    kinds: [risk_event]\n"
    (settings.home / "agencies.yaml").write_text(agencies)
    with pytest.raises(ConfigError, match=r"kinds are \[\]") as raised:
        load_instance(settings, "toyfeed").origin()
    assert raised.value.code == "agency_of_persons"
