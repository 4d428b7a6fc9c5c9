"""One person with two accounts is one pair of eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from hub.access.accounts import Newcomer
from hub.access.four_eyes import MOST_OPEN, FourEyes
from hub.access.grounds import Ground
from hub.access.matters import Matter, RequestState
from hub.access.opening import open_accounts, open_four_eyes, open_sessions, own_accounts, own_codes
from hub.access.persons import is_same_person, person_key
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from hub.audit.log import AuditLog
from hub.clock import ManualClock
from hub.errors import RejectedError
from hub.login_settings import OidcSettings
from hub.settings import Settings
from tests.unit.access.make import AUDITOR, SECOND, logged, make_principal

KEY = b"k" * 32
GROUND = Ground("GDPR art. 58", "KS 2025/117")
ANNA = person_key(KEY, "anna.berg@kommun.se")
KEEPER = Actor("os:0", role="command")
PASSWORD = "glasbruket tolv vantar"


def test_a_person_is_known_by_a_hash_however_she_is_spelt_and_nobody_by_nothing() -> None:
    assert person_key(KEY, " Anna.Berg@kommun.SE ") == ANNA
    assert person_key(b"x" * 32, "anna.berg@kommun.se") != ANNA
    assert "anna" not in ANNA
    assert person_key(KEY, "  ") == ""
    assert not is_same_person(make_principal("a"), "b", "")
    assert is_same_person(replace(make_principal("a"), person=ANNA), "b", ANNA)


def test_nobody_is_both_of_four_eyes_with_two_accounts(four_eyes: FourEyes, audit: AuditLog) -> None:
    at_work, of_the_house = (replace(one, person=ANNA) for one in (AUDITOR, SECOND))
    request = four_eyes.ask(at_work, Matter.SEALED, "document-1", "supervision", ground=GROUND)
    assert four_eyes.waiting_for(of_the_house) == []
    with pytest.raises(RejectedError) as refused:
        four_eyes.approve(of_the_house, request.request_id)
    assert refused.value.code == "own_request"
    assert logged(audit)[-1][2:] == ("vault_approved", "deny", "own_request")
    other = replace(SECOND, account="auditor-3", person=person_key(KEY, "berit"))
    assert four_eyes.approve(other, request.request_id).state is RequestState.APPROVED
    # What she asked with one account she may do with the other: it is she.
    assert four_eyes.use(of_the_house, request.request_id, Matter.SEALED, "document-1").state is RequestState.USED


def test_where_persons_are_needed_nobody_unknown_asks_or_approves(
    settings: Settings, engine: Engine, audit: AuditLog, clock: ManualClock
) -> None:
    oidc = OidcSettings(issuer="https://login.example.se", client_id="hub", roles={"x": "auditor"})
    beside = settings.model_copy(update={"login": settings.login.model_copy(update={"oidc": oidc})})
    for strict in (beside, settings.model_copy(update={"environment": "production"})):
        eyes = open_four_eyes(strict, engine, audit, clock)
        known = replace(AUDITOR, person=ANNA)
        with pytest.raises(RejectedError) as refused:
            eyes.ask(AUDITOR, Matter.SEALED, "document-1", "supervision", ground=GROUND)
        assert refused.value.code == "no_person"
        request = eyes.ask(known, Matter.SEALED, "document-1", "supervision", ground=GROUND)
        with pytest.raises(RejectedError) as refused:
            eyes.approve(SECOND, request.request_id)
        assert refused.value.code == "no_person"
        assert eyes.approve(replace(SECOND, person=person_key(KEY, "berit")), request.request_id).state is RequestState.APPROVED


def test_a_request_of_the_vault_takes_a_ground_and_who_approves_sees_it_with_whoever_asked(four_eyes: FourEyes) -> None:
    with pytest.raises(RejectedError) as refused:
        four_eyes.ask(AUDITOR, Matter.SEALED, "document-1", "supervision")
    assert refused.value.code == "no_ground"
    four_eyes.ask(AUDITOR, Matter.SEALED, "document-1", "supervision", ground=GROUND)
    (seen,) = four_eyes.waiting_for(SECOND)
    told = (seen.requester_name, seen.requester_role, seen.purpose, seen.legal_ground, seen.case_reference)
    assert told == (AUDITOR.name, "auditor", "supervision", "GDPR art. 58", "KS 2025/117")
    decided = four_eyes.approve(SECOND, seen.request_id)
    assert (decided.decider_name, decided.decider_role) == (SECOND.name, "auditor")
    assert [one.request_id for one in four_eyes.history(SECOND, Matter.SEALED)] == [seen.request_id]
    assert four_eyes.history(make_principal("x", Role.CONSENT_OFFICER), Matter.SEALED) == []


def test_nobody_gathers_approvals(four_eyes: FourEyes) -> None:
    requests = [
        four_eyes.ask(AUDITOR, Matter.SEALED, f"document-{number}", "supervision", ground=GROUND) for number in range(MOST_OPEN)
    ]
    with pytest.raises(RejectedError) as refused:
        four_eyes.ask(AUDITOR, Matter.SEALED, "document-9", "supervision", ground=GROUND)
    assert refused.value.code == "too_many"
    four_eyes.refuse(AUDITOR, requests[0].request_id)
    four_eyes.ask(AUDITOR, Matter.SEALED, "document-9", "supervision", ground=GROUND)


@pytest.mark.parametrize("role", [Role.STATUTORY_OFFICER, Role.PROTECTED_CASES_OFFICER])
@pytest.mark.parametrize("second", [Role.STATUTORY_OFFICER, Role.PROTECTED_CASES_OFFICER])
def test_what_is_asked_on_no_teams_behalf_a_colleague_approves_and_no_team(four_eyes: FourEyes, role: Role, second: Role) -> None:
    asker, colleague = make_principal("officer-1", role), make_principal("officer-2", second)
    request = four_eyes.ask(asker, Matter.IDENTITY, "yref", "authority")
    for team in (Role.CONSENT_OFFICER, Role.TEAM_HEAD):
        assert four_eyes.waiting_for(make_principal("head-1", team, teams=("sspf", "sig", "outreach"))) == []
    assert four_eyes.waiting_for(colleague) == [request]
    four_eyes.approve(colleague, request.request_id)
    assert four_eyes.use(asker, request.request_id, Matter.IDENTITY, "yref").state is RequestState.USED


def test_what_a_team_asks_no_officer_without_one_learns_of(four_eyes: FourEyes) -> None:
    head = make_principal("head-1", Role.TEAM_HEAD, teams=("sspf",))
    four_eyes.ask(head, Matter.IDENTITY, "yref", "correction", "sspf")
    assert four_eyes.waiting_for(make_principal("officer-1", Role.STATUTORY_OFFICER)) == []


def test_beside_a_provider_production_lets_emergency_accounts_in_and_no_other(
    settings: Settings, engine: Engine, audit: AuditLog, clock: ManualClock
) -> None:
    oidc = OidcSettings(issuer="https://login.example.se", client_id="hub", roles={"x": "auditor"})
    login = settings.login.model_copy(update={"oidc": oidc, "emergency_accounts": ("nodlage",)})
    production = settings.model_copy(update={"environment": "production", "login": login})
    assert own_accounts(production)
    assert not own_codes(production)
    none = production.model_copy(update={"login": login.model_copy(update={"emergency_accounts": ()})})
    assert not own_accounts(none)
    accounts = open_accounts(production, engine, audit, clock)
    for name in ("nodlage", "anna"):
        newcomer = Newcomer(name, "Prov", each_for({Role.AUDITOR}, ()), person=ANNA)
        accounts.add(newcomer, PASSWORD, KEEPER, own=True)
    with pytest.raises(RejectedError) as refused:
        accounts.authenticate("anna", PASSWORD, "127.0.0.1")
    assert refused.value.code == "wrong"
    assert logged(audit)[-1][2:] == ("sign_in_refused", "deny", "no_emergency_account")
    who = accounts.authenticate("nodlage", PASSWORD, "127.0.0.1")
    assert who.person == ANNA
    sessions = open_sessions(production, engine, clock)
    found = sessions.principal(sessions.begin(who, "local"))
    assert found is not None
    assert found.person == ANNA
    assert sessions.end_person(ANNA) == 1


def test_saying_which_person_an_account_is_signs_it_out(
    settings: Settings, engine: Engine, audit: AuditLog, clock: ManualClock
) -> None:
    accounts, sessions = open_accounts(settings, engine, audit, clock), open_sessions(settings, engine, clock)
    accounts.add(Newcomer("anna", "Prov", each_for({Role.AUDITOR}, ())), PASSWORD, KEEPER, own=True)
    token = sessions.begin(accounts.authenticate("anna", PASSWORD, "127.0.0.1"), "local")
    assert accounts.set_person("anna", ANNA, KEEPER).person == ANNA
    assert sessions.principal(token) is None
    assert accounts.authenticate("anna", PASSWORD, "127.0.0.1").person == ANNA
