"""Paper: the form to sign, and the receipt. A form has names only for somebody who has the person's number at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from hub.audit.actions import Action as Logged
from hub.errors import RejectedError
from hub.registry.cases import ConsentCase, Named
from hub.web.consents.desk import Visit
from hub.web.consents.field_titles import NEVER
from hub.web.consents.naming import open_names
from hub.web.consents.questions import STEPS
from hub.web.consents.receipt import build_receipt
from hub.web.consents.registering import Turn

__all__ = ["form", "form_of_draft", "receipt", "receipt_as_json"]


def form(visit: Visit, case: ConsentCase) -> Response:
    """The form of a registered consent; with names when the person's own number is given (POST)."""
    named, error = open_names(visit, case, Logged.CONSENT_PRINTED) if visit.posted else (None, None)
    if not visit.posted:
        visit.casework.note(visit.who, case, Logged.CONSENT_PRINTED, purpose="form")
    return _form(
        visit, case.required, visit.showing.scope(case), named, back=f"/consents/{case.consent_id}", number=case.consent_id,
        document=case.document, error=error, ask=f"/consents/{case.consent_id}/form" if named is None else "",
        adult=case.required == ("youth",),
    )  # fmt: skip


def form_of_draft(turn: Turn) -> Response:
    """The form of what has been answered and not registered yet, with what was typed."""
    answers = turn.answers
    if any(step not in answers for step in STEPS if step != "signatures"):
        return RedirectResponse(f"/consents/register/{turn.draft.number}/check", status_code=303)
    try:
        required = turn.asking.required(answers)
    except RejectedError:  # the page of the answers says why
        return RedirectResponse(f"/consents/register/{turn.draft.number}/check", status_code=303)
    return _form(
        turn.visit, required, turn.visit.showing.scope_of(turn.asking.scope(answers)), _named(answers), number="",
        back=f"/consents/register/{turn.draft.number}/check", document=answers["document"], error=None, ask="",
        adult=answers["custody"] == "adult",
    )  # fmt: skip


def receipt(visit: Visit, case: ConsentCase) -> Response:
    """What was registered, for the person to keep."""
    visit.casework.note(visit.who, case, Logged.CONSENT_PRINTED, purpose="receipt")
    showing, scope = visit.showing, visit.showing.scope(case)
    built = build_receipt(case, scope, visit.office, visit.words, visit.now)
    return visit.page(
        "consents/receipt.html", case=case, row=showing.row(case), built=built, scope=scope,
        signatures=showing.signatures(case), in_force=visit.maybe(case.in_force_at), ended=visit.maybe(case.ended_at),
        made=visit.moment(visit.now),
    )  # fmt: skip


def receipt_as_json(visit: Visit, case: ConsentCase) -> Response:
    """The same for machines."""
    visit.casework.note(visit.who, case, Logged.CONSENT_PRINTED, purpose="receipt")
    built = build_receipt(case, visit.showing.scope(case), visit.office, visit.words, visit.now)
    text = json.dumps(built, ensure_ascii=False, indent=2)
    return Response(
        text, media_type="application/json", headers={"Content-Disposition": 'attachment; filename="consent-receipt.json"'}
    )


def _form(visit: Visit, required: tuple[str, ...], scope: list[Any], named: Named | None, **values: Any) -> Response:
    showing, text = visit.showing, visit.words.text
    signers = [
        (showing.role(role), *((named.parties.get(role) or ("", ())) if named is not None else ("", ())))
        for role in required
    ]  # fmt: skip
    if named is not None:
        signers = [(title, name or (named.name if title == showing.role("youth") else ""), tel) for title, name, tel in signers]
    status = 422 if values["error"] else 200
    never = [text(one) for one in NEVER]
    return visit.page("consents/form.html", status=status, signers=signers, scope=scope, named=named, never=never, **values)


def _named(answers: Mapping[str, Any]) -> Named:
    names: Mapping[str, str] = answers["names"]
    parties = {
        name.removeprefix("name_"): (value, (contact,) if (contact := names.get(f"contact_{name.removeprefix('name_')}")) else ())
        for name, value in names.items()
        if name.startswith("name_")
    }
    return Named(answers["youth"], names.get("name", ""), parties)
