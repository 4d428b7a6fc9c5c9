from __future__ import annotations

import os
import subprocess
import sys

from hub.broker import guard


def run_guard(parent: int, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", guard.__file__, str(parent), *command], capture_output=True, text=True, check=False
    )


def test_it_becomes_the_program_and_passes_its_arguments_and_ending_on():
    done = run_guard(os.getpid(), "/bin/sh", "-c", 'echo "$0 $1"; exit 7', "one", "two words")
    assert (done.stdout, done.returncode) == ("one two words\n", 7)


def test_it_starts_nothing_when_its_parent_is_already_gone():
    done = run_guard(os.getpid() + 1, "/bin/echo", "started")
    assert (done.stdout, done.returncode) == ("", 1)
