"""The start of the command, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

_INTERRUPTED = """
import sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "hub.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
"""


@pytest.mark.parametrize(
    "started", ["from hub.__main__ import main; main()", "import runpy; runpy.run_module('hub', run_name='__main__')"]
)
def test_ctrl_c_while_the_command_is_being_loaded_is_one_line_and_exit_code_130(started: str) -> None:
    done = subprocess.run([sys.executable, "-c", _INTERRUPTED + started], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "hub: stopped\n")
