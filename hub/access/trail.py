"""What the audit log is told of a principal, and of those who come, go, or are turned away."""

from __future__ import annotations

import logging
import os
from typing import Protocol

from hub.access.roles import TABLE, Action, Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.errors import ConfigError, RetriableError

__all__ = ["UNKNOWN", "Trail", "account_entry", "actor_of", "note_sign_out", "refusal_entry", "system_user"]

_log = logging.getLogger(__name__)
UNKNOWN = Actor("unknown")  # somebody before the door


class Trail(Protocol):
    """Where entries go: `hub.audit.log.AuditLog`. Raises RetriableError `audit` when nothing must be shown or done."""

    def append(self, entry: Entry) -> int:
        """Write one entry; it is on the medium when this returns."""
        ...


def actor_of(principal: Principal, action: Action, team: str | None = None) -> Actor:
    """The account, the team acted for, and the role that permits `action`; of somebody whom nothing permits it any role held."""
    grant = TABLE[action]
    permitting = [
        role
        for role, teams in principal.roles.items()
        if role in grant.everywhere or (role in grant.own_teams and (team is None or team in teams))
    ]
    role = min(permitting or principal.roles, default="none")
    return Actor(principal.account, unit=team or "", role=role)


def system_user() -> Actor:
    """Whoever works on the command line, by the number that the machine knows them by."""
    return Actor(f"os:{os.getuid()}", role="command")


def account_entry(logged: Logged, account: str, *, actor: Actor | None = None, purpose: str = "", refusal: str = "") -> Entry:
    """Something about an account: signing in or out, or a change. Without an actor it is the account's own doing.

    `purpose` says the way (code, local, oidc), `refusal` the code of why not.
    """
    return Entry(
        actor or Actor(account),
        logged,
        item=Subject(SubjectKind.ACCOUNT, account),
        purpose=purpose,
        outcome=Outcome.DENY if refusal else Outcome.PERMIT,
        rule=refusal,
    )


def note_sign_out(trail: Trail, account: str, *, actor: Actor | None = None, purpose: str = "") -> None:
    """Write that sessions have ended, once they have: a log that does not answer keeps nobody signed in.

    The entry may wait on the disk (`hub.audit.unstoppable`). When that refuses too the application log says so, without whose.
    """
    try:
        with unstoppable(Unstoppable.SIGN_OUT):
            trail.append(account_entry(Logged.SIGN_OUT, account, actor=actor, purpose=purpose))
    except (RetriableError, ConfigError) as error:
        _log.error("sessions have ended, and the audit log does not say so (%s)", error.code)


def refusal_entry(principal: Principal, action: Action, team: str | None = None) -> Entry:
    """A page that the role does not permit; the rule names the action that was asked for."""
    return Entry(actor_of(principal, action, team), Logged.REQUEST_REFUSED, outcome=Outcome.DENY, rule=action.value)
