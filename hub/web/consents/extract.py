"""The pages of a register extract: asked for, put together and looked through, decided by a person, printed."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, may_for_any
from hub.audit.actions import Action as Logged
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.web.consents.desk import Visit
from hub.web.consents.extracting import SECTIONS, build_extract
from hub.web.consents.registering import Turn
from hub.web.consents.shapes import Error
from hub.web.consents.titles import SIGNATORIES
from hub.web.forms import fields

__all__ = ["ask", "decide"]

_REASONS: Final = ("harm", "not_entitled", "identity")


def ask(visit: Visit) -> Response:
    """For whom, and about whom; answered alike for nobody and for whom the officer may not see."""
    recipient, errors = visit.field("recipient"), []
    if visit.posted:
        if recipient not in SIGNATORIES:
            errors.append(Error("recipient", visit.words.text("Choose who has asked for it.")))
        try:
            cases = visit.casework.of_person(visit.who, visit.field("identifier"))
        except UnresolvedIdentifierError as wrong:
            cases = []
            errors.append(Error("identifier", f"{wrong.told(visit.words.language)}."))
        if not errors and not any(may_for_any(visit.who, Action.EXTRACT_RELEASE, case.recipients) for case in cases):
            errors.append(Error("identifier", visit.words.text("No consent that you may see.")))
        if not errors:
            draft = visit.desk.drafts.begin(visit.who.account)
            draft.answers |= {"extract": [case.consent_id for case in cases], "recipient": recipient}
            return RedirectResponse(f"/consents/extract/{draft.number}", status_code=303)
    return visit.page(
        "consents/extract_ask.html", status=422 if errors else 200, errors=errors, recipient=recipient,
        wrong={one.field: one.text for one in errors}, identifier=visit.field("identifier"),
        recipients=[{"value": role, "label": visit.words.text(title), "hint": ""} for role, title in SIGNATORIES.items()],
    )  # fmt: skip


def decide(turn: Turn) -> Response:
    """The preview, the decision, and after it what is printed."""
    visit, answers = turn.visit, turn.answers
    if "extract" not in answers:
        return RedirectResponse("/consents/extract", status_code=303)
    errors = _decide(turn) if visit.posted and "decided" not in answers else []
    if visit.posted and not errors:
        return RedirectResponse(f"/consents/extract/{turn.draft.number}", status_code=303)
    recipient = answers["recipient"]
    cases = [visit.casework.case(visit.who, number, Logged.EXTRACT_MADE, purpose=recipient) for number in answers["extract"]]
    parts = () if answers.get("decided") == "refused" else answers.get("parts", SECTIONS)
    return visit.page(
        "consents/extract.html", status=422 if errors else 200, errors=errors, draft=turn.draft.number,
        decided=answers.get("decided", ""), parts=parts, made=visit.moment(visit.now),
        recipient=visit.showing.role(recipient), extract=build_extract(visit, cases, recipient, parts),
        retention_days=visit.office.retention_days,
    )  # fmt: skip


def _decide(turn: Turn) -> list[Error]:
    """Write the decision down, in the audit log first."""
    visit, answers, decision = turn.visit, turn.answers, turn.visit.field("decision")
    parts = tuple(part for part in SECTIONS if part in fields(visit.request).get("parts", ()))
    if decision == "release" and not parts:
        return [Error("parts", visit.words.text("Choose at least one part to release, or refuse."))]
    if decision not in {"release", *_REASONS}:
        return [Error("decision", visit.words.text("Decide: release it, or refuse with a reason."))]
    case = visit.casework.case(visit.who, answers["extract"][0], Logged.EXTRACT_MADE, purpose=answers["recipient"])
    refused = "" if decision == "release" else decision
    visit.casework.note(visit.who, case, Logged.EXTRACT_MADE, purpose=answers["recipient"], refused=refused)
    answers |= {"decided": "refused" if refused else "released", "parts": parts}
    return []
