"""`hub init`: says what it did and what comes next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import app
from hub.errors import ConfigError
from tests.command_line import CliRunner


def run(*words: str, home: Path | None = None) -> str:
    shown = CliRunner(env={"HUB_HOME": str(home) if home else ""}).invoke(app, ["init", *words], catch_exceptions=False)
    assert shown.exit_code == 0
    return shown.output


def test_it_says_where_how_much_and_what_comes_next(tmp_path: Path) -> None:
    first, second = run(str(tmp_path / "home")), run(str(tmp_path / "home"))
    assert f"Installation in {tmp_path / 'home'}: " in first
    assert "files written" in first
    assert f"hub up --home {tmp_path / 'home'}" in first
    assert "nothing to add" in second


def test_the_document_names_every_file_and_no_secret(tmp_path: Path) -> None:
    told = json.loads(run("--json", home=tmp_path / "home"))
    assert told["home"] == str(tmp_path / "home")
    written = {str(path.relative_to(tmp_path / "home")) for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert set(told["written"]) == written
    assert "keys/registry.key" in written


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("hub.toml", b"\xff\xfe\x00", "not text in UTF-8"),
        ("hub.toml", b"[web\nport = 1", "not TOML"),
        ("hub.toml", None, "is a folder and should be a file"),
        ("teams.yaml", b"teams: 3", "teams"),
        ("areas.yaml", b"areas: [1]", "areas"),
        ("agencies.yaml", b"agencies: {a: {title: A, kinds: [nonsense]}}", "agencies.a.kinds.0"),
        ("rules/absence-alone.yaml", b"a: [b", "absence-alone.yaml"),
        ("keys/registry.key", b"", "registry.key is empty"),
        ("keys/worklist.key", b"c2hvcnQ=", "must hold 32 bytes"),
        ("keys/agency-police-ost.token", None, "is a directory"),
    ],
)
def test_what_was_there_and_is_wrong_is_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    run(str(tmp_path))
    path = tmp_path / name
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    shown = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert isinstance(shown.exception, ConfigError)
    assert told in str(shown.exception)
    assert path.name in str(shown.exception)


def test_a_file_is_no_place_for_an_installation(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words in (
        ["init", str(tmp_path / "file")],
        ["init", str(tmp_path / "file" / "below")],
        ["status", "--home", str(tmp_path / "file")],
    ):
        shown = CliRunner().invoke(app, words)
        assert isinstance(shown.exception, ConfigError)
        assert str(tmp_path / "file") in str(shown.exception)


def test_events_that_leave_kafka_before_the_rules_have_done_with_them_are_refused(tmp_path: Path) -> None:
    run(str(tmp_path))
    path = tmp_path / "hub.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("retention_days = 120", "retention_days = 30"), encoding="utf-8")
    for words in (
        ["init", str(tmp_path)],
        *([name, "--home", str(tmp_path)] for name in ("up", "registry")),
    ):  # who puts rules in force; a worker refuses the marker
        ended = subprocess.run([sys.executable, "-m", "hub", *words], capture_output=True, text=True, check=False, timeout=60)
        assert ended.returncode == 2, words
        assert "kafka.retention_days is 30" in ended.stderr
        assert "looks back 56 days" in ended.stderr
