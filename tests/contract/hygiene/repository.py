"""The repository as git has it: what every check here looks at."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from tests.support import require_tool

ROOT = Path(__file__).resolve().parents[3]


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks and that are there, relative to the root."""
    command = [require_tool("git"), "ls-files", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def lines(*patterns: str) -> Iterator[tuple[str, str]]:
    """(file:line, text) of every tracked text file."""
    for path in tracked(*patterns):
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path}:{number}", line


def run_tool(name: str, *words: str) -> None:
    """Run a tool of this environment in the root; its output is the failure's text."""
    tool = Path(sysconfig.get_path("scripts")) / name
    command = [str(tool), *words] if tool.exists() else [sys.executable, "-m", name, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name} {words[0] if words else ''}:\n{done.stdout}{done.stderr}"
