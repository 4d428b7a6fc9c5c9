"""What a case holds: parties, meetings, commitments, worry and the numbers before and after. Sealed as a whole; never on Kafka.

Parties are codes: of agencies and teams that the consent names, and those of `Fixed`. No field is for a name or a number of
anybody's; places and commitments are what people write.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from hub.core.outcomes import Measured

__all__ = [
    "ALWAYS_IN_SIG",
    "EVERYWHERE",
    "WORRIES",
    "Commitment",
    "CommitmentState",
    "Content",
    "Domain",
    "Fixed",
    "Meeting",
    "MeetingState",
    "Numbers",
]

WORRIES: Final = range(1, 6)
"""The worry scale: 1 is none, 5 is acute. Its words stand with the pages."""


class Fixed(StrEnum):
    """Parties that no consent need name: the youth and those who have custody, and those who always belong to a SIG."""

    YOUTH = "youth"
    GUARDIANS = "guardians"
    SOCIAL_SERVICES = "social-services"
    POLICE = "police"
    PROBATION = "probation"


EVERYWHERE: Final = (Fixed.YOUTH, Fixed.GUARDIANS)
ALWAYS_IN_SIG: Final = (Fixed.SOCIAL_SERVICES, Fixed.POLICE, Fixed.PROBATION)


class MeetingState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class CommitmentState(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"


class Domain(StrEnum):
    """What a measure of a SIG's action plan is about."""

    PROTECTION_OR_MOVE = "protection_or_move"
    HOUSING = "housing"
    OCCUPATION = "occupation"
    ADDICTION_CARE = "addiction_care"
    DEBT_ADVICE = "debt_advice"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Meeting(_Part):
    """`at` is a UTC instant. `parties` are summoned; `present` were there, of one that was held."""

    number: int
    at: AwareDatetime
    place: str
    parties: tuple[str, ...]
    state: MeetingState = MeetingState.PLANNED
    present: tuple[str, ...] = ()


class Commitment(_Part):
    """Who does what by when (a Stockholm date, the day itself included); of a SIG also in which domain."""

    number: int
    who: str
    what: str
    due: date
    domain: Domain | None = None
    state: CommitmentState = CommitmentState.OPEN
    settled_on: date | None = None

    def is_late(self, today: date) -> bool:
        """Open, and its day has passed."""
        return self.state is CommitmentState.OPEN and self.due < today


class Numbers(_Part):
    """`hub.core.outcomes.Measured`, its fractions as text; None where it is not known."""

    absence: str | None = None
    absence_rate: str | None = None
    notices: int | None = None

    @classmethod
    def of(cls, measured: Measured) -> Self:
        """As it is kept."""
        absence, rate = measured.absence, measured.absence_rate
        return cls(
            absence=None if absence is None else str(absence),
            absence_rate=None if rate is None else str(rate),
            notices=measured.notices,
        )

    def measured(self) -> Measured:
        """As it is reckoned with."""
        absence, rate = self.absence, self.absence_rate
        return Measured(None if absence is None else Fraction(absence), None if rate is None else Fraction(rate), self.notices)


class Content(_Part):
    """The whole. `span_days`: of how many days before its start and end the numbers are. A SIG has neither worry nor numbers."""

    parties: tuple[str, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    span_days: int = 28
    worry_at_start: int | None = None
    worry_at_end: int | None = None
    before: Numbers = Numbers()
    after: Numbers = Numbers()

    def meeting(self, number: int) -> Meeting | None:
        """One by its number."""
        return next((one for one in self.meetings if one.number == number), None)

    def commitment(self, number: int) -> Commitment | None:
        """One by its number."""
        return next((one for one in self.commitments if one.number == number), None)

    def open_commitments(self) -> tuple[Commitment, ...]:
        """What nobody has settled, the next due first."""
        found = [one for one in self.commitments if one.state is CommitmentState.OPEN]
        return tuple(sorted(found, key=lambda one: (one.due, one.number)))
