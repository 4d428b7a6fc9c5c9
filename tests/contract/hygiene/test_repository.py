"""What may not stand in the repository: other top-level names, long files, registry hosts, real personnummer, things left undone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import date

import pytest

from tests.contract.hygiene.repository import ROOT, lines, tracked

_TOP_LEVEL = {"hub", "schemas", "connectors", "deploy", "tests", "docker-compose.yml", "pyproject.toml", "README.md"}
_TOP_LEVEL_HIDDEN = {".ci", ".gitignore", ".pre-commit-config.yaml"}
_LONGEST, _AIM = 300, 250
# Built from parts, so that this file does not hold what it looks for.
_REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("py" + "pi", "org"), ("files", "python" + "hosted", "org"), ("registry", "npm" + "js"), ("yarn" + "pkg", "com"),
        ("repo1", "maven"), ("repo", "maven"), ("maven", "google"), ("central", "sonatype"), ("proxy", "golang"),
        ("crates", "io"), ("ruby" + "gems", "org"), ("hub", "docker", "com"), ("docker", "io"), ("anaconda", "org"),
    )
]  # fmt: skip
_UNDONE = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
_PERSONNUMMER = (
    re.compile(r"\b(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)[-+\u2013]?(?P<birth>\d{3})\d\b"),
    re.compile(r"(?<![\w.-])(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)[-+](?P<birth>\d{3})\d(?![\w-])"),
)
_SAMORDNING = 60  # added to the day


def _is_a_day(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year if year > 99 else 2000 + year, month, day - _SAMORDNING if day > _SAMORDNING else day))
    except ValueError:
        return False


def _outside_the_test_series(text: str) -> bool:
    found = [match for pattern in _PERSONNUMMER for match in pattern.finditer(text)]
    return any(
        _is_a_day(int(one["year"]), int(one["month"]), int(one["day"])) and not 980 <= int(one["birth"]) <= 999 for one in found
    )


def test_the_top_level_holds_the_agreed_names_only() -> None:
    names = {path.parts[0] for path in tracked()}
    assert names - _TOP_LEVEL - _TOP_LEVEL_HIDDEN == set()
    assert _TOP_LEVEL - names == set()


def test_no_file_of_the_code_is_too_long_to_read_at_once(report: Callable[[str], None]) -> None:
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    for path, length in sorted(lengths.items(), key=lambda item: -item[1]):
        if length > _AIM:
            report(f"{path}: {length} lines (aim: {_AIM})")
    code = {path: length for path, length in lengths.items() if path.startswith(("hub/", "connectors/"))}
    assert {path: length for path, length in code.items() if length > _LONGEST} == {}


def test_no_package_registry_is_named() -> None:
    assert [place for place, text in lines() if any(host in text.lower() for host in _REGISTRIES)] == []


def test_every_personnummer_is_of_the_published_test_series() -> None:
    assert [place for place, text in lines() if _outside_the_test_series(text)] == []


@pytest.mark.parametrize("birth", ["238", "979", "000"])
@pytest.mark.parametrize("form", ["20110315{}", "20110315-{}", "110315-{}", "20110375-{}", "(110315+{})"])
def test_a_personnummer_outside_the_series_would_be_seen(form: str, birth: str) -> None:
    assert _outside_the_test_series(form.format(birth + "7"))
    assert not _outside_the_test_series(form.format("9807"))


def test_nothing_is_left_for_later() -> None:
    assert [
        place
        for place, text in lines("*.py", "*.md", "*.toml", "*.yml", "*.yaml", "*.html", "*.js", ".ci/run")
        if _UNDONE.search(text)
    ] == []


def test_scripts_can_be_run() -> None:
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    modes = {line.split("\t")[1]: line.split()[0] for line in listed}
    scripts = [path for path in modes if path == ".ci/run" or path.endswith(".sh")]
    assert ".ci/run" in scripts
    assert {path: modes[path] for path in scripts if modes[path] != "100755"} == {}
