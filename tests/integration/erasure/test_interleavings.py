"""A withdrawal among arriving events, in every order that a lot draws, workers killed in between; the parts are the real ones.

`HUB_INTERLEAVINGS=1000 pytest tests/integration/erasure/test_interleavings.py -m soak -s` draws a thousand, in as many processes
as there are processors; the suite itself draws a few. What was drawn is written down, one line each, in `HUB_INTERLEAVINGS_FILE`
(default: a file in the machine's temporary folder): run it again and it goes on where it was. `HUB_INTERLEAVINGS_FROM` begins
with another seed. A file is of one state of the code: give another, or remove it, when that has changed.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.unit.delivery.conftest import migrate_inbox
from tests.unit.registry.conftest import migrate_keyring, migrate_registry

from .interleaving import Interleaving, Result
from .parts import played

MANY = int(os.environ.get("HUB_INTERLEAVINGS", "1000"))
FIRST = int(os.environ.get("HUB_INTERLEAVINGS_FROM", "1"))
FILE = Path(os.environ.get("HUB_INTERLEAVINGS_FILE") or Path(tempfile.gettempdir()) / "hub-interleavings.jsonl")
FEW = 8
_IN_MEMORY = Path("/dev/shm")
_TOLD_EVERY = 25


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: what is tried is order, not the disk."""
    made = Path(tempfile.mkdtemp(prefix="hub-interleavings-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def templates(folder: Path) -> Path:
    made = folder / "templates"
    made.mkdir()
    migrate_registry(f"sqlite:///{made / 'registry.db'}")
    migrate_keyring(f"sqlite:///{made / 'keyring.db'}")
    migrate_inbox(f"sqlite:///{made / 'delivery.db'}")
    return made


def draw(folder: Path, templates: Path, seed: int) -> Result:
    return played(Interleaving(folder / str(seed), seed, templates).play())


def known(file: Path, seeds: range) -> dict[int, Result]:
    """What an earlier run has drawn of these seeds; a last line that was cut off is drawn again."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            result = Result(**json.loads(line))
        except ValueError:
            continue
        if result.seed in seeds:
            found[result.seed] = result
    return found


def drawn(folder: Path, templates: Path, seeds: range, file: Path) -> list[Result]:
    """Each of `seeds` once, in several processes; every result is on the file before the next line is told."""
    results = known(file, seeds)
    waiting = [seed for seed in seeds if seed not in results]
    print(f"{len(results)} of {len(seeds)} stand in {file}", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool, file.open("a", encoding="utf-8") as out:
        out.write("\n" if out.tell() else "")  # behind a line that was cut off
        for number, result in enumerate(pool.map(partial(draw, folder, templates), waiting), 1):
            out.write(json.dumps(asdict(result)) + "\n")
            out.flush()
            results[result.seed] = result
            if number % _TOLD_EVERY == 0 or number == len(waiting):
                each = (time.monotonic() - began) / number
                print(
                    f"{len(results)} of {len(seeds)}: {each:.2f} s each, {each * (len(waiting) - number):.0f} s to go", flush=True
                )
    return [results[seed] for seed in seeds]


def judge(results: Iterable[Result], report: Callable[[str], None]) -> None:
    results = list(results)
    wrong = [f"seed {one.seed} ({one.withdrawn}): {one.wrong}" for one in results if one.wrong]
    assert not wrong
    kills = list(chain.from_iterable(one.in_flight for one in results))
    counted = [in_flight for in_flight in kills if in_flight]
    before, late = sum(one.before for one in results), sum(one.late_events for one in results)
    seconds = sorted(one.effect_seconds for one in results)
    report(
        f"{len(results)} interleavings, seeds {results[0].seed} to {results[-1].seed}: "
        f"{dict(Counter(one.withdrawn for one in results))}; nothing emitted or shown after the effect, nobody resurrected"
    )
    report(
        f"{len(counted)} kills of the worker with work in flight ({sum(counted)} records; {len(kills) - len(counted)} with none do "
        f"not count), {sum(one.delivery_kills for one in results)} of delivery"
    )
    report(f"{before} tasks stood at their withdrawal, {late} events came after")
    report(
        f"in effect after p50 {statistics.median(seconds):.2f} s, p95 {seconds[round(0.95 * (len(seconds) - 1))]:.2f} s of the "
        "lot's clock (40 ms a step, whoever's it is); on real time: test_effect"
    )
    # Such a run proves nothing when nothing was there to withdraw or to kill.
    assert counted
    assert before > 0
    assert late > 0


def test_after_the_effect_nothing_is_emitted_or_shown_and_no_replay_resurrects(
    folder: Path, templates: Path, report: Callable[[str], None]
) -> None:
    judge([draw(folder, templates, seed) for seed in range(1, FEW + 1)], report)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_same_in_a_thousand_orders(folder: Path, templates: Path, report: Callable[[str], None]) -> None:
    judge(drawn(folder, templates, range(FIRST, FIRST + MANY), FILE), report)


def test_a_run_that_was_cut_off_goes_on_where_it_was(folder: Path, templates: Path) -> None:
    file = folder / "drawn.jsonl"
    first = Result(1, "all", in_flight=[3], effect_seconds=1.0, before=2, late_events=4)
    file.write_text(json.dumps(asdict(first)) + "\n" + '{"seed": 2, "withd', encoding="utf-8")
    assert known(file, range(1, 4)) == {1: first}
    results = drawn(folder, templates, range(1, 4), file)
    assert [one.seed for one in results] == [1, 2, 3]
    assert results[0] == first
    assert known(file, range(1, 4)) == {one.seed: one for one in results}
