"""`hub rules activate|rollback|renew|history`: shown before it is done, kept with who and why, and taken back."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from hub.bootstrap import build_clock, build_registry
from hub.cli import app
from hub.errors import ConfigError, RejectedError
from hub.registry.tables import OutboxRow
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    return tmp_path / "home"


def run(*words: str, home: Path, answer: str = "") -> Result:
    return CliRunner(env={"HUB_HOME": str(home), "COLUMNS": "200"}).invoke(app, ["rules", *words], input=answer)


def edited(home: Path, version: str, **minutes: int) -> Path:
    """A copy of the installation's rules with another version and threshold."""
    folder = home.parent / version
    shutil.copytree(home / "rules", folder)
    head, rule = folder / "ruleset.yaml", folder / "absence-alone.yaml"
    head.write_text(re.sub(r"version: .*", f'version: "{version}"', head.read_text("utf-8")), encoding="utf-8")
    for old, new in minutes.items():
        rule.write_text(rule.read_text("utf-8").replace(f"at_least: {old[1:]}", f"at_least: {new}"), encoding="utf-8")
    return folder


def queued(home: Path) -> list[str]:
    """The versions of the markers in the registry's outbox."""
    settings = load_settings(home)
    opened = build_registry(settings, build_clock(settings))
    try:
        with opened.registry.view() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "hub.rules.v1").order_by(OutboxRow.outbox_id))
            return [(row.key or b"").decode() for row in rows]
    finally:
        opened.close()


def test_what_would_change_is_shown_and_nothing_is_done_without_a_yes(home: Path) -> None:
    assert run("activate", "--yes", home=home).exit_code == 0
    folder = edited(home, "2026.1", _480=400)
    asked = run("activate", str(folder), home=home, answer="n\n")
    assert asked.exit_code == 1
    assert "In force: 2025.1. To be put in force: 2026.1." in asked.output
    assert "absence-alone: when.unexcused_absence.at_least: 480 → 400" in asked.output
    assert [row["version"] for row in json.loads(run("history", "--json", home=home).output)] == ["2025.1"]
    assert set(queued(home)) == {"2025.1"}


def test_an_activation_and_its_rollback_are_kept_with_who_and_why(home: Path) -> None:
    assert run("activate", "--yes", home=home).exit_code == 0
    folder = edited(home, "2026.1", _480=400)
    done = run("activate", str(folder), "--note", "decided in May", home=home, answer="y\n")
    assert done.exit_code == 0, done.output
    assert "Version 2026.1 is in force" in done.output
    back = run("rollback", "--yes", "--json", home=home)
    assert json.loads(back.stdout)["version"] == "2025.1"
    told = json.loads(run("history", "--json", home=home).output)
    assert [(row["number"], row["version"], row["note"]) for row in told] == [
        (3, "2025.1", ""),
        (2, "2026.1", "decided in May"),
        (1, "2025.1", ""),
    ]
    assert all(row["by"].startswith("os:") for row in told)
    assert "decided in May" in run("history", home=home).output
    partitions = load_settings(home).kafka.partitions
    assert queued(home) == ["2025.1"] * partitions + ["2026.1"] * partitions + ["2025.1"] * partitions


def test_before_the_first_start_nothing_is_in_force_and_both_lists_say_so(home: Path) -> None:
    assert "No rules were put in force yet" in run("history", home=home).output
    assert "Not in force yet" in run("list", home=home).output
    assert json.loads(run("list", "--json", home=home).output)["in_force"] is None


def test_the_list_says_whether_the_folder_is_what_is_in_force(home: Path) -> None:
    run("activate", "--yes", home=home)
    assert "In force: version 2025.1, the same rules." in run("list", home=home).output
    rule = home / "rules" / "absence-alone.yaml"
    rule.write_text(rule.read_text("utf-8").replace("at_least: 480", "at_least: 400"), encoding="utf-8")
    assert "In force are others, of version 2025.1: hub rules activate" in run("list", home=home).output


def test_other_rules_under_a_version_that_was_used_are_refused(home: Path) -> None:
    run("activate", "--yes", home=home)
    refused = run("activate", str(edited(home, "2025.1", _480=400)), "--yes", home=home)
    assert isinstance(refused.exception, RejectedError)
    assert refused.exception.code == "version_taken"


def test_rules_that_the_check_refuses_are_not_activated(home: Path) -> None:
    folder = edited(home, "2026.1")
    rule = folder / "absence-alone.yaml"
    rule.write_text(rule.read_text("utf-8").replace("team: outreach", "team: nobody"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"teams\.yaml has no team nobody"):
        raise run("activate", str(folder), "--yes", home=home).exception or AssertionError
    rule.write_text(
        rule.read_text("utf-8").replace("team: nobody", "team: outreach").replace("within_days: 28", "within_days: 200")
    )
    with pytest.raises(ConfigError, match=r"kafka\.retention_days is 120"):
        raise run("activate", str(folder), "--yes", home=home).exception or AssertionError
    assert queued(home) == []


def test_shorter_windows_say_what_a_rollback_does_not_bring_back(home: Path) -> None:
    run("activate", "--yes", home=home)
    folder = edited(home, "2026.1")
    (folder / "repeated-notices.yaml").unlink()
    told = run("activate", str(folder), home=home, answer="y\n").output
    assert "  - repeated-notices" in told
    assert "They look back 28 days instead of 56" in told
    assert "They look back 56 days, and 28 are held: it takes 28 days" in run("rollback", home=home, answer="n\n").output


def test_a_date_that_has_passed_renews_nothing(home: Path) -> None:
    run("activate", "--yes", home=home)
    refused = run("renew", "absence-alone", "--until", "2020-01-01", "--yes", home=home)
    assert isinstance(refused.exception, RejectedError)
    assert refused.exception.code == "sunset_passed"
    assert len(json.loads(run("history", "--json", home=home).output)) == 1


def test_a_rule_past_its_sunset_is_not_put_in_force_anew(home: Path) -> None:
    folder = edited(home, "2026.1")
    with (folder / "absence-alone.yaml").open("a", encoding="utf-8") as file:
        file.write("sunset: 2020-01-01\n")
    refused = run("activate", str(folder), "--yes", home=home)
    assert isinstance(refused.exception, ConfigError)
    place = rf"{folder}/absence-alone.yaml:\d+:9"
    assert re.match(rf"past their sunset: {place} \(2020-01-01\)\. Give them a later one", str(refused.exception))
    assert queued(home) == []


@pytest.mark.parametrize("until", ["2099-06-29", "2099-06-30"])
def test_a_date_that_is_no_later_renews_nothing_and_says_how_to_shorten(home: Path, until: str) -> None:
    run("activate", "--yes", home=home)
    run("renew", "absence-alone", "--until", "2099-06-30", "--yes", home=home)
    refused = run("renew", "absence-alone", "--until", until, "--yes", home=home)
    assert isinstance(refused.exception, RejectedError)
    assert str(refused.exception) == (
        f"--until: {until} is no later: absence-alone holds through 2099-06-30 already. To let it hold shorter, change the rule's "
        "file and activate the folder"
    )
    assert len(json.loads(run("history", "--json", home=home).output)) == 2


def test_a_rule_without_a_last_date_is_given_one_only_after_that_is_said(home: Path) -> None:
    run("activate", "--yes", home=home)
    asked = run("renew", "absence-alone", "--until", "2099-06-30", home=home, answer="n\n")
    warned = "absence-alone has no last date now; a renewal gives it one."
    assert asked.exit_code == 1
    assert warned in asked.stderr
    assert asked.stderr.index(warned) < asked.stderr.index("Put version 2025.1-r1 in force now?")
    run("renew", "absence-alone", "--until", "2099-06-30", "--yes", home=home)
    assert "no last date" not in run("renew", "absence-alone", "--until", "2099-07-30", "--yes", home=home).stderr


def test_a_renewal_gives_one_rule_a_later_last_date_as_a_version_of_its_own(home: Path) -> None:
    run("activate", "--yes", home=home)
    done = run("renew", "absence-alone", "--until", "2099-06-30", "--yes", "--json", home=home)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["version"] == "2025.1-r1"
    assert "absence-alone: sunset: - → 2099-06-30" in done.stderr
    assert "In force are others, of version 2025.1-r1" in run("list", home=home).output


@pytest.fixture
def without_its_team(home: Path) -> Path:
    """An installation that had two versions in force, and has let go of the team that the rule absence-alone proposes to."""
    for words in (["--yes"], [str(edited(home, "2026.1", _480=400)), "--yes"]):
        assert run("activate", *words, home=home).exit_code == 0
    teams = home / "teams.yaml"
    kept = teams.read_text("utf-8")
    team = yaml.safe_load((home / "rules" / "absence-alone.yaml").read_text("utf-8"))["team"]
    teams.write_text(re.sub(rf"^(\s*){team}:", r"\1another-name:", kept, flags=re.MULTILINE), encoding="utf-8")
    return home


@pytest.mark.parametrize("words", [["rollback"], ["renew", "absence-alone", "--until", "2027-06-30"]], ids=" ".join)
def test_what_names_a_team_that_is_no_more_is_neither_brought_back_nor_renewed(without_its_team: Path, words: list[str]) -> None:
    stopped = run(*words, "--yes", home=without_its_team)
    assert isinstance(stopped.exception, ConfigError)
    assert "does not fit this installation any more: absence-alone: team: proposes" in str(stopped.exception)
    assert "Mend the installation's file, or put a folder in force (hub rules activate)" in str(stopped.exception)
    assert [row["version"] for row in json.loads(run("history", "--json", home=without_its_team).output)] == ["2026.1", "2025.1"]
