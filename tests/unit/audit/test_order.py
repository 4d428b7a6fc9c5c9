"""One order on both databases, whoever appends at once, and whoever is killed in the middle of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from hub.audit.log import AuditLog
from hub.audit.notes import Signer
from hub.audit.verify import verify
from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.audit.kept import migrate_url
from tests.unit.audit.make import make_entry

SIGNER = Signer("hub/0581/audit", bytes(range(32)))
_CHILD = """
import sys
from hub.audit.log import AuditLog
from hub.clock import SystemClock
from hub.database import build_engine
from tests.unit.audit.make import make_entry
log = AuditLog(build_engine(sys.argv[1]), bytes(32), SystemClock())
number = 0
while True:
    number += 1
    print(log.append(make_entry(number)), flush=True)
"""


@pytest.fixture
def url(databases: Callable[..., str]) -> str:
    return databases("audit", migrate_url)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = build_engine(url)
    yield engine
    engine.dispose()


def test_many_that_append_at_once_make_one_chain(engine: Engine, clock: ManualClock) -> None:
    logs = [AuditLog(engine, bytes(32), clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        positions = list(pool.map(lambda number: logs[number % 4].append(make_entry(number)), range(60)))
    assert sorted(positions) == list(range(1, 61))
    assert verify(engine, SIGNER.verifier).whole


def test_what_was_acknowledged_survives_a_kill_and_the_chain_goes_on(engine: Engine, url: str, clock: ManualClock) -> None:
    """The entry under way is there as a whole or not at all."""
    log = AuditLog(engine, bytes(32), clock)
    acknowledged = 0
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", _CHILD, url], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(12):
                acknowledged = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *(int(line) for line in child.stdout.read().split("\n")[:-1] if line)])
        after = log.append(make_entry(1))
        assert after in {acknowledged + 1, acknowledged + 2}
    verdict = verify(engine, SIGNER.verifier)
    assert (verdict.whole, verdict.size) == (True, after)
