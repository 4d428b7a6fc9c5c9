"""What else lies in the inbox' database and goes with consent: it is emptied in the transaction that takes the withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord
from hub.database import answering, truncate_log
from hub.delivery.telling import Telling

__all__ = ["NONE", "Others", "lapse"]


@dataclass(frozen=True, slots=True)
class Others:
    """`end` (the newest consent record of a reference, and the one known before) takes what that consent no longer carries, and
    says whether anything was emptied; `lapse` (session, now) what may not be kept any longer, consent or not. `begin` tells the
    bus what it has not heard yet, when delivery starts. `tables` hold it all.
    """

    tables: tuple[str, ...]
    end: Callable[[Telling, ConsentRecord, ConsentRecord | None], bool]
    lapse: Callable[[Session, datetime], bool]
    begin: Callable[[Telling], None]


NONE: Final = Others((), lambda _telling, _consent, _before: False, lambda _session, _now: False, lambda _telling: None)
"""Nothing but tasks."""


def lapse(engine: Engine, others: Others, now: datetime) -> None:
    """Take what may not be kept any longer, and rid SQLite's log of it. Raises RetriableError: then ask again."""
    with answering(), Session(engine) as session, session.begin():
        taken = others.lapse(session, now)
    if taken:
        with answering():
            truncate_log(engine)  # a reader in the way: the next time that something goes
