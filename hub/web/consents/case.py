"""One consent: where it stands, what it is to, who has signed when, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.audit.actions import Action as Logged
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.cases import ConsentCase
from hub.web.consents.asking import CUSTODY
from hub.web.consents.custody_choices import NUMBERED, custody_choices
from hub.web.consents.desk import Visit
from hub.web.consents.naming import open_names
from hub.web.consents.shapes import Error
from hub.web.consents.showing import day
from hub.web.consents.titles import COMPONENTS
from hub.web.language import mark

__all__ = ["block", "custody", "erasure", "of_case", "shown", "sign", "withdraw", "withdrawn_by"]

_BY_NUMBER: Final = mark(
    "This consent has ended already. Whatever else there may be of the person's ends when the withdrawal is registered "
    "with the number."
)
_ENDED: Final = frozenset({"expired", "lapsed", "withdrawn"})
_REFUSALS: Final = {
    "nothing_to_sign": mark("That signature is not awaited: it is registered already, or the consent has ended."),
    "no_custody": mark("No open consent of this person is one that guardians sign."),
    "guardian_must_sign": mark("Name at least one guardian, or who stands in for one."),
    "signatory_not_used": mark("A signatory of this kind is not in use here. Change who has custody."),
    "already_signed": mark("All have signed: who no longer wants it withdraws it."),
    "manual_handling": mark(
        "Nothing was registered here. A person handles this by hand, and the officer for such cases has been told."
    ),
    "not_permitted": mark("Your role does not include this. Whoever gives out the roles can change that."),
    "nothing_to_withdraw": mark("It has ended already."),
    "by_number": _BY_NUMBER,
    "not_a_signatory": mark("That role signs none of these consents. Choose another, or word of mouth."),
    "nothing_to_block": mark("There is no open consent to block."),
    "no_block": mark("There is no such block."),
}


Page = Callable[[Visit, ConsentCase], Response]


def of_case(page: Page) -> Callable[[Visit], Response]:
    """A view of one consent: that of the path, for those who may see it; else a page that says alike that there is none."""

    def view(visit: Visit) -> Response:
        try:
            case = visit.casework.case(visit.who, str(visit.request.path_params["consent"]))
        except RejectedError as error:
            if error.code != "no_such_consent":
                raise
            text = mark("There is no such consent for you.")
            return visit.desk.renderer.message(visit.request, mark("No such consent"), text, 404)
        return page(visit, case)

    return view


def shown(visit: Visit, case: ConsentCase) -> Response:
    """One consent, and the same person's others."""
    showing, query = visit.showing, visit.request.query_params
    beside = visit.casework.beside(visit.who, case)
    return visit.page(
        "consents/case.html", case=case, row=showing.row(case), scope=showing.scope(case), signatures=showing.signatures(case),
        beside=[showing.row(one) for one in beside], ended=case.state in _ENDED, new=query.get("new") == "1",
        open_beside=any(one.state not in _ENDED for one in beside), news=query.get("done", ""), blocks=showing.roles(case.blocks),
        declined=showing.roles(case.declined),
        created=visit.moment(case.created_at), in_force=visit.maybe(case.in_force_at), ended_at=visit.maybe(case.ended_at),
        by=showing.role(case.withdrawn_by) if case.withdrawn_by else "",
    )  # fmt: skip


def sign(visit: Visit, case: ConsentCase) -> Response:
    """A signature that has come in, or a no."""
    template, role = "consents/sign.html", visit.field("role")
    if not visit.posted:
        return _act(visit, template, case)
    if role not in case.missing:
        return _act(visit, template, case, _wrong(visit, "role", mark("Say whose answer has come.")))
    says_no, signer = visit.field("answer") == "no", Signatory(role)
    if says_no and case.no_ends is not False and visit.field("ends") != "1":
        return _act(
            visit, template, case, _wrong(visit, "role", mark("Nothing was registered: a no means more now. Read below."))
        )
    deed = visit.casework.decline if says_no else visit.casework.sign
    to = "?done=declined" if says_no else "?done=signed"
    return _done(visit, template, case, lambda: deed(visit.who, case.consent_id, signer), to=to)


def block(visit: Visit, case: ConsentCase) -> Response:
    """A block (spärr) on everything of the person, or its end."""
    template, role = "consents/block.html", visit.field("role")
    if not visit.posted:
        return _act(visit, template, case, **_blocks(visit, case))
    lifts = visit.field("deed") == "lift"
    if role not in set(Signatory) or (lifts and case.blocks and role not in case.blocks):
        return _act(visit, template, case, _wrong(visit, "role", mark("Say who it is.")), **_blocks(visit, case))
    deed, by = (visit.casework.unblock if lifts else visit.casework.block), Signatory(role)
    to = "?done=unblocked" if lifts else "?done=blocked"
    return _done(visit, template, case, lambda: deed(visit.who, case.consent_id, by), to=to, **_blocks(visit, case))


def _blocks(visit: Visit, case: ConsentCase) -> dict[str, Any]:
    showing = visit.showing
    roles = [role for role in dict.fromkeys(("youth", *case.required)) if role not in case.blocks]
    return {
        "may_block": [(role, showing.role(role)) for role in roles],
        "may_lift": [(role, showing.role(role)) for role in case.blocks],
    }


def custody(visit: Visit, case: ConsentCase) -> Response:
    """Custody has changed: suspended until the right ones have signed. Names are shown to whoever gives the person's number."""
    template, roles = "consents/custody.html", CUSTODY.get(visit.field("custody"), ())
    values: dict[str, Any] = {
        "options": custody_choices(visit.words),
        "numbered": visit.words.text(NUMBERED),
        "named": False,
        "names": {},
    }
    if not visit.posted:
        return _act(visit, template, case, **values)
    if visit.field("deed") == "names":
        named, wrong = open_names(visit, case, Logged.CONSENT_SHOWN)
        names = {} if named is None else {role: name for role, (name, _) in named.parties.items()}
        values |= {"options": custody_choices(visit.words, names), "named": named is not None, "names": names}
        return _act(visit, template, case, wrong, **values)
    if not roles or roles == ("youth",):
        return _act(visit, template, case, _wrong(visit, "custody", mark("Choose who has custody.")), **values)
    signers = tuple(map(Signatory, roles))
    return _done(
        visit, template, case, lambda: visit.casework.change_custody(visit.who, case.consent_id, signers),
        to="?done=custody", **values,
    )  # fmt: skip


def withdraw(visit: Visit, case: ConsentCase) -> Response:
    """What will happen, and the second click that makes it happen."""
    template = "consents/withdraw.html"
    days = visit.office.retention_days
    if not visit.posted:
        everything = visit.request.query_params.get("all") == "1"
        over = everything and all(one.state in _ENDED for one in (case, *visit.casework.beside(visit.who, case)))
        return _act(visit, template, case, everything=everything, over=over, retention_days=days)
    by, everything = withdrawn_by(visit)
    return _done(
        visit, template, case, lambda: visit.casework.withdraw(visit.who, case.consent_id, by, everything=everything),
        to="/erasure", everything=everything, over=False, retention_days=days,
    )  # fmt: skip


def withdrawn_by(visit: Visit) -> tuple[Signatory | None, bool]:
    """What the form says: who withdraws (None: told by word of mouth), and whether it is everything."""
    by = visit.field("by")
    return Signatory(by) if by in set(Signatory) else None, visit.field("all") == "1"


def erasure(visit: Visit, case: ConsentCase) -> Response:
    """How far a withdrawal has come: its effect, the parts that bring it about, the teams that had opened something."""
    erasing = visit.casework.erasing(case)
    text, titles = visit.words.text, visit.office.teams
    shown: dict[str, Any] = {"parts": [], "teams": [], "effect": None}
    if erasing is not None:
        shown = {
            "parts": [
                (text(COMPONENTS[one.component]), visit.maybe(one.answered_at), _seconds(erasing.requested_at, one.answered_at))
                for one in erasing.parts
            ],
            "teams": [(titles[code].title if code in titles else code, visit.maybe(at)) for code, at in erasing.teams],
            "effect": _seconds(erasing.requested_at, erasing.effect_at),
        }  # fmt: skip
    gone_by = "" if case.ended_at is None else day(case.ended_at + visit.office.kept, visit.words)
    return visit.page(
        "consents/erasure.html", case=case, erasing=erasing, ended=visit.maybe(case.ended_at), row=visit.showing.row(case),
        retention_days=visit.office.retention_days, gone_by=gone_by, **shown,
    )  # fmt: skip


def _seconds(asked: datetime, answered: datetime | None) -> int | None:
    return None if answered is None else max(0, round((answered - asked).total_seconds()))


def _wrong(visit: Visit, field: str, message: str) -> Error:
    return Error(field, visit.words.text(message))


def _act(visit: Visit, template: str, case: ConsentCase, error: Error | None = None, **values: Any) -> Response:
    """The page that asks before something is done; `error` is of a field, or of none."""
    showing = visit.showing
    return visit.page(
        template, status=422 if error else 200, case=case, row=showing.row(case), error=error, scope=showing.scope(case),
        missing=[(role, showing.role(role)) for role in case.missing],
        signers=[(role, showing.role(role)) for role in case.required], **values,
    )  # fmt: skip


def _done(
    visit: Visit, template: str, case: ConsentCase, deed: Callable[[], object], *, to: str, **values: Any
) -> Response:  # fmt: skip
    try:
        deed()
    except RejectedError as error:
        if error.code not in _REFUSALS:
            raise
        return _act(visit, template, case, _wrong(visit, "", _REFUSALS[error.code]), **values)
    return RedirectResponse(f"/consents/{case.consent_id}{to}", status_code=303)
