"""`hub rules`: what is written is listed, and what is wrong is told before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.cli import app
from hub.errors import ConfigError
from hub.installation import initialise
from tests.command_line import CliRunner, Result
from tests.prepared import initialised


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    initialise(made)
    return made


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(*words: str, home: Path, columns: int = 200) -> Result:
    return CliRunner(env={"HUB_HOME": str(home), "COLUMNS": str(columns)}).invoke(app, ["rules", *words])


def test_the_list_says_what_each_rule_proposes_to_whom(home: Path) -> None:
    told = json.loads(run("list", "--json", home=home).output)
    assert told["version"] == "2025.1"
    assert {rule["id"]: (rule["team"], rule["function"], rule["state"]) for rule in told["rules"]} == {
        "absence-alone": ("outreach", "school_attendance", "not_in_force"),
        "absence-and-notice": ("outreach", "individual_support", "not_in_force"),
        "place-presence": (None, "presence", "not_in_force"),
        "repeated-notices": ("sig", "sig_assessment", "not_in_force"),
        "repeated-observations": ("outreach", "outreach_contact", "not_in_force"),
    }
    assert "Upprepad ogiltig frånvaro" in run("list", home=home).output


def test_a_rules_name_can_be_copied_from_the_list_also_in_a_narrow_window(home: Path) -> None:
    told = run("list", home=home, columns=80).output
    names = [rule["id"] for rule in json.loads(run("list", "--json", home=home).output)["rules"]]
    assert all(name in told for name in names)


def test_the_list_tells_what_is_in_force_from_what_has_lapsed_or_was_changed(tmp_path: Path) -> None:
    initialised(tmp_path / "home")
    rules = tmp_path / "home" / "rules"
    assert run("activate", "--yes", home=tmp_path / "home").exit_code == 0
    edit(rules / "absence-alone.yaml", "at_least: 480", "at_least: 500")
    with (rules / "absence-and-notice.yaml").open("a", encoding="utf-8") as file:
        file.write("sunset: 2020-01-01\n")
    told = json.loads(run("list", "--json", home=tmp_path / "home").output)
    assert {rule["id"]: (rule["state"], rule["sunset"]) for rule in told["rules"]} == {
        "absence-alone": ("not_in_force", None),
        "absence-and-notice": ("lapsed", "2020-01-01"),
        "place-presence": ("in_force", None),
        "repeated-notices": ("in_force", None),
        "repeated-observations": ("in_force", None),
    }
    assert "lapsed" in run("list", home=tmp_path / "home").output


def test_a_folder_in_order_is_said_to_be(home: Path) -> None:
    shown = run("check", home=home)
    assert (shown.exit_code, shown.output) == (0, "5 rules of version 2025.1: nothing is wrong with them.\n")
    told = json.loads(run("check", str(home / "rules"), "--json", home=home).output)
    assert told == {"version": "2025.1", "rules": 5, "faults": [], "cautions": []}


def test_all_that_is_wrong_is_printed_a_line_each_and_ends_with_two(tmp_path: Path) -> None:
    initialise(tmp_path)
    path = tmp_path / "rules" / "absence-alone.yaml"
    edit(path, "[unexcused]", "[late]")
    edit(path, "team: outreach", "team: Outreach")
    shown = run("check", home=tmp_path)
    assert shown.exit_code == 2
    first, second, last = shown.output.splitlines()
    assert first.startswith(f"{path}:11:7: team: must be a name of small letters")
    assert second == f"{path}:18:9: when.0.of: unknown code late; school_absence knows excused, unexcused"
    assert last == "2 to mend: these rules would be refused."
    told = json.loads(run("check", "--json", home=tmp_path).output)
    assert [(one["line"], one["column"], one["field"]) for one in told["faults"]] == [(11, 7, "team"), (18, 9, "when.0.of")]
    assert told["rules"] is None


def test_a_folder_alone_is_checked_by_itself_and_with_a_home_against_it(tmp_path: Path) -> None:
    initialise(tmp_path / "home")
    edit(tmp_path / "home" / "rules" / "absence-alone.yaml", "team: outreach", "team: nobody")
    folder = str(tmp_path / "home" / "rules")
    alone = CliRunner(env={"HUB_HOME": None, "COLUMNS": "200"}).invoke(app, ["rules", "check", folder])
    assert (alone.exit_code, "by themselves; --home checks them" in alone.output) == (0, True)
    shown = run("check", folder, home=tmp_path / "home")
    assert (shown.exit_code, "teams.yaml has no team nobody" in shown.output) == (2, True)


def test_what_should_be_known_is_told_and_ends_with_nothing_wrong(tmp_path: Path) -> None:
    initialise(tmp_path)
    with (tmp_path / "rules" / "absence-alone.yaml").open("a", encoding="utf-8") as file:
        file.write("sunset: 2020-01-01\n")
    shown = run("check", home=tmp_path)
    assert shown.exit_code == 0
    assert "sunset: the rule has lapsed: it held last on 2020-01-01 (to know, no fault)" in shown.output


def test_a_retention_that_the_rules_outlive_is_refused_too(tmp_path: Path) -> None:
    initialise(tmp_path)
    edit(tmp_path / "rules" / "absence-alone.yaml", "within_days: 28", "within_days: 300")
    with pytest.raises(ConfigError, match="it must be at least 307"):
        raise run("check", home=tmp_path).exception or AssertionError


@pytest.mark.parametrize("of", ["rule", "ruleset"])
def test_the_schema_that_is_printed_is_the_one_beside_the_rules(home: Path, of: str) -> None:
    assert run("schema", of, home=home).output == (home / "rules" / f"{of}.schema.json").read_text(encoding="utf-8")


def test_a_schema_of_something_else_is_refused(home: Path) -> None:
    assert run("schema", "teams", home=home).exit_code == 2


def test_a_rule_is_shown_in_both_languages_with_the_names_of_this_town(home: Path) -> None:
    told = json.loads(run("show", "absence-and-notice", "--json", home=home).output)
    assert told["sv"][0].startswith("Föreslår Förebyggarteamet: stöd individuellt eller i grupp. Svar väntas inom 2 dagar")
    assert told["en"][1] == "At least 3 hours of unexcused absence in 28 days."
    assert (told["owner"], told["state"]) == ("SSPF-samordningen", "not_in_force")
    shown = run("show", "absence-alone", home=home).output
    for words in (
        "not in force. Förebyggarteamet stands for it.",
        "Minst 8 timmar ogiltig frånvaro på 28 dagar.",
        "Why: Ogiltig",
    ):
        assert words in shown
    assert "Gäller områden" in run("show", "place-presence", home=home).output


def test_a_rule_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no rule absence in .*; there are absence-alone, absence-and-notice"):
        raise run("show", "absence", home=home).exception or AssertionError
