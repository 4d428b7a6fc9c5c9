"""The README's two lines are the ones that CI runs."""

from __future__ import annotations

import re

from tests.contract.hygiene.repository import ROOT

_LINE = re.compile(r"^python3 -m venv .*$", re.MULTILINE)


def test_ci_runs_the_two_lines_of_the_readme_as_they_stand_there() -> None:
    first, second = _LINE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first.endswith("&& .venv/bin/hub demo --once --json")
    assert second.endswith("&& .venv/bin/python -m pytest -n 4 --dist loadfile")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in script if line.strip().startswith("python3 -m venv ")] == [first, second]


def test_both_lines_take_nothing_that_is_not_locked() -> None:
    for line in _LINE.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        installs = [part for part in line.split(" && ") if " install " in part]
        assert all("--require-hashes" in part or "--no-deps" in part for part in installs)
