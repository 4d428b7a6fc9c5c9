"""One mutant before the tests: a process of its own, forked before anything of `hub.core` was imported.

What it imports of the core is made of the mutated tree, at import too; what it changes in memory ends with it. The tests that lie
nearest come first, and the first failure ends it.
"""

from __future__ import annotations

import ast
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from .mutants import Mutant

__all__ = ["ROOT", "Verdict", "judge", "stages_for"]

ROOT = Path(__file__).resolve().parents[2]
MOST_PROCESSOR_SECONDS = 150
"""Several times what the tests of a file take: a mutant that asks for more runs for ever, however busy the machine is."""
LONGEST_SECONDS = 1800
MOST_MEMORY_BYTES = 3 << 30
_OPTIONS = (
    "-x", "-q", "--tb=line", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning",
    "-m", "not postgres and not kafka and not chaos and not bench and not soak and not mutation",
)  # fmt: skip
_CORE = "tests/unit/core/test_{}.py"
_ENGINE = (
    "step", "fold", "look", "state", "weighing", "language", "coverage", "calendar", "instants", "rules", "rule_set",
    "rule_schema", "place", "episodes", "spent", "resume", "fall", "narrowing", "ground", "cases",
)  # fmt: skip
_WORDS = ("explain", "explained", "wording", "written", "narrowing", "lacking", "asked", "fall")
_TEXTS = {"texts": "explain", "wording_texts": "wording", "lacking_texts": "lacking", "narrowing_texts": "asked"}
_MIRRORS = {
    **_TEXTS,
    "consent_bytes": "state_bytes",
    "rule_problems": "rule_set",
    "courses": "cases",
    "hearing": "cases",
    "withdrawn": "episodes",
}
_REFERENCE = f"{_CORE.format('reference')}::test_the_core_says_what_the_reference_says"
_KEPT = f"{_CORE.format('reference')}::test_what_once_differed_or_is_worth_keeping_agrees"
_TABLES = [
    f"{_CORE.format('consent_history')}::{test}"
    for test in ("test_the_sample_has_every_answer_and_each_is_the_tables", "test_the_algebra_decides_as_the_tables_do")
]
_REGISTRY = [f"tests/unit/registry/test_{one}.py" for one in ("granting", "history", "deeds", "records")]


def stages_for(file: str) -> list[list[str]]:
    """In the order in which they are asked: those that mirror the file, the quick ones, then the differential and the tables."""
    name = Path(file).stem
    mirror = _CORE.format(_MIRRORS.get(name, name))
    own = [mirror] if (ROOT / mirror).exists() else []
    quick = [_CORE.format(one) for one in _ENGINE if one != name]
    match name:
        case _ if name in (*_WORDS, *_TEXTS):
            alike = [_CORE.format("lacking_alike")] if name == "lacking" else []
            return [own, [one for one in map(_CORE.format, _WORDS) if one not in own], alike]
        case "rule_changes" | "rule_overlap" | "rule_problems" | "rule_room" | "rule_schema" | "rule_sense":
            rules = (
                _CORE.format(f"rule_{one}")
                for one in ("set", "sense", "cautions", "schema", "changes", "overlap", "idle", "room")
            )
            others = ["tests/unit/test_rules_file.py", *rules]
            return [own, [one for one in others if one not in own]]
        case "consent":
            return [own, ["tests/unit/delivery/test_permission.py"], quick, _TABLES]
        case "consent_facts" | "consent_history" | "consent_rules" | "consent_scopes":
            return [own, _TABLES, ["tests/unit/test_consent_file.py", *_REGISTRY], [_CORE.format("rule_sense")]]
        case _:
            slow = [f"{_REFERENCE}[0]", _KEPT, "tests/unit/test_rules_file.py", "tests/unit/backtest/test_replay.py"]
            return [own, quick, slow, [f"{_REFERENCE}[500]"]]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: `killed`, `timeout` (killed too, by the clock) or `survived`; by which test, in how many seconds."""

    outcome: str
    by: str
    seconds: float


class _Mutated(SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.path, "exec", dont_inherit=True)


class _Finder:
    def __init__(self, file: str, tree: ast.Module) -> None:
        self._name = file.removesuffix(".py").replace("/", ".")
        self._loader = _Mutated(self._name, str(ROOT / file), tree)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self._loader.path, loader=self._loader) if name == self._name else None


class _FirstFailure:
    """Remembers which test failed first, and whether by the clock."""

    def __init__(self) -> None:
        self.test, self.by_the_clock = "", False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.test:
            self.test, self.by_the_clock = report.nodeid, "Timeout" in str(report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.test:
            self.test = f"{report.nodeid} (as it is imported)"


def judge(file: str, mutant: Mutant | None, stages: Sequence[Sequence[str]]) -> Verdict:
    """Put a mutant of a file (or, with None, the file as it is) before the tests, stage by stage, in a process of its own."""
    assert not any(name.startswith("hub.core") for name in sys.modules), "what the parent has imported would not be mutated"
    context = get_context("fork")
    ours, its = context.Pipe(duplex=False)
    began = time.monotonic()
    process = context.Process(target=_run, args=(its, file, mutant, stages))
    process.start()
    its.close()
    process.join(LONGEST_SECONDS)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    code = process.exitcode or 0
    if late or code == -signal.SIGXCPU:
        outcome, by = "timeout", "all together"
    elif code > 0:
        raise RuntimeError(f"the tests could not be run: {file}, {mutant}")
    else:
        outcome, by = ("killed", f"signal {-code}") if code else ours.recv()
    ours.close()
    return Verdict(outcome, by, round(time.monotonic() - began, 1))


def _run(out: Connection, file: str, mutant: Mutant | None, stages: Sequence[Sequence[str]]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_SECONDS, MOST_PROCESSOR_SECONDS + 10))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    os.chdir(ROOT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(file, mutant.tree()))
    # An example need not be small, nor kept: another mutant would meet it.
    settings.register_profile(
        "mutation", deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutation")
    for stage in filter(None, stages):
        first = _FirstFailure()
        code = pytest.main([*_OPTIONS, f"--timeout={LONGEST_SECONDS}", *stage], plugins=[first])
        if code != pytest.ExitCode.OK:
            out.send(("timeout" if first.by_the_clock else "killed", first.test or f"pytest's {code.name}"))
            return
    out.send(("survived", ""))
