"""The demo's own installation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.demo.place import prepare
from hub.demo.town import build_town
from hub.errors import ConfigError
from hub.resources import defaults_folder
from hub.rules_file import load_rules

SHIPPED = defaults_folder() / "rules"
TOWN = build_town(youths=30)


def test_without_a_choice_the_demo_plays_with_the_shipped_rules(tmp_path: Path) -> None:
    stage = prepare(tmp_path, TOWN, pause_seconds=1)
    assert load_rules(stage.settings.home / "rules") == load_rules(SHIPPED)


def test_the_rules_of_a_folder_replace_all_shipped_ones(tmp_path: Path) -> None:
    chosen = tmp_path / "rules"
    chosen.mkdir()
    for name in ("ruleset.yaml", "absence-alone.yaml"):
        shutil.copyfile(SHIPPED / name, chosen / name)
    (chosen / "notes.txt").write_text("why", encoding="utf-8")
    stage = prepare(tmp_path / "demo", TOWN, pause_seconds=1, rules=chosen)
    assert [rule.id for rule in load_rules(stage.settings.home / "rules").rules] == ["absence-alone"]
    assert not (stage.settings.home / "rules" / "notes.txt").exists()


def test_a_folder_that_is_no_rule_set_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        prepare(tmp_path / "demo", TOWN, pause_seconds=1, rules=tmp_path)
    assert not (tmp_path / "demo").exists()


def test_the_folder_of_an_earlier_demo_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    prepare(tmp_path, TOWN, pause_seconds=1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="is not empty") as refused:
        prepare(tmp_path, TOWN, pause_seconds=1)
    assert refused.value.code == "folder_taken"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ['q"uo"te', "back\\slash\\u0041", "å {brace} 'x' #", "tab\tdel\x7f"])
def test_whatever_the_folder_is_called_its_settings_can_be_read(tmp_path: Path, name: str) -> None:
    stage = prepare(tmp_path / name, TOWN, pause_seconds=1)
    assert stage.settings.connectors["observations"].source["folder"] == str(tmp_path / name / "home/inbox/observations")


def test_the_consents_are_not_written_where_a_refused_start_would_leave_them(tmp_path: Path) -> None:
    prepare(tmp_path, TOWN, pause_seconds=1)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "town"}


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        prepare(tmp_path / "demo", TOWN, pause_seconds=1)


@pytest.mark.parametrize(
    "variable",
    [
        "HUB_REGISTRY__DATABASE_URL", "HUB_REGISTRY__KEYRING_URL", "HUB_REGISTRY__SHRED_LIST_COPY", "HUB_DELIVERY__DATABASE_URL",
        "HUB_LOGIN__DATABASE_URL", "HUB_AUDIT__DATABASE_URL", "HUB_CONNECTORS__SDK__SOURCE__BASE_URL", "HUB_KAFKA__RETENTION_DAYS",
        "HUB_CLOCK", "HUB_ENVIRONMENT", "HUB_REGISTRY", "hub_web__port",
    ],
)  # fmt: skip
def test_what_the_environment_sets_of_an_installation_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"sqlite:///{tmp_path / 'real.db'}")
    with pytest.raises(ConfigError, match=variable) as refused:
        prepare(tmp_path / "demo", TOWN, pause_seconds=1)
    assert refused.value.code == "not_the_demos"
    assert "real.db" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUB_HOME", "sv"), ("HUB_LANGUAGE", "sv"), ("HUB_BROKER__JAVA", "sv"), ("HUB_KAFKA__BOOTSTRAP_SERVERS", "kafka:9092"),
        ("HUB_TEST_REQUIRE", "all"),
    ],
)  # fmt: skip
def test_what_the_demo_may_go_by_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert prepare(tmp_path / "demo", TOWN, pause_seconds=1).settings.environment == "demo"


def test_a_relative_folder_is_the_one_where_the_demo_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stage = prepare(Path("demo"), TOWN, pause_seconds=1)
    for name in ("observations", "planned"):
        assert Path(stage.settings.connectors[name].source["folder"]).is_dir()
