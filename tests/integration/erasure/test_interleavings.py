"""A withdrawal among arriving events, in every order that a lot draws, workers killed in between; the parts are the real ones.

`HUB_INTERLEAVINGS=1000 pytest tests/integration/erasure/test_interleavings.py -m soak -s` draws a thousand (resume with
`HUB_INTERLEAVINGS_FROM`); the suite itself draws a few.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.delivery.conftest import migrate_inbox
from tests.unit.registry.conftest import migrate_keyring, migrate_registry

from .interleaving import Interleaving, Result
from .parts import played

MANY = int(os.environ.get("HUB_INTERLEAVINGS", "1000"))
FIRST = int(os.environ.get("HUB_INTERLEAVINGS_FROM", "1"))
FEW = 12
_IN_MEMORY = Path("/dev/shm")


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


def play(folder: Path, templates: Path, seeds: range, report: Callable[[str], None]) -> None:
    results: list[Result] = []
    for seed in seeds:
        result = played(Interleaving(folder / str(seed), seed, templates).play())
        assert not result.wrong, f"seed {seed} ({result.withdrawn}): {result.wrong}"
        results.append(result)
        if len(results) % 50 == 0:
            print(f"{len(results)} interleavings, the last seed {seed}", flush=True)
    kills = [in_flight for result in results for in_flight in result.in_flight]
    counted = [in_flight for in_flight in kills if in_flight]
    report(
        f"{len(results)} interleavings, seeds {seeds.start} to {seeds.stop - 1}: {dict(Counter(one.withdrawn for one in results))}"
    )
    report(
        f"{len(counted)} kills of the worker with work in flight ({sum(counted)} records; {len(kills) - len(counted)} with none do "
        f"not count), {sum(one.delivery_kills for one in results)} of delivery"
    )
    report(
        f"{sum(one.before for one in results)} tasks stood at their withdrawal, {sum(one.late_events for one in results)} events came after"
    )
    # Such a run proves nothing when nothing was there to withdraw or to kill.
    assert counted
    assert sum(one.before for one in results) > 0
    assert sum(one.late_events for one in results) > 0


def test_after_the_effect_nothing_is_emitted_or_shown_and_no_replay_resurrects(
    folder: Path, templates: Path, report: Callable[[str], None]
) -> None:
    play(folder, templates, range(1, FEW + 1), report)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_same_in_a_thousand_orders(folder: Path, templates: Path, report: Callable[[str], None]) -> None:
    play(folder, templates, range(FIRST, FIRST + MANY), report)
