"""What can happen to a consent, and where it can stand: the words in which its history is told. Pure values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import TypeAlias

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Form, Signatory

__all__ = [
    "ENDS", "STATUS_OF", "Barred", "Blocked", "CustodyChanged", "Declined", "Ended", "Fact", "Halted", "History", "Narrowed",
    "Registered", "Resumed", "Rule", "Signed", "Status", "Terms", "Unblocked", "Withdrawn", "narrowed",
]  # fmt: skip


class Status(Enum):
    """Where a consent stands. Expired, lapsed and withdrawn are final; only `in_force` permits anything."""

    AWAITING = auto()
    DISPUTED = auto()
    """A signatory has said no while others may have said yes: not in force, and shown as such."""
    IN_FORCE = auto()
    SUSPENDED = auto()
    BLOCKED = auto()
    """A block (spärr) by the youth or a guardian; it beats a consent and any signature."""
    EXPIRED = auto()
    LAPSED = auto()
    """A guardian-signed consent of somebody who has become 18."""
    WITHDRAWN = auto()


class Rule(StrEnum):
    """Why a consent stands where it does; a stable, countable code."""

    AWAITING_SIGNATURE = "awaiting_signature"
    DISPUTED = "disputed"
    IN_FORCE = "in_force"
    CUSTODY_CHANGED = "custody_changed"
    YOUTH_MUST_SIGN = "youth_must_sign"
    BLOCKED = "blocked"
    HALTED = "halted"
    EXPIRED = "expired"
    OUTGROWN = "outgrown"
    """Older than the cooperation is for."""
    LAPSED_AT_18 = "lapsed_at_18"
    WITHDRAWN = "withdrawn"


STATUS_OF: dict[Rule, Status] = {
    Rule.AWAITING_SIGNATURE: Status.AWAITING,
    Rule.DISPUTED: Status.DISPUTED,
    Rule.IN_FORCE: Status.IN_FORCE,
    Rule.CUSTODY_CHANGED: Status.SUSPENDED,
    Rule.YOUTH_MUST_SIGN: Status.SUSPENDED,
    Rule.BLOCKED: Status.BLOCKED,
    Rule.HALTED: Status.SUSPENDED,
    Rule.EXPIRED: Status.EXPIRED,
    Rule.OUTGROWN: Status.EXPIRED,
    Rule.LAPSED_AT_18: Status.LAPSED,
    Rule.WITHDRAWN: Status.WITHDRAWN,
}
ENDS = frozenset({Rule.EXPIRED, Rule.OUTGROWN, Rule.LAPSED_AT_18, Rule.WITHDRAWN})
"""The rules that end a consent for ever."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a consent is to. `valid_from`/`valid_to` half-open, UTC. Without `includes_earlier` nothing that happened before
    it came into force, or while it was not in force, is covered, whatever `valid_from` says.
    """

    scope_id: str
    cooperation: Cooperation
    agencies: frozenset[str]
    recipients: frozenset[str]
    kinds: frozenset[InfoKind]
    valid_from: datetime
    valid_to: datetime
    includes_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The first fact. `signatories` are those whom custody (or the adult form) makes sign; the youth joins them by age.

    Raises ValueError for a child's form that only the youth signs, and an adult's that somebody else does: the caller has
    not checked the form.
    """

    at: datetime
    form: Form
    signatories: frozenset[Signatory]

    def __post_init__(self) -> None:
        check_form(self.form, self.signatories)


@dataclass(frozen=True, slots=True)
class Signed:
    at: datetime
    by: Signatory


@dataclass(frozen=True, slots=True)
class Declined:
    """A signatory says no before the consent is complete, and may still change her mind; afterwards it withdraws."""

    at: datetime
    by: Signatory


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Any signatory ends it. `by` None: recorded without a role, as an oral withdrawal may be."""

    at: datetime
    by: Signatory | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """By the youth, or by who had custody when it was said, be it of another consent of hers whose form named others: whoever
    signs this one, it meets it. A guardian's meets no adult's consent, and ends when custody is recorded as another's.
    """

    at: datetime
    by: Signatory


@dataclass(frozen=True, slots=True)
class Unblocked:
    """Lifts the block of the same role, no other's."""

    at: datetime
    by: Signatory


@dataclass(frozen=True, slots=True)
class Halted:
    """The authority itself stops everything for a while; signatures stay. The history does not say why."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    """The halt is over."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CustodyChanged:
    """From joint to sole, to a specially appointed guardian, a god man, social services: all sign again.

    `recorded` False: the same sign again, and custody is as it was, so that nobody's block ends by it.
    """

    at: datetime
    signatories: frozenset[Signatory]
    recorded: bool = True

    def __post_init__(self) -> None:
        check_form(Form.CHILD, self.signatories)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Less than before: what is named stays, None leaves as it is. Needs nobody's signature; widening is a new consent."""

    at: datetime
    agencies: frozenset[str] | None = None
    recipients: frozenset[str] | None = None
    kinds: frozenset[InfoKind] | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """A time, half-open, of which this consent never covers anything, whatever its form says of what happened earlier: a block
    or a protection of hers stood then, and another history knew it. The fact does not say which.
    """

    at: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """What time did, noted for a history that outlives the knowledge of the birth date. `rule` is one of ENDS."""

    at: datetime
    rule: Rule


Fact: TypeAlias = (
    Registered
    | Signed
    | Declined
    | Withdrawn
    | Blocked
    | Unblocked
    | Halted
    | Resumed
    | CustodyChanged
    | Narrowed
    | Barred
    | Ended
)


@dataclass(frozen=True, slots=True)
class History:
    """One consent: what it was to when registered, and every fact since, in the order they became known."""

    terms: Terms
    facts: tuple[Fact, ...]

    def __post_init__(self) -> None:
        if not self.facts or not isinstance(self.facts[0], Registered):
            raise ValueError("a history begins with a registration")
        if any(later.at < sooner.at for sooner, later in zip(self.facts, self.facts[1:], strict=False)):
            raise ValueError("the facts of a history are in the order of their instants")

    @property
    def registered(self) -> Registered:
        """The first fact."""
        first = self.facts[0]
        assert isinstance(first, Registered)
        return first

    def terms_at(self, at: datetime) -> Terms:
        """What it is to at an instant: the registered terms and all narrowing until then."""
        terms = self.terms
        for fact in self.facts:
            if isinstance(fact, Narrowed) and fact.at <= at:
                terms = narrowed(terms, fact)
        return terms


def narrowed(terms: Terms, fact: Narrowed) -> Terms:
    """The terms that stay."""
    return replace(
        terms,
        agencies=terms.agencies if fact.agencies is None else terms.agencies & fact.agencies,
        recipients=terms.recipients if fact.recipients is None else terms.recipients & fact.recipients,
        kinds=terms.kinds if fact.kinds is None else terms.kinds & fact.kinds,
        valid_to=terms.valid_to if fact.until is None else min(terms.valid_to, fact.until),
    )


def check_form(form: Form, signatories: Iterable[Signatory]) -> None:
    """ValueError when the form cannot be signed by these."""
    others = set(signatories) - {Signatory.YOUTH}
    if form is Form.CHILD and not others:
        raise ValueError("under 18 a guardian, or who stands in for one, signs")
    if form is Form.ADULT and (others or not set(signatories)):
        raise ValueError("from 18 the youth signs alone")
