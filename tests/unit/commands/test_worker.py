"""`hub worker rebuild` from the command line: looks before it asks."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from hub.cli import app
from hub.errors import RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised


def test_a_worker_that_runs_is_noticed_before_anybody_is_asked(tmp_path: Path) -> None:
    initialised(tmp_path / "home")
    base = load_settings(tmp_path / "home").data / "worker"
    base.mkdir(parents=True)
    with FileLock(base / "0.lock"):
        ended = CliRunner().invoke(app, ["worker", "rebuild", "--home", str(tmp_path / "home")], input="y\n")
    assert isinstance(ended.exception, RejectedError)
    assert ended.exception.code == "worker_runs"
    assert "Delete them?" not in ended.output
