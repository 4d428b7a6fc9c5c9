"""`hub rules`: what is written is listed, and what is wrong is told before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.cli import app
from hub.errors import ConfigError
from hub.installation import initialise
from tests.command_line import CliRunner, Result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    initialise(made)
    return made


def run(*words: str, home: Path) -> Result:
    return CliRunner(env={"HUB_HOME": str(home), "COLUMNS": "200"}).invoke(app, ["rules", *words])


def test_the_list_says_what_each_rule_proposes_to_whom(home: Path) -> None:
    told = json.loads(run("list", "--json", home=home).output)
    assert told["version"] == "2025.1"
    assert {rule["id"]: (rule["team"], rule["function"]) for rule in told["rules"]} == {
        "absence-alone": ("outreach", "school_attendance"),
        "absence-and-notice": ("outreach", "individual_support"),
        "place-presence": (None, "presence"),
        "repeated-notices": ("sig", "sig_assessment"),
        "repeated-observations": ("outreach", "outreach_contact"),
    }
    assert "Upprepad ogiltig frånvaro" in run("list", home=home).output


def test_a_folder_in_order_is_said_to_be(home: Path) -> None:
    shown = run("check", home=home)
    assert (shown.exit_code, shown.output) == (0, "5 rules of version 2025.1: nothing is wrong with them.\n")
    assert json.loads(run("check", str(home / "rules"), "--json", home=home).output) == {"version": "2025.1", "rules": 5}


def test_a_folder_that_is_not_is_refused(tmp_path: Path) -> None:
    initialise(tmp_path)
    path = tmp_path / "rules" / "absence-alone.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[unexcused]", "[late]"), encoding="utf-8")
    shown = run("check", home=tmp_path)
    assert isinstance(shown.exception, ConfigError)
    assert "unknown code late" in str(shown.exception)
