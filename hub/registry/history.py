"""A consent's history in the database: facts are appended, and the columns beside them are what the algebra makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from hub.contract.models import Cooperation, InfoKind
from hub.core import consent_facts as algebra
from hub.core.consent_facts import ENDS, History, Rule, Status, Terms
from hub.core.consent_history import course
from hub.core.consent_rules import Form, Signatory
from hub.core.consent_scopes import Account, account
from hub.registry.custody import Custody
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, ConsentFact
from hub.registry.work import Work

__all__ = ["Missing", "account_of", "add_fact", "end_of", "form_of", "history_of", "project", "registration"]

_STATES = {
    Status.AWAITING: State.WAITING,
    Status.DISPUTED: State.DISPUTED,
    Status.IN_FORCE: State.IN_FORCE,
    Status.SUSPENDED: State.SUSPENDED,
    Status.BLOCKED: State.BLOCKED,
    Status.EXPIRED: State.EXPIRED,
    Status.LAPSED: State.LAPSED,
    Status.WITHDRAWN: State.WITHDRAWN,
}


class Missing(NamedTuple):
    """A fact that an older database does not know, and when it was."""

    at: datetime
    kind: str
    by: Signatory | None
    details: dict[str, Any]


def registration(
    consent: Consent, form: Form, signatories: Iterable[Signatory], *, includes_earlier: bool, custody: Custody | None = None
) -> dict[str, Any]:
    """The details of the first fact: the terms as they were registered, which the columns cease to be when narrowed.

    `custody`: what was recorded of the person before.
    """
    return {
        **({} if custody is None else {"custody": custody.details()}),
        "form": form.value,
        "signatories": sorted(role.value for role in signatories),
        "cooperation": consent.cooperation,
        "agencies": consent.agencies,
        "recipients": consent.recipients,
        "kinds": consent.kinds,
        "valid_from": consent.valid_from.isoformat(),
        "valid_to": consent.valid_to.isoformat(),
        "includes_earlier": includes_earlier,
    }


def add_fact(
    work: Work,
    consent: Consent,
    kind: str,
    by: Signatory | None = None,
    *,
    details: dict[str, Any] | None = None,
    oral: bool = False,
    at: datetime | None = None,
) -> None:
    """Append one fact at this instant; never before the last one, whatever another process' clock said. `settle` follows.

    `at`: when it was, of what only becomes known again.
    """
    latest = max([at or work.now, *(fact.at for fact in consent.facts[-1:])])
    role = None if by is None else by.value
    consent.facts.append(
        ConsentFact(position=len(consent.facts), at=latest, kind=kind, by=role, details=details or {}, oral=oral)
    )


def history_of(consent: Consent) -> History:
    """The facts in the algebra's words."""
    first = consent.facts[0].details
    terms = Terms(
        scope_id=consent.consent_id,
        cooperation=Cooperation(first["cooperation"]),
        agencies=frozenset(first["agencies"]),
        recipients=frozenset(first["recipients"]),
        kinds=frozenset(map(InfoKind, first["kinds"])),
        valid_from=datetime.fromisoformat(first["valid_from"]),
        valid_to=datetime.fromisoformat(first["valid_to"]),
        includes_earlier=first["includes_earlier"],
    )
    return History(terms, tuple(map(_fact, consent.facts)))


def form_of(consent: Consent) -> Form:
    """The form that was signed."""
    return Form(consent.facts[0].details["form"])


def reaches_back(consent: Consent) -> bool:
    """Whether the form that was signed says that it also covers what happened before all had signed."""
    return bool(consent.facts[0].details["includes_earlier"])


def end_of(work: Work, consent: Consent, born: date) -> datetime:
    """When an open consent ends if nobody does anything: its period's end, or the birthday that comes before it."""
    found = course(history_of(consent), born, work.tools.consent).end
    return consent.valid_to if found is None else found.since


def account_of(work: Work, consent: Consent, born: date) -> Account:
    """How a consent stands now."""
    latest = max(work.now, consent.facts[-1].at)
    found = account(history_of(consent), born, work.tools.consent, latest)
    assert found is not None, "it is registered"
    return found


def project(work: Work, consent: Consent, born: date) -> Account:
    """Bring an open consent's columns in line with its history; an end that time brought is noted as a fact.

    What has ended stays as it is: nothing ends twice, and the birth date may be gone.
    """
    found = account_of(work, consent, born)
    if consent.state not in OPEN:
        return found
    standing, terms = found.standing, found.terms
    if standing.rule in ENDS:
        consent.ended_at = standing.since
        if consent.facts[-1].kind not in {"withdrawn", "declined"}:
            add_fact(work, consent, "ended", details={"rule": standing.rule.value})
    signatures = {fact.by: fact.at.isoformat() for fact in consent.facts if fact.kind == "signed"}
    values: dict[str, Any] = {
        "state": _STATES[standing.status],
        "rule": standing.rule.value,
        "required": sorted(standing.required),
        "signed": {role.value: signatures[role.value] for role in sorted(standing.signed)},
        "declined": sorted(standing.declined),
        "blocked_by": sorted(standing.blocks),
        "spans": [[start.isoformat(), end.isoformat()] for start, end in found.spans],
        "agencies": sorted(terms.agencies),
        "recipients": sorted(terms.recipients),
        "kinds": sorted(terms.kinds),
        "valid_to": terms.valid_to,
        "in_force_at": found.in_force_since,
    }
    for name, value in values.items():
        if getattr(consent, name) != value:
            setattr(consent, name, value)
    return found


def _fact(fact: ConsentFact) -> algebra.Fact:
    return _FACTS[fact.kind](fact)


def _by(fact: ConsentFact) -> Signatory:
    return Signatory(fact.by or "")


def _roles(fact: ConsentFact) -> frozenset[Signatory]:
    return frozenset(map(Signatory, fact.details["signatories"]))


def _narrowed(fact: ConsentFact) -> algebra.Narrowed:
    stays = {
        name: None if fact.details.get(name) is None else frozenset(fact.details[name]) for name in ("agencies", "recipients")
    }
    kinds, until = fact.details.get("kinds"), fact.details.get("until")
    return algebra.Narrowed(
        fact.at,
        stays["agencies"],
        stays["recipients"],
        None if kinds is None else frozenset(map(InfoKind, kinds)),
        None if until is None else datetime.fromisoformat(until),
    )


_FACTS: dict[str, Callable[[ConsentFact], algebra.Fact]] = {
    "registered": lambda fact: algebra.Registered(fact.at, Form(fact.details["form"]), _roles(fact)),
    "signed": lambda fact: algebra.Signed(fact.at, _by(fact)),
    "declined": lambda fact: algebra.Declined(fact.at, _by(fact)),
    "withdrawn": lambda fact: algebra.Withdrawn(fact.at, None if fact.by is None else Signatory(fact.by)),
    "blocked": lambda fact: algebra.Blocked(fact.at, _by(fact)),
    "unblocked": lambda fact: algebra.Unblocked(fact.at, _by(fact)),
    "halted": lambda fact: algebra.Halted(fact.at),
    "resumed": lambda fact: algebra.Resumed(fact.at),
    "custody_changed": lambda fact: algebra.CustodyChanged(fact.at, _roles(fact), bool(fact.details.get("named"))),
    "narrowed": _narrowed,
    "barred": lambda fact: algebra.Barred(fact.at, *(datetime.fromisoformat(fact.details[name]) for name in ("since", "until"))),
    "ended": lambda fact: algebra.Ended(fact.at, Rule(fact.details["rule"])),
}
