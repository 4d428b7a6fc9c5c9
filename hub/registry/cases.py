"""What a consent officer is told of one consent: states, scopes, signatures and their instants, never who it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.core.consent_facts import Rule
from hub.core.consent_rules import Signatory

__all__ = ["ConsentCase", "Erasing", "ErasingPart", "ErasingPlace", "Named"]


@dataclass(frozen=True, slots=True)
class ConsentCase:
    """One consent. Instants are UTC; `signed` maps role to instant; `document` is the paper's reference, or empty.

    `youth_id` and `youth_ref` tie consents of one person together: for the audit log and for looking things up, never shown.
    """

    consent_id: str
    state: str
    cooperation: str
    agencies: tuple[str, ...]
    recipients: tuple[str, ...]
    kinds: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    ends_at: datetime
    """When it ends if nobody does anything, or when time ended it: `valid_to`, or the birthday by which it ends sooner."""
    includes_earlier: bool
    """Whether its form says that it also covers what happened from `valid_from` until it came into force."""
    legal_basis: str
    area: str | None
    required: tuple[str, ...]
    signed: Mapping[str, datetime]
    created_at: datetime
    in_force_at: datetime | None
    ended_at: datetime | None
    withdrawn_by: str | None
    document: str
    acknowledged: bool
    """Whether Kafka has acknowledged what last befell this consent: only then do others know what this page says.

    The record's version is not told: it counts what befell another cooperation's consents too.
    """
    youth_id: str = field(repr=False)
    youth_ref: str | None = field(repr=False)
    blocks: tuple[str, ...] = ()
    """The roles whose block (spärr) stands on it while it is open. One outlives it; whether it stands still is not told here."""
    declined: tuple[str, ...] = ()
    """The roles that have said no to what is not complete yet."""
    rule: str = ""
    """Why it stands so."""

    @property
    def no_ends(self) -> bool | None:
        """Whether a no of who is awaited ends it for good, as one does once all whose signatures it needed had given them.

        Else it waits for her. None: a block hides whether the youth's was needed when the last guardian signed.
        """
        if self.rule == Rule.BLOCKED and self.missing == (Signatory.YOUTH.value,):
            return None
        return bool(self.missing) and self.rule in {Rule.YOUTH_MUST_SIGN, Rule.HALTED}

    @property
    def missing(self) -> tuple[str, ...]:
        """Whose signatures are awaited: nobody's while it is in force, also where she has reached the age of signing since."""
        return () if self.rule == Rule.IN_FORCE else tuple(role for role in self.required if role not in self.signed)


@dataclass(frozen=True, slots=True)
class Named:
    """Who a consent is about, opened for somebody who gave the person's own identifier: for a form or an extract."""

    identifier: str = field(repr=False)
    name: str = field(repr=False)
    parties: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict, repr=False)
    """Role to (name, contacts)."""


@dataclass(frozen=True, slots=True)
class ErasingPart:
    """One component that has to erase, and when it answered that it had; None while it is waited for."""

    component: str
    agency: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErasingPlace:
    """Where bytes from before the withdrawal lie, by when they are to be gone, and since when they are."""

    name: str
    due_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Erasing:
    """A withdrawal of a reference, or of one scope of it: when it was asked for, and how far each component has come.

    `number`: its own to an auditor; to an officer, who sees what befell a consent of hers, the consent's.
    `effect_at`: from when on nothing was emitted or shown. `teams` had opened a task of it, and when they acknowledged.
    `places`: physical removal, empty until every component has answered; None to an officer, who is not told.
    """

    number: str
    requested_at: datetime
    completed_at: datetime | None
    effect_at: datetime | None
    parts: tuple[ErasingPart, ...]
    teams: tuple[tuple[str, datetime | None], ...]
    places: tuple[ErasingPlace, ...] | None
