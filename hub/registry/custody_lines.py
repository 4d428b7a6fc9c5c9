"""Custody on the shred list: whom a change of custody makes sign, so that no older backup gives it back to who has lost it.

A line names the registry's own number of a consent and the roles, no person; the roles stand in its state, so that of two changes
the later one counts and a line says the same wherever it is read. When a backup is restored that was made before the change, the
consent in it gets the change at its instant, before anything that ended since is ended again. So who has lost custody can neither
sign that consent nor, once the last one has ended, the next (`hub.registry.custody`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.core.consent_rules import Signatory
from hub.registry.history import Missing
from hub.registry.keyring import Ending, changes_state
from hub.registry.tables import Consent, ConsentFact

__all__ = ["custody_lines_of", "is_custody", "missing_custody", "unlisted_custody"]

_CHANGED, _CUSTODY = "custody_changed", "custody"
_LETTERS: Final = MappingProxyType({
    Signatory.GUARDIAN_1: "1",
    Signatory.GUARDIAN_2: "2",
    Signatory.SPECIAL_GUARDIAN: "s",
    Signatory.GOD_MAN: "g",
    Signatory.SOCIAL_SERVICES: "l",
    Signatory.YOUTH: "y",
})  # fmt: skip
"""One letter a role: a state has room for sixteen characters. Never change one: lists outlive versions."""


def is_custody(line: Ending) -> bool:
    """Whether a line of the shred list says who has custody."""
    return line.state.startswith(f"{_CUSTODY}_")


def custody_lines_of(consent_id: str, facts: Iterable[ConsentFact]) -> Iterator[Ending]:
    """The lines of those of a consent's facts that say who has custody from then on; who only signs again has it still."""
    for fact in facts:
        if fact.kind == _CHANGED and fact.details.get("named"):
            roles = "".join(sorted(_LETTERS[Signatory(role)] for role in fact.details["signatories"]))
            yield Ending(fact.at, f"{consent_id}.{_CUSTODY}", f"{_CUSTODY}_{roles}")


def missing_custody(consent: Consent, lines: Sequence[Ending]) -> list[Missing]:
    """Of the lines of one consent: the changes of custody that it does not know of, each from its instant.

    One that came back behind something later, of histories that parted, is known too.
    """
    known = [(fact.at, sorted(fact.details["signatories"])) for fact in consent.facts if fact.kind == _CHANGED]
    told = [(one.at, _roles(one)) for one in lines if is_custody(one)]
    missing = [(at, roles) for at, roles in told if not any(since >= at and roles == had for since, had in known)]
    return [Missing(at, _CHANGED, None, {"signatories": roles, "named": True}) for at, roles in missing]


def unlisted_custody(session: Session, listed: Mapping[str, Ending]) -> list[Ending]:
    """Lines that a crash kept off the list, or that are older than such lines. `listed`: the latest of each subject."""
    query = select(ConsentFact).where(ConsentFact.kind == _CHANGED).order_by(ConsentFact.consent_id, ConsentFact.position)
    latest = {subject: (one.at, one.state) for subject, one in listed.items()}
    found = []
    for fact in session.scalars(query):
        for line in custody_lines_of(fact.consent_id, [fact]):
            at, state = latest.get(line.subject, (None, None))
            if (at is None or line.at > at) and changes_state(state, line.state):
                latest[line.subject] = (line.at, line.state)
                found.append(line)
    return found


def _roles(line: Ending) -> list[str]:
    letters = line.state.removeprefix(f"{_CUSTODY}_")
    return sorted(role.value for role, letter in _LETTERS.items() if letter in letters)
