"""People as tests need them, and what the audit log says of them."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy import select

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.entries import Entry
from hub.audit.log import AuditLog
from hub.audit.tables import EntryRow
from hub.errors import RetriableError


def make_principal(account: str, *roles: Role, teams: tuple[str, ...] = ()) -> Principal:
    return Principal(account, f"Funktion {account}", each_for(roles, teams))


AUDITOR = make_principal("auditor-1", Role.AUDITOR)
SECOND = make_principal("auditor-2", Role.AUDITOR)
OFFICER = make_principal("officer-1", Role.CONSENT_OFFICER, teams=("sspf",))
HEAD = make_principal("head-1", Role.TEAM_HEAD, teams=("sspf",))
OPS = make_principal("ops-1", Role.OPS)


def logged(audit: AuditLog) -> list[tuple[str, str, str, str, str]]:
    """(account, role, action, outcome, rule) of every entry in the log."""
    rows = (EntryRow.account, EntryRow.role, EntryRow.action, EntryRow.outcome, EntryRow.rule)
    with audit.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*rows).order_by(EntryRow.position))]


class FullLog(AuditLog):
    """An audit log whose disk is full."""

    def __init__(self) -> None:
        """Needs nothing."""

    def append(self, entry: Entry) -> NoReturn:
        raise RetriableError("no space", code="audit")
