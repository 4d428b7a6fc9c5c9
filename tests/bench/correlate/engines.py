"""The engines of the fixed job: how each is started, and what it needs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.bench.correlate import cores
from tests.bench.correlate.engine import Run
from tests.bench.correlate.environment import ROOT, UnavailableError, beside, java_classes, peers_python

__all__ = ["ENGINES", "RULES_ENGINES", "Engine", "committed", "end", "figures", "start", "started"]

_PACKAGE = "tests.bench.correlate"
_LIMIT_SECONDS = 1800
_LOOK_SECONDS = 0.25
_LOG, _OUT = "log", "out"


@dataclass(frozen=True, slots=True)
class Engine:
    """`program` gives the command up to the arguments of a run, and raises UnavailableError where the engine cannot be had.

    `state_offset`: the bytes that stand before each of the job's states in its changelog.
    """

    title: str
    program: Callable[[], Sequence[str]]
    makes_changelog: bool = False
    state_offset: int = 0


def _ours(module: str) -> Callable[[], Sequence[str]]:
    return lambda: [sys.executable, "-m", f"{_PACKAGE}.{module}"]


def _beside(module: str) -> Callable[[], Sequence[str]]:
    def program() -> Sequence[str]:
        beside()
        return _ours(module)()

    return program


ENGINES: Mapping[str, Engine] = {
    "hub": Engine("the hub's transport", _ours("hub_engine"), makes_changelog=True, state_offset=8),
    "loop": Engine("bare confluent-kafka loop", _beside("loop_engine")),
    "faust": Engine("Faust, idiomatic", _ours("faust_engine")),
    "quix": Engine("Quix Streams", lambda: [str(peers_python()), "-m", f"{_PACKAGE}.quix_engine"], makes_changelog=True),
    "kafka-streams": Engine(
        "Kafka Streams",
        lambda: ["java", "-Xmx512m", "-cp", java_classes(), "hub.bench.FixedJob"],
        makes_changelog=True,
    ),
}
"""Of the fixed job, by the name that `--engines` takes."""

RULES_ENGINES: Mapping[str, Engine] = {
    "hub": Engine("hub worker", lambda: [sys.executable, "-m", "hub", "worker"]),
    "loop": Engine("bare confluent-kafka loop", _beside("rules_loop_engine")),
    "faust": Engine("Faust, idiomatic", _ours("rules_faust_engine")),
}
"""Of the rules leg. The hub's is the real `hub worker`, started by the leg itself."""


def start(engine: Engine, run: Run) -> subprocess.Popen[bytes]:
    """A process of its own on the engine's core, with a line of figures to come on its standard output; its log in the run's folder."""
    run.folder.mkdir(parents=True)
    given = arguments_of(run)
    command = [*engine.program(), *(part for name, value in given.items() for part in (f"--{name}", str(value)))]
    return started(command, run.folder)


def arguments_of(run: Run) -> dict[str, object]:
    """The arguments of an engine's command line."""
    given = {
        "broker": run.broker, "topic": run.topic, "count": run.count, "partitions": run.partitions, "youths": run.youths,
        "decoder": run.decoder, "run": run.name, "folder": run.folder, "home": run.home, "now": run.now,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def started(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """The process of this command on the engine's core."""
    path = [str(ROOT)]
    with contextlib.suppress(UnavailableError):  # who needs what lies there has said so
        path.append(str(beside()))
    own = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
    with (folder / _LOG).open("wb") as log, (folder / _OUT).open("wb") as out, cores.on_engine_core():
        return subprocess.Popen(command, env=own, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=log)


def figures(process: subprocess.Popen[bytes], run: Run) -> dict[str, Any]:
    """The line of figures of a process that works off what lies before it, and then its end.

    It is killed when its group has committed all: whatever an engine does to leave is no part of the job, and on a busy machine
    its last commit may take longer than is measured. Raises RuntimeError when it ends early or takes too long.
    """
    deadline = time.monotonic() + _LIMIT_SECONDS
    try:
        while (line := _line(run)) is None or (process.poll() is None and committed(run) < run.count):
            if (process.poll() is not None and line is None) or time.monotonic() > deadline:
                raise RuntimeError(f"{run.name} did not work off its records: {_tail(run)}")
            time.sleep(_LOOK_SECONDS)
        time.sleep(_LOOK_SECONDS)
        found: dict[str, Any] = json.loads(line)
        return found
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """At once, whether it still runs or not."""
    process.kill()
    process.wait()


def committed(run: Run) -> int:
    """How many records the run's group has committed."""
    admin = KafkaAdminClient(bootstrap_servers=run.broker)
    try:
        offsets = admin.list_group_offsets(run.name)[run.name]
    except KafkaError:  # the group's coordinator is still being found: asked again soon
        return 0
    finally:
        admin.close()
    return sum(found.offset for place, found in offsets.items() if place.topic in run.topics)


def _line(run: Run) -> str | None:
    for line in (run.folder / _OUT).read_text(encoding="utf-8").splitlines(keepends=True):
        at = line.find("{")  # Faust hides the terminal's cursor first, whether there is one or not
        if at >= 0 and line.endswith("\n"):
            return line[at:]
    return None


def _tail(run: Run) -> str:
    return (run.folder / _LOG).read_text(encoding="utf-8", errors="replace")[-2000:]
