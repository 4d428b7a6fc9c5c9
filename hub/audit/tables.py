"""The log's tables. Texts throughout: what is hashed is what stands there, in every database alike."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["AuditRow", "CarriedRow", "CheckpointRow", "EntryRow", "HorizonRow", "SealedRow"]


class AuditRow(DeclarativeBase):
    pass


class EntryRow(AuditRow):
    """One entry. `at` is ISO 8601 in UTC with microseconds, so that it sorts as text.

    `leaf` is the entry's Merkle leaf hash, `chain` SHA-256 of 0x02, the previous entry's `chain` and `leaf` (hexadecimal).
    Nothing is ever updated or deleted, which triggers enforce; what retention lets go of is told in the horizon first.
    """

    __tablename__ = "audit_entry"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(64))
    leaf: Mapped[str] = mapped_column(String(64))
    chain: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_subject", "subject"),
        Index("ix_audit_entry_item", "item"),
    )


class CheckpointRow(AuditRow):
    """A signed checkpoint (`note`) and the peaks of its tree (hexadecimal, largest first), from which the next one goes on."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    peaks: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


class HorizonRow(AuditRow):
    """How far retention has let go: the entries up to `size` are gone, `chain` is the last one's."""

    __tablename__ = "audit_horizon"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    chain: Mapped[str] = mapped_column(String(64))


class SealedRow(AuditRow):
    """One part of a sealed document. `position` is that of the entry that vouches for it, with a digest of the row."""

    __tablename__ = "audit_sealed"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class CarriedRow(AuditRow):
    """An entry that waited on a machine's disk (`spool`, its number there), and its position here."""

    __tablename__ = "audit_carried"

    spool: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
