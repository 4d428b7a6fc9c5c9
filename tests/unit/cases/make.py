"""A team's cases over an inbox with a bus in hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.cases.content import Content, Numbers
from hub.cases.moves import CaseMove, begin
from hub.cases.results import Results
from hub.cases.store import Cases, Deed, Source
from hub.cases.tables import CaseRow
from hub.cases.views import CaseSeal, CaseView
from hub.cases.withdrawing import GO_WITH_CONSENT
from hub.clock import ManualClock
from hub.contract.models import ConsentRecord, Cooperation, InfoKind
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.inbox import Inbox
from hub.delivery.moves import Asked, Move, Who
from tests.unit.core.make import POLICE, SCHOOL, SSPF_SCOPE, make_consent, make_scope, make_withdrawn
from tests.unit.delivery.make import Desk, make_task

SSPF, SIG = Cooperation.SSPF, Cooperation.SIG
KEY = b"c" * 32
UNKNOWN = Numbers()
CARRIES = {SCHOOL: (InfoKind.SCHOOL_ABSENCE,), POLICE: (InfoKind.POLICE_NOTICE,)}
ANNA, BO = "account-anna", "account-bo"


def no_log(*_: object) -> None:
    """Whoever writes no log in a test."""


def same(_view: CaseView, content: Content) -> Content:
    return content


class CaseDesk(Desk):
    """`recorded`: what the audit log was told, in order."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        super().__init__(engine, clock)
        self.inbox = Inbox(engine, self.codec, clock, others=GO_WITH_CONSENT)
        self.results = Results(engine, KEY, clock)
        self.cases = Cases(engine, lambda: self.codec, CaseSeal(KEY), clock, self.results, stale=lambda: self.is_stale)

    def consent(self, record: ConsentRecord | None = None) -> ConsentRecord:
        told = record or make_consent()
        self.inbox.take([self.record(CONSENTS, told.youth_ref, told)])
        return told

    def withdraw(self, version: int = 9) -> None:
        self.consent(make_withdrawn(version))

    def open(
        self,
        *,
        team: str = "sspf",
        cooperation: Cooperation = SSPF,
        number: str = SSPF_SCOPE,
        worry: int | None = 4,
        before: Numbers = UNKNOWN,
        record: Callable[[str, str], object] = no_log,
    ) -> str:
        """A case by hand, in which all take part whom the consent names."""

        def begun(named: Sequence[str]) -> Content:
            return begin(cooperation, named, worry, before, span_days=28, named=named)

        return self.cases.open(Source(consent=number), team, cooperation, begun, ANNA, record=record)

    def read(self, case: str, team: str = "sspf") -> CaseView:
        return self.cases.read(case, team)

    def change(self, case: str, move: CaseMove, deed: Deed = same, **options: Any) -> None:
        """As somebody who has just read it, unless `seen` says what she read."""
        team = options.pop("team", "sspf")
        seen = options.pop("seen", self.cases.read(case, team).version)
        self.cases.change(case, team, move, deed, options.pop("account", ANNA), seen=seen, record=options.pop("record", no_log))

    def row(self, case: str) -> CaseRow:
        with Session(self.engine) as session:
            found = session.get(CaseRow, case)
            assert found is not None
            return found

    def accepted_task(self, ref: str, *, accept: bool = True) -> str:
        """A task of the SSPF coordinator's, taken."""
        task = make_task(ref).model_copy(update={"team": "sspf", "function": "seek_sig_consent"})
        self.consent(make_consent(make_scope(agencies=("school",)), youth_ref=ref))
        self.inbox.take([self.record(TASKS_OUTREACH, ref, task)])
        if accept:
            asked = Asked(Move.ACCEPT, concern=False)
            view = self.worklist.open_task(task.task_id, "sspf")
            self.answering.move(task.task_id, "sspf", asked, Who(ANNA), seen=view.version, record=no_log)
        return task.task_id


def soon(days: float = 2) -> timedelta:
    return timedelta(days=days)
