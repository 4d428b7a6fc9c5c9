"""Whether a connector's code on disk is still the code that this process has imported: Python imports a module once.

remember_code(point)                 # before it is imported
if code_changed("ss12000"): ...      # a preview here shows what the former code gives
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

__all__ = ["code_changed", "remember_code"]

_Files = Mapping[Path, tuple[int, int]]
_MET: dict[str, tuple[str, _Files]] = {}  # by connector: its package, and its files when this process met them first


def remember_code(point: EntryPoint) -> None:
    """Note the files of a connector's package as they are, the first time; to be called before it is imported."""
    if point.name not in _MET:
        package = point.module.partition(".")[0]
        _MET[point.name] = (package, _files(package))


def code_changed(name: str) -> bool:
    """Whether a file of the connector's package was changed, added or taken away since; no for one that was never loaded."""
    met = _MET.get(name)
    return met is not None and _files(met[0]) != met[1]


def _files(package: str) -> _Files:
    """Each file with when it was written and its size."""
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    single = [Path(spec.origin)] if spec and spec.origin and not folders else []
    found = [*single, *(file for folder in folders for file in Path(folder).rglob("*.py"))]
    return {file: _mark(file) for file in found}


def _mark(file: Path) -> tuple[int, int]:
    try:
        known = file.stat()
    except OSError:  # taken away this moment
        return (0, 0)
    return known.st_mtime_ns, known.st_size
