"""What takes a second person, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    """One request as it stands now. `item` is the internal reference of what it is about; `until` when its state lapses."""

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


@dataclass(frozen=True, slots=True)
class Terms:
    """Which right it takes to ask and to approve, what the item is, and under which names it stands in the audit log."""

    ask: Action
    approve: Action
    kind: SubjectKind
    asked: Logged
    approved: Logged
    refused: Logged
    used: Logged


TERMS: Final[Mapping[Matter, Terms]] = MappingProxyType(
    {
        Matter.SEALED: Terms(
            Action.SEALED_REQUEST, Action.SEALED_APPROVE, SubjectKind.DOCUMENT,
            Logged.VAULT_REQUESTED, Logged.VAULT_APPROVED, Logged.VAULT_REFUSED, Logged.VAULT_OPENED,
        ),
        Matter.IDENTITY: Terms(
            Action.IDENTITY_REQUEST, Action.IDENTITY_APPROVE, SubjectKind.REFERENCE,
            Logged.IDENTITY_REQUESTED, Logged.IDENTITY_APPROVED, Logged.IDENTITY_REFUSED, Logged.IDENTITY_REVEALED,
        ),
    }
)  # fmt: skip
