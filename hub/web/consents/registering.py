"""Registering a consent, one question to a page: an answer leads to the next question, and all of them to be checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.contract.identifiers import UNRESOLVED
from hub.errors import RejectedError
from hub.registry.granting import Marking
from hub.web.consents.answers import take
from hub.web.consents.asking import Asking, build_parties, build_request, build_scope
from hub.web.consents.desk import Visit
from hub.web.consents.drafts import Draft
from hub.web.consents.questions import KNOWN, STEPS, question
from hub.web.consents.scope import Fact
from hub.web.consents.shapes import Error, Question
from hub.web.consents.showing import day
from hub.web.consents.simulator import simulation
from hub.web.forms import fields
from hub.web.language import Words, mark

__all__ = ["Turn", "begin", "by_hand", "of_draft", "simulate", "step"]

_CHECK: Final = "check"
_REFUSALS: Final = {
    "already_granted": mark("This very consent is registered already. Look it up and sign, suspend or withdraw that one."),
    "manual_handling": mark(
        "Nothing was registered here. A person handles this by hand, and the officer for such cases has been told."
    ),
    "not_permitted": mark("You register consents for your own teams only: name one of them as recipient."),
    "other_cooperation": mark("A team that was chosen works in the other cooperation. Change who may be told."),
    "outside_ages": mark("The cooperation is not for this age here."),
    "not_offered": mark("The cooperation is not offered here."),
    "too_long": mark("The period is longer than consents may be here. Change the last day."),
    "earlier_not_said": mark(
        "The first day lies before today. A consent covers what happened before it only when its form says so."
    ),
    "adult_by_then": mark(
        "The youth is 18 on the first day, and a consent that guardians sign ends at 18. Register it when the youth is 18, with "
        "the youth's own signature; or choose a period that begins before."
    ),
    "outgrown_by_then": mark(
        "The youth is older on the first day than the cooperation is for here. Choose a period that begins before."
    ),
    "form_not_used": mark("That form is not in use here."),
    "signatory_not_used": mark("A signatory of this kind is not in use here. Change who has custody."),
}
_OTHER: Final = mark("The consent cannot be registered as it stands. Look through the answers.")
_WRONG_STEP: Final = {
    "other_cooperation": "recipients", "not_permitted": "recipients", "outside_ages": "cooperation", "not_offered": "cooperation",
    "too_long": "period", "earlier_not_said": "period", "adult_by_then": "period",
    "outgrown_by_then": "period", "signatory_not_used": "custody", UNRESOLVED: "youth",
}  # fmt: skip
_ASKED_AT: Final = {"agencies": "sources", "includes_earlier": "period", "legal_basis": ""}
"""The question that a part of the scope answers, where it has another name; none asks for the legal basis."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A visit to somebody's own draft."""

    visit: Visit
    draft: Draft
    asking: Asking

    @property
    def answers(self) -> dict[str, Any]:
        """What has been answered."""
        return self.draft.answers

    def to(self, step: str) -> Response:
        """Leads on to a step."""
        return RedirectResponse(_path(self.draft, step), status_code=303)


def of_draft(page: Callable[[Turn], Response]) -> Callable[[Visit], Response]:
    """A view of the draft in the path, for its maker; else a page that says that it has ended."""

    def view(visit: Visit) -> Response:
        try:
            draft = visit.desk.drafts.find(visit.request.path_params["draft"], visit.who.account)
        except RejectedError:
            return visit.page("consents/no_draft.html", status=404)
        return page(Turn(visit, draft, Asking(visit.office, visit.words, visit.now)))

    return view


def begin(visit: Visit) -> Response:
    """What one needs before one starts; POST begins a draft."""
    if not visit.posted:
        return visit.page("consents/begin.html")
    draft = visit.desk.drafts.begin(visit.who.account)
    return RedirectResponse(_path(draft, STEPS[0]), status_code=303)


def step(turn: Turn) -> Response:
    """One question, and its answer."""
    asked, reached = turn.visit.request.path_params["step"], _next(turn.answers)
    if asked == _CHECK and reached == _CHECK:
        return _check(turn)
    known = asked in STEPS and (asked in turn.answers or asked == reached)
    if not known or (asked == "custody" and _adult(turn.draft)):
        return turn.to(reached)
    if not turn.visit.posted:
        return _asked(turn, asked, [])
    wrong = _wrong(turn, asked)
    if wrong is not None:
        return wrong
    if "protected" in turn.answers:
        return turn.to("by-hand")
    if asked == "youth" and not _adult(turn.draft):
        turn.answers[KNOWN] = turn.visit.casework.guardians(turn.visit.who, turn.answers[asked])
    return turn.to(_next(turn.answers))


def _wrong(turn: Turn, asked: str) -> Response | None:
    """Takes the answer; the question again where it cannot be taken."""
    try:
        errors = take(asked, fields(turn.visit.request), turn.asking, turn.answers)
    except RejectedError:  # the whole would be refused: said where it can be put right
        return _asked(turn, asked, [])
    return _asked(turn, asked, errors) if errors else None


def by_hand(turn: Turn) -> Response:
    """Protected personal data: the person is marked, and the manual lane gets the case. Nothing else is registered."""
    if "protected" not in turn.answers:
        return turn.to(_next(turn.answers))
    if turn.visit.posted:
        turn.visit.casework.hand_over(turn.visit.who, turn.answers["youth"], Marking(turn.answers["protected"]))
        turn.visit.desk.drafts.end(turn.draft.number)
    return turn.visit.page("consents/by_hand.html", back=_path(turn.draft, "youth"), done=turn.visit.posted)


def simulate(turn: Turn) -> Response:
    """What this draft would let flow."""
    reached = _next(turn.answers)
    if not {"cooperation", "recipients", "sources", "kinds", "period"} <= set(turn.answers):
        return turn.to(reached)
    shown = simulation(turn.asking.scope(turn.answers), turn.visit)
    return turn.visit.page("consents/simulation.html", shown=shown, back=_path(turn.draft, reached), form=None)


def _check(turn: Turn) -> Response:
    if not turn.visit.posted:
        return _answers(turn)
    answers, who = turn.answers, turn.visit.who
    try:
        case = turn.visit.casework.register(who, build_request(answers), build_parties(answers), answers["document"])
    except RejectedError as error:
        if error.code == "manual_handling":
            turn.visit.desk.drafts.end(turn.draft.number)
            return turn.visit.page("consents/by_hand.html", back="", done=True)
        return _answers(turn, error)
    turn.visit.desk.drafts.end(turn.draft.number)
    return RedirectResponse(f"/consents/{case.consent_id}?new=1", status_code=303)


def _answers(turn: Turn, error: RejectedError | None = None) -> Response:
    required: tuple[str, ...] = ()
    try:
        required = turn.asking.required(turn.answers)
    except RejectedError as refused:
        error = error or refused
    errors = [] if error is None else [replace(_told(error, turn.asking.words), field="")]
    missing = tuple(role for role in required if role not in turn.answers["signatures"])
    given, scope, words = build_scope(turn.answers), turn.asking.scope(turn.answers), turn.asking.words
    return turn.visit.page(
        "consents/check.html", status=422 if error else 200, errors=errors, draft=turn.draft.number,
        rows=_rows(turn, required), missing=turn.visit.showing.roles(missing),
        first=day(scope.valid_from, words) if scope.valid_from > turn.visit.now else "",
        sooner=day(scope.valid_to, words, until=True) if scope.valid_to < given.valid_to else "",
    )  # fmt: skip


def _asked(turn: Turn, name: str, errors: list[Error]) -> Response:
    try:
        asked: Question = question(name, turn.asking, turn.answers)
    except RejectedError as error:  # the whole would be refused: said where it can be put right
        wrong = _WRONG_STEP.get(error.code, "youth")
        asked, errors = question(wrong, turn.asking, turn.answers), [_told(error, turn.asking.words, wrong)]
    return turn.visit.page(
        "consents/question.html", status=422 if errors else 200, asked=asked, errors=errors,
        wrong={one.field: one.text for one in errors}, values=_values(turn, asked), draft=turn.draft.number,
        back=_before(turn.draft, asked.step), number=STEPS.index(asked.step) + 1, steps=len(STEPS),
        action=_path(turn.draft, asked.step),
    )  # fmt: skip


def _adult(draft: Draft) -> bool:
    return bool(draft.answers.get("custody") == "adult")


def _next(answers: dict[str, Any]) -> str:
    """The first question without an answer; all answered: to be checked."""
    return next((step for step in STEPS if step not in answers), _CHECK)


def _path(draft: Draft, step: str) -> str:
    return f"/consents/register/{draft.number}/{step}"


def _before(draft: Draft, step: str) -> str:
    at = STEPS.index(step)
    earlier = [one for one in STEPS[:at] if not (one == "custody" and _adult(draft))]
    return _path(draft, earlier[-1]) if earlier else "/consents/register"


def _told(error: RejectedError, words: Words, step: str = "") -> Error:
    return Error(step or _WRONG_STEP.get(error.code, "youth"), words.text(_REFUSALS.get(error.code, _OTHER)))


def _values(turn: Turn, asked: Question) -> dict[str, Any]:
    """What stands in the fields: what was just typed, else what was answered before."""
    if turn.visit.posted:
        lists = {one.name for one in (asked, asked.more) if one is not None and one.several}
        return {name: found if name in lists else found[0] for name, found in fields(turn.visit.request).items() if found}
    answers = turn.answers
    given = answers.get(asked.step)
    if asked.step == "youth":
        return {"identifier": given or "", "protected": answers.get("protected", "no" if given else "")}
    if asked.step == "period":
        if given is None:
            return {}
        return {"first": given.first.isoformat(), "last": given.last.isoformat(), "earlier": ("1",) if given.earlier else ()}
    if asked.step == "names":
        return dict(given or {})
    return {asked.name: given} if asked.name and given is not None else {asked.step: given or ""} if not asked.name else {}


def _rows(turn: Turn, required: tuple[str, ...]) -> list[tuple[str, Fact]]:
    """The answers as a summary list, each with the step it is changed at, if it is."""
    answers, words, showing = turn.answers, turn.asking.words, turn.visit.showing
    text, scope = words.text, showing.scope_of(turn.asking.scope(answers))
    custody = "youth" if answers["custody"] == "adult" else "custody"
    return [
        ("youth", Fact(text("Personal number"), f"{answers['youth'][:8]}-{answers['youth'][8:]}")),
        ("names", Fact(text("Name"), answers["names"].get("name") or text("not given"))),
        (custody, Fact(text("Who signs"), showing.roles(required))),
        *((_ASKED_AT.get(fact.part, fact.part), fact) for fact in scope),
        ("document", Fact(text("Document"), answers["document"] or text("not given"))),
        ("signatures", Fact(text("Signed"), showing.roles(tuple(answers["signatures"])) or text("nobody yet"))),
    ]
