"""The consent simulator's page: of a draft, or by itself with a scope chosen in the address, which holds codes only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from hub.clock import STOCKHOLM, stockholm_date
from hub.contract.models import Cooperation, InfoKind
from hub.core.rule_changes import rule_days
from hub.web.consents.asking import LEGAL_BASIS
from hub.web.consents.desk import Visit
from hub.web.consents.field_titles import NEVER
from hub.web.consents.office import Office
from hub.web.consents.scope import Fact, FormScope
from hub.web.consents.simulating import Field, Flow, Proposal, flows, proposals, task_fields
from hub.web.consents.titles import KINDS, listing, told

__all__ = ["Simulation", "simulation", "simulator"]

_YEAR = 365


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the page says."""

    scope: tuple[Fact, ...]
    recipients: str
    window_days: str
    flows: tuple[Flow, ...]
    silent: str
    """Agencies that were chosen and would tell nothing, because they carry none of the chosen kinds."""
    excluded: str
    """Teams that were chosen and get nothing, because they work in the other cooperation."""
    task: tuple[Field, ...]
    proposals: tuple[Proposal, ...]
    never: tuple[str, ...]
    rules_version: str


def simulation(planned: FormScope, visit: Visit) -> Simulation:
    """Everything a person should know before she signs: the scope as the form says it, and what it would let flow."""
    office, words = visit.office, visit.words
    telling = {agency for agency in planned.agencies if set(office.agencies[agency].kinds) & set(planned.kinds)}
    theirs = [code for code in planned.recipients if office.teams[code].cooperation == planned.cooperation]
    others = [office.teams[code].title for code in planned.recipients if code not in theirs]
    planned = replace(planned, recipients=tuple(theirs))
    longest = max((days for rule in office.rules for days in rule_days(rule)), default=0)
    return Simulation(
        tuple(visit.showing.scope_of(planned)),
        visit.showing.teams(planned.recipients),
        words.many("{number} day", "{number} days", longest),
        tuple(flows(planned, office, words)),
        listing([office.agencies[code].title for code in planned.agencies if code not in telling], words),
        listing(others, words),
        task_fields(words, office.places.title(planned.area) if planned.area else ""),
        tuple(proposals(planned, office, words)),
        tuple(words.text(one) for one in NEVER), office.rules_version,
    )  # fmt: skip


def simulator(visit: Visit) -> Response:
    """The form, and below it what the chosen scope would let flow."""
    office, words = visit.office, visit.words
    chosen = _chosen(visit, office)
    shown = simulation(_planned(chosen, visit.now), visit) if all(chosen.values()) else None
    query = visit.request.url.query
    form = {
        "chosen": chosen, "asked": bool(query),
        "teams": [(code, team.title, team.cooperation.value.upper()) for code, team in office.teams.items()],
        "agencies": [(code, agency.title) for code, agency in office.agencies.items() if agency.kinds],
        "kinds": [(kind, told(KINDS, kind, words)) for kind in KINDS],
    }  # fmt: skip
    here = "/consents/simulator" + (f"?{query}" if query else "")
    return visit.page("consents/simulation.html", shown=shown, back="/consents", form=form, here=here)


def _chosen(visit: Visit, office: Office) -> dict[str, Any]:
    """The scope in the address, as far as the office knows its codes."""
    asked = visit.request.query_params
    cooperation = asked.get("cooperation", "")
    return {
        "cooperation": cooperation if cooperation in set(Cooperation) else "",
        "recipients": [code for code in office.teams if code in asked.getlist("recipients")],
        "sources": [code for code, agency in office.agencies.items() if agency.kinds and code in asked.getlist("sources")],
        "kinds": [kind for kind in InfoKind if kind in asked.getlist("kinds")],
    }


def _planned(chosen: dict[str, Any], now: datetime) -> FormScope:
    """What was chosen, for a year from today on, as a form without an area says it that does not reach back."""
    begin = datetime.combine(stockholm_date(now), time(), STOCKHOLM)
    return FormScope(
        Cooperation(chosen["cooperation"]), tuple(chosen["sources"]), tuple(chosen["recipients"]), tuple(chosen["kinds"]),
        begin, begin + timedelta(days=_YEAR), False, None, LEGAL_BASIS,
    )  # fmt: skip
