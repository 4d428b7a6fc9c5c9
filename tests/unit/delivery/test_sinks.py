"""Sinks of hub.toml and teams.yaml are checked at the start: what is wrong names file, field and rule, and no value."""

from __future__ import annotations

import pytest

from hub.clock import SystemClock
from hub.delivery.sinks import load_sinks, sinks_of_teams
from hub.errors import ConfigError
from hub.installation import initialise, load_teams
from hub.settings import load_settings

SINK = """
[sinks.outreach-system]
connector = "webhook"
[sinks.outreach-system.settings]
url = "https://system.example.se/hooks/hub"
"""


def with_toml(home, text: str) -> None:
    initialise(home)
    with (home / "hub.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def with_team(home, line: str) -> None:
    path = home / "teams.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("    cooperation: sspf\n", f"    cooperation: sspf\n    {line}\n", 1)
    )


def refusal(home, text: str) -> ConfigError:
    with_toml(home, text)
    with pytest.raises(ConfigError) as refused:
        load_sinks(load_settings(home))
    return refused.value


def test_a_sink_is_built_from_its_settings_and_reads_its_own_secret(tmp_path) -> None:
    with_toml(tmp_path, SINK)
    settings = load_settings(tmp_path)
    sink = load_sinks(settings)["outreach-system"]
    sink.build(SystemClock()).close()
    assert sink.most_per_minute == 120
    with pytest.raises(ConfigError) as refused:
        sink._secret("signing")
    assert "keys/sink-outreach-system-signing" in str(refused.value)
    with pytest.raises(ConfigError):
        sink._secret("../registry.key")


def test_a_fresh_installation_has_no_sinks(tmp_path) -> None:
    initialise(tmp_path)
    settings = load_settings(tmp_path)
    assert load_sinks(settings) == {}
    assert sinks_of_teams(settings, load_teams(tmp_path)) == {}


def test_a_team_names_its_sinks(tmp_path) -> None:
    with_toml(tmp_path, SINK)
    with_team(tmp_path, "sinks: [outreach-system]")
    assert sinks_of_teams(load_settings(tmp_path), load_teams(tmp_path)) == {"outreach": ("outreach-system",)}


@pytest.mark.parametrize(
    ("line", "said"),
    [("sinks: [elsewhere]", "'elsewhere' is not in hub.toml"), ("sinks: [outreach-system, outreach-system]", "twice")],
)
def test_a_name_that_hub_toml_does_not_have_and_one_given_twice_are_refused(tmp_path, line: str, said: str) -> None:
    with_toml(tmp_path, SINK)
    with_team(tmp_path, line)
    with pytest.raises(ConfigError) as refused:
        sinks_of_teams(load_settings(tmp_path), load_teams(tmp_path))
    assert "teams.yaml: teams.outreach.sinks: " in str(refused.value)
    assert said in str(refused.value)


def test_a_wrong_setting_is_refused_by_file_and_field_without_its_value(tmp_path) -> None:
    error = refusal(tmp_path, SINK.replace("https://system", "http://secret-system"))
    assert error.code == "bad_sink_settings"
    assert "hub.toml, [sinks.outreach-system.settings]: url: must be https" in str(error)
    assert "secret-system" not in str(error)


@pytest.mark.parametrize(
    ("connector", "said"),
    [("nothing", "no connector named 'nothing'"), ("polisen", "polisen is a source and hands nothing over")],
)
def test_a_connector_that_is_not_there_or_no_way_out_is_refused(tmp_path, connector: str, said: str) -> None:
    error = refusal(tmp_path, SINK.replace('"webhook"', f'"{connector}"'))
    assert "hub.toml, [sinks.outreach-system], connector: " in str(error)
    assert said in str(error)


@pytest.mark.parametrize("name", ["Outreach", "a" * 25, "1st"])
def test_a_name_that_no_lease_or_file_could_bear_is_refused(tmp_path, name: str) -> None:
    assert refusal(tmp_path, SINK.replace("outreach-system", name)).code == "bad_settings"
