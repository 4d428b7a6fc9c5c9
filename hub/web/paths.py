"""Ways back that lead nowhere but here."""

from __future__ import annotations

__all__ = ["own_path"]

_ELSEWHERE = ("//", "\\")


def own_path(path: str) -> str:
    """`path` when it is one of ours, else the start page: no address may be used to send somebody elsewhere."""
    ours = path.startswith("/") and not any(mark in path for mark in _ELSEWHERE) and path.isprintable()
    return path if ours else "/"
