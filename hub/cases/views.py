"""A case as its team may see it: with its content only while consent permits that, decided anew at each reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from hub.cases.consenting import may_read, named_parties, runs_out
from hub.cases.content import Content
from hub.cases.moves import CaseState
from hub.cases.tables import CaseRow
from hub.contract.models import ConsentRecord, Cooperation
from hub.delivery.tables import ReferenceRow
from hub.metrics import CONSENT_DECISIONS
from hub.sealed import Seal

__all__ = ["STALE", "UNREADABLE", "CaseSeal", "CaseView", "consent_of", "view_of"]

STALE: Final = "stale"
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case. `content` is None where it is not shown; `untold` is the code of why: of the denial, of the ending, `stale` while
    withdrawals may wait unread, `unreadable` when it was sealed under another key.

    `named`: who may take part now. `runs_out`: until when the team may read, if nobody does anything. `youth_ref` comes with the
    content, for the audit log and for measuring, never for a page.
    """

    case_id: str
    cooperation: Cooperation
    team: str
    state: CaseState
    reason: str
    task_id: str
    opened_at: datetime
    closed_at: datetime | None
    version: int
    untold: str = ""
    content: Content | None = field(default=None, repr=False)
    named: tuple[str, ...] = ()
    runs_out: datetime | None = None
    youth_ref: str | None = field(default=None, repr=False)

    def takes_part(self, party: str) -> bool:
        """Whether somebody may take part now; a chosen party that consent no longer names may not."""
        return party in self.named


class CaseSeal:
    """Seals and opens, bound to the case. `key`: the installation's `worklist.key`, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._seal = Seal(key, b"hub cases")

    def seal(self, case_id: str, content: Content) -> bytes:
        """As it may lie on disk."""
        return self._seal.seal(case_id.encode(), content.model_dump_json().encode())

    def open(self, case_id: str, sealed: bytes) -> Content | None:
        """What was sealed; None when it was under another key, for another case, or by another version."""
        found = self._seal.open(case_id.encode(), sealed)
        try:
            return None if found is None else Content.model_validate_json(found)
        except ValidationError:
            return None


def consent_of(session: Session, youth_ref: str) -> ConsentRecord | None:
    """The newest consent that is known of a reference."""
    row = session.get(ReferenceRow, youth_ref)
    return None if row is None else ConsentRecord.model_validate_json(row.record)


def view_of(session: Session, row: CaseRow, seal: CaseSeal, now: datetime, *, stale: bool) -> CaseView:
    """A row as its team sees it now. `stale`: nothing of a youth is shown."""
    cooperation = Cooperation(row.cooperation)
    view = CaseView(
        row.case_id, cooperation, row.team, CaseState(row.state), row.reason, row.task_id, row.opened_at, row.closed_at,
        row.version or 0,
    )  # fmt: skip
    if row.subject is None or row.sealed is None:
        return replace(view, untold=row.reason)
    if stale:
        return replace(view, untold=STALE)
    consent = consent_of(session, row.subject)
    decision = may_read(consent, row.team, cooperation, now)
    CONSENT_DECISIONS.labels("opening", decision.rule).inc()
    if consent is None or not decision.permit:
        return replace(view, untold=decision.rule)
    content = seal.open(row.case_id, row.sealed)
    return replace(
        view,
        untold=UNREADABLE if content is None else "",
        content=content,
        named=named_parties(consent, row.team, cooperation, now),
        runs_out=runs_out(consent, row.team, cooperation, now),
        youth_ref=row.subject,
    )
