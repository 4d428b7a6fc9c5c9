"""What a consent would let flow, before anyone signs: read off the messages' own models, the rules in force, and `decide`.

Nothing here is told by heart. Fields come from the models of `hub.contract`, so a field that is added to a message appears by
itself (and a test asks for its words); what the rules could propose is asked of the same `decide` that the worker and
delivery ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hub.contract.codes import Action, Priority
from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    Evidence,
    InfoKind,
    Message,
    PoliceCategory,
    PoliceNotice,
    ReferralTask,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
    Scope,
)
from hub.core.consent import Purpose, decide
from hub.core.explain import duration, function_name
from hub.core.rule_set import Condition, Measure, Rule
from hub.core.texts import CONDITIONS
from hub.web.consents.field_titles import CODES, FIELDS, TASK_AREA
from hub.web.consents.office import Office
from hub.web.consents.scope import FormScope
from hub.web.consents.titles import KINDS, told
from hub.web.language import Words

__all__ = ["EXAMPLES", "FLOWING", "Field", "Flow", "Proposal", "flows", "proposals", "task_fields"]

_REF, _EVENT, _SCOPE = "y" + "0a" * 16, "e" + "1b" * 20, "11111111-1111-4111-8111-111111111111"
FLOWING: Final[Mapping[InfoKind, type[Message]]] = {
    InfoKind.SCHOOL_ABSENCE: SchoolAbsence,
    InfoKind.POLICE_NOTICE: PoliceNotice,
    InfoKind.RISK_EVENT: RiskEvent,
}
"""The message of each kind of information."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its name in the contract, what it says, an example, and the codes it may have."""

    name: str
    says: str
    example: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of information from one agency, to those who may be told of it."""

    kind: str
    source: str
    recipients: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one rule could propose, to whom, on which conditions; `instead`: for want of a consent to the other cooperation."""

    title: str
    function: str
    team: str
    conditions: tuple[str, ...]
    instead: bool


def _examples(at: datetime) -> dict[type[Message], Message]:
    common: dict[str, Any] = {
        "youth_ref": _REF, "event_id": _EVENT, "revision": 1, "retracted": False, "occurred_at": at,
        "recorded_at": at + timedelta(hours=9),
    }  # fmt: skip
    evidence = Evidence(
        condition="unexcused_absence", kind=InfoKind.SCHOOL_ABSENCE, measure="minutes", at_least=480, met=560, unit="minutes",
        window_days=28, first_at=at, last_at=at, agencies=("school",), may_tell_youth=True,
    )  # fmt: skip
    found: list[Message] = [
        SchoolAbsence(**common, agency="school", connector="ss12000", kind=AbsenceKind.UNEXCUSED, minutes=60, offered_minutes=60),
        PoliceNotice(
            **common, agency="police", connector="sdk", category=PoliceCategory.PUBLIC_DISORDER, area=None, may_tell_youth=False
        ),
        RiskEvent(**common, agency="leisure", connector="observations", concern=RiskConcern.CONFLICT, area=None),
        ReferralTask(
            action=Action.OPEN, task_id=_SCOPE, youth_ref=_REF, rule_id="absence-alone", rules_version="1", team="outreach",
            function="school_attendance", cooperation=Cooperation.SSPF, priority=Priority.NORMAL, created_at=at,
            respond_by=at + timedelta(days=5), evidence=(evidence,), consent_version=1, scope_id=_SCOPE, area=None, age_years=14,
        ),
    ]  # fmt: skip
    return {type(one): one for one in found}


EXAMPLES: Final = _examples(datetime.fromisoformat("2025-05-19T06:20:00+00:00"))


def flows(planned: FormScope, office: Office, words: Words) -> list[Flow]:
    """Every kind from every agency that may carry it, field by field; none from an agency that does not carry the kind."""
    teams = tuple(office.teams[code].title for code in planned.recipients if code in office.teams)
    return [
        Flow(told(KINDS, kind, words), office.agencies[agency].title, teams, _fields(FLOWING[kind], words))
        for kind in planned.kinds
        for agency in planned.agencies
        if agency in office.agencies and kind in office.agencies[agency].kinds
    ]


def task_fields(words: Words, area: str = "") -> tuple[Field, ...]:
    """What a proposal tells its team, field by field; `area` is the one that the form names, by the name that people use."""
    fields = _fields(ReferralTask, words)
    return tuple(replace(one, says=words.text(TASK_AREA), example=area or "–") if one.name == "area" else one for one in fields)


def proposals(planned: FormScope, office: Office, words: Words) -> list[Proposal]:
    """What the rules in force could propose under this scope alone."""
    record = _record(planned)
    found = []
    for rule in office.rules:
        routes = [(rule.team, rule.function, rule.cooperation, False)]
        if rule.without_sig_consent is not None:
            spare = rule.without_sig_consent
            routes.append((spare.team, spare.function, Cooperation(spare.cooperation), True))
        for team, function, cooperation, instead in routes:
            if all(_covered(record, office, condition, team, cooperation) for condition in rule.when):
                found.append(_proposal(rule, team, function, office, words, instead=instead))
                break
    return found


def _covered(record: ConsentRecord, office: Office, condition: Condition, team: str, cooperation: Cooperation) -> bool:
    """Whether an agency that carries this kind may tell it, and what it gives may be told to the team."""
    (scope,) = record.scopes
    asked: dict[str, Any] = {"kind": condition.kind, "at": scope.valid_from}
    return any(
        condition.kind in office.agencies[agency].kinds
        and decide(record, purpose=Purpose.CORRELATE, source=agency, recipient=None, **asked).permit
        and decide(record, purpose=Purpose.DELIVER, source=agency, recipient=team, cooperation=cooperation, **asked).permit
        for agency in scope.agencies
    )


def _record(planned: FormScope) -> ConsentRecord:
    scope = Scope(
        scope_id=_SCOPE, cooperation=planned.cooperation, agencies=planned.agencies, recipients=planned.recipients,
        kinds=planned.kinds, valid_from=planned.valid_from, valid_to=planned.valid_to,
    )  # fmt: skip
    return ConsentRecord(
        youth_ref=_REF, version=1, status=ConsentStatus.IN_FORCE, age_years=None, age_valid_until=None, area=None,
        legal_basis="public_task", scopes=(scope,), recorded_at=planned.valid_from,
    )  # fmt: skip


def _proposal(rule: Rule, team: str, function: str, office: Office, words: Words, *, instead: bool) -> Proposal:
    name = function_name(function, words.language)
    return Proposal(
        rule.title_sv if words.language == "sv" else rule.title_en,
        name[:1].upper() + name[1:],
        office.teams[team].title if team in office.teams else team,
        tuple(_condition(condition, words) for condition in rule.when),
        instead,
    )


def _condition(condition: Condition, words: Words) -> str:
    fell = condition.fell_from
    if fell is None:
        return _ground(condition, condition.within_days, words)
    left = _amount(condition.measure, condition.at_most or 0, words)
    window = words.many("{number} day", "{number} days", condition.within_days)
    ground = _ground(condition, fell.days, words)
    return words.text("{ground}, and then at most {left} within {window}", ground=ground, left=left, window=window)


def _ground(condition: Condition, days: int, words: Words) -> str:
    labels = CONDITIONS.get(condition.id) or CONDITIONS[condition.kind.value]
    label = labels[words.language][condition.asked != 1]
    window = words.many("{number} day", "{number} days", days)
    amount = _amount(condition.measure, condition.asked, words)
    if condition.measure is Measure.MINUTES:
        return words.text("at least {amount} of {label} within {window}", amount=amount, label=label, window=window)
    if condition.measure is Measure.DISTINCT_DAYS:
        return words.text("at least {amount} with {label} within {window}", amount=amount, label=label, window=window)
    return words.text("at least {amount} {label} within {window}", amount=amount, label=label, window=window)


def _amount(measure: Measure, number: int, words: Words) -> str:
    if measure is Measure.MINUTES:
        return duration(number, words.language)
    return words.many("{number} day", "{number} days", number) if measure is Measure.DISTINCT_DAYS else str(number)


def _fields(model: type[Message], words: Words) -> tuple[Field, ...]:
    example = EXAMPLES[model]
    return tuple(
        Field(name, words.text(FIELDS[name]), _said(getattr(example, name), words), _codes(field.annotation, words))
        for name, field in model.model_fields.items()
    )


def _codes(annotation: object, words: Words) -> tuple[str, ...]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum) and annotation in CODES:
        return tuple(words.text(CODES[annotation][code]) for code in annotation)
    return ()


def _said(value: object, words: Words) -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(one, words) for one in value) or "–"
    if isinstance(value, Evidence):
        label = CONDITIONS[value.condition][words.language][1]
        return f"{label}: {duration(value.met, words.language)}"
    if isinstance(value, bool):
        return words.text("yes") if value else words.text("no")
    if isinstance(value, StrEnum) and type(value) in CODES:
        return words.text(CODES[type(value)][value])
    if isinstance(value, datetime):
        return words.when(value)
    return "–" if value is None else str(value)
