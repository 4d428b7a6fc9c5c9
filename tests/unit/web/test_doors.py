"""Role by route: who gets through which door. What is expected is read from the table that people read, hub/registry/README.md."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount

import hub
from hub.access.matrix import matrix_text
from hub.access.rights import each_for
from hub.access.roles import TABLE, Action, Principal, Role
from hub.cli import app
from hub.web.doors import OPEN, Door
from hub.web.language import LANGUAGES
from tests.command_line import CliRunner
from tests.unit.web.conftest import Visit
from tests.unit.web.places import filled
from tests.unit.web.town import PagesTown

README = Path(hub.__file__).parent / "registry" / "README.md"
EVERYWHERE, OWN = "all", "own"
# What every route asks for. A new route is added here by hand, after thinking about who should get through.
DOORS: dict[tuple[str, str], Action | str] = {
    ("GET", "/"): Action.START_SEE,
    ("GET", "/find"): Action.TASK_OPEN,
    ("POST", "/find"): Action.TASK_OPEN,
    ("GET", "/team/{team}"): Action.TASK_OPEN,
    ("GET", "/team/{team}/calendar"): Action.TASK_OPEN,
    ("POST", "/team/{team}/calendar"): Action.TASK_OPEN,
    ("GET", "/team/{team}/changes"): Action.TASK_OPEN,
    ("GET", "/team/{team}/today"): Action.TASK_OPEN,
    ("GET", "/team/{team}/task/{task:uuid}"): Action.TASK_OPEN,
    ("POST", "/team/{team}/task/{task:uuid}/acknowledge"): Action.TASK_OPEN,
    ("POST", "/team/{team}/task/{task:uuid}/identity"): Action.IDENTITY_IN_TASK,
    ("POST", "/team/{team}/task/{task:uuid}/accept"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/decline"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/undo"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/start"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/hand-over"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/complete"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/take-over"): Action.TASK_ANSWER,
    ("POST", "/team/{team}/task/{task:uuid}/note"): Action.TASK_ANSWER,
    ("GET", "/team/{team}/task/{task:uuid}/concern"): Action.TASK_OPEN,
    ("GET", "/team/{team}/cases"): Action.CASE_READ,
    ("POST", "/team/{team}/cases"): Action.CASE_WORK,
    ("GET", "/team/{team}/cases/new"): Action.CASE_WORK,
    ("GET", "/team/{team}/cases/outcomes"): Action.CASE_READ,
    ("GET", "/team/{team}/case/{case:uuid}"): Action.CASE_READ,
    ("GET", "/team/{team}/case/{case:uuid}/summons/{meeting:int}"): Action.CASE_READ,
    ("GET", "/team/{team}/case/{case:uuid}/agenda/{meeting:int}"): Action.CASE_READ,
    ("GET", "/team/{team}/case/{case:uuid}/concern"): Action.CASE_READ,
    ("POST", "/team/{team}/case/{case:uuid}/invite"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/plan"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/weigh"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/cancel"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/hold"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/commit"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/settle"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/close"): Action.CASE_WORK,
    ("POST", "/team/{team}/case/{case:uuid}/identity"): Action.IDENTITY_IN_TASK,
    ("GET", "/team/{team}/orders"): Action.ORDER_WORK,
    ("POST", "/team/{team}/orders"): Action.ORDER_WORK,
    ("GET", "/team/{team}/order/{order:uuid}"): Action.ORDER_WORK,
    ("POST", "/team/{team}/order/{order:uuid}"): Action.ORDER_WORK,
    ("GET", "/team/{team}/contacts"): Action.CONTACT_WORK,
    ("POST", "/team/{team}/contacts"): Action.CONTACT_WORK,
    ("POST", "/team/{team}/contacts/open"): Action.CONTACT_WORK,
    ("POST", "/team/{team}/contacts/done"): Action.CONTACT_WORK,
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-in"): OPEN,
    ("POST", "/sign-in/password"): OPEN,
    ("GET", "/sign-in/provider"): OPEN,
    ("GET", "/sign-in/return"): OPEN,
    ("GET", "/sign-out/provider"): OPEN,
    ("POST", "/sign-out/back-channel"): OPEN,
    ("POST", "/sign-out"): Action.SESSION_SEE,
    ("GET", "/me"): Action.SESSION_SEE,
    ("POST", "/me/sessions"): Action.SESSION_SEE,
    ("POST", "/me/password"): Action.SESSION_SEE,
    ("GET", "/approvals"): Action.APPROVAL_SEE,
    ("POST", "/approvals"): Action.APPROVAL_SEE,
    ("GET", "/approvals/sealed"): Action.SEALED_REQUEST,
    ("POST", "/approvals/sealed"): Action.SEALED_REQUEST,
    ("GET", "/language/{language}"): OPEN,
    ("GET", "/keys/{state}"): OPEN,
    ("GET", "/consents"): Action.CONSENT_SEE,
    ("POST", "/consents/find"): Action.CONSENT_SEE,
    ("GET", "/consents/simulator"): Action.CONSENT_SEE,
    ("GET", "/consents/register"): Action.CONSENT_REGISTER,
    ("POST", "/consents/register"): Action.CONSENT_REGISTER,
    ("GET", "/consents/register/{draft}/by-hand"): Action.CONSENT_REGISTER,
    ("POST", "/consents/register/{draft}/by-hand"): Action.CONSENT_REGISTER,
    ("GET", "/consents/register/{draft}/simulate"): Action.CONSENT_REGISTER,
    ("GET", "/consents/register/{draft}/{step}"): Action.CONSENT_REGISTER,
    ("POST", "/consents/register/{draft}/{step}"): Action.CONSENT_REGISTER,
    ("GET", "/consents/{consent:uuid}"): Action.CONSENT_SEE,
    ("GET", "/consents/{consent:uuid}/sign"): Action.CONSENT_REGISTER,
    ("POST", "/consents/{consent:uuid}/sign"): Action.CONSENT_REGISTER,
    ("GET", "/consents/{consent:uuid}/block"): Action.CONSENT_REGISTER,
    ("POST", "/consents/{consent:uuid}/block"): Action.CONSENT_REGISTER,
    ("GET", "/consents/{consent:uuid}/custody"): Action.CONSENT_REGISTER,
    ("POST", "/consents/{consent:uuid}/custody"): Action.CONSENT_REGISTER,
    ("GET", "/consents/{consent:uuid}/withdraw"): Action.CONSENT_SEE,
    ("POST", "/consents/{consent:uuid}/withdraw"): Action.CONSENT_SEE,
    ("GET", "/consents/{consent:uuid}/erasure"): Action.CONSENT_SEE,
    ("GET", "/consents/{consent:uuid}/why-not"): Action.EXTRACT_RELEASE,
    ("GET", "/consents/register/{draft}/form"): Action.CONSENT_REGISTER,
    ("GET", "/consents/{consent:uuid}/form"): Action.CONSENT_SEE,
    ("POST", "/consents/{consent:uuid}/form"): Action.CONSENT_SEE,
    ("GET", "/consents/{consent:uuid}/receipt"): Action.CONSENT_SEE,
    ("GET", "/consents/{consent:uuid}/receipt.json"): Action.CONSENT_SEE,
    ("GET", "/consents/extract"): Action.EXTRACT_RELEASE,
    ("POST", "/consents/extract"): Action.EXTRACT_RELEASE,
    ("GET", "/consents/extract/{draft}"): Action.EXTRACT_RELEASE,
    ("POST", "/consents/extract/{draft}"): Action.EXTRACT_RELEASE,
    ("GET", "/audit/review"): Action.AUDIT_REVIEW,
    ("GET", "/withdrawal"): Action.CONSENT_WITHDRAW,
    ("POST", "/withdrawal"): Action.CONSENT_WITHDRAW,
    ("GET", "/erasures"): Action.ERASURE_SEE,
    ("GET", "/sources"): Action.OPERATIONS_SEE,
    ("GET", "/sources/{source}"): Action.OPERATIONS_SEE,
    ("POST", "/sources/{source}/pause"): Action.OPERATIONS_ACT,
    ("POST", "/sources/{source}/resume"): Action.OPERATIONS_ACT,
    ("POST", "/sources/{source}/trial"): Action.OPERATIONS_ACT,
    ("GET", "/sources/{source}/trial/{work}"): Action.OPERATIONS_ACT,
    ("GET", "/reports"): Action.STATUTORY_READ,
    ("GET", "/reports/{entry}"): Action.STATUTORY_READ,
    ("POST", "/reports/{entry}"): Action.STATUTORY_READ,
    ("POST", "/reports/{entry}/done"): Action.STATUTORY_READ,
    ("POST", "/reports/{entry}/correct"): Action.STATUTORY_READ,
    ("GET", "/protected"): Action.PROTECTED_READ,
    ("GET", "/protected/{entry}"): Action.PROTECTED_READ,
    ("POST", "/protected/{entry}"): Action.PROTECTED_READ,
    ("POST", "/protected/{entry}/done"): Action.PROTECTED_READ,
    ("GET", "/sinks"): Action.OPERATIONS_SEE,
    ("GET", "/sinks/{sink}"): Action.OPERATIONS_SEE,
    ("POST", "/sinks/{sink}/pause"): Action.OPERATIONS_ACT,
    ("POST", "/sinks/{sink}/resume"): Action.OPERATIONS_ACT,
    ("POST", "/sinks/{sink}/redrive"): Action.OPERATIONS_ACT,
    ("GET", "/notices"): Action.NOTICE_CODE,
    ("GET", "/notices/{notice}"): Action.NOTICE_CODE,
    ("POST", "/notices/{notice}"): Action.NOTICE_CODE,
    ("POST", "/notices/{notice}/code"): Action.NOTICE_CODE,
    ("POST", "/notices/{notice}/dismiss"): Action.NOTICE_CODE,
    ("POST", "/notices/{notice}/undo"): Action.NOTICE_CODE,
    ("GET", "/observations"): Action.OBSERVATION_REPORT,
    ("POST", "/observations"): Action.OBSERVATION_REPORT,
    ("GET", "/observations/harm"): Action.OBSERVATION_REPORT,
    ("GET", "/observations/sent"): Action.OBSERVATION_REPORT,
    ("GET", "/observations/form/{said}"): Action.OBSERVATION_REPORT,
    ("POST", "/observations/form/{said}"): Action.OBSERVATION_REPORT,
    ("GET", "/team/{team}/presence"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/new"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/new"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/visit/{visit:uuid}"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/assign"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/cancel"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/reopen"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/report"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/offer"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/offer/{offer:uuid}/withdraw"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/offer/{offer:uuid}/report"): Action.PRESENCE_PLAN,
    ("POST", "/team/{team}/presence/visit/{visit:uuid}/offer/{offer:uuid}/reopen"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/agreements"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/agreements/new"): Action.AGREEMENT_CHANGE,
    ("POST", "/team/{team}/presence/agreements/new"): Action.AGREEMENT_CHANGE,
    ("GET", "/team/{team}/presence/agreements/{agreement:uuid}"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/agreements/{agreement:uuid}/change"): Action.AGREEMENT_CHANGE,
    ("POST", "/team/{team}/presence/agreements/{agreement:uuid}/change"): Action.AGREEMENT_CHANGE,
    ("POST", "/team/{team}/presence/agreements/{agreement:uuid}/end"): Action.AGREEMENT_CHANGE,
    ("GET", "/team/{team}/presence/year"): Action.PRESENCE_PLAN,
    ("GET", "/team/{team}/presence/year.csv"): Action.PRESENCE_PLAN,
    ("GET", "/presence/offer/{token}"): OPEN,
    ("POST", "/presence/offer/{token}"): OPEN,
    ("GET", "/presence/report/{token}"): OPEN,
    ("POST", "/presence/report/{token}"): OPEN,
    ("GET", "/calendar/{token}.ics"): OPEN,
    ("GET", "/presence/calendar/{token}.ics"): OPEN,
    ("GET", "/letters"): Action.LETTER_SEE,
    ("POST", "/letters"): Action.LETTER_REDRIVE,
    ("GET", "/letters/preview/{work}"): Action.LETTER_REDRIVE,
    ("GET", "/letters/sent"): Action.LETTER_REDRIVE,
    ("GET", "/letters/paused"): Action.LETTER_SEE,
    ("POST", "/letters/paused"): Action.OPERATIONS_ACT,
    ("GET", "/letters/topics"): Action.LETTER_SEE,
    ("POST", "/letters/topics"): Action.LETTER_REDRIVE,
    ("POST", "/letters/topics/body"): Action.LETTER_BODY,
    ("GET", "/letters/{letter}"): Action.LETTER_SEE,
    ("POST", "/letters/{letter}/try"): Action.LETTER_REDRIVE,
    ("POST", "/letters/{letter}/body"): Action.LETTER_BODY,
    ("GET", "/journal"): Action.JOURNAL_SEE,
    ("GET", "/rules"): Action.RULE_SEE,
    ("GET", "/rules/{rule}/renew"): Action.RULE_RENEW,
    ("POST", "/rules/{rule}/renew"): Action.RULE_RENEW,
}


def matrix() -> dict[tuple[str, str], str]:
    """(action, role) -> `all`, `own` or empty, as the README's table has it."""
    lines = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    start = next(number for number, line in enumerate(lines) if line.startswith("| action |"))
    roles = [cell.strip() for cell in lines[start].strip("|").split("|")][1:]
    found = {}
    for line in lines[start + 1 :]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not re.fullmatch(r"`[a-z.-]+`", cells[0]) or len(cells) != len(roles) + 1:
            break
        found |= {(cells[0].strip("`"), role): cell for role, cell in zip(roles, cells[1:], strict=True)}
    return found


def doors(town: PagesTown) -> list[Door]:
    """Every route; only static files are no door."""
    plain = [route for route in town.app.routes if not isinstance(route, Door)]
    assert [route.path for route in plain if isinstance(route, Mount)] == ["/static"]
    assert len(plain) == 1
    return [route for route in town.app.routes if isinstance(route, Door)]


def test_every_route_is_a_door_whose_action_somebody_has_thought_about(empty_town: PagesTown) -> None:
    assert {(method, door.path): door.action for door in doors(empty_town) for method in door.methods} == DOORS


def test_the_printed_matrix_is_the_table() -> None:
    printed = matrix()
    assert set(printed) == {(action.value, role.value) for action in Action for role in Role}
    for action, grant in TABLE.items():
        for role in Role:
            reach = EVERYWHERE if role in grant.everywhere else OWN if role in grant.own_teams else ""
            assert printed[action.value, role.value] == reach, (action, role)


def test_the_readme_holds_the_matrix_as_the_code_prints_it() -> None:
    assert matrix_text() in README.read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["account", "matrix"]).stdout == matrix_text()


def test_a_route_without_an_action_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        Door("/new", lambda request: request)  # type: ignore[call-arg]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("teams", [("outreach",), ("sig",), ()], ids=lambda teams: "-".join(teams) or "no team")
def test_each_role_gets_through_the_doors_that_the_matrix_opens_and_no_other(
    town: PagesTown, visit: Visit, role: Role, teams: tuple[str, ...]
) -> None:
    printed, refused = matrix(), 0
    arrive = partial(visit, Principal("account-7", "Någon", each_for({role}, teams)))
    somebody = arrive()
    for door in doors(town):
        if door.action == OPEN:
            continue
        path = filled(door.path)
        reach = printed[str(door.action), role.value]
        concerns = "outreach" if "{team}" in door.path else None
        expected = reach == EVERYWHERE or (reach == OWN and (concerns in teams if concerns else bool(teams)))
        for method in sorted(door.methods):
            answer = somebody.request(method, path)
            assert (answer.status_code != 403) is expected, (method, door.path, answer.status_code)
            refused += not expected
            if door.action == Action.SESSION_SEE:  # what she sent there may have ended her session
                somebody = arrive()
    assert somebody.get("/me").status_code == 200
    if role in {Role.AUDITOR, Role.OPS, Role.OBSERVER}:
        assert refused


def test_who_has_no_role_at_all_gets_through_none(town: PagesTown, visit: Visit) -> None:
    client = visit(Principal("account-8", "Någon", each_for((), {"outreach"})))
    asked = [client.request(method, filled(door.path)) for door in doors(town) for method in door.methods if door.action != OPEN]
    assert {answer.status_code for answer in asked} == {403}


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_refused_is_told_why_and_how_it_can_change(visit: Visit, language: str) -> None:
    client: httpx.Client = visit(Principal("account-9", "Revisor", each_for({Role.AUDITOR}, ())))
    client.get(f"/language/{language}")
    answer = client.post("/find", data={"number": "abcdef"})
    assert answer.status_code == 403
    assert {"sv": "Din roll omfattar inte det här.", "en": "Your role does not include this."}[language] in answer.text
