from __future__ import annotations

import json
import tomllib

import pytest

from hub.commands.connectors import app
from hub.connector import load_connector
from hub.errors import ConfigError
from tests.command_line import CliRunner
from tests.unit.connect.toy import install_toys


@pytest.fixture
def run(tmp_path, monkeypatch):
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_every_installed_connector_is_listed(run) -> None:
    shown = run("list").output
    for name in ("ss12000", "sdk", "polisen", "observations", "toyplaces"):
        assert name in shown
    for name in ("webhook", "support_management", "sdk_message", "smtp", "kafka_topic"):
        assert name in shown


def test_the_list_can_be_read_by_a_script(run) -> None:
    facts = {one["name"]: one for one in json.loads(run("list", "--json").output)}
    assert facts["toyraw"] == {
        "name": "toyraw",
        "title": "A connector for tests (toyraw)",
        "kinds": ["school_absence"],
        "capabilities": ["events", "statutory"],
        "statutory": True,
        "simulator": False,
    }
    assert facts["toyplaces"]["kinds"] == ["place"]


def test_a_connector_is_described_field_by_field(run) -> None:
    shown = run("describe", "toyraw").output
    assert "[connectors.toyraw.source]" in shown
    assert "Where facts.jsonl and raw.jsonl lie." in shown
    assert "required" in shown
    assert "statutory store first" in shown
    assert "whole number" in shown
    assert "at least once" in shown


def test_a_description_ends_with_what_hub_toml_may_begin_with(run) -> None:
    shown = run("describe", "sdk").output
    block = shown[shown.index("[connectors.sdk]") :]
    assert 'token_url = "https://system.example.se/oauth2/token"' in block
    assert "keys/connector-sdk-client-secret" in block
    assert "attempts" not in block


@pytest.mark.parametrize("name", ["ss12000", "sdk", "polisen", "observations", "planned"])
def test_the_example_is_toml_that_the_connector_takes(run, name: str) -> None:
    told = json.loads(run("describe", name, "--json").output)
    source = tomllib.loads(told["example"])["connectors"][name]["source"]
    assert load_connector(name).config.model_validate(source)


@pytest.mark.parametrize("name", ["webhook", "support_management", "sdk_message", "smtp", "kafka_topic"])
def test_the_example_of_a_sink_is_toml_that_the_connector_takes(run, name: str) -> None:
    told = tomllib.loads(json.loads(run("describe", name, "--json").output)["example"])["sinks"]["NAME"]
    assert told["connector"] == name
    assert load_connector(name).config.model_validate(told["settings"])
    assert "{" not in json.dumps(told["settings"])[1:]


def test_a_sink_is_described_with_its_place_in_hub_toml_and_at_its_team(run) -> None:
    shown = run("describe", "webhook").output
    assert "one effect" in shown
    assert "hands tasks to a receiver" in shown
    for said in ("[sinks.NAME.settings]", 'connector = "webhook"', "sinks: [NAME]", "keys/sink-NAME-signing"):
        assert said in shown
    assert json.loads(run("describe", "webhook", "--json").output)["capabilities"] == ["delivery", "simulator"]


def test_a_table_within_the_settings_is_told_field_by_field(run) -> None:
    fields = {one["name"]: one for one in json.loads(run("describe", "sdk", "--json").output)["fields"]}
    assert fields["coding.category_root"]["default"] == '"urn:hub:police-notice:category"'
    assert fields["client_authentication"]["type"] == "one of basic, post"
    assert fields["timeout_seconds"]["type"] == "number, > 0, ≤ 600"
    assert fields["base_url"]["default"] is None


@pytest.mark.parametrize("name", ["ss12000", "sdk", "polisen", "observations"])
def test_every_shipped_connector_can_be_described(run, name: str) -> None:
    assert f"[connectors.{name}.source]" in run("describe", name).output
    assert json.loads(run("describe", name, "--json").output)["config"]["type"] == "object"


def test_an_unknown_connector_names_the_known_ones(run) -> None:
    with pytest.raises(ConfigError, match="toyraw"):
        run("describe", "elsewhere")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Demo", "lower-case"),
        ("demo source", "lower-case"),
        ("demo__source", "lower-case"),
        ("1demo", "lower-case"),
        ("d" * 41, "at most 40"),
        ("demo-201205", "birth date"),
        ("class", "Python has already"),
        ("json", "Python has already"),
        ("hub", "Python has already"),
        ("toyraw", "installed already"),
    ],
)
def test_a_name_that_cannot_be_a_connectors_is_refused_with_the_reason(run, tmp_path, monkeypatch, name: str, why: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=why):
        run("new", name)
    assert not (tmp_path / name).exists()


def test_a_new_connector_is_a_whole_package(run, tmp_path) -> None:
    folder = tmp_path / "elsewhere" / "demo"
    told = json.loads(run("new", "demo-source", "--folder", str(folder), "--json").output)
    assert told["files"] == [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert {"pyproject.toml", "README.md", "src/demo_source/source.py", "tests/test_suite.py"} <= set(told["files"])
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "hub-connector-demo-source"
    assert project["entry-points"]["hub.connectors"] == {"demo-source": "demo_source:connector"}
    assert not [path for path in folder.rglob("*") if path.is_file() and (path.suffix == ".jinja" or "{{" in path.read_text())]
    for file in folder.rglob("*.py"):
        compile(file.read_text(), str(file), "exec")


def test_a_folder_that_is_taken_is_left_as_it_is(run, tmp_path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="--folder"):
        run("new", "demo_source", "--folder", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if path.name == "mine"] == ["mine"]
    assert (tmp_path / "mine").read_text() == "precious"


def test_an_empty_folder_is_taken(run, tmp_path) -> None:
    (tmp_path / "new").mkdir()
    shown = run("new", "demo_source", "--folder", str(tmp_path / "new")).output
    assert "connectors describe demo_source" in shown
    assert (tmp_path / "new" / "pyproject.toml").is_file()
