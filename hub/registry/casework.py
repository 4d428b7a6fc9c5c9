"""A consent officer's work, one consent at a time: found by its number, or by a person's whole identifier and nothing less.

Every method is somebody's doing. It asks what the role permits for the consent's recipients, and answers `no_such_consent` alike
when there is none and when it belongs to others. A look is in the audit log before it is answered, a change before it is
committed: no log, no answer, no change (RetriableError `audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, selectinload

from hub.access.roles import Action, Principal, may, may_for_any
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.clock import stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError
from hub.registry import deeds, lifecycle, protection
from hub.registry.cases import ConsentCase, Erasing, ErasingPart, ErasingPlace, Named
from hub.registry.erasures import EFFECT, RECEIVER
from hub.registry.granting import GrantRequest, Marking, Signatory
from hub.registry.grants import check, enter, find_youth
from hub.registry.parties import Parties, open_parties, seal_parties
from hub.registry.protecting import protect
from hub.registry.registry import Registry
from hub.registry.states import OPEN, Standing
from hub.registry.tables import Consent, ErasureRequest, Paper, Youth
from hub.registry.work import Work

__all__ = ["Casework"]

_NONE = "there is no such consent for you"


class Casework:
    """Safe to share between threads. Raises what Registry raises, and RejectedError `no_such_consent`, `not_permitted`."""

    def __init__(self, registry: Registry, audit: AuditLog) -> None:
        self._registry = registry
        self._audit = audit

    def listed(self, who: Principal) -> list[ConsentCase]:
        """The open consents that name a team of `who` as recipient, oldest first."""
        with self._audit.recorded(self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_LISTED)), self._registry.view() as session:
            rows = session.scalars(_cases().where(Consent.state.in_([state.value for state in OPEN])))
            return self._views(session, [row for row in rows if _sees(who, row)])

    def case(self, who: Principal, consent_id: str, logged: Logged = Logged.CONSENT_SHOWN) -> ConsentCase:
        """One consent, whatever its state; `logged` is what it is looked at for."""
        item = Subject(SubjectKind.CONSENT, consent_id)
        entry = self._entry(who, Action.CONSENT_SEE, logged, item=item)
        with self._audit.recorded(entry) as draft, self._registry.view() as session:
            row = self._row(session, who, consent_id)
            draft.about(subject=_youth(row))
            return self._views(session, [row])[0]

    def beside(self, who: Principal, case: ConsentCase) -> list[ConsentCase]:
        """The same person's other consents, as far as `who` may see them; part of looking at `case`."""
        with self._registry.view() as session:
            rows = session.scalars(_cases().where(Consent.youth_id == case.youth_id, Consent.consent_id != case.consent_id))
            return self._views(session, [row for row in rows if _sees(who, row)])

    def find(self, who: Principal, number: str) -> list[str]:
        """Consents whose number begins with `number` (at least six characters), two at most, because two are too many."""
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_LISTED, purpose="number")
        with self._audit.recorded(entry), self._registry.view() as session:
            rows = session.scalars(_cases().where(Consent.consent_id.startswith(number, autoescape=True)).limit(20))
            return [row.consent_id for row in rows if _sees(who, row)][:2]

    def of_person(self, who: Principal, identifier: str) -> list[ConsentCase]:
        """The consents of the person with exactly this identifier; empty for nobody, for others' consents, for protected ones.

        Raises UnresolvedIdentifierError for what is no identifier.
        """
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_SHOWN, purpose="identifier")
        with self._audit.recorded(entry) as draft:
            with self._registry.work() as work:
                youth = find_youth(work, self._canonical(work, identifier))
                hidden = youth is None or protection.is_protected(work, protection.lookups_of(youth))
                rows = [] if youth is None or hidden else [consent for consent in youth.consents if _sees(who, consent)]
                views = self._views(work.session, rows)
            if rows:
                draft.about(subject=_youth(rows[0]))
            else:
                draft.denied("nobody")
            return views

    def required(self, request: GrantRequest) -> tuple[str, ...]:
        """Who will have to sign this; nothing is written. Raises RejectedError as a registration would."""
        with self._registry.work() as work:
            return tuple(sorted(role.value for role in check(work, request, self._registry.rules).form.required))

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
                diverted = protection.divert(work, row)
                if not diverted:
                    youth, consent = enter(work, row)
                    if parties is not None and youth.identity is not None:
                        seal_parties(work, youth, parties)
                    work.session.flush()  # the paper's row rests on the consent's
                    if document:
                        work.session.add(Paper(consent_id=consent.consent_id, document=document))
                    work.session.flush()
                    self._note(work, deed, consent)
                    view = self._views(work.session, [consent])[0]
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
            protection.require_open(work, consent.youth)
            if signatory in consent.signed:
                raise RejectedError(f"this consent awaits no signature of {signatory}", code="nothing_to_sign")
            deeds.sign(work, [consent], signatory)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_SIGNED, deed)

    def decline(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """A signatory says no to what is not complete: not in force until she signs. Raises RejectedError `nothing_to_sign`."""

        def deed(work: Work, consent: Consent) -> None:
            deeds.decline(work, [consent], by)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_DECLINED, deed)

    def block(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """A block (spärr) on everything, by the youth or who has custody. Raises RejectedError `not_a_signatory`."""

        def deed(work: Work, consent: Consent) -> None:
            deeds.block(work, consent.youth.consents, by, everything=True)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_BLOCKED, deed)

    def unblock(self, who: Principal, consent_id: str, by: Signatory) -> ConsentCase:
        """Lift the block that this role set, no other's. Raises RejectedError `no_block`."""

        def deed(work: Work, consent: Consent) -> None:
            protection.require_open(work, consent.youth)
            deeds.unblock(work, consent.youth.consents, by)
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_UNBLOCKED, deed)

    def change_custody(self, who: Principal, consent_id: str, signatories: Sequence[Signatory]) -> ConsentCase:
        """Custody has changed: every open consent that guardians sign waits until these have signed, suspended if in force.

        Where the youth signed too she signs again. Raises RejectedError `no_custody`.
        """

        def deed(work: Work, consent: Consent) -> None:
            deeds.change_custody(work, consent.youth.consents, tuple(signatories))
            lifecycle.settle(work, consent.youth)

        return self._change(who, consent_id, Action.CONSENT_REGISTER, Logged.CONSENT_SUSPENDED, deed)

    def withdraw(self, who: Principal, consent_id: str, by: Signatory | None, *, everything: bool) -> ConsentCase:
        """End one consent, or all of the person, at once and for ever; `by` None: told by word of mouth, no role noted.

        Raises RejectedError `nothing_to_withdraw`, `not_a_signatory`.
        """

        def deed(work: Work, consent: Consent) -> None:
            chosen = list(consent.youth.consents) if everything else [consent]
            deeds.withdraw(work, chosen, by, oral=by is None)
            lifecycle.settle(work, consent.youth)

        view = self._change(who, consent_id, Action.CONSENT_WITHDRAW, Logged.CONSENT_WITHDRAWN, deed)
        self._registry.shrink()
        return view

    def withdraw_of(self, who: Principal, identifier: str, cooperation: str | None, by: Signatory | None) -> None:
        """Withdraw what a person has, told by somebody of any role; what it meets is told to nobody, so nothing is answered.

        Raises UnresolvedIdentifierError for what is no identifier.
        """
        deed = self._entry(who, Action.CONSENT_WITHDRAW, Logged.CONSENT_WITHDRAWN, purpose="told")
        with self._registry.work() as work:
            youth = find_youth(work, self._canonical(work, identifier))
            found = [] if youth is None else [one for one in youth.consents if cooperation in {None, one.cooperation}]
            chosen = [one for one in found if one.state in OPEN and (by is None or by in {*one.required, *one.signed})]
            if youth is not None and lifecycle.withdraw(work, chosen, by, oral=True):
                lifecycle.settle(work, youth)
                work.session.flush()
                self._note(work, deed, chosen[0])
            else:
                self._audit.append(deed)
        self._registry.shrink()

    def named(self, who: Principal, consent_id: str, identifier: str, logged: Logged) -> Named:
        """Who a consent is about, for somebody who gives the person's own identifier. Raises RejectedError `another_person`."""
        item = Subject(SubjectKind.CONSENT, consent_id)
        entry = self._entry(who, Action.CONSENT_SEE, logged, item=item, purpose="named")
        with self._audit.recorded(entry) as draft, self._registry.work() as work:
            row = self._row(work.session, who, consent_id)
            draft.about(subject=_youth(row))
            found = find_youth(work, self._canonical(work, identifier))
            if found is None or found.youth_id != row.youth_id:
                raise RejectedError("the identifier is not that of the person of this consent", code="another_person")
            protection.require_open(work, found)
            canonical, _ = lifecycle.identity(work, found)
            parties = open_parties(work, found)
        if parties is None:
            return Named(canonical, "")
        return Named(canonical, parties.name, {one.role.value: (one.name, one.contacts) for one in parties.parties})

    def erasing(self, case: ConsentCase) -> Erasing | None:
        """How far the erasure has come, of this consent alone or with the whole reference; None while none was asked for."""
        if case.youth_ref is None:
            return None
        whole = self._erasures(ErasureRequest.youth_ref == case.youth_ref, ErasureRequest.scope_id.is_(None))
        alone = self._erasures(ErasureRequest.scope_id == case.consent_id)
        return next(iter([*alone, *whole]), None)

    def erasures(self, who: Principal) -> list[Erasing]:
        """Every withdrawal, newest first, without any tie to a person; to an officer those of consents that she may see.

        Anybody may withdraw by typing a number: who then sees what came of it learns whether there was a consent.
        """
        with self._audit.recorded(self._entry(who, Action.ERASURE_SEE, Logged.ERASURE_LISTED)):
            return self._erasures() if may(who, Action.AUDIT_READ) else self._erasures(self._of_theirs(who))

    def _of_theirs(self, who: Principal) -> ColumnElement[bool]:
        asked = select(ErasureRequest.youth_ref)
        with self._registry.view() as session:
            rows = session.scalars(_cases().join(Consent.youth).where(Youth.youth_ref.in_(asked)))
            theirs = {row.consent_id: row.youth.youth_ref for row in rows if _sees(who, row)}
        alone = ErasureRequest.scope_id.is_(None) | ErasureRequest.scope_id.in_(list(theirs))
        return ErasureRequest.youth_ref.in_(set(theirs.values())) & alone

    def note(self, who: Principal, case: ConsentCase, logged: Logged, *, purpose: str = "", refused: str = "") -> None:
        """Write down what was done with a consent elsewhere: simulated, printed, an extract made or (`refused`) not."""
        entry = Entry(
            actor_of(who, Action.CONSENT_SEE, _team(who, case.recipients)), logged,
            subject=Subject(SubjectKind.YOUTH, case.youth_id),
            item=Subject(SubjectKind.CONSENT, case.consent_id), purpose=purpose,
            outcome=Outcome.DENY if refused else Outcome.PERMIT, rule=refused,
        )  # fmt: skip
        self._audit.append(entry)

    def of_case(self, case: ConsentCase) -> list[str]:
        """The numbers of every consent of the person, as the audit log's entries of them are looked up for an extract."""
        with self._registry.view() as session:
            return list(session.scalars(select(Consent.consent_id).where(Consent.youth_id == case.youth_id)))

    def _erasures(self, *conditions: ColumnElement[bool]) -> list[Erasing]:
        query = select(ErasureRequest).order_by(ErasureRequest.requested_at.desc())
        query = query.options(selectinload(ErasureRequest.answers), selectinload(ErasureRequest.removals))
        with self._registry.view() as session:
            return [_erasing(row) for row in session.scalars(query.where(*conditions).limit(200))]

    def _change(
        self, who: Principal, consent_id: str, action: Action, logged: Logged, deed: Callable[[Work, Consent], None]
    ) -> ConsentCase:
        entry = self._entry(who, action, logged, item=Subject(SubjectKind.CONSENT, consent_id))
        with self._refusals(entry), self._registry.work() as work:
            row = self._row(work.session, who, consent_id)
            work.session.refresh(row.youth, with_for_update=True)  # two people's changes to one youth come one after the other
            work.session.refresh(row)
            if not (may(who, action) or may_for_any(who, action, row.recipients)):
                raise RejectedError("your role does not permit this", code="not_permitted")
            deed(work, row)
            work.session.flush()
            self._note(work, entry, row)
            return self._views(work.session, [row])[0]

    def _note(self, work: Work, entry: Entry, consent: Consent) -> None:
        """The entry of a change, the last thing before it commits."""
        youth, item = _youth(consent), Subject(SubjectKind.CONSENT, consent.consent_id)
        self._audit.append(Entry(entry.actor, entry.action, subject=youth, item=item, purpose=entry.purpose))
        if consent.youth.status == Standing.WITHDRAWN and consent.youth.ended_at == work.now:
            self._audit.append(Entry(entry.actor, Logged.ERASURE_REQUESTED, subject=youth, item=item))

    @contextmanager
    def _refusals(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except RejectedError as error:
            refused = Entry(entry.actor, entry.action, item=entry.item, outcome=Outcome.DENY, rule=error.code)
            self._audit.append(refused)
            raise

    def _entry(self, who: Principal, action: Action, logged: Logged, *, item: Subject | None = None, purpose: str = "") -> Entry:
        return Entry(actor_of(who, action, _team(who, who.teams)), logged, item=item, purpose=purpose)

    def _row(self, session: Session, who: Principal, consent_id: str) -> Consent:
        row = session.scalars(_cases().where(Consent.consent_id == consent_id)).one_or_none()
        if row is None or not _sees(who, row):
            raise RejectedError(_NONE, code="no_such_consent")
        return row

    def _views(self, session: Session, rows: Sequence[Consent]) -> list[ConsentCase]:
        numbers = [row.consent_id for row in rows]
        papers = {
            paper.consent_id: paper.document for paper in session.scalars(select(Paper).where(Paper.consent_id.in_(numbers)))
        }
        return [_view(row, papers.get(row.consent_id, "")) for row in rows]

    def _canonical(self, work: Work, identifier: str) -> str:
        return canonical_identifier(identifier, today=stockholm_date(work.now))


def _cases() -> Select[Consent]:
    return select(Consent).options(selectinload(Consent.youth)).order_by(Consent.created_at, Consent.consent_id)


def _sees(who: Principal, row: Consent) -> bool:
    return may_for_any(who, Action.CONSENT_SEE, row.recipients)


def _team(who: Principal, teams: Sequence[str] | frozenset[str]) -> str | None:
    """The one team acted for, when there is only one."""
    own = who.teams & set(teams)
    return next(iter(own)) if len(own) == 1 else None


def _youth(row: Consent) -> Subject:
    return Subject(SubjectKind.YOUTH, row.youth_id)


def _view(row: Consent, document: str) -> ConsentCase:
    youth: Youth = row.youth
    return ConsentCase(
        row.consent_id, row.state, row.cooperation, tuple(row.agencies), tuple(row.recipients), tuple(row.kinds),
        row.valid_from, row.valid_to, row.legal_basis, row.area, tuple(row.required),
        {role: datetime.fromisoformat(at) for role, at in row.signed.items()},
        row.created_at, row.in_force_at, row.ended_at, row.withdrawn_by, document, youth.record_version,
        youth.acked_version == youth.record_version, youth.youth_id, youth.youth_ref, tuple(row.blocked_by), tuple(row.declined),
    )  # fmt: skip


def _erasing(row: ErasureRequest) -> Erasing:
    parts = [one for one in row.answers if not one.component.startswith(RECEIVER)]
    teams = [one for one in row.answers if one.component.startswith(RECEIVER)]
    effect = [one.answered_at for one in parts if one.component in EFFECT]
    done = [at for at in effect if at is not None]
    return Erasing(
        row.erasure_id, row.requested_at, row.completed_at, max(done) if done and len(done) == len(effect) else None,
        tuple(ErasingPart(one.component, one.agency, one.answered_at) for one in parts),
        tuple((one.component.removeprefix(RECEIVER), one.answered_at) for one in teams),
        tuple(ErasingPlace(one.place, one.due_at, one.done_at) for one in row.removals),
    )  # fmt: skip
