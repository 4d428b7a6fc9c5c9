"""A consent officer's work, one consent at a time: the looks, and what is done.

A change is in the audit log before it is committed: no log, no change (RetriableError `audit`). Only a withdrawal goes on without
its database (`hub.audit.unstoppable`). What another process was in the way of is done again; each attempt has its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime

from hub.access.roles import Action, Principal, may, may_for_any
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.errors import RejectedError
from hub.registry import deeds, lifecycle, protection
from hub.registry.cases import ConsentCase
from hub.registry.database import repeated
from hub.registry.extracts import Extracts
from hub.registry.granting import GrantRequest, Marking, Signatory
from hub.registry.grants import check, enter, find_youth
from hub.registry.lives import life_of
from hub.registry.looks import sees, youth_of
from hub.registry.parties import Parties, seal_parties
from hub.registry.protecting import protect
from hub.registry.states import OPEN, Standing
from hub.registry.tables import Consent, Paper
from hub.registry.work import Work

__all__ = ["Casework"]


class Casework(Extracts):
    """Safe to share between threads. Raises what Looks raises, and RejectedError `not_permitted`."""

    def required(self, request: GrantRequest) -> tuple[str, ...]:
        """Who will have to sign this; nothing is written. Raises RejectedError as a registration would."""
        with self._registry.look() as work:
            return tuple(sorted(role.value for role in check(work, request, self._registry.rules).form.required))

    def longest_days(self, day: date) -> int:
        """How many days one consent that is registered on a day may be for (`consent.yaml`)."""
        return self._registry.rules.consent.longest_days.on(day)

    def ends_at(self, request: GrantRequest) -> datetime:
        """When it would end by itself: its period's end, or the birthday that comes before it. Raises as `required`."""
        with self._registry.look() as work:
            return check(work, request, self._registry.rules).ends_at

    @repeated
    def register(self, who: Principal, request: GrantRequest, parties: Parties | None, document: str) -> ConsentCase:
        """Register one consent with who stands on its form and where the paper lies.

        Raises RejectedError `manual_handling` for a protected identity: the whole request lies in the manual lane then.
        """
        deed = self._entry(who, Action.CONSENT_REGISTER, Logged.CONSENT_REGISTERED)
        with self._refusals(deed):
            if not may_for_any(who, Action.CONSENT_REGISTER, request.recipients):
                raise RejectedError("recipients: names no team of yours", code="not_permitted")
            with self._registry.work() as work:
                row = check(work, request, self._registry.rules)
                names = None if parties is None else parties.model_dump(mode="json")
                diverted = protection.divert(work, row, {"parties": names, "document": document})
                if not diverted:
                    youth, consent = enter(work, row)
                    if parties is not None and youth.identity is not None:
                        seal_parties(work, [consent], parties)
                    work.session.flush()  # the paper's row rests on the consent's
                    if document:
                        work.session.add(Paper(consent_id=consent.consent_id, document=document))
                    work.session.flush()
                    self._note(work, deed, consent)
                    view = self._views(work, [consent])[0]
            if diverted:
                raise protection.refuse()
            return view

    def hand_over(self, who: Principal, identifier: str, marking: Marking) -> None:
        """Somebody's data are protected: the person is marked, what is registered stops, and the manual lane gets the case."""
        deed = self._entry(who, Action.CONSENT_REGISTER, Logged.PROTECTED_CASE, purpose="protect")

        def record(youth_id: str) -> None:
            subject = Subject(SubjectKind.YOUTH, youth_id) if youth_id else None
            self._audit.append(Entry(deed.actor, deed.action, subject=subject, purpose=deed.purpose))

        protect(self._registry, identifier, marking, record)

    def sign(self, who: Principal, consent_id: str, signatory: Signatory) -> ConsentCase:
        """Record one signature on one consent. Raises RejectedError `nothing_to_sign`."""

        def deed(work: Work, consent: Consent) -> None:
            if signatory in consent.signed or consent.state not in OPEN:
                raise RejectedError(f"this consent awaits no signature of {signatory}", code="nothing_to_sign")
            protection.require_open(work, consent.youth)
            deeds.sign(work, [consent], signatory)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_SIGNED, deed, by=signatory)

    def decline(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """A signatory says no to what is not complete: not in force until she signs. Raises RejectedError `nothing_to_sign`."""

        def deed(work: Work, consent: Consent) -> None:
            deeds.decline(work, [consent], by)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_DECLINED, deed, by=by)

    def block(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """A block (spärr) on everything, by the youth or who has custody. Raises RejectedError `not_a_signatory`."""

        def deed(work: Work, consent: Consent) -> None:
            own, others = _parted(who, consent)
            deeds.block(work, [*own, *others], by, everything=True, seen=own)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_BLOCKED, deed, by=by)

    def unblock(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """Lift the block that this role set, no other's: of everything, and of the cooperations that `who` sees. One of another
        cooperation alone stays. At a consent that has ended nothing is lifted. Raises RejectedError `no_block`.
        """

        def deed(work: Work, consent: Consent) -> None:
            own, _ = _parted(who, consent)
            if consent.state not in OPEN or not any(by in one.blocked_by for one in own if one.state in OPEN):
                raise RejectedError(f"there is no block by {by}", code="no_block")
            protection.require_open(work, consent.youth)
            deeds.unblock_within(work, consent.youth, {one.cooperation for one in own}, by)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_UNBLOCKED, deed, by=by)

    def change_custody(self, who: Principal, consent_id: str, signatories: Sequence[Signatory]) -> ConsentCase:
        """Custody has changed: every open consent that guardians sign waits until these have signed, suspended if in force.

        Where the youth signed too she signs again. Raises RejectedError `no_custody`.
        """

        def deed(work: Work, consent: Consent) -> None:
            own, others = _parted(who, consent)
            deeds.change_custody(work, own, tuple(signatories))
            with suppress(RejectedError):
                deeds.change_custody(work, others, tuple(signatories))
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_SUSPENDED, deed)

    def withdraw(self, who: Principal, consent_id: str, by: Signatory | None, *, everything: bool) -> ConsentCase:
        """End one consent, or all of the person, at once and for ever; `by` None: told by word of mouth, no role noted.

        All end, also those that `who` may not see, of which the answer says nothing. Of all, `by` need only sign one that `who`
        sees. Raises RejectedError `nothing_to_withdraw` of one, `not_a_signatory`; `by_number` of all where nothing that belongs
        to this one is open: which else is the person's only her number says (`withdraw_of`).
        """

        def deed(work: Work, consent: Consent) -> None:
            own, others = _parted(who, consent) if everything else ([consent], [])
            if everything and not any(one.state in OPEN for one in own):
                raise RejectedError("it has ended: withdraw whatever else there is by the person's number", code="by_number")
            deeds.withdraw(work, [*own, *others], by, oral=by is None, everything=everything, seen=own)
            lifecycle.settle(work, consent.youth)

        with unstoppable(Unstoppable.WITHDRAWAL):
            view = self._change(who, consent_id, Action.CONSENT_WITHDRAW, Logged.CONSENT_WITHDRAWN, deed, by=by)
        self._registry.shrink()
        return view

    @repeated
    def withdraw_of(self, who: Principal, identifier: str, cooperation: str | None, by: Signatory | None) -> None:
        """Withdraw what a person has, told by somebody of any role; what it meets is told to nobody, so nothing is answered.

        `by` is noted where it is a signatory's; where it is none the consent ends all the same, by word of mouth.

        Raises UnresolvedIdentifierError for what is no identifier.
        """
        deed = self._entry(who, Action.CONSENT_WITHDRAW, Logged.CONSENT_WITHDRAWN, purpose="told" if by is None else by.value)
        with unstoppable(Unstoppable.WITHDRAWAL), self._registry.work() as work:
            youth = find_youth(work, self._canonical(work, identifier))
            found = [] if youth is None else [one for one in youth.consents if cooperation in {None, one.cooperation}]
            chosen = [one for one in found if one.state in OPEN]
            for consent in chosen:  # who takes the message cannot know which signatory's number stands on which form
                named = by if by in {*consent.required, *consent.signed} else None
                lifecycle.withdraw(work, [consent], named, oral=True)
            if youth is not None and chosen:
                lifecycle.settle(work, youth)
                work.session.flush()
                self._note(work, deed, chosen[0])
            else:
                self._audit.append(deed)
        self._registry.shrink()

    @repeated
    def _change(
        self, who: Principal, consent_id: str, action: Action, logged: Logged, deed: Callable[[Work, Consent], None],
        *, by: Signatory | None = None,
    ) -> ConsentCase:  # fmt: skip
        """`by`: whose word it was, which stands in the entry: a register extract tells no guardian of another's."""
        entry = self._entry(
            who, action, logged, item=Subject(SubjectKind.CONSENT, consent_id), purpose="" if by is None else by.value
        )
        with self._refusals(entry), self._registry.work() as work:
            row = self._row(work.session, who, consent_id)
            work.session.refresh(row.youth, with_for_update=True)  # two people's changes to one youth come one after the other
            work.session.refresh(row)
            if not (may(who, action) or may_for_any(who, action, row.recipients)):
                raise RejectedError("your role does not permit this", code="not_permitted")
            deed(work, row)
            work.session.flush()
            self._note(work, entry, row)
            return self._views(work, [row])[0]

    def _note(self, work: Work, entry: Entry, consent: Consent) -> None:
        """The entry of a change, the last thing before it commits."""
        youth, item = youth_of(consent), Subject(SubjectKind.CONSENT, consent.consent_id)
        self._audit.append(Entry(entry.actor, entry.action, subject=youth, item=item, purpose=entry.purpose))
        if consent.youth.status == Standing.WITHDRAWN and consent.youth.ended_at == work.now:
            self._audit.append(Entry(entry.actor, Logged.ERASURE_REQUESTED, subject=youth, item=item, purpose=entry.purpose))

    @contextmanager
    def _refusals(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except RejectedError as error:
            refused = replace(entry, outcome=Outcome.DENY, rule=error.code)
            self._audit.append(refused)
            raise


def _parted(who: Principal, consent: Consent) -> tuple[list[Consent], list[Consent]]:
    """The person's consents: those that `who` may see and that belong to this one, which decide what is answered, and those that
    she may not see, which follow in silence.

    That another cooperation has a consent is secret from her (OSL 8:1): no answer may depend on it, nor on that it kept the tie
    between this one and what of hers had ended before.
    """
    seen = [one for one in consent.youth.consents if sees(who, one)]
    return life_of(consent, seen), [one for one in consent.youth.consents if not sees(who, one)]
