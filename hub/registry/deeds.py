"""What people do with the open consents of one youth: each deed is a fact in a history, and refused when it would mean nothing.

A deed that the algebra would give no weight is refused here, with what to do instead; the caller settles afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Form, Signatory, midnight
from hub.errors import RejectedError
from hub.registry import barring, lifecycle
from hub.registry.history import add_fact, form_of
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = [
    "Less",
    "block",
    "change_custody",
    "check_custody",
    "decline",
    "narrow",
    "read_day",
    "sign",
    "suspend",
    "unblock",
    "unblock_within",
    "what_stays",
    "withdraw",
]

_AWAITING = frozenset({State.WAITING, State.SUSPENDED, State.DISPUTED, State.BLOCKED})


@dataclass(frozen=True, slots=True)
class Less:
    """What a consent no longer covers: agencies, recipients or kinds to leave out, an earlier end (an instant)."""

    agencies: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()
    kinds: frozenset[InfoKind] = frozenset()
    until: datetime | None = None


def read_day(text: str) -> datetime:
    """The beginning of a day in Sweden. Raises RejectedError `bad_field`."""
    try:
        return midnight(date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise RejectedError("until: not a date (2025-05-19)", code="bad_field") from None


def sign(work: Work, consents: Sequence[Consent], by: Signatory) -> list[Consent]:
    """A signature on what awaits one, suspended consents included. Raises RejectedError `nothing_to_sign`."""
    waiting = [consent for consent in consents if consent.state in _AWAITING and by in consent.required]
    if not waiting:
        raise RejectedError(f"no consent awaits a signature of {by}", code="nothing_to_sign")
    for consent in waiting:
        add_fact(work, consent, "signed", by)
    return waiting


def decline(work: Work, consents: Sequence[Consent], by: Signatory) -> list[Consent]:
    """A signatory says no to what is not complete: it is shown as disputed until she signs. Raises RejectedError."""
    incomplete = [consent for consent in consents if consent.state in _AWAITING and set(consent.required) - set(consent.signed)]
    asked = [consent for consent in incomplete if by in consent.required]
    if not asked and any(consent.state in OPEN and by in consent.required for consent in consents):
        raise RejectedError("all have signed: who no longer wants it withdraws it", code="already_signed")
    if not asked:
        raise RejectedError(f"no consent awaits a signature of {by}", code="nothing_to_sign")
    for consent in asked:
        add_fact(work, consent, "declined", by)
    return asked


def withdraw(
    work: Work,
    consents: Sequence[Consent],
    by: Signatory | None,
    *,
    oral: bool,
    everything: bool = False,
    seen: Sequence[Consent] | None = None,
) -> list[Consent]:
    """End at once and for ever what is open; by a signatory what needs or has her signature. Raises RejectedError.

    `everything`: a signatory of one of them ends them all (a guardian no adult's form), those that await or have another's
    signature by her word, without a role: to withdraw takes no right to sign that very form (DOMAIN §2). `seen` (all of them) are
    the ones that say whether she is one, and that decide what is answered.
    """
    saying = _open(consents if seen is None else seen)
    if saying and not any(_is_hers(one, by) for one in saying):
        raise RejectedError(f"{by} is no signatory of these consents; record it without a role", code="not_a_signatory")
    reach = [one for one in _open(consents) if everything and (by is Signatory.YOUTH or form_of(one) is Form.CHILD)]
    chosen = [one for one in _open(consents) if one in reach or _is_hers(one, by)]
    hers = [one for one in chosen if _is_hers(one, by)]
    others = [one for one in chosen if one not in hers]
    if not lifecycle.withdraw(work, hers, by, oral=oral) + lifecycle.withdraw(work, others, None, oral=True):
        raise RejectedError("there is no consent to withdraw", code="nothing_to_withdraw")
    return chosen


def suspend(work: Work, consents: Sequence[Consent]) -> list[Consent]:
    """What is in force, until the same have signed again. That others do is a change of custody, and that is the person's."""
    chosen = [one for one in consents if one.state == State.IN_FORCE and form_of(one) is Form.CHILD]
    if not lifecycle.sign_again(work, chosen):
        raise RejectedError("no consent that guardians signed is in force", code="not_in_force")
    return chosen


def change_custody(work: Work, consents: Sequence[Consent], signatories: tuple[Signatory, ...]) -> list[Consent]:
    """Custody is another: everything open that guardians sign waits until the new signatories have signed.

    A block of somebody who has custody no longer ends; the youth's own stands.
    """
    check_custody(work, signatories)
    chosen = [one for one in _open(consents) if form_of(one) is Form.CHILD]
    if not lifecycle.sign_again(work, chosen, signatories):
        raise RejectedError("no open consent is one that guardians sign", code="no_custody")
    barring.let_go_without_custody(work, lifecycle.lookups_of(chosen[0].youth), signatories)
    return chosen


def block(
    work: Work, consents: Sequence[Consent], by: Signatory, *, everything: bool, seen: Sequence[Consent] | None = None
) -> list[Consent]:
    """A block (spärr) by the youth or by who has custody; later consents come under it too. Raises RejectedError.

    A guardian who must sign one of them has custody, and so her block meets also those whose form names the other alone. `seen`
    (all of them) are the ones that say so, and that decide what is answered.
    """
    saying = _open(consents if seen is None else seen)
    if not saying:
        text = "there is no consent to block, and nothing registered permits nothing"
        raise RejectedError(text, code="nothing_to_block")
    if by is not Signatory.YOUTH and not any(by in one.required for one in saying):
        raise RejectedError(f"{by} has no say in these consents: the youth or who has custody blocks", code="not_a_signatory")
    chosen = [one for one in _open(consents) if by is Signatory.YOUTH or form_of(one) is Form.CHILD]
    for consent in chosen:
        add_fact(work, consent, "blocked", by, details={"all": everything})
    return chosen


def unblock(work: Work, youth: Youth, cooperation: Cooperation | None, by: Signatory) -> list[Consent]:
    """Lift the block that this role set on one cooperation, or on all, no other's; also one that has outlived its consent.

    Raises RejectedError `no_block`.
    """
    chosen = [consent for consent in youth.consents if cooperation in {None, consent.cooperation}]
    blocked = [one for one in _open(chosen) if by in one.blocked_by]
    if youth.identity is not None:  # else what is kept of her number is lifted by the number alone
        blocked += [one for one in barring.outlived(youth.consents, by) if one in chosen]
    kept = barring.forget(work, lifecycle.lookups_of(youth), by, None if cooperation is None else {cooperation})
    if not blocked and not kept:
        others = sorted({role for one in _open(chosen) for role in one.blocked_by})
        told = f"; blocked by {', '.join(others)}, who alone can lift it" if others else ""
        raise RejectedError(f"there is no block by {by}{told}", code="no_block")
    for consent in blocked:
        add_fact(work, consent, "unblocked", by)
        if consent.state not in OPEN:  # what has ended is not made anew of its history
            consent.blocked_by = [role for role in consent.blocked_by if role != by]
    work.kept_changed = not blocked
    return blocked


def unblock_within(work: Work, youth: Youth, cooperations: Collection[str], by: Signatory) -> None:
    """Lift what meets these cooperations of this role's blocks: that of everything, wherever it stands, and those of theirs.

    A block of another cooperation alone stays as it is. Raises RejectedError `no_block`.
    """
    lifted = False
    for consent, blocks in barring.blocks_of(youth.consents, by):
        ended = consent.state not in OPEN
        if ended and youth.identity is None:  # what is kept of her number is lifted by the number alone
            continue
        if consent.cooperation in cooperations:
            add_fact(work, consent, "unblocked", by)
        elif not barring.lift_everything(work, consent, blocks):
            continue
        lifted = True
        if ended and not barring.carries(consent, by):  # what has ended is not made anew of its history
            consent.blocked_by = [role for role in consent.blocked_by if role != by]
    kept = barring.forget(work, lifecycle.lookups_of(youth), by, {"", *cooperations})
    if not lifted and not kept:
        raise RejectedError(f"there is no block by {by}", code="no_block")
    work.kept_changed = not lifted


def narrow(work: Work, consents: Sequence[Consent], less: Less) -> list[Consent]:
    """Let open consents cover less, at once. Raises RejectedError when that changes nothing, or would leave nothing."""
    changed = []
    for consent in _open(consents):
        details = what_stays(consent, less)
        if details:
            add_fact(work, consent, "narrowed", details=details)
            changed.append(consent)
    if not changed:
        raise RejectedError("no open consent covers what is to be left out", code="nothing_to_narrow")
    return changed


def what_stays(consent: Consent, less: Less) -> dict[str, Any]:
    """The details of the fact that narrows a consent; empty when it covers none of it. Raises RejectedError `nothing_left`."""
    details: dict[str, Any] = {}
    removed: dict[str, Collection[str]] = {"agencies": less.agencies, "recipients": less.recipients, "kinds": less.kinds}
    for name, gone in removed.items():
        before = list(getattr(consent, name))
        stays = [one for one in before if one not in gone]
        if not stays:
            raise RejectedError(f"{name}: nothing would be left of a consent: withdraw it instead", code="nothing_left")
        if stays != before:
            details[name] = stays
    if less.until is not None and less.until < consent.valid_to:
        if less.until <= consent.valid_from:
            raise RejectedError("until: nothing would be left of a consent: withdraw it instead", code="nothing_left")
        details["until"] = less.until.isoformat()
    return details


def _is_hers(consent: Consent, by: Signatory | None) -> bool:
    """Whether a consent needs or has this role's signature; of a word without a role that is no matter."""
    return by is None or by in {*consent.required, *consent.signed}


def _open(consents: Sequence[Consent]) -> list[Consent]:
    return [consent for consent in consents if consent.state in OPEN]


def check_custody(work: Work, signatories: tuple[Signatory, ...]) -> None:
    """Whether these may have custody. Raises RejectedError `guardian_must_sign`, `signatory_not_used`."""
    if not set(signatories) - {Signatory.YOUTH}:
        raise RejectedError(
            "name at least one guardian or who stands in for one; the youth joins by age", code="guardian_must_sign"
        )
    if not set(signatories) <= work.tools.consent.signatories.on(work.today):
        raise RejectedError("names a signatory that is not in use here (consent.yaml)", code="signatory_not_used")
