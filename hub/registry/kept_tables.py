"""What is kept of a number while nothing else of its owner is registered: a keyed hash, roles and instants, no reference."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.registry.tables import Row

__all__ = ["BarredTime", "KeptCustody"]


class BarredTime(Row):
    """A time of which no consent of a number's owner may cover anything: a keyed hash, half-open, no reference, no reason.

    `by` and no `until`: that role's block, which stands though nothing else is registered any more; `cooperation` empty: of
    everything. `by` empty: it is over. See `hub.registry.barring`.
    """

    __tablename__ = "barred_time"

    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(String(32), primary_key=True)
    cooperation: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime | None]


class KeptCustody(Row):
    """Whom custody of a number's owner was recorded to make sign, and since when. See `hub.registry.custody`."""

    __tablename__ = "kept_custody"

    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    since: Mapped[datetime]
    signatories: Mapped[list[Any]]
