"""One's calendar of a team: by an address that can be taken back, with times, and nothing of anybody or another team."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from hub.access.accounts import Newcomer
from hub.access.roles import Principal, Role
from hub.audit.entries import Actor
from hub.audit.reading import Filter, the_latest
from hub.contract.topics import CONSENTS
from hub.web.calendars import SEEN_WITHIN
from tests.unit.web.browser import Browser
from tests.unit.web.cases.make import PLACE, SARA, SIG_CONSENT, SOFIA, WHAT, act, committed, consent, opened, planned, sig_consent
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA, FRIDAY, plan
from tests.unit.web.town import NOW, PagesTown, make_consent, member

BOTH = member("Båda", "outreach", "sig")
MEETING = datetime(2025, 5, 21, 12, 0, tzinfo=NOW.tzinfo)  # 14.00 in Stockholm
PERSONAL = (PLACE, WHAT, "guardian", "school-norrkoping", "Vårdnads", "14 år", "Hageby")


def address(client: Browser, team: str) -> str:
    """The path of a new address."""
    found = re.search(r'value="http://127.0.0.1:8700(/calendar/[^"]+\.ics)"', client.post(f"/team/{team}/calendar").text)
    assert found is not None
    return found[1]


def events(client: Browser, path: str) -> list[tuple[Any, str, str]]:
    """(start, title, state) of each event of a calendar."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    found = Calendar.from_ical(answer.text).walk("VEVENT")
    return [(one["DTSTART"].dt, str(one["SUMMARY"]), str(one["STATUS"])) for one in found]


def accepted(client: Browser, path: str) -> None:
    version = re.search(r'name="version" value="([0-9]+)"', client.get(path).text)
    assert version is not None
    assert client.post(f"{path}/accept", data={"version": version[1], "concern": "no"}).status_code == 303


def logged(town: PagesTown) -> list[tuple[str, str, str, str]]:
    """(action, purpose, unit, outcome) of what the log holds of calendars, oldest first."""
    found = [(one.action, one.purpose, one.unit, one.outcome) for one in the_latest(town.audit.engine, Filter(), 200)]
    return [one for one in reversed(found) if one[0].startswith("calendar_")]


def test_an_address_is_shown_by_the_answer_that_made_it_and_never_again(empty_town: PagesTown, visit: Visit) -> None:
    sara = visit(SARA)
    assert "Du har ingen adress." in sara.get("/team/sspf/calendar").text
    address(sara, "sspf")
    again = sara.get("/team/sspf/calendar").text
    assert "Din adress gäller till" in again
    assert "Ingen kalender har hämtat den än." in again
    assert "/calendar/" not in again.replace("/team/sspf/calendar", "")


@pytest.mark.parametrize("team", ["outreach", "sig", "sspf"])
def test_each_teams_page_leads_to_its_own(empty_town: PagesTown, visit: Visit, team: str) -> None:
    client = visit(member("Någon", team))
    assert f'href="/team/{team}/calendar"' in client.get(f"/team/{team}").text
    text = client.get(f"/team/{team}/calendar").text
    assert ("var och när någon ska vara på plats" in text) is (team == "outreach")
    assert ("när ärenden har möten" in text) is (team != "outreach")


def test_the_outreach_teams_has_the_plan_and_the_clocks_of_ones_own_tasks(
    town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    anna = visit(ANNA)
    plan(anna)
    accepted(anna, town.path("fine"))
    found = events(stranger, address(anna, "outreach"))
    assert (FRIDAY, "Närvaro: Hageby", "CONFIRMED") in found
    assert [title for _, title, _ in found if title.startswith("Följ upp")] == [f"Följ upp uppgift {town.tasks['fine'][:8]}"]


@pytest.mark.parametrize("team", ["sspf", "sig"])
def test_a_team_with_cases_has_their_meetings_and_what_is_to_be_done_and_names_no_case(
    town: PagesTown, visit: Visit, stranger: Browser, team: str
) -> None:
    consent(town)
    sig_consent(town)
    plan(visit(ANNA))
    client = visit(SARA if team == "sspf" else SOFIA)
    case = opened(client) if team == "sspf" else opened(client, team="sig", consent=SIG_CONSENT, exit="no")
    assert planned(client, case, summoned=["youth"]).status_code == 303
    assert committed(client, case, who="youth", domain="housing").status_code == 303
    if team == "sig":
        accepted(client, town.path(team))
    path, number = address(client, team), case.rsplit("/", 1)[1][:8]
    found = events(stranger, path)
    assert (MEETING, "Möte i ett ärende", "CONFIRMED") in found
    assert (date(2025, 5, 23), "Något ska vara gjort i ett ärende", "CONFIRMED") in found
    assert not any("Närvaro" in title for _, title, _ in found)
    assert len(found) == (3 if team == "sig" else 2)
    told = stranger.get(path).text.replace("\r\n ", "")
    assert f"http://127.0.0.1:8700/team/{team}/cases" in told
    assert not [part for part in (*PERSONAL, number, f"/team/{team}/case/") if part in told]
    assert told.count("UID:") == len(set(re.findall("UID:.*", told)))
    assert re.findall("UID:.*", stranger.get(path).text) == re.findall("UID:.*", stranger.get(path).text)
    assert act(client, case, "cancel", meeting="1").status_code == 303
    assert (MEETING, "Möte i ett ärende", "CANCELLED") in events(stranger, path)


def test_what_consent_carries_no_more_is_in_no_calendar(empty_town: PagesTown, visit: Visit, stranger: Browser) -> None:
    ref, sara = consent(empty_town), visit(SARA)
    assert planned(sara, opened(sara)).status_code == 303
    path = address(sara, "sspf")
    assert len(events(stranger, path)) == 1
    empty_town.take(CONSENTS, ref, make_consent(ref, "sspf", withdrawn=True))
    assert events(stranger, path) == []


def test_who_is_of_two_teams_has_two_addresses_and_neither_has_anything_of_the_other(
    town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    sig_consent(town)
    both = visit(BOTH)
    plan(both)
    assert planned(both, opened(both, team="sig", consent=SIG_CONSENT, exit="no"), summoned=["youth"]).status_code == 303
    accepted(both, town.path("fine"))
    accepted(both, town.path("sig"))
    ours, theirs = (events(stranger, address(both, team)) for team in ("outreach", "sig"))
    titles = [sorted(title.split(" ")[0] for _, title, _ in found) for found in (ours, theirs)]
    assert titles == [["Följ", "Närvaro:"], ["Följ", "Möte"]]
    assert not {title for _, title, _ in ours} & {title for _, title, _ in theirs}


def test_a_new_address_and_an_end_take_the_former_one_back_and_the_log_has_both(
    empty_town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    sara = visit(SARA)
    first = address(sara, "sspf")
    second = address(sara, "sspf")
    assert [stranger.get(one).status_code for one in (first, second)] == [404, 200]
    assert sara.post("/team/sspf/calendar", data={"end": "yes"}).status_code == 303
    assert stranger.get(second).status_code == 404
    assert "Adressen har upphört." in sara.get("/team/sspf/calendar?done=1").text
    assert logged(empty_town) == [
        ("calendar_changed", "renewed", "sspf", "permit"), ("calendar_changed", "renewed", "sspf", "permit"),
        ("calendar_fetched", "", "sspf", "permit"), ("calendar_changed", "ended", "sspf", "permit"),
    ]  # fmt: skip


def test_an_address_that_was_made_before_each_team_had_its_own_holds(
    empty_town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    anna = visit(ANNA)
    plan(anna)
    path = address(anna, "outreach")
    assert events(stranger, f"/presence{path}") == events(stranger, path)


def test_who_has_not_been_at_the_teams_pages_for_long_hears_nothing_until_she_is_there_again(
    empty_town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    sara = visit(SARA)
    path = address(sara, "sspf")
    empty_town.clock.set(NOW + SEEN_WITHIN)
    assert stranger.get(path).status_code == 200
    empty_town.clock.set(NOW + SEEN_WITHIN + timedelta(seconds=1))
    assert stranger.get(path).status_code == 404
    visit(SARA).get("/team/sspf/today")
    assert stranger.get(path).status_code == 200


@pytest.mark.parametrize("what", ["disabled", "another team"])
def test_an_account_of_this_installation_that_may_no_more_hears_nothing_at_once(
    empty_town: PagesTown, visit: Visit, stranger: Browser, what: str
) -> None:
    accounts, keeper = empty_town.accounts, Actor("keeper")
    made = accounts.add(Newcomer("sara", "Prov", {Role.TEAM_MEMBER: frozenset({"sspf"})}), "four words that differ", keeper)
    path = address(visit(member_of(made.account)), "sspf")
    assert stranger.get(path).status_code == 200
    if what == "disabled":
        accounts.set_disabled("sara", keeper, disabled=True)
    else:
        accounts.set_rights("sara", {Role.TEAM_MEMBER: frozenset({"outreach"})}, keeper)
    assert stranger.get(path).status_code == 404


def member_of(account: str) -> Principal:
    """A member of SSPF under that account's own id."""
    return Principal(account, "Sara", {Role.TEAM_MEMBER: frozenset({"sspf"})})


def test_a_calendars_look_is_on_the_page_and_in_the_log_once_a_day_and_without_the_log_there_is_none(
    empty_town: PagesTown, visit: Visit, stranger: Browser
) -> None:
    sara = visit(SARA)
    path = address(sara, "sspf")
    for _ in range(3):
        assert stranger.get(path).status_code == 200
    assert "En kalender hämtade den senast 2025-05-19." in sara.get("/team/sspf/calendar").text
    assert [action for action, *_ in logged(empty_town)] == ["calendar_changed", "calendar_fetched"]
    empty_town.clock.advance(timedelta(days=1))
    with empty_town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to gone")
    answer = stranger.get(path)
    assert answer.status_code in {500, 503}
    assert "BEGIN:VCALENDAR" not in answer.text


def test_it_is_there_in_english(empty_town: PagesTown, visit: Visit, stranger: Browser) -> None:
    sara = visit(SARA)
    sara.get("/language/en")
    consent(empty_town)
    assert planned(sara, opened(sara)).status_code == 303
    assert events(stranger, address(sara, "sspf"))[0][1] == "Meeting of a case"
    assert "when there are meetings of cases" in sara.get("/team/sspf/calendar").text


@pytest.mark.parametrize(("who", "team"), [(SARA, "sspf"), (SOFIA, "sig")])
def test_who_works_with_cases_alone_is_led_to_her_calendar_and_it_goes_on_while_she_does(
    empty_town: PagesTown, visit: Visit, who: Principal, team: str
) -> None:
    path = address(visit(who), team)
    empty_town.clock.advance(SEEN_WITHIN - timedelta(days=1))
    assert f'href="/team/{team}/calendar"' in visit(who).get(f"/team/{team}/cases").text
    empty_town.clock.advance(timedelta(days=2))
    assert visit(None).get(path).status_code == 200
