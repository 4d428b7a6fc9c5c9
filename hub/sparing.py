"""Leaves out what libraries would load for purposes the hub does not have: a dozen processes share one machine's memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["spare_command_lines", "without"]

_modules: dict[str, Any] = sys.modules
_COMMAND_LINES = ("httpx._main",)  # it would load click, rich and pygments


def spare_command_lines() -> None:
    """For the life of this process: libraries come without command lines of their own. Call it before they are imported."""
    for name in _COMMAND_LINES:
        _modules.setdefault(name, None)  # None: an import of it fails as that of a module that is not installed


@contextmanager
def without(*names: str) -> Iterator[None]:
    """A library that the block imports finds these not installed, unless they are loaded already; afterwards they are there."""
    hidden = [name for name in names if name not in _modules]
    _modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del _modules[name]
