"""A registry on a SQLite file with a clock that stands still, and twins of Kafka's two ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from stdnum import luhn

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.models import Cooperation, InfoKind, Message
from hub.contract.topics import CATALOGUE, CONSENTS, ERASURES
from hub.core.consent_rules import AgeSpan, AtSigningAge, ConsentRules, Dated, Form, Signatory
from hub.errors import RetriableError
from hub.kafka import Incoming, Outgoing, outgoing
from hub.registry.agencies import AgencyKeys
from hub.registry.database import migrate, open_database
from hub.registry.directory import Page, changes
from hub.registry.granting import GrantRequest
from hub.registry.grants import GrantRules
from hub.registry.keyring import open_keyring
from hub.registry.registry import Registry
from hub.registry.relay import Relay
from hub.registry.vault import Vault
from hub.registry.work import Tools
from tests.prepared import prepare

START = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
MASTER = bytes(range(32))
SCHOOL, POLICE, LEISURE = "school-norrkoping", "police-ost", "leisure-norrkoping"
TEAMS = {"outreach": Cooperation.SSPF, "sspf": Cooperation.SSPF, "sig": Cooperation.SIG}
SIGNED = ("guardian_1", "guardian_2")


def make_identifier(number: int = 0, born: str = "20130304") -> str:
    """One of the published test numbers: birth numbers 980-999, so at most twenty a day; days follow each other."""
    day = int(born[6:]) + number // 20
    head = f"{born[:6]}{day:02d}{980 + number % 20}"
    return head + luhn.calc_check_digit(head[2:])


def make_grant(identifier: str | None = None, **changes_: Any) -> GrantRequest:
    """An SSPF consent that both guardians have signed, for a twelve-year-old, unless changed."""
    values = {
        "identifier": identifier or make_identifier(),
        "cooperation": "sspf",
        "agencies": (SCHOOL, POLICE),
        "recipients": ("outreach", "sspf"),
        "kinds": ("school_absence", "police_notice"),
        "valid_from": "2025-01-19",
        "valid_to": "2025-12-01",
        "signed": SIGNED,
        "area": "0581-hageby",
        "includes_earlier": True,
    }
    return GrantRequest.model_validate({**values, **changes_})


def make_rules(**changes: Any) -> ConsentRules:
    """Both cooperations for every age, the youth signs from 15, unless changed."""
    values = {
        "youth_signs_from": Dated.always(15),
        "at_signing_age": Dated.always(AtSigningAge.CONTINUE),
        "cooperations": dict.fromkeys(Cooperation, Dated.always(AgeSpan())),
        "longest_days": Dated.always(1000),
        "forms": Dated.always(frozenset(Form)),
        "signatories": Dated.always(frozenset(Signatory)),
    }
    return ConsentRules(**{**values, **changes})


@dataclass
class MemoryPublisher:
    """Kafka as the relay sees it; `failures` publishes are refused first."""

    published: list[Outgoing] = field(default_factory=list)
    failures: int = 0
    before: Any = None

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self.before is not None:
            self.before()
        if self.failures:
            self.failures -= 1
            raise RetriableError("not now", code="kafka")
        self.published.extend(records)
        return [(0, index) for index in range(len(records))]


@dataclass
class MemoryReader:
    """Kafka as the receipts loop sees it."""

    waiting: list[Incoming] = field(default_factory=list)
    commits: int = 0

    def poll(self, timeout_seconds: float, max_records: int) -> list[Incoming]:
        taken, self.waiting = self.waiting[:max_records], self.waiting[max_records:]
        if not taken:
            threading.Event().wait(min(timeout_seconds, 0.01))
        return taken

    def commit(self) -> None:
        self.commits += 1


@dataclass
class MemoryLane:
    """The manual lane as the registry sees it: cases by name; `failures` puts are refused first."""

    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: int = 0

    def put(self, case_id: str, content: bytes, at: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise RetriableError("not now", code="store_full")
        self.cases[case_id] = json.loads(content)


class Installation:
    """A registry with everything around it in memory, but for its database file."""

    def __init__(self, folder: Path, agencies: dict[str, AgencyKeys] | None = None, url: str = "", keyring_url: str = "") -> None:
        self.file = folder / "registry.db"
        self.clock = ManualClock(START)
        self.codec = Codec.load()
        self.engine: Engine = open_database(prepare(url or f"sqlite:///{self.file}", "registry/migrations"))
        migrate(self.engine)
        self.keyring = open_keyring(prepare(keyring_url or f"sqlite:///{folder / 'keyring.db'}", "registry/keyring_migrations"))
        self.agencies = agencies or make_agencies()
        self.lane = MemoryLane()
        envelope = partial(outgoing, self.codec, source="/hub/registry")
        self.tools = Tools(Vault(MASTER), self.keyring, self.agencies, envelope, make_rules(), self.lane)
        rules = GrantRules(frozenset(self.agencies), TEAMS, self.tools.consent)
        self.registry = Registry(self.engine, self.tools, rules, self.clock)
        self.kafka = MemoryPublisher()
        self.stop = threading.Event()
        self.relay = Relay(self.registry, self.kafka, self.stop)

    def close(self) -> None:
        self.engine.dispose()
        self.keyring.close()

    def told(self, agency: str = SCHOOL, since: int = 0) -> Page:
        """What an agency's connector fetches."""
        with self.registry.work() as work:
            return changes(work, agency, since, self.agencies[agency])

    def sent(self, topic: str = CONSENTS.name) -> list[Any]:
        """The decoded messages on a topic, in order."""
        return [self.codec.decode(CATALOGUE[topic], one.value) for one in self.kafka.published if one.topic == topic]

    def incoming(self, message: Message | bytes, key: str | None = None) -> Incoming:
        """As it comes from the topic of erasures; an erasure under its own reference unless another key is given."""
        value = message if isinstance(message, bytes) else self.codec.encode(ERASURES, message)
        named = key or getattr(message, "youth_ref", "")
        return Incoming(ERASURES.name, 0, 7, named.encode(), value, (), 0)

    def rows(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def make_agencies() -> dict[str, AgencyKeys]:
    def keys(number: int, kind: InfoKind, instance: str) -> AgencyKeys:
        return AgencyKeys(frozenset({kind}), bytes([number]) * 32, f"token-{number}", (instance,))

    return {
        SCHOOL: keys(1, InfoKind.SCHOOL_ABSENCE, "ss12000"),
        POLICE: keys(2, InfoKind.POLICE_NOTICE, "sdk"),
        LEISURE: keys(3, InfoKind.RISK_EVENT, "observations"),
    }


def dump(value: object) -> str:
    return json.dumps(value, default=str)
