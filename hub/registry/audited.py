"""The registry's operations as somebody's doing: nothing changes and nothing is told that the audit log does not hold.

A change is logged inside its transaction, after it was written and before it is committed: without the entry there is no change.
(A commit that fails afterwards leaves an entry of something that did not happen; the other way round cannot be.) A look is
logged before it is answered, a refusal with the rule that made it. A withdrawal alone goes on when the log's database does
not answer: its entries wait on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from hub.audit.actions import Action
from hub.audit.draft import Draft
from hub.audit.entries import Actor, Entry, Outcome, Record, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.reading import of_subjects
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent import Decision
from hub.errors import RejectedError
from hub.registry.deeds import Less
from hub.registry.erasures import ErasureStatus
from hub.registry.granting import GrantRequest, Signatory
from hub.registry.registry import Registry
from hub.registry.states import Standing, State
from hub.registry.tables import Consent, Youth
from hub.registry.views import ConsentView, Imported, YouthView
from hub.registry.work import Work

__all__ = ["AuditedRegistry"]

_deed: ContextVar[Entry | None] = ContextVar("registry_deed", default=None)
_draft: ContextVar[Draft | None] = ContextVar("registry_draft", default=None)


class AuditedRegistry(Registry):
    """A registry for one actor; cheap to make, one for each person or command. An operation added to Registry is added here.

    Besides what Registry raises, every operation raises RetriableError `audit` when its entry cannot be written.
    """

    def __init__(self, registry: Registry, audit: AuditLog, actor: Actor, *, purpose: str = "") -> None:
        super().__init__(registry._engine, registry._tools, registry._rules, registry._clock)  # noqa: SLF001 - of its own class
        self._audit = audit
        self._actor = actor
        self._purpose = purpose

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction; what `_doing` says is done stands in the log before it is committed."""
        with super().work() as work:
            changed = _watch(work.session)
            yield work
            deed = _deed.get()
            if deed is not None:
                work.session.flush()
                self._log_diverted(work.diverted)
                if work.kept_changed:
                    self._audit.append(deed)
                self._log(deed, [youth for youth in changed.values() if youth not in work.diverted])

    def grant(self, request: GrantRequest) -> YouthView:
        with self._doing(Action.CONSENT_REGISTERED):
            return super().grant(request)

    def grant_many(
        self, rows: Sequence[GrantRequest | Mapping[str, Any]], progress: Callable[[int], None] = lambda _done: None
    ) -> Imported:
        with self._doing(Action.CONSENT_REGISTERED):
            outcome = super().grant_many(rows, progress)
        if outcome.errors:
            refused = replace(self._entry(Action.CONSENT_REGISTERED), outcome=Outcome.DENY)
            self._audit.append_many([replace(refused, rule=error.code) for error in outcome.errors])
        return outcome

    def sign(self, identifier: str, signatory: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        with self._doing(Action.CONSENT_SIGNED, signatory):
            return super().sign(identifier, signatory, cooperation)

    def suspend(self, identifier: str, cooperation: Cooperation | None = None) -> YouthView:
        with self._doing(Action.CONSENT_SUSPENDED):
            return super().suspend(identifier, cooperation)

    def decline(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        with self._doing(Action.CONSENT_DECLINED, by):
            return super().decline(identifier, by, cooperation)

    def change_custody(self, identifier: str, signatories: tuple[Signatory, ...], *, ahead: bool = False) -> YouthView:
        with self._doing(Action.CONSENT_SUSPENDED):
            return super().change_custody(identifier, signatories, ahead=ahead)

    def block(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None, *, ahead: bool = False) -> YouthView:
        with self._doing(Action.CONSENT_BLOCKED, by):
            return super().block(identifier, by, cooperation, ahead=ahead)

    def unblock(self, identifier: str, by: Signatory, cooperation: Cooperation | None = None) -> YouthView:
        with self._doing(Action.CONSENT_UNBLOCKED, by):
            return super().unblock(identifier, by, cooperation)

    def narrow(self, identifier: str, less: Less, cooperation: Cooperation | None = None) -> YouthView:
        with self._doing(Action.CONSENT_NARROWED):
            return super().narrow(identifier, less, cooperation)

    def withdraw(
        self, identifier: str, cooperation: Cooperation | None = None, by: Signatory | None = None, *, oral: bool = False
    ) -> YouthView:
        with unstoppable(Unstoppable.WITHDRAWAL), self._doing(Action.CONSENT_WITHDRAWN, by):
            return super().withdraw(identifier, cooperation, by, oral=oral)

    def show(self, identifier: str) -> YouthView:
        with self._audit.recorded(self._entry(Action.CONSENT_SHOWN)) as draft, self._looking(draft):
            return super().show(identifier)

    def decide(
        self, identifier: str, *, source: str | None, recipient: str | None, kind: InfoKind | None, at: datetime | None = None
    ) -> Decision:
        with self._audit.recorded(self._entry(Action.CONSENT_SIMULATED)) as draft, self._looking(draft):
            return super().decide(identifier, source=source, recipient=recipient, kind=kind, at=at)

    def consents(self, state: State | None = None) -> list[ConsentView]:
        with self._audit.recorded(self._entry(Action.CONSENT_LISTED)):
            return super().consents(state)

    def references(self, identifiers: Sequence[str]) -> list[str | None]:
        with self._doing(Action.REFERENCES_SOUGHT):
            found = super().references(identifiers)
        entry = self._entry(Action.REFERENCES_SOUGHT)
        nobody = replace(entry, outcome=Outcome.DENY, rule="nobody")
        told = [nobody if ref is None else replace(entry, subject=Subject(SubjectKind.REFERENCE, ref)) for ref in found]
        if told:
            self._audit.append_many(told)
        return found

    def counts(self) -> dict[str, int]:
        with self._audit.recorded(self._entry(Action.STATISTICS_SHOWN)):
            return super().counts()

    def erasure_status(self, *, only_open: bool = False) -> list[ErasureStatus]:
        with self._audit.recorded(self._entry(Action.ERASURE_LISTED)):
            return super().erasure_status(only_open=only_open)

    def trail(self, identifier: str) -> list[Record]:
        """Who has seen and done what about one person, oldest first: the audit log's part of a register extract.

        Found as long as her mapping stands; afterwards nobody can tell which entries are hers. That it was asked is an entry
        too, and the last of the list. Raises RejectedError `no_consent`.
        """
        with self._audit.recorded(self._entry(Action.EXTRACT_MADE)) as draft, self._looking(draft):
            super().show(identifier)
        about = [one for one in (draft.entry.subject, draft.entry.item) if one is not None]
        return of_subjects(self._audit.engine, self._audit.pseudonyms(about))

    @contextmanager
    def view(self) -> Iterator[Session]:
        """A look; whom it was about is told to the draft of `_looking`."""
        with super().view() as session:
            draft = _draft.get()
            if draft is not None:
                event.listen(session, "loaded_as_persistent", lambda _session, row: _tell(draft, row))
            yield session

    @contextmanager
    def _doing(self, action: Action, by: Signatory | None = None) -> Iterator[None]:
        """`by`: whose word it is, which stands in the entry as its purpose."""
        deed = self._entry(action) if by is None else replace(self._entry(action), purpose=by.value)
        token = _deed.set(deed)
        try:
            yield
        except RejectedError as error:
            self._audit.append(replace(deed, outcome=Outcome.DENY, rule=error.code))
            raise
        finally:
            _deed.reset(token)

    @contextmanager
    def _looking(self, draft: Draft) -> Iterator[None]:
        token = _draft.set(draft)
        try:
            yield
        finally:
            _draft.reset(token)

    def _entry(self, action: Action) -> Entry:
        return Entry(self._actor, action, purpose=self._purpose)

    def _log_diverted(self, youths: Sequence[Youth | None]) -> None:
        """What a protected identity's form leads to is no registration."""
        entry = self._entry(Action.PROTECTED_CASE)
        if youths:
            about = [(_subject(youth), _item(youth)) if youth is not None else (None, None) for youth in youths]
            self._audit.append_many([replace(entry, subject=subject, item=item) for subject, item in about])

    def _log(self, deed: Entry, youths: Iterable[Youth]) -> None:
        """One entry for each youth that was changed, and one more where her erasure is asked for."""
        found = []
        for youth in youths:
            actions = [deed.action, Action.ERASURE_REQUESTED] if youth.status == Standing.WITHDRAWN else [deed.action]
            found += [replace(deed, action=action, subject=_subject(youth), item=_item(youth)) for action in actions]
        if found:
            self._audit.append_many(found)


def _watch(session: Session) -> dict[str, Youth]:
    """The youths whom the session changes, themselves or a consent of theirs, as it comes to know them."""
    changed: dict[str, Youth] = {}

    def note(_session: Session, *_: object) -> None:
        for row in (*session.new, *session.dirty):
            youth = row if isinstance(row, Youth) else row.youth if isinstance(row, Consent) else None
            if youth is not None and session.is_modified(row):
                changed[youth.youth_id] = youth

    event.listen(session, "before_flush", note)
    return changed


def _tell(draft: Draft, row: object) -> None:
    if isinstance(row, Youth):
        draft.about(subject=_subject(row), item=_item(row))


def _subject(youth: Youth) -> Subject:
    return Subject(SubjectKind.YOUTH, youth.youth_id)


def _item(youth: Youth) -> Subject | None:
    return None if youth.youth_ref is None else Subject(SubjectKind.REFERENCE, youth.youth_ref)
