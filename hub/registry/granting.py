"""What a clerk says when a consent is granted, and the rules that need no database (DOMAIN §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from hub.clock import STOCKHOLM
from hub.contract.models import Agency, AreaCode, Code, Cooperation, InfoKind
from hub.errors import RejectedError

__all__ = ["ADULT_AGE", "GrantRequest", "Marking", "Signatory", "SigningRules", "age_in_years", "read_grant"]

ADULT_AGE = 18


class Signatory(StrEnum):
    """Who may have to sign; a role, never a name."""

    GUARDIAN_1 = "guardian_1"
    GUARDIAN_2 = "guardian_2"
    SPECIAL_GUARDIAN = "special_guardian"  # särskilt förordnad vårdnadshavare
    GOD_MAN = "god_man"
    SOCIAL_SERVICES = "social_services"  # under LVU
    YOUTH = "youth"


class Marking(StrEnum):
    """Whose protection makes a case one for the hands; written in the manual lane only."""

    OWN = "own"  # sekretessmarkering, skyddad folkbokföring
    GUARDIAN = "guardian"
    HOUSEHOLD = "household"
    EXIT = "exit"  # avhopparverksamhet


def _instant(value: Any) -> Any:
    """A date alone means its beginning in Sweden; an end date is thus the first day the consent no longer holds."""
    if isinstance(value, str) and len(value) == len("2025-05-19"):
        value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), STOCKHOLM)
    if not isinstance(value, str | datetime) or (isinstance(value, str) and "-" not in value):
        raise ValueError("not a date or an instant")  # else any number would pass as seconds since 1970
    return value


Beginning = Annotated[AwareDatetime, BeforeValidator(_instant)]


class GrantRequest(BaseModel):
    """One consent. `identifier` in any spelling; `valid_from`/`valid_to` half-open, dates or aware instants.

    `required` empty: the form of the youth's age decides (SigningRules). Sole custody is said by `required=[guardian_1]`.
    `state` says what has happened since, for consents that are registered from paper: suspended or withdrawn.
    `protected`: the form says that somebody's protection makes this a case for the manual lane.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    identifier: str = Field(repr=False)
    cooperation: Cooperation
    agencies: Annotated[tuple[Agency, ...], Field(min_length=1)]
    recipients: Annotated[tuple[Code, ...], Field(min_length=1)]
    kinds: Annotated[tuple[InfoKind, ...], Field(min_length=1)]
    valid_from: Beginning
    valid_to: Beginning
    legal_basis: Code = "public_task"
    area: AreaCode | None = None
    required: tuple[Signatory, ...] = ()
    signed: tuple[Signatory, ...] = ()
    state: Literal["granted", "suspended", "withdrawn"] = "granted"
    protected: Marking | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from >= self.valid_to:
            raise ValueError("valid_to must be later than valid_from")
        return self


def read_grant(row: Mapping[str, Any]) -> GrantRequest:
    """Check the shape of one consent. Raises RejectedError `bad_field`, naming each field and its rule, never a value."""
    try:
        return GrantRequest.model_validate(row)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'valid_to'}: {_rule(item['type'], item['msg'])}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise RejectedError(problems, code="bad_field") from None


def _rule(kind: str, text: str) -> str:
    # Two of pydantic's texts quote what was given.
    quoting = {"datetime_from_date_parsing": "not a date or an instant", "value_error": "not a value it can have"}
    return quoting.get(kind, text) if "valid_to must" not in text else "must be later than valid_from"


def age_in_years(born: date, on: date) -> int:
    """Whole years on a Stockholm date; who is born on 29 February has a birthday on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class SigningRules:
    """Who has to sign at which age. `youth_signs_from` is practice, not law [K], hence a setting."""

    youth_signs_from: int = 15

    def required(self, request: GrantRequest, age: int) -> tuple[Signatory, ...]:
        """The signatories of this consent. Raises RejectedError when the form does not fit the age, or a stranger signed."""
        required = request.required or self._form(age)
        if age >= ADULT_AGE and set(required) != {Signatory.YOUTH}:
            raise RejectedError("required: from 18 the youth signs alone", code="adult_signs_alone")
        if age < ADULT_AGE and set(required) <= {Signatory.YOUTH}:
            raise RejectedError(
                "required: under 18 at least one guardian or who stands in for one signs", code="guardian_must_sign"
            )
        if self.youth_signs_from <= age < ADULT_AGE and Signatory.YOUTH not in required:
            raise RejectedError(f"required: from {self.youth_signs_from} the youth signs too", code="youth_must_sign")
        if not set(request.signed) <= set(required):
            raise RejectedError("signed: names somebody whose signature is not required", code="not_a_signatory")
        return tuple(sorted(set(required)))

    def _form(self, age: int) -> tuple[Signatory, ...]:
        if age >= ADULT_AGE:
            return (Signatory.YOUTH,)
        both = (Signatory.GUARDIAN_1, Signatory.GUARDIAN_2)
        return (*both, Signatory.YOUTH) if age >= self.youth_signs_from else both
