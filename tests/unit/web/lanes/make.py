"""Two sealed stores and the desks over them, as the pages and the commands open them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from nacl.public import PrivateKey

from hub.audit.log import AuditLog
from hub.clock import Clock
from hub.connector import RawMessage
from hub.statutory.desk import CaseDesk, ReportDesk
from hub.statutory.disk import Disk
from hub.statutory.entries import entry_of
from hub.statutory.handing_over import HandOvers
from hub.statutory.marks import Mark
from hub.statutory.store import StatutoryStore
from hub.working_time import OFFICE_HOURS

KEYS = PrivateKey(bytes(range(32))), PrivateKey(bytes(range(1, 33)))
PERSON = "201203149800"
CASE = {
    "what": "stopped", "identifier": PERSON, "marking": "household", "at": "2025-05-19T05:30:00+00:00",
    "parties": {"youth": "Anna Andersson"}, "consents": [{"cooperation": "sspf", "state": "in_force"}],
}  # fmt: skip


class Lanes:
    """`report` and `case` put one in and return its entry."""

    def __init__(self, folder: Path, clock: Clock, audit: AuditLog, *, readable: bool = True, disk: Disk | None = None) -> None:
        self.clock = clock
        self.stores, self.hand_overs = [], []
        for name, key in zip(("statutory", "manual"), KEYS, strict=True):
            place = folder / name
            self.stores.append(StatutoryStore(place, key.public_key, key if readable else None, clock=clock))
            self.hand_overs.append(HandOvers(place, key.public_key, disk=disk))
        self.reports = ReportDesk(self.stores[0], self.hand_overs[0], audit, clock)
        self.cases = CaseDesk(self.stores[1], self.hand_overs[1], audit, clock, hours=OFFICE_HOURS, days=5)

    def report(self, name: str = "one", content: bytes = b"\xff<script>", at: datetime | None = None) -> str:
        return self._put(0, RawMessage(name, at or self.clock.now(), content))

    def case(self, name: str = "one", **changes: object) -> str:
        return self._put(1, RawMessage(name, self.clock.now(), json.dumps(CASE | changes).encode()))

    def taken(self, entry: str, receiver: str = "reception") -> None:
        """The lane has handed it over."""
        marks, path = self.hand_overs[0].marks, self.stores[0].path_of(entry)
        for mark in (Mark.ASSIGNED, Mark.TAKEN):
            marks.put(path, mark, self.clock.now(), receiver=receiver)

    def _put(self, lane: int, message: RawMessage) -> str:
        store = self.stores[lane]
        before = set(store.files())
        store.put(message)
        (path,) = set(store.files()) - before
        return entry_of(path)
