"""What is wrong in a rule file is told where it stands, all of it at once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.resources import defaults_folder
from hub.rules_folder import RulesRefusedError, read_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(defaults_folder() / "rules", tmp_path / "rules"))


def change(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    path = folder / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def at(folder: Path, name: str, words: str) -> str:
    """Where these words begin in a file, counted in the plainest way."""
    path = folder / f"{name}.yaml"
    line, text = next((n, each) for n, each in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if words in each)
    return f"{path.name}:{line}:{text.index(words) + 1}"


def faults(folder: Path) -> list[str]:
    found = RulesRefusedError(read_folder(folder).faults).faults
    return [str(one).removeprefix(f"{folder}/") for one in found]


def test_a_sound_folder_has_no_faults_and_its_files_go_with_its_rules(folder: Path) -> None:
    read = read_folder(folder)
    assert read.rule_set is not None
    assert [one.path.stem for one in read.files] == [rule.id for rule in read.rule_set.rules]
    assert read.faults == []


def test_everything_that_is_wrong_is_told_at_once_by_file_and_line(folder: Path) -> None:
    change(folder, "absence-alone", ("[unexcused]", "[unexcussed]"), ("priority: normal", "priority: urgent"))
    change(folder, "repeated-notices", ("at_least: 3", 'at_least: "3"'), ("team: sig", "teem: sig"))
    change(folder, "place-presence", ("within_days: 7", "within_days: 0"))
    change(folder, "ruleset", ('"2025.1"', "2025.1"))
    assert faults(folder) == [
        f"{at(folder, 'absence-alone', 'urgent')}: priority: must be one of normal or high",
        f"{at(folder, 'absence-alone', '[unexcussed')}: when.0.of: unknown code unexcussed; school_absence knows excused, unexcused",
        f"{at(folder, 'place-presence', '0')}: within_days: must be at least 1",
        "repeated-notices.yaml:2:1: team: is missing",
        f"{at(folder, 'repeated-notices', 'teem')}: teem: has no meaning here: did you mean team?",
        f"{at(folder, 'repeated-notices', chr(34))}: when.0.at_least: must be a whole number, without quotes",
        f"{at(folder, 'ruleset', '2025.1')}: version: must be text; what YAML takes for a number or for true or false needs quotes",
    ]


def test_a_slip_of_yaml_is_told_once_and_not_again_as_a_wrong_value(folder: Path) -> None:
    change(folder, "absence-alone", ("within_days: 28", "within_days: 28\n    between: [22:00, 06:00]"))
    assert faults(folder) == [
        f"{at(folder, 'absence-alone', '22:00')}: when.0.between.0: 22:00 is read as the number 1320: write it in quotes, or the number plainly"
    ]


def test_a_wrong_rule_does_not_hide_the_sound_ones(folder: Path) -> None:
    change(folder, "absence-alone", ("about: person", "about: score"))
    read = read_folder(folder)
    assert read.rule_set is not None
    assert "absence-alone" not in {rule.id for rule in read.rule_set.rules}
    assert [one.path.stem for one in read.files] == [rule.id for rule in read.rule_set.rules]
    assert faults(folder) == [f"{at(folder, 'absence-alone', 'score')}: about: must be person or place"]


def test_a_file_that_is_no_yaml_hides_nothing_of_the_others(folder: Path) -> None:
    (folder / "absence-alone.yaml").write_text("a: [", encoding="utf-8")
    (folder / "absence-and-notice.yaml").write_text("- a list", encoding="utf-8")
    change(folder, "repeated-notices", ("priority: high", "priority: extreme"))
    first, second, third = faults(folder)
    assert first.startswith("absence-alone.yaml:2:1: a value is missing before this")
    assert second == "absence-and-notice.yaml:1:1: is no mapping of names to values"
    assert third.startswith(f"{at(folder, 'repeated-notices', 'extreme')}: priority: ")


def test_no_file_of_yaml_makes_the_reader_fall(folder: Path) -> None:
    path = folder / "absence-alone.yaml"
    for text in ("[" * 5000, "a: .inf", "&a [*a]", "? {a: b}\n: c", "\x00", 'a: "\\ud800"', "--- a\n--- b"):
        path.write_text(text, encoding="utf-8")
        assert faults(folder)[0].startswith("absence-alone.yaml:")


def test_a_copied_file_with_its_old_id_is_told_at_the_id(folder: Path) -> None:
    shutil.copy(folder / "absence-alone.yaml", folder / "absence-copy.yaml")
    assert faults(folder) == [
        f"{at(folder, 'absence-copy', 'absence-alone')}: id: the file absence-copy.yaml holds the rule absence-alone: name the file absence-alone.yaml"
    ]


def test_a_name_that_is_none_does_not_break_the_refusal_over_lines(folder: Path) -> None:
    change(folder, "absence-alone", ("id: absence-alone", 'id: "absence-alone\\n"'), ("[unexcused]", '["un\\nex\\u202ecused"]'))
    assert faults(folder) == [
        f"{at(folder, 'absence-alone', chr(34) + 'absence')}: id: must be a name of small letters, digits, _ and -, that begins with a letter",
        f"{at(folder, 'absence-alone', '[' + chr(34))}: when.0.of: unknown code un\\nex\\u202ecused; school_absence knows excused, unexcused",
    ]


def test_a_text_that_does_not_belong_in_a_rule_is_told_at_its_field(folder: Path) -> None:
    change(folder, "absence-alone", ("title_en: Repeated", 'title_en: "Repeated 20140304-9800" # '))
    change(folder, "ruleset", ("owner: ", 'owner: "a\\u202eb" # '))
    assert faults(folder) == [
        f"{at(folder, 'absence-alone', chr(34) + 'Repeated')}: title_en: holds what looks like a personal number: a rule says nothing about a person; take it out",
        f"{at(folder, 'ruleset', chr(34) + 'a')}: owner: holds a character that is not seen (U+202E): take it out",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[unexcused]", "[201403049800]"),
        ("[unexcused]", '["20140304-9800"]'),
        ("id: absence-alone", "id: 20140304-9800"),
        ("team: outreach", "team: outreach\n20140304-9800: x"),
        ("function: school_attendance", "function: y201403049800"),
        ("within_days: 28", "within_days: 201403049800.5"),
    ],
)
def test_a_personal_number_is_repeated_in_no_refusal(folder: Path, old: str, new: str) -> None:
    change(folder, "absence-alone", (old, new))
    told = faults(folder)
    assert told[0].startswith("absence-alone.yaml:")
    assert "9800" not in " ".join(told)
    assert "9800" not in " ".join(f"{one.field} {one.text}" for one in read_folder(folder).faults)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("!!timestamp x", ""),
        ("!!int 480", ""),
        ("1_" * 349 + "1", "when.0.at_least: "),
        ("0x" + "f" * 5000, "when.0.at_least: "),
        ("0b" + "1" * 70_000, "when.0.at_least: "),
        ("1" * 400 + ".5", "when.0.at_least: "),
    ],
    ids=["tag", "true-tag", "underscores", "hexadecimal", "binary", "fraction"],
)
def test_a_value_that_cannot_be_built_or_written_is_refused_at_its_place(folder: Path, value: str, field: str) -> None:
    change(folder, "absence-alone", ("at_least: 480", f"at_least: {value}"))
    (found,) = faults(folder)
    assert found.startswith(f"{at(folder, 'absence-alone', value)}: {field}")


def test_a_set_file_with_another_ending_is_named_where_the_right_one_is_missing(folder: Path) -> None:
    (folder / "ruleset.yaml").rename(folder / "ruleset.yml")
    with pytest.raises(ConfigError, match=r"ruleset.yaml is missing: ruleset.yml is not read; name it ruleset.yaml$"):
        read_folder(folder)


def test_a_file_that_looks_like_a_rule_and_is_not_read_is_told(folder: Path) -> None:
    for name in ("absence-more.yml", "absence-other.YAML", "ruleset.Yml"):
        (folder / name).write_text("about: person\n", encoding="utf-8")
    (folder / "old.yml").mkdir()
    (folder / "notes.txt").write_text("", encoding="utf-8")
    assert faults(folder) == [
        "absence-more.yml:1:1: is not read, for its name does not end in .yaml: name it absence-more.yaml, or take it out of the folder",
        "absence-other.YAML:1:1: is not read, for its name does not end in .yaml: name it absence-other.yaml, or take it out of the folder",
        "ruleset.Yml:1:1: is not read, for its name does not end in .yaml: name it ruleset.yaml, or take it out of the folder",
    ]


def test_rules_stand_in_files_of_their_own(folder: Path) -> None:
    change(folder, "ruleset", ('version: "2025.1"', 'version: "2025.1"\nrules: []'))
    assert faults(folder) == [
        f"{at(folder, 'ruleset', 'rules:')}: rules: no rule stands here: each has a file of its own beside this one"
    ]


def test_a_wrong_calendar_is_told_in_its_file(folder: Path) -> None:
    calendar = "school:\n  terms:\n    - {first: 2026-08-17, last: 2026-12-18}\n    - {first: 2026-12-18, last: 2026-06-12}\n"
    with (folder / "ruleset.yaml").open("a", encoding="utf-8") as file:
        file.write(calendar)
    assert faults(folder) == [
        f"{at(folder, 'ruleset', '{first: 2026-12')}: school.terms.1: the term ends (2026-06-12) before it begins (2026-12-18)"
    ]


def test_what_is_missing_altogether_is_said_with_the_way_back(folder: Path) -> None:
    (folder / "ruleset.yaml").unlink()
    with pytest.raises(ConfigError, match=r"ruleset.yaml is missing: restore it"):
        read_folder(folder)
    (folder / "ruleset.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"ruleset.yaml cannot be read \(is a directory\)"):
        read_folder(folder)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["ruleset.yaml", "another.yaml"])
def test_a_pipe_in_a_files_place_is_refused_and_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(ConfigError, match=rf"{name} cannot be read \(no plain file\): it must be a readable file"):
        read_folder(folder)
