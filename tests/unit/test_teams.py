"""teams.yaml: for whom a team is there, and whom its clock calls; what cannot be is refused with line and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.installation import Team, load_teams
from hub.resources import defaults_folder
from hub.teams import HEAD_NEXT_DAY, AgeSpan
from hub.yaml_file import load_yaml

TEAM = "title: T, cooperation: sspf, functions: [information], respond_within_days: 5"


def load(home: Path, text: str) -> dict[str, Team]:
    (home / "teams.yaml").write_text(text, encoding="utf-8")
    (home / "areas.yaml").write_bytes((defaults_folder() / "areas.yaml").read_bytes())
    return load_teams(home)


def with_examples() -> str:
    """The shipped file with its examples taken in."""
    shipped = (defaults_folder() / "teams.yaml").read_text(encoding="utf-8")
    head, examples = shipped.split("# Further units", 1)
    return head + "".join(line[1:] + "\n" for line in examples.splitlines() if re.match(r"#  ", line))


def test_a_team_that_says_nothing_is_there_for_all_and_calls_its_head_a_day_late(tmp_path: Path) -> None:
    team = load(tmp_path, f"teams: {{a: {{{TEAM}}}}}")["a"]
    assert (team.areas, team.ages, team.fallback, team.deputy) == ((), None, False, None)
    assert (team.remind_before_days, team.escalation) == (1, HEAD_NEXT_DAY)


def test_the_shipped_examples_are_teams_as_they_stand(tmp_path: Path) -> None:
    teams = load(tmp_path, with_examples())
    assert set(teams) == {"outreach", "sig", "sspf", "contact_persons", "school_social", "family_centre", "field"}
    assert teams["field"].deputy == "outreach"
    assert [(step.to, step.after_days) for step in teams["field"].escalation] == [("head", 1), ("sspf", 2)]
    assert teams["school_social"].ages == AgeSpan(**{"from": 6, "to": 15})


def test_the_contact_persons_unit_is_asked_to_assess_and_nothing_else(tmp_path: Path) -> None:
    assert load(tmp_path, with_examples())["contact_persons"].functions == ("contact_person_assessment",)


def test_accounts_may_stand_in_for_their_team(tmp_path: Path) -> None:
    assert load(tmp_path, f"teams: {{a: {{{TEAM}, deputy: [account-1, account-2]}}}}")["a"].deputy == ("account-1", "account-2")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("areas: [0581-nowhere]", "teams.a.areas.0: areas.yaml has no such area"),
        ("areas: [0581-hageby, 0581-hageby]", "teams.a.areas.1: this area stands twice"),
        ("ages: {from: 16, to: 10}", "teams.a.ages: from 16 to 10 is no age at all"),
        ("fallback: true\n    areas: [0581-hageby]", "teams.a.fallback: a fallback gets what fits no team"),
        ("deputy: nobody", "teams.a.deputy: teams.yaml has no team of that code; it has: b, a"),
        ("deputy: a", "teams.a.deputy: a team cannot stand in for itself"),
        ("deputy: head", "teams.a.deputy: the head is called by the escalation"),
        ("deputy: []", "teams.a.deputy: names nobody"),
        ("deputy: [Anna Ek]", "teams.a.deputy: must be a team's code, or a list of accounts"),
        (
            "escalation: [{to: head, after_days: 2}, {to: b, after_days: 1}]",
            "teams.a.escalation.1.after_days: comes before the step",
        ),
        ("escalation: [{to: c, after_days: 2}]", "teams.a.escalation.0.to: teams.yaml has no team of that code"),
        ("remind_before_days: -1", "teams.a.remind_before_days"),
    ],
)
def test_what_cannot_be_is_refused_with_line_and_field_and_without_the_value(tmp_path: Path, wrong: str, told: str) -> None:
    block = "title: T\n    cooperation: sspf\n    functions: [information]\n    respond_within_days: 5"
    text = f"teams:\n  b:\n    {block}\n  a:\n    {block}\n    {wrong}\n"
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    line = len(text.splitlines()) if "\n" not in wrong else len(text.splitlines()) - 1
    assert f"teams.yaml:{line}:" in str(refused.value)
    assert told in str(refused.value)
    assert "Anna" not in str(refused.value)


def test_a_number_where_an_account_belongs_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a list of accounts by their ids") as refused:
        load(tmp_path, f"teams: {{a: {{{TEAM}, deputy: ['20130304-9805']}}}}")
    assert "9805" not in str(refused.value)


def test_there_is_one_fallback_at_most_and_no_team_is_called_head(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"teams\.b\.fallback: a is the fallback already"):
        load(tmp_path, f"teams: {{a: {{{TEAM}, fallback: true}}, b: {{{TEAM}, fallback: true}}}}")
    with pytest.raises(ConfigError, match=r"teams\.head: no team may be called head"):
        load(tmp_path, f"teams: {{head: {{{TEAM}}}}}")


def test_whether_support_can_end_is_asked_of_a_team_that_keeps_the_cases() -> None:
    teams = load_teams(defaults_folder())
    example = load_yaml((defaults_folder() / "rules" / "examples" / "attendance-recovered.yaml").read_text(encoding="utf-8"))
    asked = {code for code, team in teams.items() if example["function"] in team.functions}
    assert example["team"] in asked
    assert all(teams[code].cases for code in asked)
