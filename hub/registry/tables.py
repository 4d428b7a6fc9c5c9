"""The registry's tables. What identifies a person is a keyed hash or sealed under that person's own data key, nothing else.

`hub/registry/migrations` makes them; a test holds both together. Instants are UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hub.database import UtcInstant
from hub.lease import LeaseColumns

__all__ = [
    "PARTIES",
    "AgencyVersion",
    "Alias",
    "Answer",
    "Consent",
    "ConsentFact",
    "ErasureRequest",
    "Lease",
    "LinkKey",
    "Memo",
    "OutboxRow",
    "Paper",
    "Protection",
    "Removal",
    "Row",
    "SubjectEntry",
    "Youth",
]

PARTIES = "parties"
"""What `Youth.parties` is sealed as: part of what its seal is bound to."""
_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcInstant, list[Any]: JSON, dict[str, Any]: JSON}


class Youth(Row):
    """One person under one reference. `lookup` and `identity` are the mapping; they go with the last scope, and with them
    `aliases` (further identifiers) and `parties` (the names on the consent forms, one form to a consent).

    What is sealed opens with the youth's data key, which lies in the keyring, not here.

    `status` is that of the reference: none (never in force), in_force, suspended, withdrawn. `record` is the last consent
    record as JSON; `acked_version` the newest version that Kafka has acknowledged.
    """

    __tablename__ = "youth"

    youth_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    youth_ref: Mapped[str | None] = mapped_column(String(33), unique=True)
    lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    identity: Mapped[bytes | None] = mapped_column(LargeBinary)
    parties: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(16), index=True)
    record_version: Mapped[int] = mapped_column(default=0)
    acked_version: Mapped[int] = mapped_column(default=0)
    record: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    consents: Mapped[list[Consent]] = relationship(
        back_populates="youth", order_by="Consent.created_at, Consent.consent_id", cascade="all"
    )
    link_keys: Mapped[list[LinkKey]] = relationship(cascade="all, delete-orphan")
    entries: Mapped[list[SubjectEntry]] = relationship(back_populates="youth", cascade="all, delete-orphan")
    aliases: Mapped[list[Alias]] = relationship(cascade="all, delete-orphan", order_by="Alias.lookup")


class Alias(Row):
    """A further identifier of a youth: found by a keyed hash, sealed under her data key."""

    __tablename__ = "alias"

    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    youth_id: Mapped[str] = mapped_column(ForeignKey("youth.youth_id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Protection(Row):
    """A number whose owner is handled by hand: a keyed hash, and since when; no kind, no reason."""

    __tablename__ = "protection"

    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    marked_at: Mapped[datetime]


class Consent(Row):
    """One consent: one scope of the record. `facts` is its history and the truth; all else is what the algebra makes of it.

    Roles, never names: `required`, `declined`, `blocked_by`, and `signed`, which maps a role to an instant. `rule` is why it
    stands where it does, `spans` the times of which it covers information.
    """

    __tablename__ = "consent"

    consent_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    youth_id: Mapped[str] = mapped_column(ForeignKey("youth.youth_id"), index=True)
    cooperation: Mapped[str] = mapped_column(String(16))
    agencies: Mapped[list[Any]]
    recipients: Mapped[list[Any]]
    kinds: Mapped[list[Any]]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    legal_basis: Mapped[str] = mapped_column(String(64))
    area: Mapped[str | None] = mapped_column(String(64))
    required: Mapped[list[Any]]
    signed: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[datetime]
    in_force_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(32))
    rule: Mapped[str] = mapped_column(String(32), default="")
    declined: Mapped[list[Any]] = mapped_column(default=list)
    blocked_by: Mapped[list[Any]] = mapped_column(default=list)
    spans: Mapped[list[Any]] = mapped_column(default=list)

    youth: Mapped[Youth] = relationship(back_populates="consents")
    facts: Mapped[list[ConsentFact]] = relationship(order_by="ConsentFact.position", cascade="save-update, merge")


class ConsentFact(Row):
    """One thing that happened to a consent. Rows are only ever added: triggers of the database refuse all else.

    `by` is a role. `oral`: it was said, not written. No name, no number, no birth date.
    """

    __tablename__ = "consent_fact"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.consent_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    by: Mapped[str | None] = mapped_column(String(32))
    details: Mapped[dict[str, Any]]
    oral: Mapped[bool] = mapped_column(default=False)


class Paper(Row):
    """The reference of the document that a consent was registered from, in the municipality's own register."""

    __tablename__ = "consent_paper"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.consent_id"), primary_key=True)
    document: Mapped[str] = mapped_column(String(64))


class LinkKey(Row):
    """The secret that makes event identities of one youth at one agency; sealed under the youth's data key."""

    __tablename__ = "link_key"

    youth_id: Mapped[str] = mapped_column(ForeignKey("youth.youth_id"), primary_key=True)
    agency: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SubjectEntry(Row):
    """What the subject service tells one agency about one reference. Without a `version` it is not served yet.

    The hashes by which the agency finds the person are made when they are told: nothing here ties her to the reference.
    """

    __tablename__ = "subject_entry"
    __table_args__ = (Index("ix_subject_entry_agency_version", "agency", "version"),)

    youth_id: Mapped[str] = mapped_column(ForeignKey("youth.youth_id"), primary_key=True)
    agency: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int | None]
    first_version: Mapped[int | None]
    kinds: Mapped[list[Any]]
    spans: Mapped[list[Any]]
    removed: Mapped[bool] = mapped_column(default=False)
    erasure_id: Mapped[str | None] = mapped_column(String(36))

    youth: Mapped[Youth] = relationship(back_populates="entries")


class AgencyVersion(Row):
    """The version counter of one agency's directory, and the highest version that agency has fetched.

    `key_ids` are the keys under which the entries were told last; `used` says which key or token a connector had last when.
    """

    __tablename__ = "agency_version"

    agency: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)
    key_ids: Mapped[list[Any]] = mapped_column(default=list)
    used: Mapped[dict[str, Any]] = mapped_column(default=dict)


class OutboxRow(Row):
    """A message written with the change it tells of; published in the order of `outbox_id`, kept a day after that."""

    __tablename__ = "outbox"

    outbox_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(128))
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[list[Any]]
    partition: Mapped[int | None]
    record_version: Mapped[int | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(UtcInstant, index=True)


class ErasureRequest(Row):
    """A request to erase what is held of a reference, or (`scope_id`) what one withdrawn scope alone covered.

    Complete when every expected component has answered.
    """

    __tablename__ = "erasure_request"

    erasure_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    youth_ref: Mapped[str] = mapped_column(String(33), index=True)
    scope_id: Mapped[str | None] = mapped_column(String(36))
    requested_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]

    answers: Mapped[list[Answer]] = relationship(cascade="all", order_by="Answer.component")
    removals: Mapped[list[Removal]] = relationship(cascade="all", order_by="Removal.place")


class Answer(Row):
    """One component's receipt, or (`answered_at` empty) the wait for it. `agency` is set for connectors."""

    __tablename__ = "erasure_answer"

    erasure_id: Mapped[str] = mapped_column(ForeignKey("erasure_request.erasure_id"), primary_key=True)
    component: Mapped[str] = mapped_column(String(128), primary_key=True)
    agency: Mapped[str | None] = mapped_column(String(64))
    expected: Mapped[bool]
    answered_at: Mapped[datetime | None]


class Removal(Row):
    """One place where bytes from before a withdrawal may lie still: a topic, a store, the databases, backups.

    For a topic `below`: where it ended when all had erased, or after a later receipt; what is older must go. `done_at`: gone.
    """

    __tablename__ = "erasure_removal"

    erasure_id: Mapped[str] = mapped_column(ForeignKey("erasure_request.erasure_id"), primary_key=True)
    place: Mapped[str] = mapped_column(String(128), primary_key=True)
    below: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Lease(LeaseColumns, Row):
    """Who may relay an outbox, and until when."""

    __tablename__ = "lease"


class Memo(Row):
    """Small facts that outlive a process: the rule set last announced, the last daily round."""

    __tablename__ = "memo"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
