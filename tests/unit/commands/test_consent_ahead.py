"""`hub consent block --ahead` and `custody --ahead`: asked for by name, because a number may be mistyped."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli import app
from hub.clock import CLOCK_VARIABLE
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import make_identifier

PERSON, FORMER = make_identifier(), make_identifier(1)
KEPT = "Nothing is registered that it meets: it is kept, under a keyed hash of the number, and meets the next consent\n"
GRANT = (
    "grant", "-c", "sspf", "--agency", "school-norrkoping", "--recipient", "outreach", "--kind", "school_absence",
    "--from", "2025-05-19", "--to", "2025-12-01", "--signed", "guardian_1", "--signed", "guardian_2",
)  # fmt: skip


def test_what_is_said_ahead_is_kept_and_meets_the_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    initialised(tmp_path)

    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["consent", *words, "-i", "-", "--home", str(tmp_path)], input=f"{PERSON}\n")
        assert PERSON not in result.output
        return result.exit_code, result.stdout

    assert call("block", "--by", "youth")[0] == 1
    assert call("block", "--by", "youth", "--ahead") == (0, KEPT)
    assert call("custody", "--to", "special_guardian", "--ahead") == (0, KEPT)
    both = CliRunner().invoke(app, ["consent", "merge", "--yes", "--home", str(tmp_path)], input=f"{FORMER}\n{PERSON}\n")
    assert (both.exit_code, "kept of both" in both.stdout) == (0, True)
    code, told = call(*GRANT)
    assert code == 0
    assert "blocked by: youth" in told
    assert "special_guardian" in call("unblock", "--by", "youth")[1]


def test_a_block_of_one_cooperation_is_answered_alike_where_another_has_a_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, "2025-05-19T07:30:00+02:00@9999999999")
    initialised(tmp_path)

    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["consent", *words, "-i", "-", "--home", str(tmp_path)], input=f"{PERSON}\n")
        return result.exit_code, result.stdout

    changed = {"sspf": "sig", "school-norrkoping": "police-ost", "school_absence": "police_notice", "outreach": "sig"}
    sig = [changed.get(word, word) for word in GRANT]
    assert call(*sig)[0] == 0
    assert call("block", "--by", "youth", "-c", "sspf", "--ahead") == (0, KEPT)
    assert "blocked by: youth" in call(*GRANT)[1]
