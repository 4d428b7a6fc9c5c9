"""Writes a connector in a package of its own, which passes the suite as it is."""

from __future__ import annotations

import keyword
import re
import shlex
import shutil
import sys
import tempfile
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.connector import ENTRY_POINT_GROUP
from hub.contract.fields import holds_long_number
from hub.errors import ConfigError
from hub.resources import skeleton_folder

__all__ = ["checked_name", "next_steps", "write_package"]

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*\Z")
_LONGEST = 40
_MODULE = "module"  # the folder of the skeleton that takes the package's name
_TEMPLATE = ".jinja"


def checked_name(name: str) -> str:
    """A name that can be an entry point, a distribution (PEP 503, PEP 508), a module, and a part of labels and headers.

    Raises ConfigError that says what is wrong with it.
    """
    why = ""
    if not _NAME.match(name) or len(name) > _LONGEST:
        why = f"must be lower-case letters and digits, words joined by _ or -, at most {_LONGEST} in all: absence_reports"
    elif holds_long_number(name):
        why = "holds six digits in a row, which could be a birth date"
    elif name in {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}:
        why = "is the name of a connector that is installed already (`hub connectors list`)"
    elif keyword.iskeyword(_module(name)) or _module(name) in sys.stdlib_module_names or find_spec(_module(name)):
        why = f"would be the module {_module(name)}, which Python has already"
    if why:
        raise ConfigError(f"the connector's name {name!r} {why}", code="bad_connector_name")
    return name


def write_package(name: str, folder: Path) -> list[Path]:
    """Write the package into `folder`, which must be empty or not there; the files, relative to it.

    It is there whole or not at all. Raises ConfigError when the folder is taken.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"{folder} is there already, and not empty: name another with --folder, or move it away"
        raise ConfigError(text, code="folder_taken")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        made = Path(temporary) / "package"
        _render(name, made)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def next_steps(name: str, folder: Path) -> list[str]:
    """The commands that try the package, to be run as they stand."""
    return [f"cd {shlex.quote(str(folder))}", _install(), f"{_python()} -m pytest", f"{_hub()} connectors describe {name}"]


def _render(name: str, folder: Path) -> None:
    skeleton = skeleton_folder()
    # The files are code and text, no pages: nothing in them is to be escaped.
    environment = Environment(loader=FileSystemLoader(skeleton), undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    told = {
        "name": name,
        "module": _module(name),
        "distribution": f"hub-connector-{name.replace('_', '-')}",
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "install": _install(),
        "python": _python(),
        "hub": _hub(),
    }
    for file in sorted(path for path in skeleton.rglob("*") if path.is_file()):
        place = file.relative_to(skeleton)
        made = folder.joinpath(*(told["module"] if part == _MODULE else part for part in place.parts))
        made.parent.mkdir(parents=True, exist_ok=True)
        if made.suffix == _TEMPLATE:
            made.with_suffix("").write_text(environment.get_template(place.as_posix()).render(told), encoding="utf-8")
        else:
            shutil.copyfile(file, made)


def _module(name: str) -> str:
    return name.replace("-", "_")


def _install() -> str:
    """The build's own needs (hatchling, editables) come with the hub's extra `test`, so nothing has to be fetched."""
    if find_spec("pip") is None and shutil.which("uv"):
        return f"uv pip install --python {shlex.quote(sys.executable)} --no-deps --no-build-isolation -e ."
    return f"{_python()} -m pip install --no-deps --no-build-isolation -e ."


def _python() -> str:
    """How this very Python is called from the user's shell."""
    found = shutil.which("python")
    same = found is not None and Path(found).parent == Path(sys.executable).parent
    return "python" if same else shlex.quote(sys.executable)


def _hub() -> str:
    found = shutil.which("hub")
    same = found is not None and Path(found).parent == Path(sys.executable).parent
    return "hub" if same else f"{_python()} -m hub"
