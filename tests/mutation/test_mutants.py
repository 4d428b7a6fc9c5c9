"""The mutants themselves: what is changed, what is left, and that a reason is never of a mutant that is no more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .judging import ROOT, stages_for
from .mutants import mutants_of
from .run import Plan, reasons

CORE = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "hub" / "core").glob("*.py"))


def changes(tmp_path: Path, source: str) -> list[str]:
    file = tmp_path / "some.py"
    file.write_text(source, encoding="utf-8")
    return [mutant.key for mutant in mutants_of(file)]


def test_what_decides_is_changed(tmp_path: Path) -> None:
    source = "def old(age):\n    if age > 17 and not age == 99:\n        raise ValueError('no')\n    return age + 1\n"
    assert changes(tmp_path, source) == [
        "old: if age > 17 and (not age == 99): -> if not age == 99:",
        "old: if age > 17 and (not age == 99): -> if age > 17:",
        "old: if age > 17 and (not age == 99): -> if not (age > 17 and (not age == 99)):",
        "old: age > 17 and (not age == 99) -> age > 18 and (not age == 99)",
        "old: age > 17 and (not age == 99) -> age >= 17 and (not age == 99)",
        "old: age > 17 and (not age == 99) -> age > 17 and age == 99",
        "old: age > 17 and (not age == 99) -> age > 17 and (not age == 100)",
        "old: age > 17 and (not age == 99) -> age > 17 and (not age != 99)",
        "old: age > 17 and (not age == 99) -> age > 17 or not age == 99",
        "old: raise ValueError('no') -> pass",
        "old: raise ValueError('no') -> raise ValueError('no~')",
        "old: return age + 1 -> return age + 2",
        "old: return age + 1 -> return age - 1",
        "old: return age + 1 -> return None",
    ]


@pytest.mark.parametrize(
    "source",
    [
        '"""Says what it is for."""\n',
        "__all__ = ['some']\n",
        "Word: TypeAlias = Literal['a', 'b']\n",
        "def some(one: int | None) -> int | None: ...\n",
        "@dataclass(frozen=True)\nclass Some: ...\n",
        "assert some, 'never'\n",
        "some = 'more words than one'\n",
    ],
)
def test_what_only_tools_and_people_read_is_left(tmp_path: Path, source: str) -> None:
    assert changes(tmp_path, source) == []


@pytest.mark.parametrize("file", CORE)
def test_a_mutant_is_another_program_under_a_name_of_its_own(file: str) -> None:
    mutants = mutants_of(ROOT / file)
    assert len({mutant.key for mutant in mutants}) == len(mutants)
    original = ast.dump(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    for mutant in mutants[::20]:
        tree = mutant.tree()
        compile(tree, file, "exec")
        assert ast.dump(tree) != original


def test_a_seed_is_the_same_sample_and_another_seed_another() -> None:
    first, again, other = ([mutant.key for _, mutant in Plan(CORE[1:4], 20, seed).mutants()] for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_every_test_that_is_to_kill_is_there() -> None:
    asked = {one.partition("::")[0] for file in CORE for stage in stages_for(file) for one in stage}
    assert [one for one in sorted(asked) if not (ROOT / one).exists()] == []


def test_every_reason_is_of_a_mutant_that_there_is() -> None:
    there = {f"{file} {mutant.key}" for file in CORE for mutant in mutants_of(ROOT / file)}
    assert sorted(set(reasons()) - there) == []
