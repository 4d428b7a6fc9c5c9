"""`hub init`: says what it did and what comes next."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app


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
