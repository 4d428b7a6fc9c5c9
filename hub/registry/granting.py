"""What a clerk says when a consent is granted, and the rules that need no database (DOMAIN §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from hub.clock import STOCKHOLM, stockholm_date
from hub.contract.models import Agency, AreaCode, Code, Cooperation, InfoKind
from hub.core.consent_facts import History, Registered, Rule, Terms
from hub.core.consent_history import course
from hub.core.consent_rules import ADULT_AGE, ConsentRules, Signatory, age_in_years, midnight
from hub.core.consent_rules import Form as FormKind
from hub.errors import RejectedError

__all__ = ["ADULT_AGE", "Form", "GrantRequest", "Marking", "Signatory", "age_in_years", "check_end", "check_form", "read_grant"]


_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2999


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


def _in_reach(value: datetime) -> datetime:
    """A day and its midnight are there in every zone, whatever is reckoned from it; the calendar ends at the years 1 and 9999."""
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError("not a year of a consent")
    return value


Beginning = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_in_reach)]


class GrantRequest(BaseModel):
    """One consent. `identifier` in any spelling; `valid_from`/`valid_to` half-open, dates or aware instants.

    `required` empty: both guardians, or from 18 the youth alone; she joins the guardians by age (`consent.yaml`). Sole custody
    is said by `required=[guardian_1]`, or guardian_2's. `form` is checked against the age when it is named. `includes_earlier`:
    the form says that it also covers what happened from `valid_from` until it came into force. `state` says what has happened
    since, for consents that are registered from paper: suspended or withdrawn.
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
    form: FormKind | None = None
    includes_earlier: bool = False

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


@dataclass(frozen=True, slots=True)
class Form:
    """What a request amounts to: the form, and whom custody (or the adult form) makes sign; the youth joins by age."""

    kind: FormKind
    signatories: frozenset[Signatory]
    required: frozenset[Signatory]
    """Those, and the youth when her age makes her sign on the day of registration."""


def check_form(request: GrantRequest, born: date, today: date, rules: ConsentRules) -> Form:
    """Who signs this consent. Raises RejectedError, naming the field and what would be right, when `consent.yaml` says no."""
    age = age_in_years(born, today)
    _check_terms(request, age, today, rules)
    kind = FormKind.ADULT if age >= ADULT_AGE else FormKind.CHILD
    if request.form not in {None, kind}:
        raise RejectedError(f"form: on this day it is the {kind} form that fits the age", code="wrong_form")
    if kind not in rules.forms.on(today):
        raise RejectedError(f"form: the {kind} form is not in use here (forms in consent.yaml)", code="form_not_used")
    youth, asked = frozenset({Signatory.YOUTH}), frozenset(request.required)
    if kind is FormKind.ADULT:
        if asked | youth != youth:
            raise RejectedError("required: from 18 the youth signs alone", code="adult_signs_alone")
        return _signed_by(request, Form(kind, youth, youth), today, rules)
    signatories = asked or frozenset({Signatory.GUARDIAN_1, Signatory.GUARDIAN_2})
    if signatories == youth:
        raise RejectedError("required: under 18 at least one guardian or who stands in for one signs", code="guardian_must_sign")
    joins = age >= rules.youth_signs_from.on(today)
    return _signed_by(request, Form(kind, signatories, signatories | youth if joins else signatories), today, rules)


def check_end(request: GrantRequest, form: Form, born: date, today: date, rules: ConsentRules) -> datetime:
    """When this consent ends if nobody does anything: its period's end, or the birthday by which it ends before that.

    Raises RejectedError when that birthday lies before its first day: it would never cover anything.
    """
    terms = Terms(
        "", request.cooperation, frozenset(request.agencies), frozenset(request.recipients), frozenset(request.kinds),
        request.valid_from, request.valid_to,
    )  # fmt: skip
    end = course(History(terms, (Registered(midnight(today), form.kind, form.signatories),)), born, rules).end
    if end is None or end.rule is Rule.EXPIRED:
        return request.valid_to
    if end.since > request.valid_from:
        return end.since
    if end.rule is Rule.LAPSED_AT_18:
        text = (
            "valid_from: the youth is 18 by then, and a consent that guardians sign ends at 18: register it when she is 18, on "
            "the adult form, with her own signature; or let it begin, and end, before"
        )
        raise RejectedError(text, code="adult_by_then")
    text = f"valid_from: the youth is older by then than {request.cooperation} is for (consent.yaml): let it begin before"
    raise RejectedError(text, code="outgrown_by_then")


def _check_terms(request: GrantRequest, age: int, today: date, rules: ConsentRules) -> None:
    span = rules.span(request.cooperation, today)
    if span is None:
        raise RejectedError(f"cooperation: {request.cooperation} is not offered here (consent.yaml)", code="not_offered")
    if age < span.first or (span.last is not None and age > span.last):
        ages = f"from {span.first}" if span.last is None else f"{span.first} to {span.last}"
        raise RejectedError(f"cooperation: {request.cooperation} is for ages {ages} (consent.yaml)", code="outside_ages")
    first, longest = stockholm_date(request.valid_from), rules.longest_days.on(today)
    if (stockholm_date(request.valid_to) - first).days > longest:
        raise RejectedError(f"valid_to: a consent is for at most {longest} days (consent.yaml)", code="too_long")
    if first < today and not request.includes_earlier:
        text = (
            "valid_from: lies before today; a consent covers what happened before it only when its form says so: "
            "begin today, or say so (includes_earlier)"
        )
        raise RejectedError(text, code="earlier_not_said")


def _signed_by(request: GrantRequest, form: Form, today: date, rules: ConsentRules) -> Form:
    if not form.required <= rules.signatories.on(today):
        raise RejectedError("required: names a signatory that is not in use here (consent.yaml)", code="signatory_not_used")
    if not set(request.signed) <= form.required:
        raise RejectedError("signed: names somebody whose signature is not required", code="not_a_signatory")
    return form
