"""The words for the fields of messages and for their codes: what the simulator and an extract say of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hub.contract.models import AbsenceKind, PoliceCategory, RiskConcern
from hub.web.language import mark

__all__ = ["CODES", "FIELDS", "NEVER", "TASK_AREA"]

FIELDS: Final[Mapping[str, str]] = {
    "youth_ref": mark("A random reference in place of the person"),
    "event_id": mark("A scrambled number of the entry, so that a correction finds it"),
    "revision": mark("Which correction of the entry this is"),
    "retracted": mark("Whether the source has taken the entry back"),
    "agency": mark("Which agency it comes from"),
    "connector": mark("Which connector read it"),
    "occurred_at": mark("When it happened"),
    "recorded_at": mark("When the hub read it"),
    "kind": mark("Unexcused or reported absence; never why"),
    "minutes": mark("How many minutes of one lesson"),
    "offered_minutes": mark("How long the lesson was"),
    "category": mark("Which kind of notice, as a code"),
    "area": mark("Area of the town, when the source has coded one"),
    "may_tell_youth": mark("Whether the police have said that the youth may be told"),
    "concern": mark("Which kind of concern, as a code"),
    "action": mark("A new proposal, or word that its ground is gone"),
    "task_id": mark("The proposal's number"),
    "rule_id": mark("Which rule it comes from"),
    "rules_version": mark("Which version of the rules"),
    "team": mark("Which team is asked"),
    "function": mark("What the team is asked to do"),
    "cooperation": mark("Which cooperation it belongs to"),
    "priority": mark("Normal or high priority"),
    "created_at": mark("When it was proposed"),
    "respond_by": mark("When the team answers at the latest"),
    "evidence": mark("Each condition with the number that met it, and the time and the sender of each event that counted"),
    "consent_version": mark("Which version of the consent it rests on"),
    "scope_id": mark("The number of this consent"),
    "age_years": mark("Age in whole years, never a date of birth"),
    "at_least_agencies": mark("From how many agencies the information had to come, when from more than one"),
    "agencies_withheld": mark("Whether an agency that is not shown told something that counted too"),
}
TASK_AREA: Final = mark("Area of the town, when the form names one")
"""What a proposal says of an area: the form's, which no source has coded."""
CODES: Final[Mapping[type[StrEnum], Mapping[StrEnum, str]]] = {
    AbsenceKind: {AbsenceKind.UNEXCUSED: mark("unexcused"), AbsenceKind.EXCUSED: mark("reported")},
    PoliceCategory: {
        PoliceCategory.SUSPICION_NOT_RESPONSIBLE: mark("suspicion, under the age of criminal responsibility"),
        PoliceCategory.SUSPICION_RESPONSIBLE: mark("suspicion, of the age of criminal responsibility"),
        PoliceCategory.NARCOTICS: mark("narcotics"),
        PoliceCategory.LOB: mark("intoxication (LOB)"),
        PoliceCategory.POLICE_ACT_12: mark("taken in charge under section 12 of the Police Act"),
        PoliceCategory.PUBLIC_DISORDER: mark("public disorder"),
        PoliceCategory.VIOLENCE_VICTIM: mark("victim of violence"),
        PoliceCategory.RISK_ENVIRONMENT: mark("in an environment of risk"),
        PoliceCategory.OTHER_WORRY: mark("other worry"),
    },
    RiskConcern: {
        RiskConcern.CRIMINAL_ENVIRONMENT: mark("criminal environment"),
        RiskConcern.RECRUITMENT: mark("recruitment"),
        RiskConcern.SUBSTANCE_USE: mark("substance use"),
        RiskConcern.VIOLENCE_EXPOSURE: mark("exposed to violence"),
        RiskConcern.RUNAWAY: mark("running away"),
        RiskConcern.CONFLICT: mark("conflict"),
        RiskConcern.OTHER_WORRY: mark("other worry"),
    },
}
NEVER: Final = (
    mark("Name, personal number, date of birth, address, telephone"),
    mark("School, class, subject, teacher, and why somebody was absent"),
    mark("The text of a notice or a note, attachments, pictures"),
    mark("Anybody else: guardians, siblings, friends, who reported it"),
    mark("What social services do or decide: nothing goes back to school, police or leisure staff"),
    mark("What happened outside the period of the consent"),
)
"""What no message has a field for."""
