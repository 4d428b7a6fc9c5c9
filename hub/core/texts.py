"""Every word the core says to people, in one table per language. Words: DOMAIN §10 and §11."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from hub.contract.models import AbsenceKind, InfoKind, PoliceCategory, RiskConcern

__all__ = ["CONDITIONS", "FUNCTIONS", "KINDS", "MONTHS", "PHRASES", "UNITS", "WORDED", "Language", "words_of"]

Language: TypeAlias = Literal["sv", "en"]

FUNCTIONS: Final[dict[str, dict[Language, str]]] = {
    "outreach_contact": {"sv": "uppsökande och trygghetsskapande insats", "en": "outreach and safety-building contact"},
    "event_presence": {"sv": "medverkan vid riskevenemang", "en": "presence at events with raised risk"},
    "presence": {"sv": "närvaroinsats", "en": "presence in the area"},
    "individual_support": {"sv": "stöd individuellt eller i grupp", "en": "individual or group support"},
    "parental_support": {"sv": "föräldraskapsstöd", "en": "parental support"},
    "information": {"sv": "informationsinsats", "en": "information, for example in school"},
    "leisure_guidance": {"sv": "vägledning till meningsfull fritid", "en": "guidance to meaningful leisure"},
    "school_attendance": {
        "sv": "vägledning till närvarande och fungerande skolgång",
        "en": "guidance to attendance and a working school day",
    },
    "sig_assessment": {
        "sv": "bedömning inför social insatsgrupp (SIG)",
        "en": "assessment for a social intervention group (SIG)",
    },
    "seek_sig_consent": {"sv": "fråga om samtycke till social insatsgrupp (SIG)", "en": "ask for consent to SIG cooperation"},
    "closing_review": {"sv": "bedömning av om insatsen kan avslutas", "en": "a look at whether the support can end"},
    "contact_person_assessment": {
        "sv": "bedömning av behov av särskilt kvalificerad kontaktperson",
        "en": "assessment of the need for a specially qualified contact person",
    },
}
"""What a task may ask a team to do; a rule names one of these codes."""

WORDED: Final[dict[str, tuple[InfoKind, frozenset[str]]]] = {
    "unexcused_absence": (InfoKind.SCHOOL_ABSENCE, frozenset({AbsenceKind.UNEXCUSED})),
    "excused_absence": (InfoKind.SCHOOL_ABSENCE, frozenset({AbsenceKind.EXCUSED})),
    "all_absence": (InfoKind.SCHOOL_ABSENCE, frozenset(AbsenceKind)),
    "police_notices": (InfoKind.POLICE_NOTICE, frozenset(PoliceCategory)),
    "observations": (InfoKind.RISK_EVENT, frozenset(RiskConcern)),
    "observation_days": (InfoKind.RISK_EVENT, frozenset(RiskConcern)),
}
"""Condition ids with words of their own, and the only codes they may stand for: an explanation must not say another thing
than the rule counts."""


def words_of(kind: InfoKind, codes: frozenset[str]) -> str:
    """The condition id whose words say exactly these codes; where there is none the kind, whose words say that some do."""
    return next((name for name, counted in WORDED.items() if counted == (kind, codes)), kind.value)


CONDITIONS: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "unexcused_absence": {"sv": ("ogiltig frånvaro",) * 2, "en": ("unexcused absence",) * 2},
    "excused_absence": {"sv": ("anmäld frånvaro",) * 2, "en": ("reported absence",) * 2},
    "all_absence": {"sv": ("frånvaro, anmäld eller ogiltig",) * 2, "en": ("absence, reported or unexcused",) * 2},
    "school_absence": {"sv": ("frånvaro",) * 2, "en": ("school absence",) * 2},
    "police_notices": {
        "sv": ("underrättelse från polisen", "underrättelser från polisen"),
        "en": ("notice from the police", "notices from the police"),
    },
    "police_notice": {
        "sv": ("underrättelse av visst slag från polisen", "underrättelser av vissa slag från polisen"),
        "en": ("notice of a certain kind from the police", "notices of certain kinds from the police"),
    },
    "observations": {"sv": ("observation", "observationer"), "en": ("observation", "observations")},
    "observation_days": {"sv": ("observation", "observationer"), "en": ("an observation", "observations")},
    "risk_event": {
        "sv": ("observation av visst slag", "observationer av vissa slag"),
        "en": ("observation of a certain kind", "observations of certain kinds"),
    },
    "place": {"sv": ("händelse i området", "händelser i området"), "en": ("incident in the area", "incidents in the area")},
}
"""(of one, of many) by condition id, else by the kind of information."""

KINDS: Final[dict[InfoKind, dict[Language, str]]] = {
    InfoKind.SCHOOL_ABSENCE: {"sv": "frånvaro", "en": "absence"},
    InfoKind.POLICE_NOTICE: {"sv": "underrättelse från polisen", "en": "notice from the police"},
    InfoKind.RISK_EVENT: {"sv": "observation", "en": "observation"},
}
"""One event, by its kind."""

MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "sv": (
        "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip

UNITS: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "hour": {"sv": ("timme", "timmar"), "en": ("hour", "hours")},
    "minute": {"sv": ("minut", "minuter"), "en": ("minute", "minutes")},
    "day": {"sv": ("dag", "dagar"), "en": ("day", "days")},
    "different_day": {"sv": ("dag", "olika dagar"), "en": ("day", "different days")},
    "lesson": {"sv": ("lektion", "lektioner"), "en": ("lesson", "lessons")},
}
"""(one, many)."""

PHRASES: Final[dict[str, dict[Language, str]]] = {
    "minutes": {"sv": "minst {at_least} {label} {window}", "en": "at least {at_least} of {label} {window}"},
    "events": {"sv": "minst {at_least} {label} {window}", "en": "at least {at_least} {label} {window}"},
    "lessons": {"sv": "minst {at_least} med {label} {window}", "en": "at least {at_least} with {label} {window}"},
    "days": {"sv": "minst {at_least} med {label} {window}", "en": "at least {at_least} with {label} {window}"},
    "percent": {
        "sv": "{label} under minst {at_least} av tiden i de lektioner där frånvaro rapporterats {window}",
        "en": "{label} for at least {at_least} of the time in lessons with any known absence {window}",
    },
    "here": {"sv": " (här: {met})", "en": " (here: {met})"},
    "and": {"sv": " och ", "en": " and "},
    "besides": {"sv": ". Dessutom ", "en": ". Besides, "},
    "proposal": {"sv": "Förslag: {function}.", "en": "Proposal: {function}."},
    "presence": {"sv": "Förslag: närvaroinsats, vecka {week}.", "en": "Proposal: presence in the area, week {week}."},
    "agencies": {
        "sv": "Det som räknas kommer från minst {number} olika verksamheter.",
        "en": "What counts comes from at least {number} different agencies.",
    },
    "withheld": {
        "sv": "Uppgifter från en källa som inte visas har också räknats.",
        "en": "Information from a source that is not shown has counted too.",
    },
    "counted": {"sv": "Detta räknades:", "en": "This counted:"},
    "older": {"sv": "och {number} till, som är äldre", "en": "and {number} more, which are older"},
    "ground_lost": {
        "sv": "Underlaget för förslaget har ändrats och räcker inte längre.",
        "en": "The ground for this proposal has changed and no longer suffices.",
    },
    "untold": {
        "sv": "Ett förslag om stöd har lämnats. Fråga den du har kontakt med om du vill veta mer.",
        "en": "Support has been proposed. Ask the person you are in touch with if you want to know more.",
    },
}
