"""An outage of the log's database, and the log that has a disk to wait on."""

from __future__ import annotations

from sqlalchemy import Engine, text

from hub.audit.actions import Action
from hub.audit.log import AuditLog
from hub.audit.reading import Filter, the_latest
from hub.audit.unstoppable import Unstoppable, unstoppable
from tests.unit.audit.make import make_entry


class Outage:
    """The database away, and back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _run(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement))

    def begin(self) -> None:
        self._run("ALTER TABLE audit_entry RENAME TO away")

    def end(self) -> None:
        self._run("ALTER TABLE away RENAME TO audit_entry")


def withdraw(log: AuditLog, number: int = 1) -> int:
    with unstoppable(Unstoppable.WITHDRAWAL):
        return log.append(make_entry(number, action=Action.CONSENT_WITHDRAWN))


def told(log: AuditLog) -> list[tuple[str, str, str]]:
    found = the_latest(log.engine, Filter(), 1000)[::-1]
    return [(one.action, one.item, one.rule) for one in found]


def items(log: AuditLog, *numbers: int) -> list[str]:
    return [log.pseudonyms([make_entry(number).item])[0] for number in numbers]  # type: ignore[list-item]
