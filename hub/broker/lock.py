"""The embedded broker's jars, pinned: `deploy/broker/kafka-jars.lock` names each file by Maven coordinate and sha256.

No resolver decides at run time: together with some loggers Maven's rules would choose a client library older than the
broker. Maintainers write the lock anew with `python -m hub.broker.lock --write` after changing ROOTS.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.errors import ConfigError
from hub.resources import broker_folder

__all__ = ["LOCK_NAME", "ROOTS", "JarLock", "LockedJar", "load_lock", "parse_lock", "resolve_lock"]

LOCK_NAME = "kafka-jars.lock"
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_COORDINATE = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+(:[\w.-]+)?\Z", re.ASCII)
_NEVER = "log4j-slf4j"  # its parent's dependency management breaks the broker


@dataclass(frozen=True, slots=True, order=True)
class LockedJar:
    """One jar: `group:artifact:version[:classifier]` and the sha256 its bytes must have."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name it has in every Maven repository and in our cache."""
        return "-".join(self.coordinate.split(":")[1:]) + ".jar"


@dataclass(frozen=True, slots=True)
class JarLock:
    """All jars, in the order of the class path."""

    jars: tuple[LockedJar, ...]

    @property
    def digest(self) -> str:
        """Names the cache folder: another lock, another folder."""
        return hashlib.sha256(self.render().encode()).hexdigest()[:16]

    def render(self) -> str:
        """The file's text."""
        head = f"# sha256 and Maven coordinate of every jar of the embedded broker, resolved from {' and '.join(ROOTS)}.\n"
        tail = "# Written by: python -m hub.broker.lock --write\n"
        return head + tail + "".join(f"{jar.sha256}  {jar.coordinate}\n" for jar in self.jars)


def parse_lock(text: str, name: str = LOCK_NAME) -> JarLock:
    """Read a lock's text; ConfigError names the first line that is not of the form `sha256  coordinate`."""
    jars = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        digest, _, coordinate = line.partition("  ")
        if not _SHA256.match(digest) or not _COORDINATE.match(coordinate):
            raise ConfigError(f"{name}, line {number}: expected a sha256, two blanks and a Maven coordinate", code="bad_lock")
        jars.append(LockedJar(coordinate, digest))
    if not jars:
        raise ConfigError(f"{name} names no jars", code="bad_lock")
    if len({jar.file_name for jar in jars}) != len(jars):
        raise ConfigError(f"{name} names a jar twice", code="bad_lock")
    return JarLock(tuple(jars))


def load_lock(path: Path | None = None) -> JarLock:
    """The lock that travels with the code, or the one at `path`. Raises ConfigError when it is absent or damaged."""
    path = path or broker_folder() / LOCK_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: install the hub again", code="bad_lock") from error
    return parse_lock(text, path.name)


def resolve_lock() -> JarLock:
    """Let Maven's rules choose every jar that ROOTS need, fetch them and pin what came. For maintainers; needs the network."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - heavy, and only maintainers need it

    with tempfile.TemporaryDirectory(prefix="hub-jars-") as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        inputs, needed = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
        jars = [_pinned(one.artifact) for one in (*inputs, *needed) if one.scope != "test" and not one.optional]
    if any(_NEVER in jar.coordinate for jar in jars):
        raise ConfigError(f"{_NEVER}* must not be among the jars: it drags the clients below the broker", code="bad_lock")
    return JarLock(tuple(sorted(jars)))


def _pinned(artifact: object) -> LockedJar:
    parts = [getattr(artifact, name) for name in ("groupId", "artifactId", "version", "classifier")]
    content = artifact.resolve().read_bytes()  # type: ignore[attr-defined]
    return LockedJar(":".join(part for part in parts if part), hashlib.sha256(content).hexdigest())


def main(arguments: list[str] | None = None) -> int:
    """Compare the lock with what resolution gives today; with --write, replace it."""
    parser = argparse.ArgumentParser(prog="python -m hub.broker.lock", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="replace the lock file")
    options = parser.parse_args(arguments)
    path = broker_folder() / LOCK_NAME
    resolved = resolve_lock()
    old = set(load_lock(path).jars) if path.exists() else set()
    for sign, jars in (("-", old - set(resolved.jars)), ("+", set(resolved.jars) - old)):
        for jar in sorted(jars):
            sys.stdout.write(f"{sign} {jar.coordinate}\n")
    if options.write:
        path.write_text(resolved.render(), encoding="utf-8")
        sys.stdout.write(f"{path.name}: {len(resolved.jars)} jars\n")
        return 0
    return 0 if old == set(resolved.jars) else 1


if __name__ == "__main__":
    sys.exit(main())
