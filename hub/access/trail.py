"""What the audit log is told of a principal."""

from __future__ import annotations

from hub.access.roles import TABLE, Action, Principal
from hub.audit.entries import Actor

__all__ = ["actor_of"]


def actor_of(principal: Principal, action: Action, team: str | None = None) -> Actor:
    """The account, the team acted for, and the role that permits `action`; of somebody whom nothing permits it any role held."""
    grant = TABLE[action]
    permitting = principal.roles & (grant.everywhere | grant.own_teams)
    role = min(permitting or principal.roles, default="none")
    return Actor(principal.account, unit=team or "", role=role)
