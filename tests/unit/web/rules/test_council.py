"""The rules in force with their figures and last dates, and the renewal by the head of the team that a rule proposes to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from hub.access.roles import Principal, Role
from hub.audit.entries import Actor
from hub.audit.reading import Filter, the_latest
from hub.core.rule_set import Rule, RuleSet
from hub.errors import ConfigError
from hub.installation import load_teams
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from hub.web.app import build_web
from tests.unit.web.conftest import Visit
from tests.unit.web.town import EVERYBODY, PagesTown

HEAD = Principal("account-head", "Chef", {Role.TEAM_HEAD: frozenset({"outreach"})})
OTHER_HEAD = Principal("account-other", "Annan chef", {Role.TEAM_HEAD: frozenset({"sig"})})
SHIPPED = load_rules(defaults_folder() / "rules")
TODAY = date(2025, 5, 19)


def rules_with(version: str = "2025.1", **sunsets: date | None) -> RuleSet:
    """The shipped rules, some with a last date: `absence_alone=…`."""
    wanted = {name.replace("_", "-"): until for name, until in sunsets.items()}
    rules = tuple(rule.model_copy(update={"sunset": wanted[rule.id]}) if rule.id in wanted else rule for rule in SHIPPED.rules)
    return SHIPPED.model_copy(update={"version": version, "rules": rules})


def put_in_force(town: PagesTown, rules: RuleSet, note: str = "") -> None:
    town.rule_sets(Actor("account-first")).activate(rules, note)


def section(page: str, rule: str) -> str:
    """The text of one rule's part of the page."""
    found = page.split(f'<section aria-labelledby="rule-{rule}">')[1].split("</section>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_before_anything_is_in_force_the_page_says_so_and_what_will_happen(empty_town: PagesTown, visit: Visit) -> None:
    page = visit(HEAD).get("/rules").text
    assert "Inga regler gäller ännu. Samtyckesregistret sätter installationens regler i kraft" in page


def test_each_rule_tells_its_owner_its_version_and_what_it_proposes(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with(), "beslut i rådet")
    page = visit(HEAD).get("/rules").text
    assert "beslut i rådet" in page
    told = section(page, "absence-alone")
    assert "Upprepad ogiltig frånvaro" in told
    assert "Gäller utan slutdatum" in told
    assert "Ansvarig Förebyggarteamet" in told
    assert "Oförändrad sedan 19 maj 2025 version 2025.1" in told
    assert "När Minst 8 timmar ogiltig frånvaro på 28 dagar." in told
    assert "Ogiltig frånvaro är ofta det första tecknet" in told
    assert page.index("rule-repeated-notices") < page.index("rule-place-presence")  # those about persons first


def test_an_unchanged_rule_keeps_the_version_it_came_with(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    empty_town.clock.advance(timedelta(days=3))
    put_in_force(empty_town, rules_with("2025.2", absence_alone=TODAY + timedelta(days=200)))
    page = visit(HEAD).get("/rules").text
    assert "Oförändrad sedan 22 maj 2025 version 2025.2" in section(page, "absence-alone")
    assert "Oförändrad sedan 19 maj 2025 version 2025.1" in section(page, "absence-and-notice")


def test_a_last_date_is_told_with_the_days_left_and_a_lapsed_rule_as_lapsed(empty_town: PagesTown, visit: Visit) -> None:
    dates = {
        "absence_alone": TODAY + timedelta(days=12),
        "absence_and_notice": TODAY - timedelta(days=1),
        "repeated_notices": TODAY,
    }
    put_in_force(empty_town, rules_with(**dates))
    page = visit(HEAD).get("/rules").text
    assert "12 dagar kvar , gäller till och med 31 maj 2025" in section(page, "absence-alone")
    assert "Har upphört : slutdatumet var 18 maj 2025; den föreslår inget" in section(page, "absence-and-notice")
    assert "0 dagar kvar , gäller till och med 19 maj 2025" in section(page, "repeated-notices")
    assert 'class="late">Har upphört' in page


def test_the_page_is_whole_in_english(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with(absence_alone=TODAY + timedelta(days=1)))
    client = visit(HEAD)
    client.get("/language/en")
    page = client.get("/rules").text
    assert "1 day left , holds through 20 May 2025" in section(page, "absence-alone")
    assert "Repeated unexcused absence" in section(page, "absence-alone")


def form(page: str) -> dict[str, str]:
    """What the renewal's form would send as it stands."""
    return dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))


def test_the_head_of_its_team_renews_a_rule_and_it_is_a_version_of_its_own(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with(absence_alone=TODAY + timedelta(days=12)))
    client = visit(HEAD)
    asked = client.get("/rules/absence-alone/renew")
    assert "Dess slutdatum är 31 maj 2025." in asked.text
    sent = form(asked.text) | {"until": "2026-06-30", "note": "genomgången i maj"}
    done = client.post("/rules/absence-alone/renew", data=sent)
    assert done.status_code == 303
    page = client.get(done.headers["location"]).text
    assert "Regeln är förnyad." in page
    assert "Gäller till och med 30 juni 2026" in section(page, "absence-alone")
    active = empty_town.rule_sets(Actor("account-first")).active()
    assert active is not None
    assert (active.version, active.by, active.note) == ("2025.1-r1", HEAD.account, "genomgången i maj")
    [entry] = the_latest(empty_town.audit.engine, Filter(actions=("rules_changed",)), 1)
    assert (entry.account, entry.unit, entry.role, entry.purpose) == (HEAD.account, "outreach", "team-head", "renew")


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"until": "2025-05-18"}, "Det datumet har passerat"),
        ({"until": "9999-12-31"}, "Välj ett datum senast år 2999"),
        ({"until": "2025-05-30"}, "Regeln gäller redan så länge"),
        ({"until": "2025-05-31"}, "ändras regelns fil, och reglerna aktiveras"),
        ({"until": "nästa år"}, "Ange datumet som år-månad-dag"),
        ({"until": ""}, "Ange datumet som år-månad-dag"),
        ({"until": "2026-06-30", "note": "om 200001019801"}, "Skriv varför med högst 200 tecken"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_done(
    empty_town: PagesTown, visit: Visit, sent: dict[str, str], complaint: str
) -> None:
    put_in_force(empty_town, rules_with(absence_alone=TODAY + timedelta(days=12)))
    client = visit(HEAD)
    answer = client.post("/rules/absence-alone/renew", data=form(client.get("/rules/absence-alone/renew").text) | sent)
    assert answer.status_code == 422
    assert complaint in answer.text
    assert "200001019801" not in answer.text
    assert len(empty_town.rule_sets(Actor("account-first")).history()) == 1


@pytest.mark.parametrize(
    ("sunset", "least", "proposed"),
    [
        (None, "2025-05-19", "2026-05-19"),
        (TODAY - timedelta(days=1), "2025-05-19", "2026-05-19"),
        (TODAY, "2025-05-20", "2026-05-19"),
        (date(2030, 1, 1), "2030-01-02", "2030-01-02"),
    ],
)
def test_the_form_asks_for_a_date_after_the_last_one(
    empty_town: PagesTown, visit: Visit, sunset: date | None, least: str, proposed: str
) -> None:
    put_in_force(empty_town, rules_with(absence_alone=sunset))
    page = visit(HEAD).get("/rules/absence-alone/renew").text
    assert f'type="date" min="{least}" max="2999-12-31" value="{proposed}"' in page


def test_who_is_no_head_of_that_team_sees_no_button_and_is_refused(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    other = visit(OTHER_HEAD)
    page = other.get("/rules").text
    assert "/rules/absence-alone/renew" not in page
    assert "/rules/repeated-notices/renew" in page
    refused = other.get("/rules/absence-alone/renew")
    assert (refused.status_code, "Det här är inget för dig" in refused.text or "förnyas av chefen" in refused.text) == (403, True)
    sent = form(other.get("/rules/repeated-notices/renew").text) | {"until": "2026-06-30"}
    assert other.post("/rules/absence-alone/renew", data=sent).status_code == 403
    assert visit(EVERYBODY).get("/rules/absence-alone/renew").status_code == 403
    assert len(empty_town.rule_sets(Actor("account-first")).history()) == 1


def test_a_rule_that_is_not_in_force_or_is_about_a_place_is_renewed_by_nobody(empty_town: PagesTown, visit: Visit) -> None:
    assert visit(HEAD).get("/rules/absence-alone/renew").status_code == 404
    put_in_force(empty_town, rules_with())
    assert visit(HEAD).get("/rules/nowhere/renew").status_code == 404
    assert visit(HEAD).get("/rules/place-presence/renew").status_code == 404


def test_rules_that_changed_meanwhile_are_not_overwritten(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    client = visit(HEAD)
    sent = form(client.get("/rules/absence-alone/renew").text) | {"until": "2026-06-30"}
    fewer = rules_with("2025.2").model_copy(update={"rules": tuple(r for r in SHIPPED.rules if isinstance(r, Rule))})
    put_in_force(empty_town, fewer)
    answer = client.post("/rules/absence-alone/renew", data=sent)
    assert (answer.status_code, "Någon ändrade reglerna under tiden" in answer.text) == (409, True)
    active = empty_town.rule_sets(Actor("account-first")).active()
    assert active is not None
    assert active.version == "2025.2"


def refused_renewal(town: PagesTown, visit: Visit) -> str:
    """What a head is told who sends the renewal of the rule absence-alone; nothing is in force afterwards that was not."""
    client = visit(HEAD)
    sent = form(client.get("/rules/absence-alone/renew").text) | {"until": "2026-06-30"}
    answer = client.post("/rules/absence-alone/renew", data=sent)
    assert answer.status_code == 409
    assert len(town.rule_sets(Actor("account-first")).history()) == 1
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_rule_whose_team_is_no_more_is_not_renewed_and_why_is_said(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    teams = {code: team for code, team in load_teams(defaults_folder()).items() if code != "outreach"}
    empty_town.surroundings = replace(empty_town.surroundings, teams=teams)
    told = refused_renewal(empty_town, visit)
    assert "Inget har ändrats" in told
    assert "Regeln passar inte längre i den här installationen" in told
    assert "en enhet eller en myndighet som inte finns kvar" in told
    assert "hub rules renew absence-alone --until 2026-06-30" in told


def test_a_rule_that_names_an_agency_that_is_no_more_is_not_renewed_and_why_is_said(empty_town: PagesTown, visit: Visit) -> None:
    rules = tuple(
        rule.model_copy(update={"counts_but_not_shown": ("school-closed",)}) if rule.id == "absence-alone" else rule
        for rule in SHIPPED.rules
    )
    put_in_force(empty_town, SHIPPED.model_copy(update={"rules": rules}))
    assert "Regeln passar inte längre i den här installationen" in refused_renewal(empty_town, visit)


def test_what_another_rule_names_stops_no_renewal(empty_town: PagesTown, visit: Visit) -> None:
    rules = tuple(
        rule.model_copy(update={"counts_but_not_shown": ("school-closed",)}) if rule.id == "repeated-notices" else rule
        for rule in SHIPPED.rules
    )
    put_in_force(empty_town, SHIPPED.model_copy(update={"rules": rules}))
    client = visit(HEAD)
    sent = form(client.get("/rules/absence-alone/renew").text) | {"until": "2026-06-30"}
    assert client.post("/rules/absence-alone/renew", data=sent).status_code == 303


def test_while_a_file_of_the_installation_is_wrong_nothing_is_renewed(empty_town: PagesTown, visit: Visit) -> None:
    def unreadable(_rules: RuleSet, _rule: str) -> None:
        raise ConfigError("teams.yaml: line 3: no mapping", code="bad_teams")

    put_in_force(empty_town, rules_with())
    empty_town.app = build_web(replace(empty_town.web, fits=unreadable))
    assert "hub rules check" in refused_renewal(empty_town, visit)


def test_without_the_audit_log_nothing_is_renewed(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    client = visit(HEAD)
    sent = form(client.get("/rules/absence-alone/renew").text) | {"until": "2026-06-30"}
    with empty_town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    answer = client.post("/rules/absence-alone/renew", data=sent)
    assert (answer.status_code, "så inget har ändrats" in answer.text) == (503, True)
    assert len(empty_town.rule_sets(Actor("account-first")).history()) == 1
