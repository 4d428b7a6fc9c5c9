"""The classes that the broker loads while it is formatted, starts and stops: what its class-data archive is made of.

A list that is out of date does no harm: what is missing is read from its jar, what is gone is passed over. Maintainers write
it anew with `python -m hub.broker.classes --write` after another Kafka or another bundled Java.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from hub.broker.lock import load_lock
from hub.resources import broker_folder

__all__ = ["LIST_NAME", "class_list", "merged"]

LIST_NAME = "kafka-classes.list.gz"


@cache
def class_list(path: Path | None = None) -> bytes:
    """The list as `-XX:SharedClassListFile` wants it. Empty when the installation lacks it, or has a damaged one."""
    try:
        return gzip.decompress((path or broker_folder() / LIST_NAME).read_bytes())
    except (OSError, EOFError, zlib.error):
        return b""


def merged(lists: Iterable[str]) -> str:
    """Several lists that Java wrote as one: each class and each lambda once, in order, without the numbers of that one run.

    Classes that a loader of its own or the JVM at run time made are left out: an archive cannot hold them by name.
    """
    every = (line for text in lists for line in text.splitlines() if not line.startswith(("#", "jdk/proxy")))
    kept = {line.partition(" id: ")[0] for line in every if " source: " not in line}
    return "".join(f"{line}\n" for line in sorted(kept))


def _record() -> str:
    from hub.broker.configuration import BrokerConfig  # noqa: PLC0415 - only maintainers start a broker from here
    from hub.broker.launcher import EmbeddedBroker  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="hub-classes-") as scratch:
        folder = Path(scratch) / "broker"
        recording = ["-Xshare:off", "-XX:DumpLoadedClassList=classes-%p.list"]  # one for the format, one for the start
        broker = EmbeddedBroker(BrokerConfig(folder=folder), sharing=lambda _java, _jars: recording)
        with broker:
            pass
        return merged(path.read_text(encoding="utf-8") for path in folder.glob("classes-*.list"))


def main(arguments: list[str] | None = None) -> int:
    """Compare the list with what a broker loads today; with --write, replace it."""
    parser = argparse.ArgumentParser(prog="python -m hub.broker.classes", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="replace the list")
    options = parser.parse_args(arguments)
    path = broker_folder() / LIST_NAME
    recorded, old = _record(), set(merged([class_list().decode()]).splitlines())
    new = set(recorded.splitlines())
    sys.stdout.write(f"{path.name}: {len(new)} lines, {len(new - old)} of them new; {len(old - new)} gone\n")
    if options.write:
        today = datetime.now(UTC).date()
        head = f"# Written {today} by: python -m hub.broker.classes --write, for the jars of lock {load_lock().digest}\n"
        path.write_bytes(gzip.compress((head + recorded).encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
