"""What stages, outcomes and refusals are called on the two lanes' pages. The words are messages of the catalogue."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from hub.statutory.handing_over import CaseOutcome, Correction
from hub.statutory.standing import Stage
from hub.web.language import mark

__all__ = [
    "ANOTHER_IS_SEALED",
    "ANOTHER_STANDS",
    "CASE_CODES",
    "CASE_FACTS",
    "CORRECTIONS",
    "HALF_SAID",
    "NOT_SAID",
    "OUTCOMES",
    "REFUSED",
    "STAGES",
    "WRONG",
]

STAGES: Final = MappingProxyType(
    {
        Stage.WAITING: mark("On its way to {receiver}"),
        Stage.TAKEN: mark("{receiver} has it; not registered yet"),
        Stage.REGISTERED: mark("Registered by {receiver}"),
        None: mark("Handed over by a person"),
    }
)
OUTCOMES: Final = MappingProxyType(
    {
        CaseOutcome.REFERRED: mark("Opened with social services, in their case system"),
        CaseOutcome.SUPPORTED: mark("A named handler gives support"),
        CaseOutcome.DECLINED: mark("The person did not want it"),
        CaseOutcome.NO_CONTACT: mark("No contact"),
        CaseOutcome.NOTHING_TO_DO: mark("There was nothing to do"),
    }
)
CORRECTIONS: Final = MappingProxyType(
    {
        Correction.MISTYPED: mark("It was typed wrong"),
        Correction.OTHER_CASE: mark("It is another case's number"),
        Correction.RENUMBERED: mark("The case has got a new number"),
    }
)
WRONG: Final = MappingProxyType(
    {
        "bad_case_number": mark(
            "Give the number that the case has in the case system, 2 to 40 characters, never a personal number."
        ),
        "no_outcome": mark("Choose what came of it."),
        "same_number": mark("This is the number that stands. Give the right one."),
        "no_reason": mark("Choose why the number is put right."),
    }
)
REFUSED: Final = MappingProxyType(
    {
        "unknown_message": (
            404,
            mark("There is nothing here under that number. It may have been let go of under the retention decision."),
        ),
        "not_registered": (
            409,
            mark("No case number is recorded of this report: there is none to put right. Record one first."),
        ),
        "will_not_open": (409, mark("The file does not open. Whoever runs the hub sees why with hub statutory list.")),
    }
)
ANOTHER_STANDS: Final = mark(
    "Somebody recorded before you: {stands}. That stands, and nothing of yours was kept. Compare the two, and tell each other."
)
ANOTHER_IS_SEALED: Final = mark(
    "Somebody recorded it before you. What it says is sealed; it stands, and nothing of yours was kept. Tell each other."
)
CASE_FACTS: Final = MappingProxyType(
    {
        "what": mark("What happened"),
        "identifier": mark("Who"),
        "marking": mark("Whose protection"),
        "at": mark("When"),
        "consents": mark("Consents"),
        "parties": mark("Names of the parties"),
        "request": mark("The consent that was registered"),
        "agency": mark("Agency that told of it"),
        "decision": mark("Number of the decision"),
        "": mark("{name}"),
    }
)
CASE_CODES: Final = MappingProxyType(
    {
        ("what", "marked"): mark("Marked as protected; nothing was registered"),
        ("what", "stopped"): mark("Marked as protected; what was registered is stopped"),
        ("what", "consent"): mark("A consent of a protected person was registered; it was not let in"),
        ("what", "reversed"): mark("The marking was reversed by a decision"),
        ("marking", "own"): mark("the person's own"),
        ("marking", "guardian"): mark("a guardian's"),
        ("marking", "household"): mark("somebody's in the household"),
        ("marking", "exit"): mark("somebody who leaves crime"),
    }
)
"""What the hub itself writes of a case, in words."""
NOT_SAID: Final = (
    mark("Nothing was recorded"),
    mark(
        "The log, where everything is written before it holds, does not answer. Nothing was done: go back and record it again in "
        "a minute. If it happens again, tell whoever runs the hub."
    ),
)
HALF_SAID: Final = (
    mark("It may not be recorded"),
    mark(
        "The disk did not take it whole. Go back and record the same again in a minute: the same twice changes nothing. If it "
        "happens again, tell whoever runs the hub."
    ),
)
"""What a heading and a text say where what was to be recorded is not, or nobody can tell."""
