"""What of a consent goes into the sealed vault, and when: whatever the code that changes it, it is sealed before the commit.

Form, changes, end and receipt stay under the board's retention decision when everything operational is erased (DOMAIN: the
consent form, the withdrawal and its receipt stay sealed): the municipality must be able to show that it was permitted, and
that it stopped. The form's part holds who the person is, which after an erasure stands nowhere else.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import event, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from hub.audit.sealed import Document, Part, PartKind
from hub.registry import lifecycle
from hub.registry.forms import open_forms
from hub.registry.states import State
from hub.registry.tables import Consent, ErasureRequest, Youth
from hub.registry.work import Sealed, Work

__all__ = ["Changes", "seal", "seal_missing", "watch_changes"]

_AT_ONCE = 50  # in one transaction: whoever else writes waits so long
_ENDED = frozenset({State.WITHDRAWN, State.EXPIRED, State.LAPSED})


class Registry(Protocol):
    """`hub.registry.registry.Registry`, which knows this module."""

    def work(self) -> AbstractContextManager[Work]:
        """One transaction."""
        ...

    def view(self) -> AbstractContextManager[Session]:
        """A look without a lock."""
        ...


class Vault(Sealed, Protocol):
    """The vault, when it is asked what it has."""

    def documents(self) -> list[Document]:
        """What is known of each without opening it."""
        ...


@dataclass(slots=True)
class Changes:
    """The consents and erasures that a transaction has changed so far; whether a consent is new."""

    consents: dict[str, tuple[Consent, bool]] = field(default_factory=dict)
    erasures: dict[str, ErasureRequest] = field(default_factory=dict)


def watch_changes(session: Session) -> Changes:
    """What fills, at each flush, with what will have to be sealed."""
    found = Changes()

    def note(flushed: Session, _context: object, _instances: object) -> None:
        for row in (*flushed.new, *flushed.dirty):
            if isinstance(row, Consent) and flushed.is_modified(row):
                new = row in flushed.new or found.consents.get(row.consent_id, (row, False))[1]
                found.consents[row.consent_id] = (row, new)
            elif isinstance(row, ErasureRequest) and row.completed_at is not None and flushed.is_modified(row):
                found.erasures[row.erasure_id] = row
            elif isinstance(row, Youth) and row.parties is not None and get_history(row, "parties").has_changes():
                found.consents |= {one.consent_id: (one, False) for one in row.consents if one.consent_id not in found.consents}

    event.listen(session, "before_flush", note)
    return found


def seal(work: Work, sealed: Sealed, changes: Changes) -> None:
    """Seal what the transaction changed. Raises RetriableError: then it must not be committed."""
    work.session.flush()
    parts = [_of_consent(work, consent, new=new) for consent, new in changes.consents.values()]
    for erasure in changes.erasures.values():
        parts += _receipts(work.session, erasure)
    sealed.append(parts, work.now)


def seal_missing(registry: Registry, vault: Vault) -> int:
    """Seal the forms of people whom the registry knows and the vault does not: of an earlier version, or after a restore.

    Answers how many. Raises RetriableError.
    """
    with registry.view() as session:
        known = session.scalars(select(Consent.consent_id).join(Youth).where(Youth.identity.is_not(None))).all()
    missing = sorted(set(known) - {one.document for one in vault.documents()})
    for start in range(0, len(missing), _AT_ONCE):
        with registry.work() as work:
            rows = work.session.scalars(select(Consent).where(Consent.consent_id.in_(missing[start : start + _AT_ONCE])))
            vault.append([_of_consent(work, consent, new=True) for consent in rows], work.now)
    return len(missing)


def _of_consent(work: Work, consent: Consent, *, new: bool) -> Part:
    ended = consent.state in _ENDED
    kind = PartKind.FORM if new else PartKind.END if ended else PartKind.CHANGE
    return Part(consent.consent_id, kind, {**_facts(consent), **_person(work, consent)})


def _facts(consent: Consent) -> dict[str, Any]:
    """Everything the registry has of it: roles, codes, instants. Names are the person's part."""
    found: dict[str, Any] = {}
    for column in Consent.__table__.columns:
        value = getattr(consent, column.key)
        found[column.key] = value.isoformat() if isinstance(value, datetime) else value
    found["facts"] = [
        {"at": fact.at.isoformat(), "kind": fact.kind, "by": fact.by, "oral": fact.oral, **fact.details} for fact in consent.facts
    ]
    return found


def _person(work: Work, consent: Consent) -> dict[str, Any]:
    """Who it is, as long as the registry itself knows; of names those on the consent's own form."""
    youth = consent.youth
    found: dict[str, Any] = {"youth_ref": youth.youth_ref}
    if youth.identity is not None:
        found["identifier"], data_key = lifecycle.identity(work, youth)
        form = open_forms(work, youth, data_key).get(consent.consent_id)
        if form is not None:
            found["parties"] = form.model_dump(mode="json")
    return found


def _receipts(session: Session, erasure: ErasureRequest) -> list[Part]:
    """The receipt, in the document of every consent that the erased reference had."""
    content = {
        "erasure_id": erasure.erasure_id,
        "requested_at": erasure.requested_at.isoformat(),
        "completed_at": None if erasure.completed_at is None else erasure.completed_at.isoformat(),
        "answers": {one.component: one.answered_at.isoformat() for one in erasure.answers if one.answered_at is not None},
    }
    query = select(Consent.consent_id).join(Youth).where(Youth.youth_ref == erasure.youth_ref).order_by(Consent.consent_id)
    return [Part(consent_id, PartKind.RECEIPT, content) for consent_id in session.scalars(query)]
