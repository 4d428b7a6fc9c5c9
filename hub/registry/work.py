"""The tools of one transaction, and the outbox that is written in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVarTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub.audit.sealed import Part
from hub.clock import stockholm_date
from hub.contract.models import ConsentRecord, Message
from hub.contract.topics import CONSENTS, Topic
from hub.core.consent_rules import ConsentRules
from hub.errors import FatalError
from hub.kafka import Outgoing
from hub.registry.agencies import AgencyKeys
from hub.registry.database import ALONE, LOOKS
from hub.registry.kept_tables import BarredTime, KeptCustody
from hub.registry.keyring import KeyStore
from hub.registry.tables import AgencyVersion, OutboxRow, Youth
from hub.registry.vault import Vault

__all__ = ["AgencyKeys", "Envelope", "ManualLane", "Sealed", "Tools", "Work", "locked_counter"]

_Columns = TypeVarTuple("_Columns")


class Envelope(Protocol):
    """Makes the Kafka record of a message: `hub.kafka.outgoing` with codec and source filled in."""

    def __call__(self, topic: Topic, key: str | None, message: Message, *, id: str, time: datetime) -> Outgoing:  # noqa: A002
        """Encode `message` for `topic`."""
        ...


class ManualLane(Protocol):
    """The way into the manual lane of protected identities: sealed at once, read by nobody here."""

    def put(self, case_id: str, content: bytes, at: datetime) -> None:
        """Keep one case; the same `case_id` and content again changes nothing. On return it is on the medium.

        Raises RetriableError when it is not: the caller then changes nothing.
        """
        ...


class Sealed(Protocol):
    """The way into the sealed vault: `hub.audit.sealed.SealedVault`."""

    def append(self, parts: Sequence[Part], at: datetime) -> None:
        """Keep them; RetriableError when that fails: then nothing is changed."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What does not change from one transaction to the next.

    `lane` None: there is no manual lane here, and what belongs there is refused. `reversal`: how long a marking as protected
    can be reversed before everything is erased. `sealed` None: no form is kept beyond its erasure.
    """

    vault: Vault
    keys: KeyStore
    agencies: Mapping[str, AgencyKeys]
    envelope: Envelope
    consent: ConsentRules
    lane: ManualLane | None = None
    reversal: timedelta = timedelta(days=14)
    sealed: Sealed | None = None


@dataclass(slots=True)
class Work:
    """One transaction: the one writer's, or a look (`hub.registry.database`); ValueError for any other session.

    `known` keeps youths by lookup (None: there is no such row), so that two rows of one youth meet.
    `diverted` are those who went to the manual lane instead (None: somebody without a row), `marks` what is known
    of who is marked, `barred` the times that are kept of a number, `custodies` whom custody of its owner made sign,
    `kept_changed` whether only that was changed which is kept of a number beyond its consents.
    """

    session: Session
    now: datetime
    tools: Tools
    known: dict[bytes, Youth | None] = field(default_factory=dict)
    counters: dict[str, AgencyVersion] = field(default_factory=dict)
    outbox: list[OutboxRow] = field(default_factory=list)
    diverted: list[Youth | None] = field(default_factory=list)
    marks: dict[bytes, bool] = field(default_factory=dict)
    barred: dict[bytes, list[BarredTime]] = field(default_factory=dict)
    custodies: dict[bytes, KeptCustody | None] = field(default_factory=dict)
    kept_changed: bool = False
    wrapped: dict[str, bytes] = field(default_factory=dict, repr=False)
    fresh_keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.session.info.keys() & {ALONE, LOOKS}:
            raise ValueError("a session of `writing` or `reading`, and no other: else it sees half of what another one does")

    def locking(self, query: Select[*_Columns]) -> Select[*_Columns]:
        """The query of youths, its rows locked until the transaction ends; not in a look, which holds nobody up."""
        return query if self.session.info.get(LOOKS) else query.with_for_update(of=Youth)

    @property
    def today(self) -> date:
        """The Swedish date."""
        return stockholm_date(self.now)

    def keep_key(self, youth_id: str, wrapped: bytes) -> None:
        """A new youth's wrapped data key: in the keyring before this transaction is committed."""
        self.fresh_keys[youth_id] = self.wrapped[youth_id] = wrapped

    def fetch_keys(self, youth_ids: Collection[str]) -> None:
        """Read many wrapped keys at once."""
        self.wrapped.update(self.tools.keys.get(set(youth_ids) - self.wrapped.keys()))

    def wrapped_key(self, youth_id: str) -> bytes:
        """A youth's wrapped data key. Raises FatalError when she has a mapping and no key: two backups that do not agree."""
        if youth_id not in self.wrapped:
            self.fetch_keys([youth_id])
        if youth_id not in self.wrapped:
            raise FatalError(
                "the keyring has no key for a youth of the registry's database: it was restored without `hub backup restore`, "
                "or the keyring is not the one that belongs to it",
                code="no_data_key",
            )
        return self.wrapped[youth_id]

    def announce(self, record: ConsentRecord) -> None:
        """Queue a consent record; its acknowledgement opens the subject entries."""
        name = f"{record.youth_ref}.{record.version}"
        sealed = self.tools.envelope(CONSENTS, record.youth_ref, record, id=name, time=self.now)
        self.queue(sealed, record_version=record.version)

    def send(self, topic: Topic, key: str | None, message: Message, *, event_id: str) -> None:
        """Queue any other message."""
        self.queue(self.tools.envelope(topic, key, message, id=event_id, time=self.now))

    def queue(self, record: Outgoing, *, record_version: int | None = None) -> None:
        """Note one record for the outbox."""
        self.outbox.append(
            OutboxRow(
                topic=record.topic,
                key=record.key,
                value=record.value,
                headers=[[name, value.decode("utf-8")] for name, value in record.headers],
                partition=record.partition,
                record_version=record_version,
                created_at=self.now,
            )
        )

    def write_outbox(self) -> None:
        """The last thing in a transaction: write the noted records, in the order they were noted.

        Not sooner: SQLAlchemy inserts in an order that shifts when pending rows are dropped, and a withdrawn record must
        never stand before the one it ends.
        """
        self.session.flush()
        self.session.add_all(self.outbox)
        self.session.flush()
        self.outbox.clear()
        # Last, and before the commit: a key without its youth harms nobody, a youth without her key could not be opened.
        self.tools.keys.put(self.fresh_keys, self.now)

    def counter(self, agency: str) -> AgencyVersion:
        """The version counter of an agency's directory, locked until the transaction ends."""
        if agency not in self.counters:
            self.counters[agency] = locked_counter(self.session, agency)
        return self.counters[agency]


def locked_counter(session: Session, agency: str) -> AgencyVersion:
    """The counter's row, made when it is the first; locked, so that versions follow the order of commits."""
    counter = session.scalars(select(AgencyVersion).where(AgencyVersion.agency == agency).with_for_update()).one_or_none()
    if counter is None:
        counter = AgencyVersion(agency=agency, version=0, fetched=0, key_ids=[], used={})
        session.add(counter)
        session.flush()
    return counter
