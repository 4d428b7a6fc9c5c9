"""What is said of somebody before anything is registered of her: that she blocks, or who has custody.

It waits under the keyed hash of her number as what outlives a last consent does, and meets the next one. So neither a block of
everything nor recorded custody, which every cooperation must see, says that there is or was a consent to another. A block of one
cooperation alone is kept and answered alike where another has a consent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from hub.contract.identifiers import canonical_identifier
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry import barring, deeds, lifecycle, protection
from hub.registry.custody import Custody, keep_custody, known_custody
from hub.registry.grants import find_youth
from hub.registry.states import OPEN
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = ["block_ahead", "block_ahead_beside", "of_nobody", "record_custody_ahead"]


def of_nobody(work: Work, identifier: str, deed: Callable[[Work, Collection[bytes]], bool]) -> bool:
    """Do something to what is kept of somebody of whom nothing else is registered; whether it was done.

    It is not where there is a consent, nor of the protected, of whom nothing changes here.
    """
    canonical = canonical_identifier(identifier, today=work.today)
    lookups = [work.tools.vault.lookup(canonical)]
    if find_youth(work, canonical) is not None or protection.is_protected(work, lookups):
        return False
    work.kept_changed = deed(work, lookups)
    return work.kept_changed


def block_ahead_beside(work: Work, youth: Youth, by: Signatory, cooperation: Cooperation | None) -> bool:
    """A block of one cooperation of somebody who has open consents to others only; whether that is how it is.

    Answered as of nobody, whatever the others' forms say. Raises RejectedError `not_a_signatory`.
    """
    lookups = lifecycle.lookups_of(youth)
    own = [one for one in youth.consents if one.cooperation == cooperation and one.state in OPEN]
    if cooperation is None or own or protection.is_protected(work, lookups):
        return False
    work.kept_changed = block_ahead(work, lookups, by, cooperation, youth.consents)
    return True


def block_ahead(
    work: Work, lookups: Collection[bytes], by: Signatory, cooperation: Cooperation | None, consents: Iterable[Consent] = ()
) -> bool:
    """A block by the youth, or by somebody who may have custody, as far as that was ever recorded, at these consents too.

    Raises RejectedError `not_a_signatory`.
    """
    custody = known_custody(work, lookups, consents)
    may_have_it = work.tools.consent.signatories.on(work.today) if custody is None else custody.signatories
    if by not in {Signatory.YOUTH, *may_have_it}:
        raise RejectedError(f"{by} has no say here: the youth or who has custody blocks", code="not_a_signatory")
    barring.keep_block(work, lookups, by, "" if cooperation is None else cooperation.value)
    return True


def record_custody_ahead(work: Work, lookups: Collection[bytes], signatories: tuple[Signatory, ...]) -> bool:
    """Custody, whatever was said of it before; a kept block of others ends. Raises RejectedError as a change does."""
    deeds.check_custody(work, signatories)
    keep_custody(work, lookups, Custody(work.now, frozenset(signatories) - {Signatory.YOUTH}))
    barring.let_go_without_custody(work, lookups, signatories)
    return True
