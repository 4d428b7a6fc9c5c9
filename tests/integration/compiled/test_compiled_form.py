"""The compiled form, made of these very sources: the tests of the modules that are compiled, once more over it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import platformdirs
import pytest

from hub.compiled.build import MODULES
from hub.compiled.form import FOLDER_VARIABLE, FORM_VARIABLE, MANIFEST
from hub.errors import ConfigError
from tests.bench.correlate.compiling import compile_with_job, content
from tests.support import missing

pytestmark = pytest.mark.timeout(900)  # a compiler on two busy cores
ROOT = Path(__file__).resolve().parents[3]
KEPT = 3
SLICE = (
    "tests/bench/correlate/test_job.py",  # a program that is compiled beside the shipped ones
    "tests/contract/schemas/test_quick.py",
    "tests/golden/test_golden.py",
    "tests/unit/contract/test_quick.py",
    "tests/unit/contract/test_trusted.py",
    *(f"tests/unit/core/test_{name}.py" for name in (
        "calendar", "coverage", "episodes", "fall", "fold", "ground", "instants", "look", "narrowing", "order", "reach", "reference",
        "resume", "rules", "spent", "state", "state_bytes", "step", "weighing",
    )),
    *(f"tests/unit/runtime/test_{name}.py" for name in ("lateness", "pipeline", "remembered", "timers", "youths")),
)  # fmt: skip
TOLD = """
import sys
from importlib import import_module
from hub.compiled.form import form
from hub.contract.codec import Codec, reader_sources
Codec.load()
readers = sys.modules["hub_readers"]
import tests.bench.correlate.job as job
loaded = [import_module(name).__file__.endswith(".so") for name in sys.argv[1:]]
print(form().text, *loaded, job.__file__.endswith(".so"), *(hasattr(readers, name) for name in reader_sources()))
"""


@pytest.fixture(scope="module")
def compiled() -> Path:
    """Compiled once for these sources, into the user's cache; of earlier ones the latest few are kept."""
    cache = platformdirs.user_cache_path("hub-tests") / "compiled"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / content()
    with filelock.FileLock(cache / ".lock", timeout=280):
        if not (folder / MANIFEST).is_file():
            try:
                compile_with_job(folder)
            except ConfigError as error:
                if "the compiler" in str(error):
                    raise
                missing(str(error))
            kept = sorted((one for one in cache.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
            for old in kept[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)
    return folder


def run(compiled: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = os.environ | {FORM_VARIABLE: "compiled", FOLDER_VARIABLE: str(compiled)}
    own = {name: value for name, value in own.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=own, capture_output=True, text=True, check=False)


def test_all_of_it_is_loaded_and_so_is_a_reader_for_every_schema(compiled: Path) -> None:
    done = run(compiled, "-c", TOLD, *MODULES)
    assert (done.returncode, done.stderr) == (0, "")
    form, *loaded = done.stdout.split()
    assert (form, set(loaded)) == ("compiled", {"True"})


def test_the_operator_is_told_which_form_runs(compiled: Path) -> None:
    assert run(compiled, "-m", "hub", "--version").stdout.endswith(" (compiled)\n")


def test_what_is_tested_of_python_holds_of_the_compiled_form(compiled: Path) -> None:
    done = run(compiled, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SLICE)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout
