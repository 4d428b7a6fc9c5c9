from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hub.commands.connectors import app
from hub.errors import ConfigError
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


def test_the_list_can_be_read_by_a_script(run) -> None:
    facts = {one["name"]: one for one in json.loads(run("list", "--json").output)}
    assert facts["toyraw"] == {
        "name": "toyraw",
        "title": "A connector for tests (toyraw)",
        "kinds": ["school_absence"],
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


@pytest.mark.parametrize("name", ["ss12000", "sdk", "polisen", "observations"])
def test_every_shipped_connector_can_be_described(run, name: str) -> None:
    assert f"[connectors.{name}.source]" in run("describe", name).output
    assert json.loads(run("describe", name, "--json").output)["config"]["type"] == "object"


def test_an_unknown_connector_names_the_known_ones(run) -> None:
    with pytest.raises(ConfigError, match="toyraw"):
        run("describe", "elsewhere")
