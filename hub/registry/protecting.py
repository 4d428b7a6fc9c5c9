"""Marking somebody as protected, and reversing it: the operations. What they mean stands in `hub.registry.protection`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from hub.clock import stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError
from hub.registry import lifecycle, protection
from hub.registry.granting import Marking
from hub.registry.grants import find_youth
from hub.registry.registry import Registry
from hub.registry.tables import SubjectEntry, Youth
from hub.registry.work import Work

__all__ = ["protect", "protect_reference", "unprotect"]

Record = Callable[[str], None]
"""Writes down whose row (`youth_id`, empty when there is none) is about to be changed; called before it commits."""


def protect(registry: Registry, identifier: str, marking: Marking, record: Record) -> bool:
    """Mark a number, whether it is registered or not; the answer is whether somebody had to be stopped.

    Raises RetriableError when the manual lane cannot take the case: nothing has changed then.
    """
    with registry.work() as work:
        canonical = canonical_identifier(identifier, today=stockholm_date(work.now))
        youth = find_youth(work, canonical)
        facts: dict[str, Any] = {"marking": marking.value, "at": work.now.isoformat()}
        _stop(work, canonical, youth, facts)
        record(youth.youth_id if youth is not None else "")
    registry.shrink()
    return youth is not None


def protect_reference(registry: Registry, youth_ref: str, agency: str, record: Record) -> bool:
    """The same, said by an agency's connector of a reference that the agency was told; False when it was not told it.

    The caller answers both alike: what an agency asks about others' references it learns nothing from.
    """
    with registry.work() as work:
        told = select(Youth).join(SubjectEntry).where(Youth.youth_ref == youth_ref, SubjectEntry.agency == agency)
        seen = told.where(SubjectEntry.version.is_not(None), Youth.lookup.is_not(None))
        youth = work.session.scalars(seen.with_for_update(of=Youth)).one_or_none()
        if youth is None:
            return False
        canonical, _ = lifecycle.identity(work, youth)
        if not protection.is_protected(work, protection.lookups_of(youth)):
            _stop(work, canonical, youth, {"marking": "", "agency": agency, "at": work.now.isoformat()})
            record(youth.youth_id)
    registry.shrink()
    return True


def unprotect(registry: Registry, identifier: str, decision: str, record: Record) -> bool:
    """Reverse a marking by a decision (its reference number); the answer is whether a reference came back.

    Raises RejectedError `not_protected`. Once everything was erased the person begins anew from her form.
    """
    with registry.work() as work:
        canonical = canonical_identifier(identifier, today=stockholm_date(work.now))
        youth = find_youth(work, canonical)
        lookups = protection.lookups_of(youth) if youth is not None else [work.tools.vault.lookup(canonical)]
        if not protection.is_protected(work, lookups):
            raise RejectedError("this number is not marked as protected", code="not_protected")
        record(youth.youth_id if youth is not None else "")  # before the lane is told: the decision's number may be none
        protection.hand_over(work, "reversed", canonical, {"decision": decision, "at": work.now.isoformat()})
        protection.lift(work, lookups)
        if youth is not None:
            protection.restore(work, youth)
        return youth is not None and youth.youth_ref is not None


def _stop(work: Work, canonical: str, youth: Youth | None, facts: dict[str, Any]) -> None:
    if youth is None:
        protection.hand_over(work, "marked", canonical, facts)
        protection.mark(work, [work.tools.vault.lookup(canonical)])
        return
    protection.mark(work, protection.lookups_of(youth))
    protection.suspend(work, youth, facts)
