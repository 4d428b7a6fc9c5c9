"""What one team writes, planted in everything that holds text, is read by no other team on any route that there is.

Role by door is `test_doors.py`, role by task and case `test_walls.py`. Here it is what the doors lead to: each member asks every
route of the application, the other teams' under their own names and by their numbers under her own, and nothing of theirs is
told or changed. What is planted is a script and a formula, so that it is seen, too, that neither ever runs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import inspect, text

from hub.access.roles import Principal, Role
from hub.contract.topics import PLACE_EVENTS
from hub.web.doors import OPEN, Door
from tests.unit.web.browser import Browser
from tests.unit.web.cases.make import CONSENT, SIG_CONSENT, act, consent, opened, planned, sig_consent
from tests.unit.web.conftest import Visit
from tests.unit.web.places import filled
from tests.unit.web.presence.make import TERMS, VISIT
from tests.unit.web.town import NOW, PagesTown, make_planned, make_task

TEAMS = ("outreach", "sig", "sspf")
ENDS_THE_VISIT = {"/sign-out", "/me/sessions", "/me/password"}
SENT = {
    "version": "1", "concern": "no", "reason": "no_capacity", "outcome": "service", "text": "x", "to": "account-sig", "move": "accept",
    "who": "team", "meeting": "1", "commitment": "1", "end": "yes", "contact": "1",
}  # fmt: skip


def mark_of(team: str) -> str:
    """What is planted: a spreadsheet takes it for a formula, a browser for a script."""
    return f"=planted-{team}<script>alert('{team}')</script>"


def member_of(team: str) -> Principal:
    """A head, who may do everything that a member may; her name is planted too."""
    return Principal(f"account-{team}", mark_of(team), {Role.TEAM_HEAD: frozenset({team}), Role.TEAM_MEMBER: frozenset({team})})


@dataclass
class Planted:
    """By team what its paths are filled in with, by the name of the part."""

    numbers: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self, door: str, team: str, of: str) -> str:
        """The door's path under `team`, with the numbers of what is of the team `of`."""
        own = {"team": team} | self.numbers[of]
        return filled(re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: own.get(found[1], found[0]), door))


def number(path: str) -> str:
    return path.partition("?")[0].rsplit("/", 1)[1]


def plant(town: PagesTown, visit: Visit) -> Planted:
    """Tasks with notes, cases with meetings, orders, contacts, presences and agreements, each by its own team."""
    consent(town)
    sig_consent(town)
    planted = Planted()
    town.add("sspf", make_task("repeated-notices", created=NOW - timedelta(hours=1), days=5, team="sspf"))
    for team, task in (("outreach", "fine"), ("sig", "sig"), ("sspf", "sspf")):
        client, mark = visit(member_of(team)), mark_of(team)
        path = town.path(task)
        version = re.search(r'name="version" value="([0-9]+)"', client.get(path).text)
        assert version is not None
        assert client.post(f"{path}/note", data={"version": version[1], "text": mark}).status_code == 303
        planted.numbers[team] = {"task": town.tasks[task]}
    for team, number_of, more in (("sspf", CONSENT, {}), ("sig", SIG_CONSENT, {"exit": "no"})):
        client, mark = visit(member_of(team)), mark_of(team)
        case = opened(client, team=team, consent=number_of, **more)
        assert planned(client, case, place=mark, summoned=["youth"]).status_code == 303
        assert act(client, case, "commit", who="youth", what=mark, due="2025-05-23", domain="housing").status_code == 303
        planted.numbers[team] |= {"case": number(case), "meeting": "1"}
    plant_places(town, visit(member_of("outreach")), planted)
    return planted


def plant_places(town: PagesTown, client: Browser, planted: Planted) -> None:
    """What the outreach team alone has."""
    mark, base = mark_of("outreach"), "/team/outreach"
    order = {"service": "information", "ordered_by": mark, "place": mark, "theme": mark, "day": "2025-05-23", "time": "10:00"}
    assert client.post(f"{base}/orders", data=order).status_code == 303
    assert client.post(f"{base}/contacts", data={"asking": "parent", "way": mark}).status_code == 303
    visit = client.post(f"{base}/presence/new", data=VISIT).headers["location"]
    agreement = client.post(f"{base}/presence/agreements/new", data=TERMS | {"association": mark, "goal": mark, "more": mark})
    (ordered,) = town.orders.orders.of_team("outreach")
    event = make_planned()
    town.take(PLACE_EVENTS, event.area, event)
    planted.numbers["outreach"] |= {
        "order": ordered.order_id, "visit": number(visit), "agreement": number(agreement.headers["location"]),
    }  # fmt: skip
    chosen = {"agreements": [planted.numbers["outreach"]["agreement"]], "places": "1", "days": "3", "version": "1"}
    assert client.post(f"{base}/presence/visit/{planted.numbers['outreach']['visit']}/offer", data=chosen).status_code == 303
    (offer,) = town.web.presence().offers.of_visits([planted.numbers["outreach"]["visit"]])[planted.numbers["outreach"]["visit"]]
    planted.numbers["outreach"]["offer"] = offer.offer_id


@pytest.fixture
def planted(town: PagesTown, visit: Visit) -> Planted:
    return plant(town, visit)


def doors(town: PagesTown) -> Iterator[tuple[str, Door]]:
    """(method, door) of every route that asks for a role, and does not end the visit."""
    for door in town.app.routes:
        if isinstance(door, Door) and door.action != OPEN and door.path not in ENDS_THE_VISIT:
            yield from ((method, door) for method in sorted(door.methods))


def rows_of_others(town: PagesTown, team: str) -> dict[str, list[str]]:
    """By table what is not the team's own: of tables with a team the others' rows; of presence everything, unless it is its own."""
    found = {}
    with town.engine.connect() as connection:
        for table in sorted(inspect(town.engine).get_table_names()):
            columns = {column["name"] for column in inspect(town.engine).get_columns(table)}
            place = table.startswith("presence_") or table == "planned_event"
            if "team" in columns:
                query = f"SELECT * FROM {table} WHERE team <> :team"
            elif place and team != "outreach":
                query = f"SELECT * FROM {table} WHERE :team <> ''"
            else:
                continue
            found[table] = sorted(map(repr, connection.execute(text(query), {"team": team})))
    return found


@pytest.mark.parametrize("team", TEAMS)
def test_no_route_tells_or_changes_anything_of_another_team_and_each_refusal_is_in_the_log(
    town: PagesTown, visit: Visit, planted: Planted, team: str
) -> None:
    client, others = visit(member_of(team)), [one for one in TEAMS if one != team]
    before, tried = rows_of_others(town, team), 0
    for method, door in doors(town):
        for other in others if "{" in door.path else others[:1]:
            data = SENT if method == "POST" else None
            if "{team}" in door.path:
                noted = len(town.trail.entries)
                answer = client.request(method, planted.path(door.path, other, other), data=data)
                assert answer.status_code == 403, (method, door.path, other)
                (entry,) = town.trail.entries[noted:]
                assert (entry.actor.account, entry.actor.unit, entry.rule) == (f"account-{team}", other, str(door.action))
                assert entry.outcome.value == "deny"
                assert f"planted-{other}" not in answer.text
            answer = client.request(method, planted.path(door.path, team, other), data=data)
            assert f"planted-{other}" not in answer.text, (method, door.path, other)
            tried += 1
    assert tried > 200
    assert rows_of_others(town, team) == before
    assert "task" in before


@pytest.mark.parametrize("team", TEAMS)
def test_what_a_team_wrote_it_reads_and_nowhere_does_a_script_or_a_formula_run(
    town: PagesTown, visit: Visit, planted: Planted, team: str
) -> None:
    client, seen = visit(member_of(team)), 0
    for method, door in doors(town):
        if method == "GET":
            answer = client.get(planted.path(door.path, team, team))
            seen += f"planted-{team}" in answer.text
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "<script>alert" not in answer.text, door.path
                assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert seen >= 3, "else nothing was planted"
    if team == "outreach":
        content = client.get("/team/outreach/presence/year.csv").content.decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(content), delimiter=";") for cell in row]
        assert any("planted-outreach" in cell for cell in cells)
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_an_association_that_opens_its_link_is_shown_no_script_and_nothing_of_a_task(
    town: PagesTown, planted: Planted, stranger: Browser
) -> None:
    visit = planted.numbers["outreach"]["visit"]
    (offer,) = town.web.presence().offers.of_visits([visit])[visit]
    answer = stranger.get(f"/presence/offer/{offer.answer_link}")
    assert "planted-outreach" in answer.text  # its own name, as it stands in the register
    assert "<script>alert" not in answer.text
    assert not [one for one in town.tasks.values() if one in answer.text]
