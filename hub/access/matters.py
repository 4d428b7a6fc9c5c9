"""What takes a second person, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind

__all__ = ["TERMS", "Matter", "Request", "RequestState", "Terms"]


class Matter(StrEnum):
    """What takes two persons."""

    SEALED = "sealed-document"
    IDENTITY = "identity"


class RequestState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stands now. `item` is the internal reference of what it is about; `until` when its state lapses.

    `legal_ground` and `case_reference` are what whoever asks states, for whoever approves to judge by.
    """

    request_id: str
    matter: Matter
    item: str = field(repr=False)
    purpose: str
    team: str
    requester: str
    requester_name: str
    asked_at: datetime
    until: datetime
    state: RequestState
    decider_name: str
    legal_ground: str = ""
    case_reference: str = ""
    requester_role: str = ""
    decider_role: str = ""
    requester_person: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """Which right it takes to ask and to approve, what the item is, and under which names it stands in the audit log.

    `approve_unbound`: the right to approve what is asked on no team's behalf, where that is another. `grounded`: legal ground and
    case reference must be stated. `kept`: for how long after its end a request can be looked up.
    """

    ask: Action
    approve: Action
    approve_unbound: Action
    kind: SubjectKind
    asked: Logged
    approved: Logged
    refused: Logged
    used: Logged
    grounded: bool
    kept: timedelta

    def approving(self, team: str) -> Action:
        """The right that it takes to approve a request on behalf of `team`, or of none."""
        return self.approve if team else self.approve_unbound


TERMS: Final[Mapping[Matter, Terms]] = MappingProxyType(
    {
        Matter.SEALED: Terms(
            Action.SEALED_REQUEST, Action.SEALED_APPROVE, Action.SEALED_APPROVE, SubjectKind.DOCUMENT,
            Logged.VAULT_REQUESTED, Logged.VAULT_APPROVED, Logged.VAULT_REFUSED, Logged.VAULT_OPENED,
            grounded=True, kept=timedelta(days=5 * 366),  # as long as the audit log at least
        ),
        Matter.IDENTITY: Terms(
            Action.IDENTITY_REQUEST, Action.IDENTITY_APPROVE, Action.IDENTITY_APPROVE_UNBOUND, SubjectKind.REFERENCE,
            Logged.IDENTITY_REQUESTED, Logged.IDENTITY_APPROVED, Logged.IDENTITY_REFUSED, Logged.IDENTITY_REVEALED,
            grounded=False, kept=timedelta(days=30),  # so that whoever asked can see what became of it
        ),
    }
)  # fmt: skip
