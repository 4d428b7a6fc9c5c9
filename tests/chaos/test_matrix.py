"""The runtime's matrix in short, for every change: one seeded round of each disturbance, and the naive agent that does not bear it.

All of it: `python -m tests.chaos.matrix`. HUB_CHAOS_SEED: the seed (1).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hub.errors import ConfigError
from tests.chaos.matrix.faulty import FAULTS
from tests.chaos.matrix.naive_site import NaiveSite
from tests.chaos.matrix.running import Row, strike
from tests.chaos.matrix.site import FaultySite, Site
from tests.support import missing

SEED = int(os.environ.get("HUB_CHAOS_SEED", "1"))
SESSION_SECONDS = 2.0
INJECTED = (("tasks", "after"), ("states", "after"))

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.timeout(600)]  # a loaded machine takes long to come to rest


@contextmanager
def opened(kind: type[Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a broker of its own."""
    try:
        site = kind(tmp_path_factory.mktemp("site"), random.Random(SEED), SESSION_SECONDS)
    except ConfigError as error:
        if error.code in {"jars_unreachable", "no_java", "old_java"}:
            missing(f"an embedded Kafka: {error}")
        raise
    site.beyond_seconds = 2.0
    try:
        yield site
    finally:
        site.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(FaultySite, tmp_path_factory) as made:
        yield made


def told(row: Row) -> str:
    return f"{row.in_flight} of {row.records} in flight, {row.repeated} repeated, {row.seconds} s"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("kill", 0),
        ("produce", 0),
        *(("inject", FAULTS.index(fault)) for fault in INJECTED),
        *(("rebalance", number) for number in range(2)),
        ("zombie", 0),
    ],
)
def test_states_and_open_tasks_are_those_of_the_oracle_whatever_strikes(
    site: Site, name: str, number: int, report: Callable[[str], None]
) -> None:
    row = strike(site, name, SEED, number, say=report)
    report(told(row))
    assert row.in_flight > 0
    assert row.told == []


def test_the_naive_agent_does_not_bear_a_kill(tmp_path_factory: pytest.TempPathFactory, report: Callable[[str], None]) -> None:
    with opened(NaiveSite, tmp_path_factory) as naive:
        row = strike(naive, "naive-kill", SEED, 0, say=report)
    report(f"{told(row)}: {row.lost} lost, {row.doubled} doubled, {row.wrong} wrong")
    assert not row.well
