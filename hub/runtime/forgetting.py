"""Lets go of all that workers keep, so that the next one rebuilds it from the topics."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hub.dead_letters.pauses import KafkaBoard
from hub.errors import RejectedError
from hub.runtime.changelogs import check_no_members, drop_changelogs
from hub.settings import Settings

__all__ = ["check_nobody_at_work", "forget"]

_TABLES = ("youths", "places")


def check_nobody_at_work(settings: Settings) -> None:
    """Raises as `forget` does, and deletes nothing: for whoever is about to ask somebody whether to."""
    with _nobody_at_work(settings.data / "worker"):
        check_no_members(settings)


def forget(settings: Settings) -> Sequence[str]:
    """Delete the changelog topics, then the workers' folders on this machine; the answer names both. Safe to repeat.

    Raises RejectedError `worker_runs` while a worker works, here or as a member of the group, RetriableError when the broker
    does not answer.
    """
    base = settings.data / "worker"
    with _nobody_at_work(base):
        gone = list(drop_changelogs(settings, [settings.changelog(table) for table in _TABLES]))
        KafkaBoard(settings.bootstrap_servers, settings.worker.group).clear()  # what is not in the state any more is not paused
        for folder in sorted(one for one in base.iterdir() if one.is_dir()):
            shutil.rmtree(folder)
            gone.append(str(folder))
    return gone


@contextmanager
def _nobody_at_work(base: Path) -> Iterator[None]:
    """Hold the place of every worker that ever was on this machine, so that none begins meanwhile either."""
    base.mkdir(parents=True, exist_ok=True)
    locks = [FileLock(path) for path in sorted({base / "0.lock", *base.glob("*.lock")})]
    try:
        for lock in locks:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                text = "a worker runs on this machine: stop every worker first (`hub up` too), then do it again"
                raise RejectedError(text, code="worker_runs") from None
        yield
    finally:
        for lock in locks:
            lock.release()
