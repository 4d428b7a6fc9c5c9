"""What waits on the disk, tampered with: found while it waits, and for ever after it was carried over."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from hub.audit.faults import Fault
from hub.audit.log import AuditLog
from hub.audit.reading import Filter, the_latest
from hub.audit.spool import Spool
from hub.audit.verify import verify
from hub.clock import ManualClock
from tests.unit.audit.kept import KEY, SIGNER
from tests.unit.audit.make import make_entry
from tests.unit.audit.outage import Outage, items, told, withdraw
from tests.unit.audit.tampering import run


@pytest.fixture
def log(engine: Engine, clock: ManualClock, spool: Spool) -> AuditLog:
    return AuditLog(engine, KEY, clock, spool=spool)


def _lines(spool: Spool) -> list[bytes]:
    return (spool.folder / "waiting.jsonl").read_bytes().splitlines(keepends=True)


def _put(spool: Spool, lines: list[bytes]) -> None:
    (spool.folder / "waiting.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    ("tamper", "came"),
    [
        (lambda spool: _put(spool, [line.replace(b"account-7f3a", b"account-0000") for line in _lines(spool)[:1]] + _lines(spool)[1:]), [2, 3]),
        (lambda spool: _put(spool, [_lines(spool)[0], _lines(spool)[2]]), [1, 3]),
        (lambda spool: _put(spool, _lines(spool)[:2]), [1, 2]),
    ],
    ids=["edit", "deletion", "truncation"],
)  # fmt: skip
def test_tampering_with_what_waits_is_found_before_and_for_ever_after_it_is_carried_over(
    log: AuditLog, spool: Spool, outage: Outage, tamper: Callable[[Spool], None], came: list[int]
) -> None:
    outage.begin()
    for number in (1, 2, 3):
        withdraw(log, number)
    tamper(spool)
    outage.end()
    waiting = verify(log.engine, SIGNER.verifier, waiting=spool.look())
    assert ([one.fault for one in waiting.findings], waiting.waiting) == ([Fault.DELETION], 2)
    assert "1 entries that waited" in waiting.findings[0].seen
    log.append(make_entry(9))
    assert [item for action, item, _ in told(log) if action == "consent_withdrawn"] == items(log, *came)
    (late,) = the_latest(log.engine, Filter(actions=("audit_carried",)), 9)
    assert (late.outcome, late.rule) == ("deny", "n2.lost1")
    outage.begin()
    withdraw(log, 4)
    outage.end()
    log.carry()
    after = verify(log.engine, SIGNER.verifier, waiting=spool.look())
    assert [one.fault for one in after.findings] == [Fault.DELETION]


def test_the_removal_of_all_that_waits_is_found(log: AuditLog, spool: Spool, outage: Outage) -> None:
    outage.begin()
    withdraw(log)
    (spool.folder / "waiting.jsonl").unlink()
    outage.end()
    verdict = verify(log.engine, SIGNER.verifier, waiting=spool.look())
    assert [one.fault for one in verdict.findings] == [Fault.DELETION]


def test_a_row_that_says_falsely_that_an_entry_was_carried_over_hides_nothing(
    log: AuditLog, spool: Spool, outage: Outage
) -> None:
    log.append(make_entry(7))
    outage.begin()
    withdraw(log)
    outage.end()
    name = json.loads(_lines(spool)[0])[0]
    run(log.engine, f"INSERT INTO audit_carried (spool, number, position) VALUES ('{name}', 1, 1)")
    assert log.carry() == 1
    assert [action for action, _, _ in told(log)][:2] == ["task_opened", "consent_withdrawn"]
