"""What the registry tells a clerk or an operator: states, scopes and versions, never who."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.errors import RejectedError
from hub.registry.states import Standing
from hub.registry.tables import Consent, Youth

__all__ = ["NOBODY", "ConsentView", "Imported", "RowError", "YouthView", "row_error", "view_consent", "view_youth"]


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One consent; instants are UTC, `required`, `signed`, `declined` and `blocked_by` are roles. `rule`: why it stands so."""

    consent_id: str
    state: str
    cooperation: str
    agencies: tuple[str, ...]
    recipients: tuple[str, ...]
    kinds: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    legal_basis: str
    required: tuple[str, ...]
    signed: tuple[str, ...]
    rule: str = ""
    declined: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Whose signatures are awaited."""
        return tuple(role for role in self.required if role not in self.signed)


@dataclass(frozen=True, slots=True)
class YouthView:
    """One youth's standing. `served`: Kafka has acknowledged the newest record, so that connectors may see her, of each
    consent from its first day on.

    After a withdrawal, `erased`: it was the last consent, and nothing leads from the person's number to a reference any more;
    `kept_blocks`: the roles whose block outlives that, under a keyed hash of the number.
    """

    status: str
    version: int
    served: bool
    consents: tuple[ConsentView, ...]
    youth_ref: str | None = field(repr=False)
    erased: bool = False
    kept_blocks: tuple[str, ...] = ()


NOBODY: Final = YouthView(Standing.NONE, 0, served=False, consents=(), youth_ref=None)
"""Of somebody of whom nothing is registered, or nothing that the answer may depend on."""


@dataclass(frozen=True, slots=True)
class RowError:
    """A refused row of an import: its number (from 1), the rule's code, and field and rule in words."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import; `granted` has one view per good row, in the file's order."""

    granted: tuple[YouthView, ...]
    errors: tuple[RowError, ...]


def view_consent(consent: Consent) -> ConsentView:
    return ConsentView(
        consent.consent_id,
        consent.state,
        consent.cooperation,
        tuple(consent.agencies),
        tuple(consent.recipients),
        tuple(consent.kinds),
        consent.valid_from,
        consent.valid_to,
        consent.legal_basis,
        tuple(consent.required),
        tuple(sorted(consent.signed)),
        consent.rule,
        tuple(consent.declined),
        tuple(consent.blocked_by),
    )


def view_youth(youth: Youth, consents: Iterable[Consent] | None = None) -> YouthView:
    """The standing of a youth, with all her consents unless some are named."""
    shown = youth.consents if consents is None else consents
    return YouthView(
        status=youth.status,
        version=youth.record_version,
        served=youth.status == Standing.IN_FORCE and youth.acked_version == youth.record_version,
        consents=tuple(map(view_consent, shown)),
        youth_ref=youth.youth_ref,
    )


def row_error(row: int, error: RejectedError) -> RowError:
    """A refused row, for the import's report."""
    return RowError(row, error.code, str(error))
