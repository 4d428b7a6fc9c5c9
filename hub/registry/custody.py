"""Who has custody of a person, as far as that was ever recorded of her: a consent is hers, and so is custody (DOMAIN §2).

A change is recorded at the consents that are open then. One that is registered later is told of it in its first fact, so that who
has lost custody cannot sign a new form into force.

**It outlives the last consent**, as a block does: a keyed hash of the number, whom custody makes sign, and since when. Without it
who has lost custody could withdraw all and sign anew. The next consent carries it, and nothing is kept any more; nor is it when
the youth signs as an adult, or after eighteen years.

**After a split it is in doubt** whose it was. Of each of the two then signs everybody who may have custody (both guardians, and
whom it was ever recorded to make sign), until it is recorded of her anew: neither does somebody sign alone for a child whose
parents have joint custody, nor does who has lost it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, select

from hub.core.consent_rules import Signatory
from hub.registry.kept_tables import KeptCustody
from hub.registry.tables import Consent, ConsentFact
from hub.registry.work import Work

__all__ = [
    "Custody",
    "does_not_know",
    "doubtful_custody",
    "forget_custody",
    "keep_custody",
    "known_custody",
    "latest_custody",
    "look_up_custody",
    "purge_custody",
    "recorded_custody",
]

_CHILDHOOD: Final = timedelta(days=18 * 366)


class Custody(NamedTuple):
    """Whom custody makes sign since an instant."""

    since: datetime
    signatories: frozenset[Signatory]

    def details(self) -> dict[str, Any]:
        """As a consent that is registered later keeps it in its first fact."""
        return {"since": self.since.isoformat(), "signatories": sorted(role.value for role in self.signatories)}


def latest_custody(consents: Iterable[Consent]) -> Custody | None:
    """The last that was recorded at these consents of one person, ended ones too; None when none ever was."""
    return max(recorded_custody(consents), key=lambda one: one.since, default=None)


def doubtful_custody(work: Work, said: Iterable[Custody]) -> frozenset[Signatory]:
    """Everybody who may have custody of one of two persons of whom it was recorded, and nobody can tell of which.

    As far as such a signatory is in use here; whom custody was recorded to make sign in any case.
    """
    parents = {Signatory.GUARDIAN_1, Signatory.GUARDIAN_2} & work.tools.consent.signatories.on(work.today)
    return frozenset(parents).union(*(one.signatories for one in said))


def recorded_custody(consents: Iterable[Consent]) -> list[Custody]:
    """Every change that was recorded at these consents, ended ones too."""
    return [one for consent in consents for one in _recorded(consent)]


def known_custody(work: Work, lookups: Collection[bytes], consents: Iterable[Consent] = ()) -> Custody | None:
    """The last that was recorded of a person, at these consents or kept of her numbers."""
    said = [Custody(row.since, frozenset(map(Signatory, row.signatories))) for row in _rows(work, lookups)]
    return max([*said, *filter(None, [latest_custody(consents)])], key=lambda one: one.since, default=None)


def look_up_custody(work: Work, lookups: Collection[bytes]) -> None:
    """Read what is kept of many numbers at once; what the transaction has not read before."""
    unread = set(lookups) - set(work.custodies)
    if unread:
        with work.session.no_autoflush:  # nothing that waits to be written changes what is kept of them
            rows = work.session.scalars(select(KeptCustody).where(KeptCustody.lookup.in_(unread))).all()
        work.custodies.update(dict.fromkeys(unread) | {row.lookup: row for row in rows})


def keep_custody(work: Work, lookups: Collection[bytes], custody: Custody | None) -> None:
    """The mapping of these numbers is about to go: who has custody is kept by their keyed hashes."""
    if custody is None:
        return
    look_up_custody(work, lookups)
    for lookup in lookups:
        row = work.custodies[lookup]
        if row is None:
            row = work.custodies[lookup] = KeptCustody(lookup=lookup)
            work.session.add(row)
        row.since, row.signatories = custody.since, sorted(role.value for role in custody.signatories)


def forget_custody(work: Work, lookups: Collection[bytes]) -> None:
    """A consent carries it, or it says nothing any more."""
    for row in _rows(work, lookups):
        work.session.delete(row)
        work.custodies[row.lookup] = None


def purge_custody(work: Work) -> None:
    """Let go of what was recorded so long ago that it was of somebody who is an adult."""
    work.session.execute(delete(KeptCustody).where(KeptCustody.since < work.now - _CHILDHOOD))


def _rows(work: Work, lookups: Collection[bytes]) -> list[KeptCustody]:
    look_up_custody(work, lookups)
    return [row for row in (work.custodies[lookup] for lookup in dict.fromkeys(lookups)) if row is not None]


def does_not_know(consent: Consent, custody: Custody) -> bool:
    """Whether a consent was signed before custody was this, or since without all whom it makes sign: under another number."""
    known = latest_custody([consent])
    if known is not None and known.since >= custody.since:
        return False
    last = _rounds(consent)[-1]
    since = known.since if known is not None and last.kind == "registered" else last.at
    return since < custody.since or not custody.signatories <= _roles(last.details)


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
