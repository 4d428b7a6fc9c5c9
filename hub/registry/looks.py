"""Looks at consents, one at a time: found by number, or by a person's whole identifier and nothing less.

Every method is somebody's doing. It asks what the role permits for the consent's recipients, and answers `no_such_consent` alike
when there is none and when it belongs to others. A look is in the audit log before it is answered: no log, no answer
(RetriableError `audit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from hub.access.roles import Action, Principal, may, may_for_any, own_teams
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.draft import Draft
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.clock import stockholm_date
from hub.contract.identifiers import birth_date, canonical_identifier
from hub.errors import FatalError, RejectedError, RetriableError
from hub.registry import lifecycle, protection
from hub.registry.cases import ConsentCase, Erasing, Named
from hub.registry.erasing import erasing_of, every_erasing
from hub.registry.grants import find_youth
from hub.registry.history import end_of, reaches_back
from hub.registry.lives import life_of, open_life
from hub.registry.parties import open_parties
from hub.registry.registry import Registry
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, OutboxRow, Paper, Youth
from hub.registry.work import Work

__all__ = ["Looks", "sees", "youth_of"]

_NONE = "there is no such consent for you"
_ENDINGS = frozenset({"ended", "withdrawn", "declined"})


class Looks:
    """Safe to share between threads. Raises what Registry raises, and RejectedError `no_such_consent`."""

    def __init__(self, registry: Registry, audit: AuditLog) -> None:
        self._registry = registry
        self._audit = audit

    def listed(self, who: Principal) -> list[ConsentCase]:
        """The open consents that name a team of `who` as recipient, oldest first."""
        with self._audit.recorded(self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_LISTED)), self._registry.look() as work:
            rows = work.session.scalars(_cases().where(Consent.state.in_([state.value for state in OPEN])))
            return self._views(work, [row for row in rows if sees(who, row)])

    def case(self, who: Principal, consent_id: str) -> ConsentCase:
        """One consent, whatever its state."""
        item = Subject(SubjectKind.CONSENT, consent_id)
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_SHOWN, item=item)
        with self._audit.recorded(entry) as draft, self._registry.look() as work:
            row = self._row(work.session, who, consent_id)
            draft.about(subject=youth_of(row))
            return self._views(work, [row])[0]

    def beside(self, who: Principal, case: ConsentCase) -> list[ConsentCase]:
        """The same person's other consents that `who` may see and that belong to `case`; part of looking at it."""
        with self._registry.look() as work:
            rows = work.session.scalars(_cases().where(Consent.youth_id == case.youth_id))
            seen = [row for row in rows if sees(who, row)]
            found = [one for row in seen if row.consent_id == case.consent_id for one in life_of(row, seen)]
            return self._views(work, [row for row in found if row.consent_id != case.consent_id])

    def find(self, who: Principal, number: str) -> list[str]:
        """Consents whose number begins with `number` (at least six characters), two at most, because two are too many."""
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_LISTED, purpose="number")
        with self._audit.recorded(entry), self._registry.view() as session:
            rows = session.scalars(_cases().where(Consent.consent_id.startswith(number, autoescape=True)).limit(20))
            return [row.consent_id for row in rows if sees(who, row)][:2]

    def of_person(self, who: Principal, identifier: str) -> list[ConsentCase]:
        """The consents of the person with exactly this identifier; empty for nobody, for others' consents, for protected ones.

        Raises UnresolvedIdentifierError for what is no identifier.
        """
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_SHOWN, purpose="identifier")
        with self._audit.recorded(entry) as draft:
            with self._registry.work() as work:
                youth = find_youth(work, self._canonical(work, identifier))
                hidden = youth is None or protection.is_protected(work, protection.lookups_of(youth))
                rows = [] if youth is None or hidden else _findable(who, youth)
                views = self._views(work, rows)
            if rows:
                draft.about(subject=youth_of(rows[0]), item=Subject(SubjectKind.CONSENT, rows[0].consent_id))
            else:
                draft.denied("nobody")
            return views

    def named(self, who: Principal, consent_id: str, identifier: str, logged: Logged) -> Named:
        """Who a consent is about, for somebody who gives the person's own identifier. Raises RejectedError `another_person`.

        Names only while the consent is open: with the last of its cooperation they go.
        """
        item = Subject(SubjectKind.CONSENT, consent_id)
        entry = self._entry(who, Action.CONSENT_SEE, logged, item=item, purpose="named")
        with self._audit.recorded(entry) as draft, self._registry.work() as work:
            return self._opened(work, who, self._row(work.session, who, consent_id), identifier, draft)

    def guardians(self, who: Principal, identifier: str) -> Mapping[str, str]:
        """Who signs for the person with exactly this identifier: role to name on the newest form that `who` may read.

        Empty for nobody, for others' consents, for the protected, and where no name was written down.
        """
        entry = self._entry(who, Action.CONSENT_SEE, Logged.CONSENT_SHOWN, purpose="named")
        with self._audit.recorded(entry) as draft, self._registry.work() as work:
            youth = find_youth(work, self._canonical(work, identifier))
            hidden = youth is None or protection.is_protected(work, protection.lookups_of(youth))
            rows = [] if youth is None or hidden else _findable(who, youth)
            if youth is None or not rows:
                draft.denied("nobody")
                return {}
            draft.about(subject=youth_of(rows[-1]), item=Subject(SubjectKind.CONSENT, rows[-1].consent_id))
            form = open_parties(work, youth, lambda one: one in rows)
        return {} if form is None else {party.role.value: party.name for party in form.parties}

    def erasing(self, case: ConsentCase) -> Erasing | None:
        """How far the erasure of a withdrawn consent has come; None while none was asked for."""
        with self._registry.view() as session:
            rows = session.scalars(_cases().where(Consent.consent_id == case.consent_id)).all()
            return next(iter(erasing_of(session, rows)), None)

    def erasures(self, who: Principal) -> list[Erasing]:
        """Every withdrawal, newest first, without any tie to a person; to an officer those of consents that she may see.

        Anybody may withdraw by typing a number: who then sees what came of it learns whether there was a consent.
        """
        seen = self._audit.recorded(self._entry(who, Action.ERASURE_SEE, Logged.ERASURE_LISTED))
        with seen, self._registry.view() as session:
            if may(who, Action.AUDIT_READ):
                return every_erasing(session)
            rows = session.scalars(_cases().where(Consent.state == State.WITHDRAWN))
            return erasing_of(session, [row for row in rows if sees(who, row)])

    def note(self, who: Principal, case: ConsentCase, logged: Logged, *, purpose: str = "", refused: str = "") -> None:
        """Write down what was done with a consent elsewhere: simulated, printed, an extract made or (`refused`) not."""
        entry = Entry(
            actor_of(who, Action.CONSENT_SEE, _team(own_teams(who, Action.CONSENT_SEE) & set(case.recipients))), logged,
            subject=Subject(SubjectKind.YOUTH, case.youth_id),
            item=Subject(SubjectKind.CONSENT, case.consent_id), purpose=purpose,
            outcome=Outcome.DENY if refused else Outcome.PERMIT, rule=refused,
        )  # fmt: skip
        self._audit.append(entry)

    def _entry(self, who: Principal, action: Action, logged: Logged, *, item: Subject | None = None, purpose: str = "") -> Entry:
        return Entry(actor_of(who, action, _team(own_teams(who, Action.CONSENT_SEE))), logged, item=item, purpose=purpose)

    def _opened(self, work: Work, who: Principal, row: Consent, identifier: str, draft: Draft) -> Named:
        draft.about(subject=youth_of(row))
        found = find_youth(work, self._canonical(work, identifier))
        together = [] if found is None else _findable(who, found)
        if found is None or row not in together:
            raise RejectedError("the identifier is not that of the person of this consent", code="another_person")
        protection.require_open(work, found)
        canonical, _ = lifecycle.identity(work, found)
        alike = [one for one in together if one.cooperation == row.cooperation]
        parties = open_parties(work, found, lambda one: one is row) or open_parties(work, found, lambda one: one in alike)
        if parties is None or row.state not in OPEN:
            return Named(canonical, "")
        return Named(canonical, parties.name, {one.role.value: (one.name, one.contacts) for one in parties.parties})

    def _consent(self, session: Session, consent_id: str) -> Consent | None:
        return session.scalars(_cases().where(Consent.consent_id == consent_id)).one_or_none()

    def _row(self, session: Session, who: Principal, consent_id: str) -> Consent:
        row = self._consent(session, consent_id)
        if row is None or not sees(who, row):
            raise RejectedError(_NONE, code="no_such_consent")
        return row

    def _views(self, work: Work, rows: Sequence[Consent]) -> list[ConsentCase]:
        numbers, session = [row.consent_id for row in rows], work.session
        papers = {
            paper.consent_id: paper.document for paper in session.scalars(select(Paper).where(Paper.consent_id.in_(numbers)))
        }
        ends = _ends(work, rows)
        return [
            _view(row, papers.get(row.consent_id, ""), end, _is_told(session, row)) for row, end in zip(rows, ends, strict=True)
        ]

    def _canonical(self, work: Work, identifier: str) -> str:
        return canonical_identifier(identifier, today=stockholm_date(work.now))


def _ends(work: Work, rows: Sequence[Consent]) -> list[datetime]:
    """When each consent ends, or ended by time. A birth date is opened for it, and kept nowhere."""
    try:
        work.fetch_keys({row.youth_id for row in rows if row.state in OPEN})
    except RetriableError:
        return [row.valid_to for row in rows]
    return [_end(work, row) for row in rows]


def _end(work: Work, row: Consent) -> datetime:
    if row.state in {State.EXPIRED, State.LAPSED}:
        return row.ended_at or row.valid_to
    if row.state not in OPEN or row.youth.identity is None:
        return row.valid_to
    try:
        return end_of(work, row, birth_date(lifecycle.identity(work, row.youth)[0]))
    except (FatalError, RetriableError):  # her key is gone, or what unwraps it is away: to be withdrawn it is shown all the same
        return row.valid_to


def _cases() -> Select[Consent]:
    return (
        select(Consent)
        .options(selectinload(Consent.youth), selectinload(Consent.facts))
        .order_by(Consent.created_at, Consent.consent_id)
    )


def sees(who: Principal, row: Consent) -> bool:
    """Whether a consent is of a team for which `who` may see it."""
    return may_for_any(who, Action.CONSENT_SEE, row.recipients)


def _findable(who: Principal, youth: Youth) -> list[Consent]:
    """What is found by the person's number: what `who` may see and is open, and what belongs to that.

    With the last consent a number's tie to them is destroyed; that another cooperation's keeps it must not show.
    """
    return open_life([consent for consent in youth.consents if sees(who, consent)])


def _team(teams: frozenset[str]) -> str | None:
    """The one team acted for, when there is only one."""
    return next(iter(teams)) if len(teams) == 1 else None


def youth_of(row: Consent) -> Subject:
    return Subject(SubjectKind.YOUTH, row.youth_id)


def _is_told(session: Session, row: Consent) -> bool:
    """Whether Kafka has acknowledged what last befell this consent; that something of another's waits must not show here."""
    youth: Youth = row.youth
    if youth.acked_version == youth.record_version:
        return True
    waiting = (OutboxRow.key == (youth.youth_ref or "").encode("ascii"), OutboxRow.record_version > youth.acked_version)
    first = session.scalar(select(func.min(OutboxRow.created_at)).where(*waiting))
    # What is noted of one after its end was said at another: that a block is lifted.
    said = [fact.at for fact in row.facts if row.state in OPEN or fact.kind in _ENDINGS]
    return first is not None and max([row.ended_at or row.created_at, *said]) < first


def _view(row: Consent, document: str, end: datetime, told: bool) -> ConsentCase:
    youth: Youth = row.youth
    return ConsentCase(
        row.consent_id, row.state, row.cooperation, tuple(row.agencies), tuple(row.recipients), tuple(row.kinds),
        row.valid_from, row.valid_to, end, reaches_back(row), row.legal_basis, row.area, tuple(row.required),
        {role: datetime.fromisoformat(at) for role, at in row.signed.items()},
        row.created_at, row.in_force_at, row.ended_at, row.withdrawn_by, document,
        told, youth.youth_id, youth.youth_ref, tuple(row.blocked_by) if row.state in OPEN else (), tuple(row.declined),
        row.rule,
    )  # fmt: skip
