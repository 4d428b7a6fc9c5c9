"""Re-identification: from a reference back to a person. Only with a right, a purpose and an entry in the audit log.

Inside a task it takes the right of the task's team, and consent in force that names the team: a task whose content the team may
not see reveals nobody. Outside a task it takes four eyes: somebody asks, another with the right approves, the first opens once,
in time; and on a team's behalf a consent that the team may know of, or whoever asks would learn whether another cooperation has
one.
Each is decided anew at the instant, from the histories: what is stored may be older than a birthday.
The entry stands in the log before anything is opened; when it cannot be written nothing is. Protected identities are
revealed to nobody here: their cases lie in the manual lane.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import select

from hub.access.matters import Matter, Request
from hub.access.roles import Action, Principal, may
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.core.consent import Purpose as Asked
from hub.core.consent_facts import Status
from hub.core.consent_scopes import decide_history
from hub.errors import RejectedError
from hub.registry import lifecycle, protection
from hub.registry.aliases import open_aliases
from hub.registry.lives import open_life
from hub.registry.parties import Parties, open_parties
from hub.registry.purposes import Purpose
from hub.registry.registry import Registry
from hub.registry.tables import Youth
from hub.registry.work import Work

__all__ = ["Approvals", "Identity", "Revealing"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a reference is: her identifiers (canonical, the present one first) and who stands on the form, if anybody was noted."""

    identifiers: tuple[str, ...] = field(repr=False)
    parties: Parties | None = field(repr=False)


class Log(Protocol):
    """The part of the audit log that is needed here."""

    def append(self, entry: Entry) -> int:
        """Write one entry; RetriableError `audit` when it cannot be written."""
        ...


class Approvals(Protocol):
    """Four eyes, as they are needed here; `hub.access.four_eyes.FourEyes` is the real one."""

    def ask(self, principal: Principal, matter: Matter, item: str, purpose: str, team: str | None = None) -> Request:
        """Ask for a second person's approval."""
        ...

    def own(self, principal: Principal) -> list[Request]:
        """What this principal has asked."""
        ...

    def use(self, principal: Principal, request_id: str, matter: Matter, item: str) -> Request:
        """Use an approval up and write the opening in the audit log; RejectedError when it does not hold."""
        ...


class Revealing:
    """Opens identities. `task_of` (task id, team) is the reference of an open task whose content that team may see, else None."""

    def __init__(self, registry: Registry, audit: Log, approvals: Approvals, task_of: Callable[[str, str], str | None]) -> None:
        self._registry = registry
        self._audit = audit
        self._approvals = approvals
        self._task_of = task_of

    def ask(self, who: Principal, youth_ref: str, purpose: Purpose, team: str | None = None) -> Request:
        """Ask to open one identity outside a task. Raises RejectedError `task_needs_none` for the purpose of a task."""
        if purpose is Purpose.TASK:
            raise RejectedError("inside a task nobody else need approve", code="task_needs_none")
        return self._approvals.ask(who, Matter.IDENTITY, youth_ref, purpose.value, team)

    def reveal(
        self, who: Principal, youth_ref: str, purpose: Purpose, *, task_id: str = "", team: str = "", approval: str = ""
    ) -> Identity:
        """Open one identity: with `task_id` and `team` for the purpose of a task, else with an `approval` (a request's id).

        Raises RejectedError `not_permitted`, `not_your_task`, `not_approved` (or what four eyes say), and `no_identity` for whom
        nothing can be revealed, whatever the reason. Every refusal is in the log. RetriableError: nothing was opened.
        """
        with self._registry.work() as work:
            if purpose is Purpose.TASK:
                self._permit_task(who, youth_ref, task_id, team)
                asking = team
            else:
                asking = self._permit_approved(who, youth_ref, purpose, approval)
            youth = _openable(work, youth_ref)
            if youth is None or not self._may_know(work, youth, asking, in_force=purpose is Purpose.TASK):
                raise self._refused(who, youth_ref, purpose, team, "no_identity", task_id=task_id)
            if purpose is Purpose.TASK:
                self._audit.append(_entry(who, youth_ref, purpose, team, task_id=task_id))
            else:
                self._approvals.use(who, approval, Matter.IDENTITY, youth_ref)
            return _identity(work, youth, asking)

    def in_task(self, who: Principal, task_id: str, team: str) -> Identity:
        """Open whom an open task of `team` is about; consent is decided anew, and the log has it before anything is opened.

        Raises as `reveal`.
        """
        youth_ref = self._task_of(task_id, team) if may(who, Action.IDENTITY_IN_TASK, team) else None
        return self.reveal(who, youth_ref or "", Purpose.TASK, task_id=task_id, team=team)

    def _may_know(self, work: Work, youth: Youth, team: str, *, in_force: bool) -> bool:
        """Whether a consent that this team (none: anybody) may know of is in force now; or, unless that is asked, held still."""
        found = lifecycle.accounts(work, youth)
        if in_force:
            cooperation = (self._registry.rules.teams or {}).get(team)
            decision = decide_history(
                found, purpose=Asked.DELIVER, source=None, recipient=team, kind=None, at=work.now, cooperation=cooperation
            )
            return decision.permit
        hers = [one for one in found if not team or team in one.terms.recipients]
        return any(one.held_still or one.standing.status is Status.IN_FORCE for one in hers)

    def _permit_task(self, who: Principal, youth_ref: str, task_id: str, team: str) -> None:
        if not may(who, Action.IDENTITY_IN_TASK, team):
            raise self._refused(who, youth_ref, Purpose.TASK, team, "not_permitted", task_id=task_id)
        if not youth_ref or self._task_of(task_id, team) != youth_ref:
            raise self._refused(who, youth_ref, Purpose.TASK, team, "not_your_task", task_id=task_id)

    def _permit_approved(self, who: Principal, youth_ref: str, purpose: Purpose, approval: str) -> str:
        """That it was asked for this person and this purpose, and for which team (or none); whether it is approved, and still
        holds, `use` decides.
        """
        for one in self._approvals.own(who):
            if (one.request_id, one.matter, one.item, one.purpose) == (approval, Matter.IDENTITY, youth_ref, purpose.value):
                return one.team
        raise self._refused(who, youth_ref, purpose, "", "not_approved")

    def _refused(
        self, who: Principal, youth_ref: str, purpose: Purpose, team: str, code: str, *, task_id: str = ""
    ) -> RejectedError:
        """The refusal, once it is in the log."""
        self._audit.append(_entry(who, youth_ref, purpose, team, task_id=task_id, refusal=code))
        return RejectedError(_TEXTS[code], code=code)


_TEXTS = {
    "not_permitted": "your role does not permit it for this team",
    "not_your_task": "this is no open task of your team about this person",
    "not_approved": "nobody has approved it for this person and this purpose: ask, and let somebody else approve",
    "no_identity": "there is nobody to reveal",
}


def _openable(work: Work, youth_ref: str) -> Youth | None:
    youth = work.session.scalars(select(Youth).where(Youth.youth_ref == youth_ref)).one_or_none()
    if youth is None or youth.identity is None:
        return None
    return None if protection.is_protected(work, protection.lookups_of(youth)) else youth


def _identity(work: Work, youth: Youth, team: str) -> Identity:
    """With the form of a consent that names the team and is open or belongs to one that is; or all forms on no team's behalf."""
    canonical, data_key = lifecycle.identity(work, youth)
    hers = open_life([one for one in youth.consents if team in one.recipients])
    parties = open_parties(work, youth, (lambda one: one in hers) if team else None)
    return Identity((canonical, *open_aliases(work, youth, data_key)), parties)


def _entry(who: Principal, youth_ref: str, purpose: Purpose, team: str, *, task_id: str = "", refusal: str = "") -> Entry:
    action = Action.IDENTITY_IN_TASK if purpose is Purpose.TASK else Action.IDENTITY_REQUEST
    return Entry(
        actor_of(who, action, team or None),
        Logged.IDENTITY_REVEALED,
        subject=Subject(SubjectKind.REFERENCE, youth_ref) if youth_ref else None,
        item=Subject(SubjectKind.TASK, task_id) if task_id else None,
        purpose=purpose.value,
        outcome=Outcome.DENY if refusal else Outcome.PERMIT,
        rule=refusal or "task",
    )
