"""A run over many mutants: which, in what order, what is known already, and what to tell at the end."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import yaml

import tests.conftest  # noqa: F401 - what every process would import again

from .judging import ROOT, Verdict, judge, stages_for
from .mutants import Mutant, mutants_of

__all__ = ["FEWEST_PERCENT", "Plan", "reasons", "report_of", "run"]

FEWEST_PERCENT = 90
SURVIVORS = Path(__file__).parent / "survivors.yaml"
Results: TypeAlias = dict[str, dict[str, Any]]
"""`file key` of a mutant → its verdict, with the digest of the file that it was made of."""


@dataclass(frozen=True)
class Plan:
    """The files, and how many of their mutants (None: all), drawn with a seed."""

    files: Sequence[str]
    sample: int | None = None
    seed: int = 1

    def mutants(self) -> list[tuple[str, Mutant]]:
        """In an order of chance, so that a run that is cut off has seen something of everything.

        Where a mutant stands in it does not depend on the others: a sample stays the same but for what has changed.
        """
        found = [(file, mutant) for file in self.files for mutant in mutants_of(ROOT / file)]
        found.sort(key=lambda one: hashlib.sha256(f"{self.seed} {one[0]} {one[1].key}".encode()).digest())
        return found[: self.sample]


def reasons() -> dict[str, str]:
    """Why a mutant that survives is none that a test should kill."""
    listed = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or []
    return {f"{one['file']} {one['mutation']}": one["reason"] for one in listed}


def run(plan: Plan, resume: Path | None = None, *, again: bool = False, jobs: int = 1, checked: bool = False) -> Results:
    """Judge the plan's mutants, but for those whose verdict is known and whose file is as it was.

    `checked`: the tests are known to pass on the code as it is.
    """
    known: Results = json.loads(resume.read_text(encoding="utf-8")) if resume is not None and resume.exists() else {}
    wanted = {f"{file} {mutant.key}": (file, mutant) for file, mutant in plan.mutants()}
    digests = {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16] for file in plan.files}
    stays = {"killed"} if again else {"killed", "timeout", "survived"}
    results = {
        key: known[key]
        for key, (file, _) in wanted.items()
        if key in known and known[key]["of"] == digests[file] and known[key]["outcome"] in stays
    }
    waiting = [(key, *one) for key, one in wanted.items() if key not in results]
    print(f"{len(wanted)} mutants, {len(results)} known", flush=True)
    if waiting and not checked:
        _check_the_tests({file for _, file, _ in waiting})
    began = time.monotonic()
    for number, (key, file, verdict) in enumerate(_judged(waiting, jobs), 1):
        results[key] = asdict(verdict) | {"of": digests[file]}
        if resume is not None:
            _keep(resume, known | results)
        to_go = (time.monotonic() - began) / number * (len(waiting) - number)
        print(f"{number}/{len(waiting)} {verdict.outcome} {verdict.seconds} s, {to_go:.0f} s to go: {key}", flush=True)
    return results


def _check_the_tests(files: set[str]) -> None:
    """Tests that fail on the code as it is would kill everything."""
    asked = list(dict.fromkeys(one for file in sorted(files) for stage in stages_for(file) for one in stage))
    verdict = judge(min(files), None, [asked])
    if verdict.outcome != "survived":
        raise SystemExit(f"without any mutant: {verdict.outcome} by {verdict.by}")


def _judged(waiting: Sequence[tuple[str, str, Mutant]], jobs: int) -> Iterator[tuple[str, str, Verdict]]:
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        for done in as_completed([pool.submit(_judge_one, one) for one in waiting]):
            yield done.result()


def _judge_one(given: tuple[str, str, Mutant]) -> tuple[str, str, Verdict]:
    key, file, mutant = given
    return key, file, judge(file, mutant, stages_for(file))


def _keep(resume: Path, results: Mapping[str, Any]) -> None:
    half = resume.with_suffix(".half")
    half.write_text(json.dumps(results, indent=0, ensure_ascii=False), encoding="utf-8")
    half.replace(resume)


def report_of(results: Results) -> tuple[list[str], float]:
    """(lines to read, percent that were killed); what survived for a good reason counts among neither the killed nor the all."""
    known = reasons()
    counts: dict[str, Counter[str]] = {}
    for key, one in sorted(results.items()):
        outcome = "reasoned" if one["outcome"] == "survived" and key in known else one["outcome"]
        counts.setdefault(key.partition(" ")[0], Counter())[outcome] += 1
    total = sum(counts.values(), Counter[str]())
    lines = [f"{'killed':>7} {'timeout':>8} {'survived':>9} {'reasoned':>9}"]
    for name, count in [*counts.items(), ("all", total)]:
        lines.append(f"{count['killed']:7} {count['timeout']:8} {count['survived']:9} {count['reasoned']:9}  {name}")
    lines += [f"SURVIVED {key}" for key, one in sorted(results.items()) if one["outcome"] == "survived" and key not in known]
    lines += [f"killed, though a reason says that it cannot be: {key}" for key in sorted(known) if _killed(results, key)]
    judged = total["killed"] + total["timeout"] + total["survived"]
    percent = 100 * (total["killed"] + total["timeout"]) / judged if judged else 100.0
    lines.append(f"{percent:.1f} % killed of {judged}; {total['reasoned']} more survive for the reasons in survivors.yaml")
    return lines, percent


def _killed(results: Results, key: str) -> bool:
    return key in results and results[key]["outcome"] != "survived"
