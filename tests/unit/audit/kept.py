"""A log of twenty entries on a real database of each kind, and what another system keeps of it."""

from __future__ import annotations

from sqlalchemy import Engine

from hub.audit.checkpoints import Checkpoints
from hub.audit.faults import Fault, Verdict
from hub.audit.log import AuditLog
from hub.audit.notes import Signer
from hub.audit.opening import migrate_audit
from hub.audit.verify import Given, verify
from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.audit.make import make_entry

SIGNER = Signer("hub/0581/audit", bytes(range(32)))
KEY = bytes(32)


def migrate_url(url: str) -> None:
    engine = build_engine(url)
    migrate_audit(engine)
    engine.dispose()


class Kept:
    """A log of twenty entries, and what another system keeps of it: the checkpoint of its first fifteen."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.engine = engine
        self.log = AuditLog(engine, KEY, clock)
        self.checkpoints = Checkpoints(engine, SIGNER, clock, entries=1000, minutes=60)
        self.add(10)
        self.checkpoints.sign()
        self.add(5)
        note = self.checkpoints.sign()
        assert note is not None
        self.exported = Given("exported.note", note)
        self.add(5)

    def add(self, number: int) -> None:
        self.log.append_many([make_entry(each) for each in range(number)])

    def verify(self, *against: Given) -> Verdict:
        return verify(self.engine, SIGNER.verifier, against)

    def found(self, *against: Given) -> list[tuple[Fault, int, int]]:
        return [(one.fault, one.first, one.last) for one in self.verify(*against).findings]
