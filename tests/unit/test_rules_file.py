"""Reading rules from a folder."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.core.rule_set import LARGEST_SET, rules_content
from hub.core.rules import RuleSet
from hub.errors import ConfigError
from hub.installation import consent_variants, initialise, load_teams
from hub.resources import defaults_folder
from hub.rules_file import REPLAY_DAYS, Surroundings, check_rules, load_active_rules, load_fresh_rules, load_rules
from tests.support import make_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(defaults_folder() / "rules", tmp_path / "rules"))


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_rules(folder)
    return str(caught.value)


def test_the_shipped_folder_is_read(folder: Path) -> None:
    rules = load_rules(folder)
    assert rules.version == "2025.1"
    assert [rule.id for rule in rules.rules] == [
        "absence-alone", "absence-and-notice", "place-presence", "repeated-notices", "repeated-observations",
    ]  # fmt: skip


def test_a_changed_threshold_is_read(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("480", "600"), encoding="utf-8")
    assert load_rules(folder) != load_rules(defaults_folder() / "rules")


def test_a_wrong_field_is_named_with_rule_and_path(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("of: [unexcused]", "of: [late]"), encoding="utf-8")
    assert re.fullmatch(rf"{path}:\d+:9: when.0.of: unknown code late; school_absence knows excused, unexcused", refusal(folder))


def test_a_missing_set_file_is_named(folder: Path) -> None:
    (folder / "ruleset.yaml").unlink()
    assert "ruleset.yaml is missing" in refusal(folder)


def test_an_empty_or_broken_file_is_named(folder: Path) -> None:
    (folder / "absence-alone.yaml").write_text("", encoding="utf-8")
    assert "absence-alone.yaml:1:1: is no mapping of names to values" in refusal(folder)
    (folder / "absence-alone.yaml").write_text("a:\n - [", encoding="utf-8")
    assert "absence-alone.yaml:3:1: a value is missing before this, or a bracket is not closed" in refusal(folder)
    (folder / "absence-alone.yaml").write_bytes(b"\xff\xfe\x00")
    assert "absence-alone.yaml:1:1: is not saved as UTF-8" in refusal(folder)


def test_a_threshold_that_stands_twice_is_named_with_its_line_instead_of_the_second_winning(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if "at_least: 480" in one)
    indented = " " * (line.index("at_least")) + "at_least: 600"
    path.write_text(text.replace(line, f"{line}\n{indented}"), encoding="utf-8")
    first = text.splitlines().index(line) + 1
    assert refusal(folder) == f"{path}:{first + 1}:5: when.0.at_least: stands twice, first on line {first}: keep one of them"


def test_a_day_that_no_calendar_has_is_told_at_its_place(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}sunset: 2026-02-30\n", encoding="utf-8")
    assert refusal(folder).endswith(":9: sunset: 2026-02-30 is no day or number that exists")


def test_yaml_cannot_make_objects(folder: Path) -> None:
    (folder / "absence-alone.yaml").write_text("!!python/object/apply:os.getcwd []", encoding="utf-8")
    assert "absence-alone.yaml:1:1: ! begins a tag: take it out" in refusal(folder)


def test_a_file_is_named_after_its_rule(folder: Path) -> None:
    (folder / "absence-alone.yaml").rename(folder / "other.yaml")
    assert "name the file absence-alone.yaml" in refusal(folder)


def test_a_folder_without_rules_about_persons_is_refused(folder: Path) -> None:
    for path in folder.glob("*.yaml"):
        if path.stem not in {"ruleset", "place-presence"}:
            path.unlink()
    assert "no rule about a person" in refusal(folder)


def test_a_rule_whose_function_no_team_takes_is_refused_with_those_that_are_taken(folder: Path) -> None:
    teams = Surroundings(teams=load_teams(defaults_folder()))
    assert load_rules(folder, teams) == load_rules(folder)
    path = folder / "absence-alone.yaml"
    path.write_text(path.read_text("utf-8").replace("school_attendance", "contact_person_assessment"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules(folder, teams)
    assert re.sub(r":\d+:11:", ":", str(caught.value)) == (
        f"{path}: function: no team in teams.yaml takes the function contact_person_assessment; taken are: closing_review, event_presence, "
        "individual_support, information, leisure_guidance, outreach_contact, parental_support, school_attendance, "
        "seek_sig_consent, sig_assessment"
    )


@pytest.mark.parametrize(
    ("file", "named", "other", "complaint"),
    [
        ("absence-alone", "team: outreach", "team: outreech", "teams.yaml has no team outreech; it is taken by: outreach"),
        ("absence-alone", "team: outreach", "team: sspf", "that function is not taken by sspf; it is taken by: outreach"),
        ("repeated-notices", "team: sspf", "team: nobody", "teams.yaml has no team nobody; it is taken by: sspf"),
    ],
)
def test_a_rule_that_proposes_to_a_team_that_is_not_there_or_does_not_take_it_is_refused(
    folder: Path, file: str, named: str, other: str, complaint: str
) -> None:
    path = folder / f"{file}.yaml"
    path.write_text(path.read_text("utf-8").replace(named, other), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules(folder, Surroundings(teams=load_teams(defaults_folder())))
    assert re.match(rf"{path}:\d+:\d+: (without_sig_consent\.)?team: proposes ", str(caught.value))
    assert str(caught.value).endswith(complaint)


def of_installation(home: Path, retention_days: float, *, drill: bool = False, **sections: Any) -> RuleSet:
    settings = make_settings(home, kafka={"retention_days": retention_days, "short_retention": drill}, **sections)
    initialise(home)
    return load_active_rules(settings)


def test_events_stay_on_kafka_for_the_longest_window_and_a_week_to_replay(tmp_path: Path) -> None:
    assert of_installation(tmp_path, 56 + REPLAY_DAYS) == load_rules(defaults_folder() / "rules")


def test_a_retention_shorter_than_what_the_rules_look_back_is_refused_with_both_figures(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        of_installation(tmp_path, 62.5)
    assert caught.value.code == "retention_too_short"
    told = str(caught.value)
    assert "kafka.retention_days is 62.5, but the rule repeated-notices looks back 56 days: it must be at least 63" in told


def test_a_drill_may_keep_events_for_less_and_production_may_not(tmp_path: Path) -> None:
    assert of_installation(tmp_path / "drill", 0.01, drill=True)
    production = {
        "environment": "production",
        "legal": {"retention_decision": "SN 2025/1", "dpo_decision": "DSO 2025/1"},
        "login": {"local_in_production": True},
        "web": {"url": "https://hub.example"},
    }
    with pytest.raises(ConfigError, match="it must be at least 63"):
        of_installation(tmp_path / "production", 0.01, drill=True, **production)


def test_the_window_of_a_place_rule_counts_too(tmp_path: Path) -> None:
    initialise(tmp_path)
    path = tmp_path / "rules" / "place-presence.yaml"
    path.write_text(re.sub(r"within_days: \d+", "within_days: 90", path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ConfigError, match="the rule place-presence looks back 90 days: it must be at least 97"):
        of_installation(tmp_path, 96)


def test_a_rule_past_its_sunset_stops_nothing_and_is_said_to_have_lapsed(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}sunset: 2026-06-30\n", encoding="utf-8")
    assert load_rules(folder).rules[0].id == "absence-alone"
    assert check_rules(folder, today=date(2026, 6, 30)).cautions == ()
    (told,) = check_rules(folder, today=date(2026, 7, 1)).cautions
    assert (told.field, told.text) == ("sunset", "the rule has lapsed: it held last on 2026-06-30")


def test_a_rate_for_which_one_lesson_is_enough_is_told_at_its_place_and_not_refused(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    text = path.read_text(encoding="utf-8").replace("measure: minutes", "measure: rate").replace("at_least: 480", "at_least: 50")
    path.write_text(text, encoding="utf-8")
    assert load_rules(folder).rules[0].id == "absence-alone"
    (told,) = check_rules(folder, today=date(2026, 6, 30)).cautions
    assert (told.path.name, told.field) == ("absence-alone.yaml", "when.0.measure")
    assert text.splitlines()[told.line - 1].strip() == "measure: rate"


def test_what_cannot_hold_in_this_town_is_refused_and_elsewhere_is_not(tmp_path: Path) -> None:
    initialise(tmp_path)
    path = tmp_path / "rules" / "absence-alone.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}at_least_agencies: 2\nages: {{from: 19}}\n", encoding="utf-8")
    load_rules(tmp_path / "rules")
    around = Surroundings.of(make_settings(tmp_path))
    first, second = check_rules(tmp_path / "rules", around).faults
    assert (first.field, second.field) == ("at_least_agencies", "ages")
    assert first.text.startswith("agencies.yaml has 1 that carry school_absence (school-norrkoping)")
    assert second.text.startswith("consents are given for the ages 10 to 18 (consent.yaml)")


def test_a_calendar_that_nobody_would_mean_is_refused_at_its_place(folder: Path) -> None:
    with (folder / "ruleset.yaml").open("a", encoding="utf-8") as file:
        file.write("school:\n  terms: [{first: 2026-01-08, last: 2026-06-12}]\n  free_days: [2026-04-03, 2026-07-01]\n")
    (fault,) = check_rules(folder).faults
    assert (fault.path.name, fault.column, fault.field) == ("ruleset.yaml", 27, "school.free_days.1")


def test_a_rule_that_proposes_nothing_new_is_refused_with_the_one_that_does(folder: Path) -> None:
    text = (folder / "absence-alone.yaml").read_text(encoding="utf-8").replace("id: absence-alone", "id: absence-more")
    (folder / "absence-more.yaml").write_text(text.replace("480", "960"), encoding="utf-8")
    (fault,) = check_rules(folder).faults
    assert (fault.path.name, fault.line, fault.column) == ("absence-more.yaml", 3, 5)
    assert fault.text.startswith("whenever absence-more holds, so does absence-alone")
    (folder / "absence-more.yaml").write_text(text.replace("priority: normal", "priority: high"), encoding="utf-8")
    (fault,) = check_rules(folder).faults
    assert fault.text.startswith("whenever absence-alone holds, so does absence-more")
    (folder / "absence-more.yaml").write_text(text, encoding="utf-8")
    (fault,) = check_rules(folder).faults
    assert fault.text.startswith("whenever absence-more holds, so does absence-alone")


def test_every_shipped_variant_has_rules_that_can_hold_there(tmp_path: Path) -> None:
    for variant in consent_variants():
        initialise(tmp_path / variant, variant)
        around = Surroundings.of(make_settings(tmp_path / variant))
        checked = check_rules(tmp_path / variant / "rules", around, date(2026, 1, 1))
        assert (checked.faults, checked.cautions) == ((), ())


def test_what_is_compared_with_earlier_or_lingers_is_looked_back_to(tmp_path: Path) -> None:
    initialise(tmp_path)
    path = tmp_path / "rules" / "absence-alone.yaml"
    more = "    against_earlier: {days: 100, percent: 200}\nlingers_days: 10\n"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    with pytest.raises(ConfigError, match="the rule absence-alone looks back 138 days: it must be at least 145"):
        of_installation(tmp_path, 144)


def lengthened(folder: Path, **letters: int) -> None:
    for name, number in letters.items():
        path = folder / f"{name.replace('_', '-')}.yaml"
        written = path.read_text(encoding="utf-8")
        assert "rationale: >-\n" in written
        path.write_text(written.replace("rationale: >-\n", f"rationale: >-\n  {'x' * number}\n"), encoding="utf-8")


def test_a_set_that_is_too_large_to_be_announced_is_refused_with_its_largest_files(folder: Path) -> None:
    size = len(rules_content(load_rules(folder)))
    lengthened(folder, absence_alone=60_000, repeated_notices=LARGEST_SET - size - 60_002)
    assert len(rules_content(load_rules(folder))) == LARGEST_SET
    lengthened(folder, place_presence=10_000)
    told = refusal(folder)
    assert told.startswith(f"{folder}/ruleset.yaml:")
    assert re.search(
        r": the rules take 110\d{3} bytes together, and a set may take 100000: shorten them, or take out what is not needed; "
        r"the largest are absence-alone.yaml \(60\d{3}\), repeated-notices.yaml \(3\d{4}\), place-presence.yaml \(10\d{3}\)$",
        told,
    )


def test_rules_past_their_sunset_are_not_put_in_force_anew_and_are_named_with_file_and_line(folder: Path) -> None:
    today = date(2026, 7, 1)
    for name, sunset in (
        ("absence-alone", "2026-06-30"),
        ("absence-and-notice", "2026-07-01"),
        ("repeated-notices", "2020-01-01"),
    ):
        with (folder / f"{name}.yaml").open("a", encoding="utf-8") as file:
            file.write(f"sunset: {sunset}\n")
    with pytest.raises(ConfigError) as caught:
        load_fresh_rules(folder, Surroundings(), today)
    first, second = ((folder / f"{one}.yaml").read_text("utf-8").count("\n") for one in ("absence-alone", "repeated-notices"))
    assert caught.value.code == "lapsed_rule"
    assert str(caught.value) == (
        f"past their sunset: {folder}/absence-alone.yaml:{first}:9 (2026-06-30), {folder}/repeated-notices.yaml:{second}:9 "
        "(2020-01-01). Give them a later one, or take them out of the folder"
    )
    assert load_fresh_rules(folder, Surroundings(), date(2020, 1, 1)) == load_rules(folder)
