"""Fetches one locked jar from a Maven repository, through jgo's pure-Python client: neither Maven nor git is needed."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import MavenContext, PythonResolver

from hub.broker.lock import LockedJar
from hub.errors import RetriableError

__all__ = ["MavenSource"]

_TIMEOUT_SECONDS = 60


class MavenSource:
    """Maven Central, after the repositories that the user's own jgo settings name (a mirror inside the organisation).

    Guarantee: nothing is trusted here; the caller checks the sha256 of what arrives.
    """

    def __init__(self, scratch: Path, received: Callable[[int], None]) -> None:
        """`scratch` holds files on their way; `received` is told of every piece, in bytes."""
        self._received = received
        _trust_the_machine()
        mirrors = GlobalSettings.load().repositories
        central = MavenContext(repo_cache=scratch).remote_repos
        self._context = MavenContext(
            repo_cache=scratch,
            remote_repos={**mirrors, **central},
            resolver=PythonResolver(progress_callback=self._counted),
            timeout=_TIMEOUT_SECONDS,
        )

    def fetch(self, jar: LockedJar, destination: Path) -> None:
        """Put the jar's bytes at `destination`. Raises RetriableError when no repository gave them whole."""
        parts = jar.coordinate.split(":")
        component = self._context.project(parts[0], parts[1]).at_version(parts[2])
        artifact = component.artifact(parts[3] if len(parts) > 3 else "", "jar")
        # A broken transfer leaves its beginning behind, which would pass for the file the next time.
        artifact.cached_path.unlink(missing_ok=True)
        try:
            shutil.move(artifact.resolve(), destination)
        except (OSError, RuntimeError) as error:  # every error of its HTTP client is an OSError
            raise RetriableError(f"{jar.file_name}: {type(error).__name__}", code="jars_unreachable") from error

    @contextmanager
    def _counted(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        del name, size
        yield self._received


def _trust_the_machine() -> None:
    """Let the client accept the certificates this machine accepts: inside organisations a proxy often signs with its own."""
    bundle = ssl.get_default_verify_paths().cafile
    if bundle and "CURL_CA_BUNDLE" not in os.environ:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", bundle)
