"""Freed memory goes back to the system, and cycles are sought seldom, but sought."""

from __future__ import annotations

import platform
import subprocess
import sys


def test_the_c_library_takes_the_settings_where_it_knows_them() -> None:
    # In a process of its own: the settings last.
    text = "from hub.runtime.memory import keep_small; print(keep_small())"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(platform.libc_ver()[0] == "glibc")


def test_cycles_are_sought_seldom_but_sought_and_what_was_there_before_is_left_alone() -> None:
    lines = [
        "import gc, weakref",
        "from hub.runtime.memory import seek_cycles_seldom",
        "class Node: pass",
        "seek_cycles_seldom()",
        "node = Node(); node.me = node; gone = weakref.ref(node); del node",
        "kept = [[] for _ in range(9_000)]; early = gone() is not None",
        "kept += [[] for _ in range(2_000)]; print(early, gone() is None, gc.get_freeze_count() > 0)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True", "True"]
