"""`hub compile`: the busiest modules and the readers of the shipped schemas, by mypyc and the machine's C compiler.

The sources are copied, compiled and put in their place in one go: until then, and whenever anything fails, what was there
before stays as it was. Nothing of the compiler is needed afterwards.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from hub.compiled.form import FOLDER_VARIABLE, FORM_VARIABLE, MANIFEST, PACKAGE, READERS, digest
from hub.compiled.plain import written_out
from hub.contract.codec import reader_sources
from hub.errors import ConfigError

__all__ = ["MODULES", "compile_into", "remove"]

MODULES: Final = (
    "hub.contract.trusted",
    "hub.contract.varints",
    "hub.core.clocks",
    "hub.core.coverage",
    "hub.core.episodes",
    "hub.core.fold",
    "hub.core.held",
    "hub.core.instants",
    "hub.core.look",
    "hub.core.measure",
    "hub.core.narrowing",
    "hub.core.reach",
    "hub.core.rules",
    "hub.core.selections",
    "hub.core.spent",
    "hub.core.state",
    "hub.core.state_bytes",
    "hub.core.step",
    "hub.runtime.effects",
    "hub.runtime.lateness",
    "hub.runtime.pipeline",
    "hub.runtime.reading",
    "hub.runtime.remembered",
    "hub.runtime.timers",
    "hub.runtime.youths",
)
"""What is compiled besides the readers: what runs for every event, and holds neither pydantic's models nor I/O."""

_GROUP: Final = "hub"
_SETTINGS: Final = """[mypy]
plugins = pydantic.mypy
ignore_missing_imports = True
follow_imports = silent
[mypy-avro.*,aiokafka.*,faust.*,kafka.*,mode.*]
follow_imports = skip
"""
"""Of types only what concerns the compiled modules: the rest is looked through where the hub is developed."""
_TOLD: Final = 2_000
_INSTALL: Final = "install the extra `fast` (deploy/requirements-fast.lock), or go on in pure Python, which does the same, slower"


_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def compile_into(folder: Path, also: Sequence[str] = (), readers: Mapping[str, str] = _NOTHING) -> int:
    """Compile, and put what comes of it into `folder`; says how many modules these are. Takes a minute or so.

    `also`: further modules, by name, of a program that runs beside the shipped ones; `readers`: those of its schemas, as
    `reader_sources` gives them. Whoever names some names a folder that tells their content: `found` looks at the hub's own only.
    ConfigError where mypyc or a C compiler is missing, where the folder cannot be written, and where the compiler fails.
    """
    _check_tools()
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise ConfigError(f"{folder} holds something else: name another folder in {FOLDER_VARIABLE}", code="not_compiled")
    with tempfile.TemporaryDirectory(prefix="hub-compile-") as place:
        work = Path(place)
        built = _build(work, also, {**reader_sources(), **readers})
        try:
            _put_in_place(built, folder)
        except OSError as error:
            told = f"{error.filename or folder} cannot be written ({error.strerror}): run it as who installed the hub"
            raise ConfigError(f"{told}, or name another folder in {FOLDER_VARIABLE}", code="not_compiled") from None
    return len(MODULES) + len(also) + 1


def remove(folder: Path) -> bool:
    """Take the compiled form away; says whether there was one."""
    if not (folder / MANIFEST).is_file():
        return False
    (folder / MANIFEST).unlink()  # first: without it the rest is not looked at
    shutil.rmtree(folder)
    return True


def _check_tools() -> None:
    for needed in ("mypyc", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            raise ConfigError(f"{needed} is not installed here: {_INSTALL}", code="not_compiled")
    compiler = (os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")).split()[0]
    if shutil.which(compiler) is None:
        raise ConfigError(
            f"there is no C compiler ({compiler}): apt-get install gcc, or go on in pure Python", code="not_compiled"
        )
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if not headers.is_file():
        raise ConfigError(f"{headers} is missing: apt-get install python3-dev, or go on in pure Python", code="not_compiled")


def _build(work: Path, also: Sequence[str], readers: Mapping[str, str]) -> Path:
    """A folder with the compiled modules and their manifest."""
    shutil.copytree(PACKAGE, work / "hub", ignore=shutil.ignore_patterns("__pycache__", "static", "locale"))
    for name in also:
        _lay_beside(name, work)
    for name in (*MODULES, *also):
        file = work / _file_of(name)
        file.write_text(written_out(file.read_text(encoding="utf-8")), encoding="utf-8")
    (work / f"{READERS}.py").write_text(_spelled(readers.values()), encoding="utf-8")
    (work / "mypy.ini").write_text(_SETTINGS, encoding="utf-8")
    built = work / "built"
    own = os.environ | {FORM_VARIABLE: "pure", "PYTHONPATH": "", "MYPY_FORCE_COLOR": "0"}
    sources = map(str, map(_file_of, (*MODULES, *also, READERS)))
    command = [sys.executable, "-m", "hub.compiled.extension", str(built), *sources]
    done = subprocess.run(command, cwd=work, env=own, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise ConfigError(f"the compiler failed: {(done.stdout + done.stderr)[-_TOLD:].strip()}", code="not_compiled")
    files = {_name_of(file, built): str(file.relative_to(built)) for file in sorted(built.rglob("*.so"))}
    missing = {*MODULES, *also, READERS} - files.keys()
    if missing:
        raise ConfigError(f"the compiler left out {', '.join(sorted(missing))}", code="not_compiled")
    (built / MANIFEST).write_text(json.dumps({"digest": digest(), "files": files}, indent=1), encoding="utf-8")
    return built


def _lay_beside(name: str, work: Path) -> None:
    """A module's source, and what makes folders of the packages that it is in."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ConfigError(f"there is no module {name}", code="not_compiled")
    file = work / _file_of(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(spec.origin, file)
    for place in file.relative_to(work).parents[:-1]:
        (work / place / "__init__.py").touch()


def _spelled(readers: Iterable[str]) -> str:
    head = "from collections.abc import Callable\nfrom typing import Any\n\nfrom hub.contract.varints import late, wide\n"
    return "\n\n".join((head, *readers))


def _file_of(name: str) -> Path:
    return Path(*name.split(".")).with_suffix(".py")


def _name_of(file: Path, built: Path) -> str:
    """The module that a file is: `hub/core/step.cpython-311-x86_64-linux-gnu.so` is `hub.core.step`."""
    parts = file.relative_to(built).parts
    return ".".join((*parts[:-1], parts[-1].partition(".")[0]))


def _put_in_place(built: Path, folder: Path) -> None:
    """Processes that run keep what they have loaded: files are replaced by others, never written over."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        shutil.copytree(built, fresh, dirs_exist_ok=True)
        fresh.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
