"""Java's class-data archive of the broker: its classes as the JVM lays them out in memory, made once and then mapped.

The Java that comes with the installation has none at all, and reading some 7,000 classes from jars is most of what a start
costs. An archive only ever makes a start cheaper: without one, or with one that Java refuses, the broker starts as it would.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from hub.broker.classes import class_list
from hub.broker.jars import cache_root, class_path
from hub.broker.java import guarded, java_environment
from hub.errors import RetriableError
from hub.logs import get_logger

__all__ = ["ClassArchive", "JavaRun", "archive_of", "archive_options", "prepare_archive"]

_LONGEST_SECONDS = 60.0  # for nine of processor time; a machine too busy for that tries again tomorrow
_LOOK_SECONDS = 0.1
_AGAIN_SECONDS = 24 * 3600.0
_KEPT = 3  # of 60 MB each: two installations with a Java of their own must not take turns in making theirs
_DIGITS = 32
_NOT_OURS = 0o022  # writable for others than the owner
# The options that decide how classes are laid out must be those of the start. What Java says of an archive is no news to the
# reader of the broker's log: it starts in either case.
_LAYOUT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_SILENT = "-Xlog:cds*=off"

_log = get_logger(__name__)

JavaRun = Callable[[Sequence[str], Path, threading.Event], int]
"""Runs a command in a folder until it ends, or the event is set; its exit code. Raises RetriableError when it takes too long."""


@dataclass(frozen=True, slots=True)
class ClassArchive:
    """The archive of one Java and one class path. `key` changes with either of them, and with the list of classes."""

    folder: Path
    key: str

    def find(self) -> Path | None:
        """The archive's file, if it is there, whole, and nobody else can have written it. Its name says its sha256."""
        with suppress(OSError):
            for path in self.folder.glob(f"{self.key}-*.jsa"):
                if _is_ours(self.folder) and _is_ours(path) and path.stem.rpartition("-")[2] == _digest(path):
                    return path
        return None

    def make(self, java: Path, jars: Sequence[Path], stop: threading.Event, *, run: JavaRun | None = None) -> None:
        """Make it unless it is there, another process makes it, or that failed within a day. A failure is told in the log.

        Guarantee: never fails itself and takes a minute at most; what it puts in place is whole, in one move.
        """
        if self.find() is not None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.folder / "archives.lock", timeout=0):
                if self.find() is None and not self._failed_lately():
                    self._make(java, jars, stop, run or _run_java)
        except Timeout:
            return
        except (OSError, RetriableError) as error:
            reason = str(error) if isinstance(error, RetriableError) else type(error).__name__
            _log.warning(
                "the broker starts without a class-data archive, which takes longer", folder=str(self.folder), reason=reason
            )
            with suppress(OSError):
                self._failed.touch()

    def _make(self, java: Path, jars: Sequence[Path], stop: threading.Event, run: JavaRun) -> None:
        sys.stderr.write("Preparing Apache Kafka to start faster: some seconds, this once\n")
        sys.stderr.flush()
        scratch = self.folder / "archives.part"
        shutil.rmtree(scratch, ignore_errors=True)  # what an interrupted one left
        scratch.mkdir(mode=0o700)
        try:
            archive = scratch / "archive"
            (scratch / "classes").write_bytes(class_list())
            dump = ("-Xshare:dump", "-XX:SharedClassListFile=classes", "-XX:SharedArchiveFile=archive", "-Xmx256m", _SILENT)
            code = run([str(java), *dump, *_LAYOUT, "-cp", class_path(jars)], scratch, stop)
            if stop.is_set():
                return
            if code != 0 or not archive.exists():
                raise RetriableError(f"Java ended with code {code}", code="archive")
            archive.chmod(0o600)
            self._clear()
            archive.rename(self.folder / f"{self.key}-{_digest(archive)}.jsa")
            if self.find() is None:
                raise RetriableError("the folder or the file is not this account's alone", code="archive")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @property
    def _failed(self) -> Path:
        return self.folder / f"{self.key}.failed"

    def _failed_lately(self) -> bool:
        with suppress(OSError):
            return abs(time.time() - self._failed.stat().st_mtime) < _AGAIN_SECONDS
        return False

    def _clear(self) -> None:
        """Make room: a damaged one of this key goes, and those of other keys that were used longest ago."""
        stale = list(self.folder.glob(f"{self.key}-*.jsa"))
        others = [path for path in self.folder.glob("*-*.jsa") if path not in stale]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in (*stale, *others[_KEPT - 1 :], *self.folder.glob("*.failed")):
            path.unlink(missing_ok=True)


def archive_of(java: Path, jars: Sequence[Path], folder: Path | None = None) -> ClassArchive | None:
    """The archive for this Java and these jars, made or not; None where `java` does not lie in a Java home or there is no list.

    Its key holds what Java itself compares (its own release, each jar's path, size and time), so that an archive that Java
    would refuse is never taken for a good one. Where Java's home lies is not part of it: two installations share one.
    """
    home = java.resolve().parent.parent
    stamps: list[object] = [class_list(), _LAYOUT]
    try:
        stamps.append((home / "release").read_bytes())
        stamps += [(home / name).stat().st_size for name in ("lib/modules", "lib/server/libjvm.so")]
        stamps += [(str(jar), jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars]
    except OSError:
        return None
    if not class_list():
        return None
    return ClassArchive(folder or cache_root() / "archives", hashlib.sha256(repr(stamps).encode()).hexdigest()[:16])


def archive_options(java: Path, jars: Sequence[Path], folder: Path | None = None) -> list[str]:
    """Java's options to use the archive; none when there is none. `-Xshare:auto`: one that does not fit is passed over."""
    archive = archive_of(java, jars, folder)
    path = archive.find() if archive is not None else None
    if path is None:
        return []
    with suppress(OSError):
        os.utime(path)  # so that the one in use is the last to make room
    return [f"-XX:SharedArchiveFile={path}", "-Xshare:auto", _SILENT]


def prepare_archive(java: Path, jars: Sequence[Path], stop: threading.Event | None = None, folder: Path | None = None) -> None:
    """Make the archive now, once: some seconds, of which each later start saves about as many. Never fails."""
    archive = archive_of(java, jars, folder)
    if archive is not None:
        archive.make(java, jars, stop or threading.Event())


def _is_ours(path: Path) -> bool:
    status = path.stat()
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & _NOT_OURS)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]


def _run_java(command: Sequence[str], folder: Path, stop: threading.Event) -> int:
    deadline = time.monotonic() + _LONGEST_SECONDS
    silence = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 - our own jars, checked against the lock
        guarded(command),
        cwd=folder,
        env=java_environment(),
        stdin=silence,
        stdout=silence,
        stderr=silence,
        start_new_session=True,
    ) as process:
        try:
            while not stop.is_set():
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(timeout=_LOOK_SECONDS)
                if time.monotonic() > deadline:
                    raise RetriableError(f"not made in {_LONGEST_SECONDS:.0f} seconds", code="archive")
        finally:
            process.kill()
    return process.returncode
