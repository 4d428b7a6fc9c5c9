"""What else lies in the inbox' database and goes with consent: it is emptied in the transaction that takes the withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord

__all__ = ["NONE", "Others"]


@dataclass(frozen=True, slots=True)
class Others:
    """`end` (session, the newest consent record of a reference, now) takes what that consent no longer carries, and says whether
    anything was emptied; `tables` hold it.
    """

    tables: tuple[str, ...]
    end: Callable[[Session, ConsentRecord, datetime], bool]


NONE: Final = Others((), lambda _session, _consent, _now: False)
"""Nothing but tasks."""
