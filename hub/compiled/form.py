"""Which form of the busiest modules runs in this process: their Python, or what `hub compile` made of the same sources.

It is the one or the other for all of them. What was made of other sources, by another Python or for another machine is passed
over as a whole, and `hub --version` says so. `hub/__init__.py` asks first, so that no module is loaded before it is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

__all__ = [
    "FOLDER_VARIABLE",
    "FORM_VARIABLE",
    "MANIFEST",
    "PACKAGE",
    "READERS",
    "Form",
    "choose",
    "compiled_readers",
    "digest",
    "folder",
    "form",
    "found",
]

FORM_VARIABLE: Final = "HUB_FORM"
"""`pure`: Python, whatever lies there. `compiled`: nothing else will do, and a process that has only Python ends at once."""
FOLDER_VARIABLE: Final = "HUB_COMPILED"
"""Another folder than this environment's own."""
MANIFEST: Final = "compiled.json"
READERS: Final = "hub_readers"
"""The module of the readers that are made for the shipped schemas; there is none in Python."""
PACKAGE: Final = Path(__file__).resolve().parent.parent
_UNUSABLE = 2


class Form(NamedTuple):
    """What runs, in words for the operator."""

    compiled: bool
    text: str


class _Finder:
    """Finds the compiled modules before Python's own finders find their sources."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's protocol."""
        del path, target
        file = self._files.get(name)
        return None if file is None else spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file)))


_chosen = Form(compiled=False, text="pure Python")


def form() -> Form:
    """What was chosen when the hub was loaded."""
    return _chosen


def compiled_readers() -> ModuleType | None:
    """The module of the compiled readers; None in Python's form."""
    return import_module(READERS) if _chosen.compiled else None


def folder() -> Path:
    """Where the compiled modules lie: part of the environment that the hub is installed in, so that all its users have them."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(sys.prefix) / "lib" / "hub-compiled")


def digest(package: Path = PACKAGE) -> str:
    """What the compiled form depends on: every source of it and around it, the schemas, this Python and this machine."""
    found = hashlib.sha256(str(sysconfig.get_config_var("EXT_SUFFIX")).encode())
    schemas = package / "_data" / "schemas"
    sources = [
        *sorted(file for part in ("compiled", "contract", "core", "runtime") for file in (package / part).rglob("*.py")),
        *sorted((schemas if schemas.is_dir() else package.parent / "schemas").glob("*.avsc")),
    ]
    for file in sources:
        found.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def choose() -> None:
    """Look at what is wanted and what there is, once, before anything else is loaded. Ends the process where only the compiled
    form will do and it cannot be had.
    """
    global _chosen  # noqa: PLW0603 - one per process, as its modules are
    wanted = os.environ.get(FORM_VARIABLE, "")
    if wanted == "pure":
        _chosen = Form(compiled=False, text=f"pure Python, as {FORM_VARIABLE} asks")
        return
    _chosen, files = found(folder())
    if files:
        sys.meta_path.insert(0, _Finder(files))
    elif wanted == "compiled":
        sys.stderr.write(f"hub: {FORM_VARIABLE}=compiled, but this is {_chosen.text}. Run: {FORM_VARIABLE}=pure hub compile\n")
        sys.exit(_UNUSABLE)


def found(where: Path) -> tuple[Form, Mapping[str, Path]]:
    """What a folder is good for, and the file of each compiled module; none, or all of them."""
    try:
        told = json.loads((where / MANIFEST).read_bytes())
        files = {str(name): where / str(file) for name, file in told["files"].items()}
        made_of, missing = told["digest"], [file for file in files.values() if not file.is_file()]
    except FileNotFoundError:
        return _chosen, {}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return Form(compiled=False, text=f"pure Python: {where} cannot be read; run hub compile again"), {}
    if made_of != digest():
        return Form(compiled=False, text="pure Python: what is compiled was made of other sources; run hub compile again"), {}
    if missing or not files:
        return Form(compiled=False, text=f"pure Python: {where} is not whole; run hub compile again"), {}
    return Form(compiled=True, text="compiled"), files
