"""The consent registry's operations. Each is one transaction that holds the change and the messages that tell of it.

Guarantee: what an operation returned has been written and synced; its messages go out at least once, in order, and a
subject entry is served only after Kafka has acknowledged them. A withdrawal takes effect in the directory when it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.clock import Clock, stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent import Decision, Purpose
from hub.core.consent_scopes import decide_history
from hub.errors import RejectedError
from hub.registry import deeds, erasures, lifecycle, protection
from hub.registry.ahead import block_ahead, block_ahead_beside, of_nobody, record_custody_ahead
from hub.registry.barring import forget, kept_by
from hub.registry.database import reading, repeated, shrink, writing
from hub.registry.deeds import Less
from hub.registry.endings import shred, watch_endings
from hub.registry.erasures import ErasureStatus
from hub.registry.granting import GrantRequest, Signatory
from hub.registry.grants import GrantRules, check, enter, find_youth
from hub.registry.importing import grant_chunk
from hub.registry.sealing import seal, watch_changes
from hub.registry.states import State
from hub.registry.tables import Alias, Consent, Youth
from hub.registry.views import NOBODY, ConsentView, Imported, RowError, YouthView, view_consent, view_youth
from hub.registry.work import Tools, Work

__all__ = ["Registry"]

_ROWS_PER_TRANSACTION = 50  # whoever else writes waits so long


class Registry:
    """All that may be done with consents. Safe to share between threads and to use from several processes at once.

    Every operation may raise RetriableError (the database was busy; run it again) and RejectedError (a rule says no).
    """

    def __init__(self, engine: Engine, tools: Tools, rules: GrantRules, clock: Clock) -> None:
        self._engine = engine
        self._tools = tools
        self._rules = rules
        self._clock = clock

    @property
    def rules(self) -> GrantRules:
        """What the installation allows."""
        return self._rules

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction at the present instant, for the processes beside this class (relay, receipts, upkeep)."""
        with writing(self._engine) as session:
            work = Work(session, self._clock.now(), self._tools)
            endings = watch_endings(session, work.now)
            changes = watch_changes(session)
            yield work
            work.write_outbox()
            if self._tools.sealed is not None:
                seal(work, self._tools.sealed, changes)
        shred(self._tools.keys, endings)  # never before the commit: a key destroyed for a change that then failed is lost

    def view(self) -> AbstractContextManager[Session]:
        """A look without a lock."""
        return reading(self._engine)

    @contextmanager
    def look(self) -> Iterator[Work]:
        """A look without a lock, and the tools that open what is sealed."""
        with self.view() as session:
            yield Work(session, self._clock.now(), self._tools)

    @repeated
    def grant(self, request: GrantRequest) -> YouthView:
        """Register one consent: in force when all have signed, else awaiting signatures.

        Raises RejectedError `manual_handling` for a protected identity: the whole request lies in the manual lane then.
        """
        with self.work() as work:
            row = check(work, request, self._rules)
            diverted = protection.divert(work, row)
            view = None if diverted else view_youth(enter(work, row)[0])
        if view is None:
            raise protection.refuse()
        return view

    def grant_many(
        self, rows: Sequence[GrantRequest | Mapping[str, Any]], progress: Callable[[int], None] = lambda _done: None
    ) -> Imported:
        """Register many, in few transactions. A bad row is reported with number, field and rule, and the others are kept.

        `progress` is told the number of rows done after each transaction.
        """
        granted: list[YouthView] = []
        errors: list[RowError] = []
        for start in range(0, len(rows), _ROWS_PER_TRANSACTION):
            chunk = rows[start : start + _ROWS_PER_TRANSACTION]
            with self.work() as work:
                views, refused = grant_chunk(work, start, chunk, self._rules)
            granted.extend(views)
            errors.extend(refused)
            progress(start + len(chunk))
        return Imported(tuple(granted), tuple(errors))

    @repeated
    def sign(self, identifier: str, signatory: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        """Record a signature on what awaits one, suspended consents included. Raises RejectedError when nothing does."""
        with self._changing(identifier, entering=True) as (work, youth):
            deeds.sign(work, _chosen(youth, cooperation), signatory)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def decline(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        """A signatory says no before all have signed: disputed, and not in force, until she signs (DOMAIN §2)."""
        with self._changing(identifier) as (work, youth):
            deeds.decline(work, _chosen(youth, cooperation), by)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def suspend(self, identifier: str, cooperation: Cooperation | None = None) -> YouthView:
        """Suspend what is in force until the same have signed again."""
        with self._changing(identifier) as (work, youth):
            deeds.suspend(work, _chosen(youth, cooperation))
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def change_custody(self, identifier: str, signatories: tuple[Signatory, ...], *, ahead: bool = False) -> YouthView:
        """Custody is another: suspend everything that guardians signed until the new signatories have, waiting ones too.

        `ahead`: where nothing is registered it is kept for the next consent instead of refused.
        """
        if ahead and self._of_nobody(identifier, partial(record_custody_ahead, signatories=signatories)):
            return NOBODY
        with self._changing(identifier) as (work, youth):
            deeds.change_custody(work, youth.consents, signatories)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def block(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None, *, ahead: bool = False) -> YouthView:
        """A block (spärr) by the youth or a guardian on everything, or on one cooperation. It beats every consent.

        `ahead`: where nothing is registered, or nothing to the one cooperation, it is kept for the next consent, not refused.
        """
        if ahead and self._of_nobody(identifier, partial(block_ahead, by=by, cooperation=cooperation)):
            return NOBODY
        with self._changing(identifier) as (work, youth):
            if ahead and block_ahead_beside(work, youth, by, cooperation):
                return NOBODY
            deeds.block(work, _chosen(youth, cooperation), by, everything=cooperation is None)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def unblock(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        """Lift the block that this role set. What happened while it stood is never covered.

        Also one that has outlived its own consent, or the person's last: then nothing is kept of that any more.
        """
        cooperations = None if cooperation is None else {cooperation}
        if self._of_nobody(identifier, lambda work, lookups: forget(work, lookups, by, cooperations) > 0):
            return NOBODY
        with self._changing(identifier, entering=True) as (work, youth):
            deeds.unblock(work, youth, cooperation, by)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def narrow(self, identifier: str, less: Less, cooperation: Cooperation | None = None) -> YouthView:
        """Let open consents cover less from now on; nobody need sign. To widen one, register another."""
        with self._changing(identifier) as (work, youth):
            deeds.narrow(work, _chosen(youth, cooperation), less)
            lifecycle.settle(work, youth)
            return view_youth(youth)

    @repeated
    def withdraw(
        self, identifier: str, cooperation: Cooperation | None = None, by: Signatory | None = None, *, oral: bool = False
    ) -> YouthView:
        """End every consent, or those to one cooperation, at once and for ever; awaiting ones too.

        `by` is the signatory who withdraws; any required one may, alone (DOMAIN §2), and of every consent also those whose form
        names another. None: recorded without a role, as an oral withdrawal may be. With the last consent the person's mapping
        is destroyed.
        """
        with self._changing(identifier, ending=True) as (work, youth):
            lookups = lifecycle.lookups_of(youth)
            chosen = deeds.withdraw(work, _chosen(youth, cooperation), by, oral=oral, everything=cooperation is None)
            lifecycle.settle(work, youth)
            view = view_youth(youth, chosen)
            if find_youth(work, canonical_identifier(identifier, today=work.today)) is None:
                view = replace(view, erased=True, kept_blocks=kept_by(work, lookups))
        shrink(self._engine)
        return view

    @contextmanager
    def _changing(self, identifier: str, *, entering: bool = False, ending: bool = False) -> Iterator[tuple[Work, Youth]]:
        """One transaction on one youth, brought to the present first: a birthday acts before what is done after it.

        `entering`: refused for a protected identity, of whom nothing new may come into force. `ending`: also of whom nothing can
        be read any more.
        """
        with self.work() as work:
            youth = self._youth(work, identifier)
            if entering:
                protection.require_open(work, youth)
            if lifecycle.has_moved(work, youth, ending=ending):
                lifecycle.settle(work, youth)
                youth = find_youth(work, canonical_identifier(identifier, today=work.today)) or youth
            yield work, youth

    def show(self, identifier: str) -> YouthView:
        """The consents of one person. Raises RejectedError `no_consent` when nothing is registered."""
        with self.look() as work:
            return view_youth(self._youth(work, identifier))

    def decide(
        self, identifier: str, *, source: str | None, recipient: str | None, kind: InfoKind | None, at: datetime | None = None
    ) -> Decision:
        """May this be told now, and by which rule? Without a recipient: may what happened `at` be counted at all?

        The rule is one of `hub.core.consent_scopes.HISTORY_DENIALS`, or `permitted`. Raises RejectedError when the identifier
        cannot be read.
        """
        with self.look() as work:
            youth = find_youth(work, canonical_identifier(identifier, today=work.today))
            return decide_history(
                [] if youth is None else lifecycle.accounts(work, youth),
                purpose=Purpose.CORRELATE if recipient is None else Purpose.DELIVER,
                source=source,
                recipient=recipient,
                kind=kind,
                at=work.now if at is None or recipient is not None else at,
                cooperation=(self._rules.teams or {}).get(recipient or ""),
                version=None if youth is None else youth.record_version,
            )

    def references(self, identifiers: Sequence[str]) -> list[str | None]:
        """The references of persons, None where there is none. For scenario checks and migrations; never for a screen."""
        today = stockholm_date(self._clock.now())
        lookups = [self._tools.vault.lookup(canonical_identifier(text, today=today)) for text in identifiers]
        with self.view() as session:
            found = dict(session.execute(select(Youth.lookup, Youth.youth_ref).where(Youth.lookup.is_not(None))).all())
            found.update(session.execute(select(Alias.lookup, Youth.youth_ref).join(Youth)).all())
        return [found.get(lookup) for lookup in lookups]

    def consents(self, state: State | None = None) -> list[ConsentView]:
        """All consents, oldest first, or those in one state; without any tie to a person."""
        query = select(Consent).order_by(Consent.created_at, Consent.consent_id)
        if state is not None:
            query = query.where(Consent.state == state)
        with self.view() as session:
            return [view_consent(consent) for consent in session.scalars(query)]

    def counts(self) -> dict[str, int]:
        """Consents by state."""
        query = select(Consent.state, func.count()).group_by(Consent.state)
        with self.view() as session:
            found = dict(session.execute(query).all())
        return {state.value: found.get(state.value, 0) for state in State}

    def erasure_status(self, *, only_open: bool = False) -> list[ErasureStatus]:
        """Every withdrawal of a reference and who still has to answer, oldest first."""
        with self.view() as session:
            return erasures.erasure_status(session, only_open=only_open)

    def shrink(self) -> None:
        """Let go of what was destroyed, in the database's own files too."""
        shrink(self._engine)

    def _of_nobody(self, identifier: str, deed: Callable[[Work, Collection[bytes]], bool]) -> bool:
        with self.work() as work:
            return of_nobody(work, identifier, deed)

    def _youth(self, work: Work, identifier: str) -> Youth:
        canonical = canonical_identifier(identifier, today=stockholm_date(work.now))
        youth = find_youth(work, canonical)
        if youth is None:
            raise RejectedError("no consent is registered for this person", code="no_consent")
        return youth


def _chosen(youth: Youth, cooperation: Cooperation | None) -> list[Consent]:
    return [consent for consent in youth.consents if cooperation is None or consent.cooperation == cooperation]
