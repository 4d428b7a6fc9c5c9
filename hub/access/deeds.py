"""What the audit log is told of four eyes: each step, and each refusal with its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.access.matters import TERMS, Request
from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind

__all__ = ["REFUSALS", "Deed", "deed_of"]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does or tries, as the audit log is told."""

    principal: Principal
    action: Action
    logged: Logged
    item: Subject
    purpose: str
    team: str

    def entry(self, refusal: str = "") -> Entry:
        """The entry of it; with `refusal` (a code) that of its refusal."""
        return Entry(
            actor_of(self.principal, self.action, self.team or None),
            self.logged,
            subject=self.item if self.item.kind is SubjectKind.REFERENCE else None,
            item=None if self.item.kind is SubjectKind.REFERENCE else self.item,
            purpose=self.purpose,
            outcome=Outcome.DENY if refusal else Outcome.PERMIT,
            rule=refusal or "four-eyes",
        )


def deed_of(principal: Principal, request: Request, action: Action, logged: Logged) -> Deed:
    """What somebody does with a request that exists."""
    subject = Subject(TERMS[request.matter].kind, request.item)
    return Deed(principal, action, logged, subject, request.purpose, request.team)


REFUSALS: Final = {
    "not_permitted": "your role does not permit this",
    "own_request": "another person has to approve what you asked for",
    "no_such_request": "there is no such request for you",
    "not_waiting": "the request has been decided already",
    "not_approved": "nobody has approved exactly this for you, or the approval has been used",
    "no_person": "it is not known which person this account is, so four eyes cannot tell two apart: whoever keeps the "
    "accounts says it with `hub account person`, or in [login.command_users] of hub.toml",
    "too_many": "you have as many requests open as one person may have: use, or take back, one of them first",
    "lapsed": "the time for it has passed: ask again",
}
