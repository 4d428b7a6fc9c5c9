"""Why each rule proposes nothing for a youth, and what is lacking: a page of her consent, for the team or for herself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from hub.access.why_not import OwnStandings, look_entry, own_standings
from hub.audit.entries import Subject, SubjectKind
from hub.core.explain import Audience
from hub.core.lacking import RuleStanding
from hub.core.lacking_texts import standing_lines, standing_text
from hub.errors import HubError, RejectedError, RetriableError
from hub.registry.cases import ConsentCase
from hub.web.consents.desk import Visit
from hub.web.consents.looking import Held
from hub.web.language import mark

__all__ = ["shown"]

_ENDED: Final = frozenset({"expired", "lapsed", "withdrawn"})


@dataclass(frozen=True, slots=True)
class _Nothing:
    """Why nothing is shown, and what can be done; `status` of the answer."""

    heading: str
    text: str
    status: int = 200


_WITHDRAWN: Final = _Nothing(
    mark("The consent is withdrawn"),
    mark(
        "Nothing more is told to any team under it, and what was held under it alone is erased. So no rule can propose anything."
    ),
)
_OVER: Final = _Nothing(
    mark("The consent has ended"),
    mark("Nothing more is told to any team under it, so no rule can propose anything. A new consent begins anew."),
)
_NOT_IN_FORCE: Final = _Nothing(
    mark("The consent is not in force"),
    mark(
        "Until it is, no team is told anything under it, so no rule can propose anything. The consent's page says what is "
        "awaited."
    ),
)
_UNREAD: Final = {
    "unknown_reference": _Nothing(
        mark("Nothing is held yet"),
        mark(
            "The consent has not reached the counting yet. That takes some seconds after the last signature. Try again in a "
            "minute; if it still says so, tell whoever runs the hub, who sees why with: hub status"
        ),
    ),
    "kafka": _Nothing(
        mark("The counting does not answer"),
        mark(
            "What is held cannot be read just now: Kafka, where it is kept, does not answer. Nothing is lost, and nothing "
            "has been shown. Try again in a minute; if it happens again, tell whoever runs the hub, who sees why with: hub "
            "status"
        ),
        503,
    ),
    "slow": _Nothing(
        mark("It took too long"),
        mark(
            "What is held could not be read within {seconds} seconds. Nothing is lost, and nothing has been shown. Try again "
            "in a minute; if it happens again, tell whoever runs the hub, who can read for longer with: hub explain --youth"
        ),
        503,
    ),
    "busy": _Nothing(
        mark("Others are looking just now"),
        mark("Only a few can look at once. Nothing has been shown. Try again in a moment."),
        503,
    ),
    "no_rules": _Nothing(
        mark("No rules are in force yet"),
        mark("So nothing can be proposed. Whoever runs the hub puts rules in force with: hub rules activate"),
        503,
    ),
}
_UNREADABLE: Final = _Nothing(
    mark("What is held cannot be read"),
    mark(
        "The counting has never run here, or runs in another version than these pages. Nothing has been shown. Tell whoever "
        "runs the hub, who sees why with: hub status"
    ),
    503,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it stands, a line for each condition, and the number of the proposal that is open, for the team."""

    title: str
    said: str
    lines: tuple[str, ...]
    task: str


def shown(visit: Visit, case: ConsentCase) -> Response:
    """Read anew at each look, within bounds; whatever is not shown is said why. Raises RetriableError `audit`."""
    audience: Audience = "youth" if visit.request.query_params.get("for") == "youth" else "team"
    try:
        held = _held(visit, case)
    except HubError as error:
        if error.code == "audit":
            raise
        return _nothing(visit, case, audience, _reason(case, error))
    found = own_standings(held, visit.who, visit.now, audience)
    if found.entries:
        visit.office.audit.append_many(found.entries)
    return _page(visit, case, audience, units=_units(visit, held, found, audience), left_out=found.others)


def _held(visit: Visit, case: ConsentCase) -> Held:
    """What the worker holds under this consent; the look is in the audit log before it is used. Raises HubError.

    What is held while this consent has not come there yet is another cooperation's, and a secret from this officer (OSL 8:1): she
    is told the same as where nothing is held. So it is once this one has ended, whether the reference outlived it or not.
    """
    with visit.office.audit.recorded(look_entry(visit.who)) as draft:
        draft.about(subject=Subject(SubjectKind.YOUTH, case.youth_id))
        if case.state != "in_force":
            raise RejectedError("this consent is not in force", code="no_consent")
        if case.youth_ref is None:
            raise RejectedError("no reference is made yet", code="unknown_reference")
        draft.about(subject=Subject(SubjectKind.REFERENCE, case.youth_ref))
        held = visit.office.held.at(case.youth_ref)
        consent = held.state.consent
        if consent is None or case.consent_id not in {scope.scope_id for scope in consent.scopes}:
            raise RejectedError("this consent has not come to the worker yet", code="unknown_reference")
        return held


def _reason(case: ConsentCase, error: HubError) -> _Nothing:
    if error.code == "no_consent":
        return _WITHDRAWN if case.state == "withdrawn" else _OVER if case.state in _ENDED else _NOT_IN_FORCE
    return (
        _UNREAD["kafka"] if isinstance(error, RetriableError) and error.code != "slow" else _UNREAD.get(error.code, _UNREADABLE)
    )


def _nothing(visit: Visit, case: ConsentCase, audience: Audience, why: _Nothing) -> Response:
    beside = (
        [one for one in visit.casework.beside(visit.who, case) if one.state == "in_force"] if case.state != "in_force" else []
    )
    text = visit.words.text
    return _page(
        visit, case, audience, status=why.status, heading=text(why.heading),
        text=text(why.text, seconds=round(visit.office.held.seconds)), again=case.state == "in_force",
        beside=[visit.showing.row(one) for one in beside],
    )  # fmt: skip


def _page(visit: Visit, case: ConsentCase, audience: Audience, *, status: int = 200, **values: object) -> Response:
    bare = {"heading": "", "text": "", "again": False, "beside": [], "units": [], "left_out": 0}
    return visit.page(
        "consents/why_not.html", status=status, case=case, row=visit.showing.row(case), audience=audience,
        at=visit.moment(visit.now), **{**bare, **values},
    )  # fmt: skip


def _units(visit: Visit, held: Held, found: OwnStandings, audience: Audience) -> list[tuple[str, list[Rule]]]:
    """The rules of each team, by what the team calls itself, in the order of the installation."""
    by_team: dict[str, list[Rule]] = {}
    for one in found.mine:
        by_team.setdefault(one.team, []).append(_rule(visit, held, one, audience))
    known: Sequence[str] = [*visit.office.teams, *by_team]
    return [(visit.showing.teams((team,)), by_team[team]) for team in dict.fromkeys(known) if team in by_team]


def _rule(visit: Visit, held: Held, one: RuleStanding, audience: Audience) -> Rule:
    language = visit.words.language
    number = one.task_id[:8] if one.task_id and audience == "team" else ""
    title = held.titles[language].get(one.rule_id, one.rule_id)
    return Rule(title, standing_text(one, language), standing_lines(one, language), number)
