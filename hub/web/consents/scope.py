"""What a consent is to, as its form says it: of a draft, of what is registered, and of a simulation the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.contract.models import Cooperation, InfoKind
from hub.registry.cases import ConsentCase

__all__ = ["Fact", "FormScope", "scope_of_case"]


@dataclass(frozen=True, slots=True)
class FormScope:
    """Every part of it; instants are UTC, half-open. None is optional, so that no view leaves one out.

    Whoever signs must have read all of it: a consent covers what happened before it only when its form says so.
    """

    cooperation: Cooperation
    agencies: tuple[str, ...]
    recipients: tuple[str, ...]
    kinds: tuple[InfoKind, ...]
    valid_from: datetime
    valid_to: datetime
    includes_earlier: bool
    area: str | None
    legal_basis: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a summary list. `part`: which part of a scope it tells, when it tells one."""

    label: str
    text: str
    part: str = ""


def scope_of_case(case: ConsentCase) -> FormScope:
    """That of a registered consent, as it stands now: narrowed, it is to less than was signed, and it may end by a birthday."""
    return FormScope(
        Cooperation(case.cooperation), case.agencies, case.recipients, tuple(map(InfoKind, case.kinds)), case.valid_from,
        case.ends_at, case.includes_earlier, case.area, case.legal_basis,
    )  # fmt: skip
