"""What `--compiled` measures: `hub compile`, with the fixed job and its schema's reader among what is compiled, in the cache folder.

The same tool and the same modules as any installation has; a program of the worker that comes with it is compiled like those that are shipped.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from hub.compiled.build import compile_into
from hub.compiled.form import MANIFEST, digest, form
from hub.contract.quick import name_of
from tests.bench.correlate import job
from tests.bench.correlate.decode import reader_source

__all__ = ["compile_with_job", "compiled_folder", "content", "told"]

_MODULES = ("tests.bench.correlate.job", "tests.bench.correlate.fixed_program")


def content() -> str:
    """What the compiled form of the hub and the fixed job depends on."""
    found = hashlib.sha256(digest().encode() + reader_source().encode())
    for name in _MODULES:
        found.update(_source_of(name).read_bytes())
    return found.hexdigest()


def compile_with_job(folder: Path) -> None:
    """Compile them into a folder, which is to be named by their content. ConfigError where nothing can be compiled."""
    reader = reader_source()
    compile_into(folder, _MODULES, {name_of(reader): reader})


def compiled_folder() -> Path:
    """Where they lie; made once for each content."""
    cache = user_cache_path("hub-bench")
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"compiled-{content()[:12]}"
    with FileLock(cache / "compiled.lock"):
        if not (folder / MANIFEST).is_file():
            compile_with_job(folder)
    return folder


def told() -> str:
    """Which form runs, of the hub and of the fixed job."""
    return f"hub: {form().text}; fixed job: {'compiled' if str(job.__file__).endswith('.so') else 'pure Python'}"


def _source_of(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)
