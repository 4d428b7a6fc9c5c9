"""The pages of a register extract: asked for, put together and looked through, decided by a person, printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, may_for_any
from hub.audit.actions import Action as Logged
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.errors import RejectedError
from hub.registry.cases import ConsentCase
from hub.web.consents.desk import Visit
from hub.web.consents.extracting import SECTIONS, build_extract
from hub.web.consents.registering import Turn
from hub.web.consents.shapes import Error
from hub.web.consents.titles import SIGNATORIES
from hub.web.forms import fields
from hub.web.language import mark

__all__ = ["ask", "decide"]

_REASONS: Final = ("harm", "not_entitled", "identity")
_NONE: Final = mark("No consent that you may see.")
_NO_CLAIM: Final = {
    "adult": (
        mark("The youth is an adult and alone gets an extract."),
        mark(
            "Nothing was put together. A request from anybody else goes to the municipality's lawyer, who decides on it in "
            "writing."
        ),
    ),
    "no_custody": (
        mark("As far as is registered here, who asks does not have custody of the youth now."),
        mark(
            "Nothing was put together, not of what was before either. The request goes to the municipality's lawyer, who decides "
            "on it in writing. If custody is registered wrongly, register at the consent who has it, and come back."
        ),
    ),
}
"""What is wrong, and what to do."""


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
            errors.append(Error("identifier", visit.words.text(_NONE)))
        refused = "" if errors else _without_claim(visit, cases, recipient)
        if refused:
            return _refused(visit, recipient, refused)
        if not errors:
            draft, numbers = visit.desk.drafts.begin(visit.who.account), [case.consent_id for case in cases]
            draft.answers |= {"extract": numbers, "recipient": recipient, "identifier": visit.field("identifier")}
            return RedirectResponse(f"/consents/extract/{draft.number}", status_code=303)
    return _asked(visit, recipient, errors)


def _refused(visit: Visit, recipient: str, rule: str) -> Response:
    text, (wrong, advice) = visit.words.text, _NO_CLAIM[rule]
    return _asked(visit, recipient, [Error("recipient", text(wrong))], text(advice))


def _asked(visit: Visit, recipient: str, errors: list[Error], advice: str = "") -> Response:
    return visit.page(
        "consents/extract_ask.html", status=422 if errors else 200, errors=errors, advice=advice, recipient=recipient,
        wrong={one.field: one.text for one in errors}, identifier=visit.field("identifier"),
        recipients=[{"value": role, "label": visit.words.text(title), "hint": ""} for role, title in SIGNATORIES.items()],
    )  # fmt: skip


def _without_claim(visit: Visit, cases: Sequence[ConsentCase], recipient: str) -> str:
    """Why this recipient gets nothing, which is then written down as refused; empty where she has a claim."""
    rule = visit.casework.without_claim(cases, recipient)
    if rule:
        visit.casework.note(visit.who, cases[0], Logged.EXTRACT_MADE, purpose=recipient, refused=rule)
    return rule


def decide(turn: Turn) -> Response:
    """The preview, the decision, and after it what is printed. Who has a claim is asked each time; refused, nothing is read."""
    visit, answers = turn.visit, turn.answers
    if "extract" not in answers:
        return RedirectResponse("/consents/extract", status_code=303)
    recipient, decided = answers["recipient"], answers.get("decided", "")
    if decided == "refused":
        return visit.page("consents/extract.html", errors=[], decided=decided, draft=turn.draft.number)
    try:
        held = [visit.casework.held(visit.who, number, answers["identifier"], recipient) for number in answers["extract"]]
    except RejectedError as gone:
        if gone.code not in {"another_person", "manual_handling", "no_such_consent"}:
            raise
        return _asked(visit, recipient, [Error("identifier", visit.words.text(_NONE))])
    no_claim = _without_claim(visit, [case for case, _ in held], recipient)
    if no_claim:
        return _refused(visit, recipient, no_claim)
    errors = _decide(turn, held[0][0]) if visit.posted and not decided else []
    if visit.posted and not errors:
        return RedirectResponse(f"/consents/extract/{turn.draft.number}", status_code=303)
    parts = answers.get("parts", SECTIONS)
    return visit.page(
        "consents/extract.html", status=422 if errors else 200, errors=errors, draft=turn.draft.number,
        decided=decided, parts=parts, made=visit.moment(visit.now), sections=SECTIONS,
        recipient=visit.showing.role(recipient), extract=build_extract(visit, held, recipient, parts),
        retention_days=visit.office.retention_days,
    )  # fmt: skip


def _decide(turn: Turn, case: ConsentCase) -> list[Error]:
    """Write the decision down, in the audit log first."""
    visit, answers, decision = turn.visit, turn.answers, turn.visit.field("decision")
    parts = tuple(part for part in SECTIONS if part in fields(visit.request).get("parts", ()))
    if decision == "release" and not parts:
        return [Error("parts", visit.words.text("Choose at least one part to release, or refuse."))]
    if decision not in {"release", *_REASONS}:
        return [Error("decision", visit.words.text("Decide: release it, or refuse with a reason."))]
    refused = "" if decision == "release" else decision
    visit.casework.note(visit.who, case, Logged.EXTRACT_MADE, purpose=answers["recipient"], refused=refused)
    answers |= {"decided": "refused" if refused else "released", "parts": parts}
    return []
