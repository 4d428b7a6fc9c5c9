"""Freed memory goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys


def test_the_c_library_takes_the_settings_where_it_knows_them() -> None:
    # In a process of its own: the settings last.
    text = "from hub.runtime.memory import keep_small; print(keep_small())"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(platform.libc_ver()[0] == "glibc")
