"""Where the broker's jars are: a folder the settings name, or the user's cache, filled once from a Maven repository.

Every jar is compared with the lock before each start, wherever it lies: a changed byte stops the start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import platformdirs
from filelock import FileLock, Timeout
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity.nap import sleep_using_event

from hub.broker.fetching import fetch_all, stopped
from hub.broker.lock import JarLock, LockedJar, load_lock
from hub.broker.progress import FetchProgress, shown_progress
from hub.errors import ConfigError, RetriableError

__all__ = ["JarSource", "cache_folder", "cache_root", "class_path", "find_jars", "wrong_jars"]

_ATTEMPTS = 5
_WAIT_FOR_OTHER_SECONDS = 900.0
_LOOK_SECONDS = 0.2
_CODECS = ("zstd-jni-", "snappy-java-", "lz4-java-")


class JarSource(Protocol):
    """Whatever can put one jar at a path; raises RetriableError when it could not."""

    def fetch(self, jar: LockedJar, destination: Path) -> None: ...


SourceFactory = Callable[[Path, Callable[[int], None]], JarSource]


def cache_root() -> Path:
    """The user's cache of all that the broker needs: jars, and what is made of them."""
    return platformdirs.user_cache_path("hub") / "kafka"


def cache_folder(lock: JarLock) -> Path:
    """The user's cache of exactly this lock's jars."""
    return cache_root() / lock.digest


def class_path(jars: Sequence[Path]) -> str:
    """Java's class path of the broker.

    Without the codecs that need a library of their own: a few kilobytes of zstd unpack to gigabytes in the broker.
    """
    return os.pathsep.join(str(jar) for jar in jars if not jar.name.startswith(_CODECS))


def find_jars(
    configured: str = "",
    *,
    stop: threading.Event | None = None,
    lock: JarLock | None = None,
    cache: Path | None = None,
    source: SourceFactory | None = None,
) -> list[Path]:
    """Paths of all locked jars, in class path order; fetches them first when the cache has none (once, 45 MB).

    `configured` is the setting `broker.jars`: a folder that must hold every locked jar; then nothing is fetched.
    Progress goes to stderr. Raises ConfigError saying what to do when jars are missing, altered or out of reach, and
    FatalError at once when `stop` is set meanwhile: the jars that are whole are kept for the next time.
    """
    lock = lock or load_lock()
    if configured:
        return _configured_jars(Path(configured).expanduser(), lock)
    folder = cache or cache_folder(lock)
    if wrong_jars(folder, lock.jars):
        stop = stop or threading.Event()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_name(f"{folder.name}.lock"), stop):
            if wrong_jars(folder, lock.jars):  # another process may have fetched them while we waited
                _fill(folder, lock, source or _maven, stop)
    return [folder / jar.file_name for jar in lock.jars]


@contextmanager
def _alone(file: Path, stop: threading.Event) -> Iterator[None]:
    """Wait for another process that fetches."""
    lock = FileLock(file, timeout=_LOOK_SECONDS)
    deadline = time.monotonic() + _WAIT_FOR_OTHER_SECONDS
    while not lock.is_locked:
        try:
            lock.acquire()
        except Timeout:
            if stop.is_set():
                raise stopped() from None
            if time.monotonic() > deadline:
                text = (
                    f"another process has been fetching Kafka for {_WAIT_FOR_OTHER_SECONDS / 60:.0f} minutes: end it, start again"
                )
                raise ConfigError(text, code="jars_held") from None
    try:
        yield
    finally:
        lock.release()


def wrong_jars(folder: Path, jars: Sequence[LockedJar]) -> list[LockedJar]:
    """Those that the folder lacks or has with other bytes."""
    return [jar for jar in jars if not _is_right(folder / jar.file_name, jar)]


def _is_right(path: Path, jar: LockedJar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def _configured_jars(folder: Path, lock: JarLock) -> list[Path]:
    wrong = wrong_jars(folder, lock.jars)
    if wrong:
        raise ConfigError(
            f"broker.jars = {folder}: {len(wrong)} of {len(lock.jars)} jars are missing or altered, the first is "
            f"{wrong[0].file_name}. Copy the folder {cache_folder(lock)} from a machine where `hub broker` has run.",
            code="jars_incomplete",
        )
    return [folder / jar.file_name for jar in lock.jars]


def _fill(folder: Path, lock: JarLock, source: SourceFactory, stop: threading.Event) -> None:
    """Fetch into a folder beside, keep what an interrupted fetch left there, and take it over in one move."""
    staging = folder.with_name(f"{folder.name}.part")
    staging.mkdir(exist_ok=True)
    missing = wrong_jars(staging, lock.jars)
    with shown_progress(len(lock.jars)) as progress:
        progress.have(len(lock.jars) - len(missing))
        fetching = source(staging / "scratch", progress.received)
        try:
            fetch_all(missing, lambda jar, ended: _fetch_one(fetching, jar, staging, progress, ended), stop)
        except RetriableError as error:
            raise _unreachable(error, folder) from error
    shutil.rmtree(staging / "scratch", ignore_errors=True)
    if folder.exists():  # altered: no start uses it, so it may go
        shutil.rmtree(folder)
    staging.rename(folder)


def _fetch_one(source: JarSource, jar: LockedJar, folder: Path, progress: FetchProgress, ended: threading.Event) -> None:
    for attempt in Retrying(
        retry=retry_if_exception_type(RetriableError),
        stop=stop_any(stop_after_attempt(_ATTEMPTS), stop_when_event_set(ended)),
        wait=wait_random_exponential(multiplier=0.3, max=8),
        sleep=sleep_using_event(ended),
        reraise=True,
    ):
        with attempt:
            path = folder / jar.file_name
            source.fetch(jar, path)
            if not _is_right(path, jar):
                path.unlink(missing_ok=True)
                raise RetriableError(f"{jar.file_name} arrived with another sha256 than the lock's", code="jar_checksum")
    progress.have(1)


def _unreachable(error: RetriableError, folder: Path) -> ConfigError:
    if error.code == "jar_checksum":
        return ConfigError(
            f"{error}: the repository or something on the way alters files. Nothing was installed.", code="jar_checksum"
        )
    return ConfigError(
        f"Kafka's jars could not be fetched ({error}). The first start needs the internet once. Otherwise copy the folder "
        f"{folder} from a machine that has it and name it in hub.toml as broker.jars, or set kafka.bootstrap_servers.",
        code="jars_unreachable",
    )


def _maven(scratch: Path, received: Callable[[int], None]) -> JarSource:
    from hub.broker.maven import MavenSource  # noqa: PLC0415 - its client is heavy, and only the first start needs it

    return MavenSource(scratch, received)
