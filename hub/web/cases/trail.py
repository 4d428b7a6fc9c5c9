"""What the audit log is told of cases: before anything is shown, or it is not shown; before a deed holds, or nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.cases.moves import CaseMove
from hub.cases.views import CaseView

__all__ = ["CaseTrail"]


class CaseTrail:
    """One per visit."""

    def __init__(self, audit: AuditLog, principal: Principal, team: str) -> None:
        self._audit = audit
        self._actor = actor_of(principal, Action.CASE_READ, team)

    def listed(self, views: Sequence[CaseView], purpose: str) -> None:
        """A list, with an entry for each case of which it tells something; of none, one for the list."""
        told = [view for view in views if view.content is not None]
        entries = [
            Entry(self._actor, Logged.CASE_LISTED, *_about(view.youth_ref, view.case_id), purpose=purpose) for view in told
        ]
        self._audit.append_many(entries or [Entry(self._actor, Logged.CASE_LISTED, purpose=purpose)])

    @contextmanager
    def opening(self, case_id: str, purpose: str) -> Iterator[Callable[[CaseView], CaseView]]:
        """Round the reading of one case; the block gives what it read to the yielded function."""
        entry = Entry(self._actor, Logged.CASE_SHOWN, item=Subject(SubjectKind.CASE, case_id), purpose=purpose)
        with self._audit.recorded(entry) as draft:

            def told(view: CaseView) -> CaseView:
                if view.youth_ref is None:
                    draft.denied(view.untold)
                else:
                    draft.about(subject=Subject(SubjectKind.REFERENCE, view.youth_ref))
                    draft.permitted("consent")
                return view

            yield told

    def opened(self, youth_ref: str, case_id: str) -> None:
        """A case is opened, called before it holds."""
        self._audit.append(Entry(self._actor, Logged.CASE_OPENED, *_about(youth_ref, case_id)))

    def deed(self, case_id: str, move: CaseMove) -> Callable[[str], object]:
        """What writes that somebody does something with a case: called with the reference, before that holds."""
        logged = Logged.CASE_CLOSED if move is CaseMove.CLOSE else Logged.CASE_CHANGED
        return lambda youth_ref: self._audit.append(Entry(self._actor, logged, *_about(youth_ref, case_id), purpose=move.value))

    def refused(self, logged: Logged, case_id: str, code: str, *, purpose: str = "") -> None:
        """A deed that was refused, by the code of why not."""
        item = Subject(SubjectKind.CASE, case_id) if case_id else None
        self._audit.append(Entry(self._actor, logged, item=item, purpose=purpose, outcome=Outcome.DENY, rule=code))


def _about(youth_ref: str | None, case_id: str) -> tuple[Subject | None, Subject]:
    return (Subject(SubjectKind.REFERENCE, youth_ref) if youth_ref else None), Subject(SubjectKind.CASE, case_id)
