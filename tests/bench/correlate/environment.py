"""What the other engines need, made on demand in a cache folder and kept there: nothing of it is a dependency of the product.

Two wheels are laid beside the product's libraries (`requirements-beside.txt`), Quix Streams gets an environment of its own
(`requirements-peers.txt`), and the Kafka Streams engine is built from its source where a JDK and Maven are. What cannot be had
is left out with a reason in plain words.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

__all__ = ["ROOT", "UnavailableError", "beside", "java_classes", "peers_python"]

ROOT = Path(__file__).resolve().parents[3]
_HERE = Path(__file__).parent
_JAVA = _HERE / "kafka_streams"
_LIMIT_SECONDS = 900


class UnavailableError(Exception):
    """An engine cannot be had on this machine; the text says why."""


def _cache() -> Path:
    return user_cache_path("hub-bench")


@cache
def beside() -> Path:
    """A folder for PYTHONPATH with the libraries that the product's own interpreter lacks. Raises UnavailableError."""
    wanted = _HERE / "requirements-beside.txt"

    def install(folder: Path) -> None:
        _call([sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(folder), "-r", str(wanted)])

    return _made("beside", [wanted], install)


@cache
def peers_python() -> Path:
    """The interpreter of Quix Streams' environment. Raises UnavailableError."""
    wanted = _HERE / "requirements-peers.txt"

    def install(folder: Path) -> None:
        _call([sys.executable, "-m", "venv", str(folder)])
        _call([str(folder / "bin" / "python"), "-m", "pip", "install", "-r", str(wanted)])

    return _made("peers", [wanted], install) / "bin" / "python"


@cache
def java_classes() -> str:
    """The class path of the Kafka Streams engine, built if it is new. Raises UnavailableError."""
    for tool, needed in (("java", "a JDK"), ("javac", "a JDK"), ("mvn", "Maven")):
        if shutil.which(tool) is None:
            raise UnavailableError(f"needs {needed}: there is no `{tool}` here")
    sources = sorted(path for path in _JAVA.rglob("*") if path.is_file() and "target" not in path.parts)

    def build(folder: Path) -> None:
        shutil.copytree(_JAVA, folder, ignore=shutil.ignore_patterns("target"), dirs_exist_ok=True)
        goals = ["package", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"]
        _call(["mvn", "-q", "-B", "-f", str(folder / "pom.xml"), *goals])

    folder = _made("kafka-streams", sources, build)
    return f"{folder / 'target' / 'classes'}:{folder / 'target' / 'lib'}/*"


def _made(name: str, sources: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled, once for each content of `sources` and each interpreter."""
    text = b"".join(path.read_bytes() for path in sources) + sys.version.encode()
    folder = _cache() / f"{name}-{hashlib.sha256(text).hexdigest()[:12]}"
    done = folder / ".done"
    _cache().mkdir(parents=True, exist_ok=True)
    with FileLock(_cache() / f"{name}.lock"):
        if not done.exists():
            print(f"making {folder}, once", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


def _call(command: Sequence[str]) -> None:
    quiet = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"`{' '.join(command[:4])} …` did not run: {type(error).__name__}") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UnavailableError(f"`{' '.join(command[:4])} …` failed: {''.join(last)[:200]}")
