"""A worker fed with poison, in small: every bad record is dead-lettered once, and the ledger adds up, also behind a flood."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.bench.runtime.poison import SORTS, Given, own_kafka, rounds

pytestmark = [pytest.mark.bench, pytest.mark.kafka]
GIVEN = Given(events=6_000, poison=600, youths=500, partitions=4, rounds=1, flood=400)


def test_poison_is_put_aside_and_the_ledger_adds_up(tmp_path: Path, report: Callable[[str], None]) -> None:
    found = rounds(partial(own_kafka, tmp_path, GIVEN.partitions), GIVEN, report)
    assert set(found["bad_records_sent"]) == set(SORTS)
    assert found["dead_letters"] == found["bad_records"] == GIVEN.poison
    assert found["balance_holds"]
    assert 0 < found["flood"]["paused_after"] <= 101
    assert found["flood"]["after"]["dead_lettered"] == GIVEN.poison + GIVEN.flood
    assert found["balance_holds_after_the_flood"]
    assert found["flood"]["exit_code"] == 0
    report(f"with poison {found['with']['of_clean_cpu']} of the events a CPU second without")
