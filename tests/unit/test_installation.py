"""The files of an installation: written once, closed to others, read with errors that name the place and not the content."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey
from pydantic import TypeAdapter

from hub.contract.fields import AreaCode, holds_long_number
from hub.errors import ConfigError
from hub.installation import (
    Places,
    initialise,
    load_agencies,
    load_places,
    load_teams,
    read_key,
    read_secret,
)
from hub.settings import Settings, load_settings

AREA_CODE = TypeAdapter(AreaCode)


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialise(tmp_path)
    return load_settings(tmp_path)


def files(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_a_working_installation(settings: Settings) -> None:
    assert set(load_teams(settings.home)) == {"outreach", "sig", "sspf"}
    assert "0581-hageby" in load_places(settings.home).exposed
    for name in (
        "registry.key",
        "worklist.key",
        "audit.key",
        "audit-subject.key",
        *(f"agency-{agency}.hmac" for agency in load_agencies(settings.home)),
    ):
        assert len(read_key(settings, name)) == 32
    private = PrivateKey(base64.b64decode(read_secret(settings, "statutory.private")))
    assert base64.b64encode(bytes(private.public_key)).decode() == read_secret(settings, "statutory.public")


def test_it_says_what_it_wrote(tmp_path: Path) -> None:
    assert sorted(initialise(tmp_path / "home")) == files(tmp_path / "home")


def test_a_second_time_nothing_is_changed(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / "teams.yaml").write_text("teams: {}\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in files(tmp_path)}
    assert initialise(tmp_path) == []
    assert {path: path.read_bytes() for path in files(tmp_path)} == before


def test_a_new_agency_gets_its_keys_and_a_rule_that_was_taken_out_stays_out(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / "rules" / "absence-alone.yaml").unlink()
    with (tmp_path / "agencies.yaml").open("a", encoding="utf-8") as out:
        out.write("  region:\n    title: Regionen\n    kinds: [risk_event]\n")
    assert sorted(path.name for path in initialise(tmp_path)) == ["agency-region.hmac", "agency-region.token"]
    assert not (tmp_path / "rules" / "absence-alone.yaml").exists()


@pytest.mark.usefixtures("lax_umask")
def test_only_the_owner_may_read_or_enter_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "home"
    initialise(home)
    assert {mode(path) for path in files(home)} == {0o600}
    assert {mode(path) for path in (home, *home.rglob("*")) if path.is_dir()} == {0o700}


def test_a_lost_public_key_is_made_anew_from_the_private_one(settings: Settings) -> None:
    before = read_secret(settings, "statutory.public")
    (settings.keys / "statutory.public").unlink()
    assert initialise(settings.home) == [settings.keys / "statutory.public"]
    assert read_secret(settings, "statutory.public") == before


def test_a_private_key_that_is_kept_elsewhere_is_not_replaced(settings: Settings) -> None:
    (settings.keys / "statutory.private").unlink()
    assert initialise(settings.home) == []


def test_no_half_written_key_is_left_when_the_disk_refuses(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / "keys" / "worklist.key").unlink()
    (tmp_path / "keys" / ".worklist.key.new").mkdir()  # in the way of the file that is written first
    with pytest.raises(ConfigError, match=r"keys/\.worklist\.key\.new"):
        initialise(tmp_path)
    assert not (tmp_path / "keys" / "worklist.key").exists()


@pytest.mark.parametrize(
    ("file", "text", "named", "load"),
    [
        ("teams.yaml", "teams: {outreach: {title: T, cooperation: sspf, functions: [], respond_within_days: 5, boss: x}}", "teams.outreach.boss", load_teams),
        ("teams.yaml", "teams: {outreach: {title: T, cooperation: sspf, functions: [], respond_within_days: 0}}", "teams.outreach.respond_within_days", load_teams),
        ("agencies.yaml", "agencies: {school: {title: T, kinds: [rumour]}}", "agencies.school.kinds.0", load_agencies),
        ("areas.yaml", "areas: {050101-x: {title: T, names: [], exposed: true}}", "areas.", load_places),
        ("areas.yaml", "areas: {a: {title: T, names: [City], exposed: true}, b: {title: T, names: [city], exposed: true}}", "yaml: two areas have the name city", load_places),
        ("teams.yaml", "", "mapping", load_teams),
        ("teams.yaml", "teams: !!timestamp x", ":1:8: ! begins a tag: take it out", load_teams),
        ("teams.yaml", f"teams: {'1:' * 200}1.5", "holds what is no text, number, list or mapping", load_teams),
        ("teams.yaml", "teams: [unclosed", ":1:8: the bracket that stands here is not closed", load_teams),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_file_and_field(
    tmp_path: Path, file: str, text: str, named: str, load: Callable[[Path], object]
) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(tmp_path / file) in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_or_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"teams\.yaml"):
        load_teams(tmp_path)
    (tmp_path / "teams.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"teams\.yaml"):
        load_teams(tmp_path)


@pytest.mark.parametrize("content", [b"c2hvcnQ=", "hemlig nyckel åäö".encode(), b"\xff\x8fplanted", b"", b" \n"])
def test_a_wrong_key_is_told_by_its_file_and_never_by_its_content(settings: Settings, content: bytes) -> None:
    path = settings.keys / "registry.key"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_key(settings, "registry.key")
    assert str(path) in str(caught.value)
    assert not content.strip() or content.strip().decode("latin-1") not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\x8fplanted"])
def test_a_secret_that_is_empty_or_no_text_is_refused(settings: Settings, content: bytes) -> None:
    (settings.keys / "agency-police-ost.token").write_bytes(content)
    with pytest.raises(ConfigError, match=r"agency-police-ost\.token") as caught:
        read_secret(settings, "agency-police-ost.token")
    assert "planted" not in str(caught.value)


def test_a_missing_secret_is_told_by_its_file(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"keys/no-such"):
        read_secret(settings, "no-such")


def test_a_folder_where_a_secret_should_be_is_told(settings: Settings) -> None:
    (settings.keys / "worklist.key").unlink()
    (settings.keys / "worklist.key").mkdir()
    with pytest.raises(ConfigError, match=r"worklist\.key cannot be read \(is a directory\)"):
        read_key(settings, "worklist.key")


def test_the_key_that_sealed_the_registry_is_never_made_anew(settings: Settings) -> None:
    database = settings.data / "registry" / "registry.db"
    database.parent.mkdir(parents=True)
    database.touch()
    (settings.keys / "registry.key").unlink()
    with pytest.raises(ConfigError, match=r"registry\.key is missing.*restore it"):
        initialise(settings.home)
    assert not (settings.keys / "registry.key").exists()


def test_an_agency_that_stands_twice_is_refused(settings: Settings) -> None:
    text = "agencies:\n  a: {title: One, kinds: []}\n  a: {title: Two, kinds: []}\n"
    (settings.home / "agencies.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"agencies\.yaml: a stands twice, again on line 3"):
        load_agencies(settings.home)


@given(st.text(max_size=120) | st.from_regex(r"([0-9]{1,4}[ -]?){1,12}") | st.from_regex(r"([a-z0-9åäö]{1,30} ?){1,12}"))
def test_any_name_becomes_a_valid_area_code_without_six_digits_in_a_row(name: str) -> None:
    code = Places({}).area_code(name)
    assert AREA_CODE.validate_python(code) == code
    assert not holds_long_number(code)


def test_known_names_and_codes_are_found_however_they_are_spelled(settings: Settings) -> None:
    places = load_places(settings.home)
    codes = [places.area_code(name) for name in ("Hageby", " hAGEBY ", "innerstaden", "0581-city", "Östra  Husby 7", "???")]
    assert codes == ["0581-hageby", "0581-hageby", "0581-city", "0581-city", "place-ostra-husby-7", "place-unknown"]
    assert [places.title(code) for code in codes[:1] + codes[4:5]] == ["Hageby", "Ostra Husby 7"]
