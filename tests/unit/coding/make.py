"""A queue, a statutory store and a desk over them, around a message in the shape of the standard."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.sdk import connector as sdk
from hub.audit.entries import Actor
from hub.audit.log import AuditLog
from hub.audit.opening import migrate_audit
from hub.clock import Clock
from hub.coding.desk import Answer, CodingDesk, CodingInstance
from hub.coding.queue import CodingQueue, QueuedNotice
from hub.coding.sealing import CodingSeal
from hub.connect.coding import Coding
from hub.connector import RawMessage, report_number
from hub.contract.models import InfoKind, PoliceCategory
from hub.database import build_engine
from hub.installation import load_places
from hub.resources import defaults_folder
from hub.statutory.store import StatutoryStore
from tests.unit.connectors.sdk.make import PERSON, SUBJECT, make_config, make_message, reference
from tests.unit.statutory.make import KEY

if TYPE_CHECKING:
    from tests.unit.connect.conftest import World

AGENCY_KEY = bytes(range(32))
INSTANCE = "sdk"
UNDO = timedelta(minutes=1)
OFFICER = Actor("account-1", role="statutory-officer")


class CodingPlace:
    """Where notices are coded: `arrive` puts a message into the store and the queue, as the two lanes do."""

    def __init__(self, folder: Path, clock: Clock, audit: AuditLog | None = None) -> None:
        self.clock = clock
        self.store = StatutoryStore(folder / "statutory", KEY.public_key, KEY, clock=clock)
        self.queue = CodingQueue(folder / "coding.db")
        self.seal = CodingSeal(AGENCY_KEY, INSTANCE)
        self.audit = audit or _audit(folder, clock)
        self.config = make_config()
        places = load_places(defaults_folder())
        assert sdk.read_draft is not None
        read = partial(sdk.read_draft, self.config, places)
        instance = CodingInstance(INSTANCE, sdk.title, self.queue, self.seal, lambda content: read(clock.now(), content))
        self.desk = CodingDesk([instance], self.store, self.audit, clock, undo=UNDO)

    def arrive(self, number: int = 1, *references: dict[str, str], reason: str = "uncoded", at: datetime | None = None) -> str:
        """A message; without references it names PERSON and nothing else. Returns its number."""
        message = make_message(number, *(references or (reference(SUBJECT, PERSON),)))
        identity = message["attributes"]["messageId"]
        self.store.put(RawMessage(identity, at or self.clock.now(), json.dumps({"data": message}).encode()))
        number = report_number(identity)
        self.queue.add({number: reason}, self.clock.now(), {number: self.store.contents(number)})
        return number

    def seen(self, number: str) -> str:
        """The content that an officer who opens the notice now reads; nothing where there is none."""
        found = sorted(self.store.of(number)[0], key=lambda one: (one.envelope.stored_at, one.entry))
        return found[-1].entry if found else ""

    def code(self, number: str, **answer) -> QueuedNotice:
        """Coded by somebody who has read what there is."""
        return self.desk.code(OFFICER, number, make_answer(self.clock, **answer), seen=self.seen(number))

    def told(self) -> list[tuple[str, str, str]]:
        """(action, purpose, outcome) of the audit log."""
        with closing(self.audit.engine.raw_connection()) as connection:
            rows = connection.execute("select action, purpose, outcome from audit_entry order by position").fetchall()
        return [tuple(row) for row in rows]

    def close(self) -> None:
        self.desk.close()


def coding_lane(place: CodingPlace, world: World, **changes):
    """The events lane of an sdk instance in `world`, whose coded notices come from `place`."""
    world.origin = replace(world.origin, agency="police-ost", connector=INSTANCE, kinds=frozenset({InfoKind.POLICE_NOTICE}))
    coding = Coding(INSTANCE, place.queue, place.seal, world.ledger, place.clock)
    return world.lane(coding=coding, **changes)


def make_answer(clock: Clock, *, places: tuple[int, ...] = (1,), typed: tuple[str, ...] = (), **changes) -> Answer:
    facts = {
        "category": PoliceCategory.NARCOTICS,
        "occurred_at": clock.now() - timedelta(days=1),
        "area": "0581-hageby",
        "may_tell_youth": False,
        "places": frozenset(places),
        "typed": typed,
    }
    return Answer(**(facts | changes))


def _audit(folder: Path, clock: Clock) -> AuditLog:
    audit = AuditLog(build_engine(f"sqlite:///{folder / 'audit.db'}"), bytes(32), clock)
    migrate_audit(audit.engine)
    return audit
