"""The inbox after a restore beside which Kafka begins anew: it takes that Kafka from its beginning, and shows nobody too early.

How far it had taken the former one says nothing of this one. Whatever comes on it again has one effect, by its id. Whose consent
the backup held in force may have withdrawn since: so those are forgotten here until the registry has told them anew, and until
then nobody reads what a task says of a youth. Withdrawn ones stay, for they are so for ever.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord, ConsentStatus
from hub.database import answering, build_engine, migrate
from hub.delivery.tables import PositionRow, PulseRow, ReferenceRow

__all__ = ["come_back"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def come_back(url: str) -> None:
    """Begin anew with Kafka in the inbox at that database URL; tasks and what is to be told stay. Raises RetriableError."""
    engine = build_engine(url)
    try:
        migrate(engine, _MIGRATIONS)
        with answering(), Session(engine) as session, session.begin():
            session.execute(delete(PositionRow))
            session.execute(delete(PulseRow))
            for row in session.scalars(select(ReferenceRow)):
                if ConsentRecord.model_validate_json(row.record).status is not ConsentStatus.WITHDRAWN:
                    session.delete(row)
    finally:
        engine.dispose()
