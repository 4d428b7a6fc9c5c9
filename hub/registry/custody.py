"""Who has custody of a person, as far as that was ever recorded of her: a consent is hers, and so is custody (DOMAIN §2).

A change is recorded at the consents that are open then. One that is registered later is told of it in its first fact, so that who
has lost custody cannot sign a new form into force, and so that it is known as long as one consent of hers is registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from hub.core.consent_rules import Signatory
from hub.registry.tables import Consent, ConsentFact

__all__ = ["Custody", "latest_custody", "round_since"]


class Custody(NamedTuple):
    """Whom custody makes sign since an instant."""

    since: datetime
    signatories: frozenset[Signatory]

    def details(self) -> dict[str, Any]:
        """As a consent that is registered later keeps it in its first fact."""
        return {"since": self.since.isoformat(), "signatories": sorted(role.value for role in self.signatories)}


def latest_custody(consents: Iterable[Consent]) -> Custody | None:
    """The last that was recorded at these consents of one person, ended ones too; None when none ever was."""
    said = [one for consent in consents for one in _recorded(consent)]
    return max(said, key=lambda one: one.since, default=None)


def round_since(consent: Consent) -> datetime:
    """Since when custody is as a consent knows it: its last round of signatures, or the custody that it was registered under."""
    rounds = _rounds(consent)
    under = _registered_under(consent)
    return under.since if under is not None and len(rounds) == 1 else rounds[-1].at


def _recorded(consent: Consent) -> Iterator[Custody]:
    """Where custody was another from then on, and not only signed for again."""
    under = _registered_under(consent)
    if under is not None:
        yield under
    for sooner, later in pairwise(_rounds(consent)):
        if later.details.get("named") or later.details["signatories"] != sooner.details["signatories"]:
            yield Custody(later.at, _roles(later.details))


def _registered_under(consent: Consent) -> Custody | None:
    said = consent.facts[0].details.get("custody")
    return None if said is None else Custody(datetime.fromisoformat(said["since"]), _roles(said))


def _rounds(consent: Consent) -> list[ConsentFact]:
    return [fact for fact in consent.facts if fact.kind in {"registered", "custody_changed"}]


def _roles(details: dict[str, Any]) -> frozenset[Signatory]:
    return frozenset(map(Signatory, details["signatories"]))
