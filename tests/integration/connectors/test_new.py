"""A new connector as a new user makes it: written, installed without a network, tried by the printed steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)


def run(command: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line as a shell takes it; nothing is fetched, and no installation of this machine is touched."""
    quiet = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "HUB_HOME": str(cwd / "none"), "COLUMNS": "160"}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=os.environ | quiet | environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture
def user(tmp_path) -> Path:
    """A Python of the user's own, which sees what is installed here and takes what is installed there."""
    venv.create(tmp_path / "python", with_pip=False, symlinks=True)
    (here,) = {Path(one) for one in sys.path if one.endswith("site-packages")}
    (there,) = (tmp_path / "python").glob("lib/python*/site-packages")
    # `site.addsitedir` reads the links of editable installations too, as the hub's own is in a clone.
    (there / "hub.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n")
    return tmp_path / "python" / "bin"


def test_the_printed_steps_lead_to_a_connector_that_passes_the_suite(user, tmp_path) -> None:
    path = f"{user}:{os.environ['PATH']}"
    made = run("python -m hub connectors new demo_source", cwd=tmp_path, PATH=path)
    assert made.returncode == 0, made.stderr
    steps = re.findall(r"^  (\S.*)$", made.stdout.partition("Try it:")[2], re.MULTILINE)
    assert [step.split()[0] for step in steps] == ["cd", "python", "python", "python"]

    done = run(" && ".join(steps), cwd=tmp_path, PATH=path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert re.search(r"\b\d+ passed", done.stdout)
    assert not re.search(r"failed|error|skipped|xfailed", done.stdout.partition(" passed")[0].rpartition("=")[2])
    assert "[connectors.demo_source.source]" in done.stdout

    listed = run("python -m hub connectors list --json", cwd=tmp_path, PATH=path)
    assert "demo_source" in {one["name"] for one in json.loads(listed.stdout)}
    again = run("python -m hub connectors new demo_source", cwd=tmp_path, PATH=path)
    assert again.returncode == 2
    assert "installed already" in again.stderr


def test_the_written_code_is_clean(tmp_path) -> None:
    assert run(f"{sys.executable} -m hub connectors new demo_source", cwd=tmp_path).returncode == 0
    checks = (f"{sys.executable} -m ruff {words}" for words in ("check --select E,F,I,B,UP,SIM .", "format --check ."))
    checked = run(" && ".join(checks), cwd=tmp_path / "demo_source")
    assert checked.returncode == 0, checked.stdout
    typed = run(f"{sys.executable} -m mypy --strict demo_source/src", cwd=tmp_path)
    assert typed.returncode == 0, typed.stdout
