"""One whole `hub demo --once --json`, played once for the session and looked at by several tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

__all__ = ["DemoRun", "play_demo", "share_demo"]

_PATIENCE_SECONDS = 280


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A demo that has ended well. `folder` is kept for the session and must not be changed: copy it.

    `pages`: the metrics page of each process, as it was last seen; `said`: the demo's own output and progress;
    `temporary`: what was TMPDIR to all processes.
    """

    folder: Path
    outcome: dict[str, Any]
    pages: Path
    said: Path
    temporary: Path

    @property
    def home(self) -> Path:
        """The installation."""
        return self.folder / "home"


def share_demo(base: Path) -> DemoRun:
    """The demo below `base`: played by the process of the session that comes first, found by the others."""
    with FileLock(base.with_suffix(".lock")):
        if not (base / "ended").exists():
            base.mkdir()  # fails where it was begun and did not end well: it is not tried again
            play_demo(base)
            (base / "ended").touch()
    run = _made(base)
    run.outcome.update(json.loads((run.said / "stdout").read_bytes()))
    return run


def _made(base: Path) -> DemoRun:
    return DemoRun(base / "demo", {}, base / "pages", base / "said", base / "temporary")


def play_demo(base: Path) -> DemoRun:
    """Play the demo below `base`. Fails unless it ends with exit code 0."""
    run = _made(base)
    for folder in (run.pages, run.said, run.temporary):
        folder.mkdir()
    command = [sys.executable, "-m", "hub", "demo", "--once", "--json", "--folder", str(run.folder)]
    environment = os.environ | {"TMPDIR": str(run.temporary)}
    progress, answer = run.said / "stderr", run.said / "stdout"
    with progress.open("wb") as errors, answer.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=errors)
        try:
            _follow(process, run)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=60)
    assert process.returncode == 0, progress.read_text(encoding="utf-8")[-4000:]
    run.outcome.update(json.loads(answer.read_bytes()))
    return run


def _follow(process: subprocess.Popen[bytes], run: DemoRun) -> None:
    """Keep the metrics pages while the demo plays."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None:
        assert time.monotonic() < deadline, (run.said / "stderr").read_text(encoding="utf-8")[-4000:]
        for entry in (run.home / "data" / "run").glob("*.json"):
            try:
                told = json.loads(entry.read_bytes())
                # Exact, so that the search for what is left looks at the whole of it.
                asked = urllib.request.Request(told["metrics"], headers={"Authorization": f"Bearer {told['token']}"})
                with urllib.request.urlopen(asked, timeout=5) as answer:
                    (run.pages / f"{entry.stem}.prom").write_bytes(answer.read())
            except (OSError, ValueError):  # it has just ended
                continue
        time.sleep(1.0)
