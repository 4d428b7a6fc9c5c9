"""Narrowing on the shred list: what a consent no longer covers, so that no older backup makes it cover that again.

A line names the registry's own number of a consent and one thing that was left out of it: an agency, a recipient or a kind by
the beginning of its SHA-256, for names have no bound and a line has; an earlier end by its Unix second. Only names that the
restored consent itself has are compared with it. What was left out never comes back to the same consent, so lines add up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.contract.models import InfoKind
from hub.registry.deeds import Less, what_stays
from hub.registry.history import Missing
from hub.registry.keyring import NARROWED, Ending
from hub.registry.states import OPEN
from hub.registry.tables import Consent, ConsentFact

__all__ = ["lines_of", "missing_narrowings", "unlisted_narrowings"]

_NARROWED, _UNTIL = "narrowed", "until"
_NAMES = ("agencies", "recipients", "kinds")
_DIGITS = 16


def lines_of(consent: Consent, facts: Iterable[ConsentFact]) -> Iterator[Ending]:
    """The lines of those of a consent's facts that narrow it."""
    for fact in facts:
        if fact.kind != _NARROWED:
            continue
        registered = consent.facts[0].details
        for name in _NAMES:
            stays = fact.details.get(name)
            for gone in [] if stays is None else sorted(set(registered[name]) - set(stays)):
                yield Ending(fact.at, f"{consent.consent_id}.{_mark(name, gone)}", NARROWED)
        if fact.details.get(_UNTIL) is not None:
            until = int(datetime.fromisoformat(fact.details[_UNTIL]).timestamp())
            yield Ending(fact.at, f"{consent.consent_id}.{_UNTIL}.{until}", NARROWED)


def missing_narrowings(consent: Consent, lines: Sequence[Ending]) -> list[Missing]:
    """Of the lines of one consent: what it covers still, each from the instant at which it was left out.

    Raises RejectedError `nothing_left` when all of them together, of histories that parted, would leave nothing.
    """
    told = [one for one in lines if one.state == NARROWED]
    found: list[Missing] = []
    details: dict[str, Any] = {}
    for at in sorted({one.at for one in told}):
        before = details
        details = what_stays(consent, _less(consent, {one.subject.partition(".")[2] for one in told if one.at <= at}))
        if details != before:
            found.append(Missing(at, _NARROWED, None, details))
    return found


def unlisted_narrowings(session: Session, listed: Mapping[str, Ending]) -> list[Ending]:
    """Lines that a crash kept off the list, or that are older than such lines."""
    narrowed = select(ConsentFact.consent_id).where(ConsentFact.kind == _NARROWED)
    found = session.scalars(select(Consent).where(Consent.consent_id.in_(narrowed), Consent.state.in_(sorted(OPEN))))
    return [line for consent in found for line in lines_of(consent, consent.facts) if line.subject not in listed]


def _less(consent: Consent, marks: Collection[str]) -> Less:
    gone = {name: frozenset(one for one in getattr(consent, name) if _mark(name, one) in marks) for name in _NAMES}
    ends = [int(mark.rpartition(".")[2]) for mark in marks if mark.startswith(f"{_UNTIL}.")]
    until = datetime.fromtimestamp(min(ends), UTC) if ends else None
    return Less(gone["agencies"], gone["recipients"], frozenset(map(InfoKind, gone["kinds"])), until)


def _mark(name: str, one: str) -> str:
    return f"{name}.{hashlib.sha256(one.encode()).hexdigest()[:_DIGITS]}"
