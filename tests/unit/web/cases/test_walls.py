"""Role by team by action: outreach, SIG and SSPF never read or touch each other's cases (OSL 8:1-2), whoever asks in which role."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from tests.unit.web.browser import Browser
from tests.unit.web.cases.make import PLACE, SARA, SIG_CONSENT, SOFIA, WHAT, committed, consent, opened, planned, sig_consent
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown

WORKERS = {Role.TEAM_MEMBER, Role.TEAM_HEAD}
TEAMS = ("outreach", "sspf", "sig")
DEEDS = ("invite", "plan", "cancel", "hold", "commit", "settle", "close", "identity")
DATA = {
    "version": "99", "worry": "2", "meeting": "1", "commitment": "1", "parties": "youth", "present": "youth",
    "summoned": "youth", "who": "youth", "what": "x", "day": "2025-06-01", "time": "10:00", "place": "x", "due": "2025-06-01",
}  # fmt: skip


def asked(client: Browser, team: str, number: str) -> Iterator[tuple[str, int, str]]:
    """Everything that can be asked of one case under a team: what, the answer's status, its text."""
    path = f"/team/{team}/case/{number}"
    for place in (path, f"{path}/summons/1", f"{path}/agenda/1", f"/team/{team}/cases", f"/team/{team}/cases?ended=1"):
        answer = client.get(place)
        yield f"GET {place}", answer.status_code, answer.text
    for deed in DEEDS:
        answer = client.post(f"{path}/{deed}", data=DATA)
        yield f"POST {deed}", answer.status_code, answer.text


@pytest.mark.parametrize(("role", "own"), list(product(Role, TEAMS)))
def test_only_a_team_itself_gets_at_its_cases(empty_town: PagesTown, visit: Visit, role: Role, own: str) -> None:
    consent(empty_town)
    sig_consent(empty_town)
    sara, sofia = visit(SARA), visit(SOFIA)
    paths = {"sspf": opened(sara), "sig": opened(sofia, team="sig", consent=SIG_CONSENT, exit="no")}
    for client, path in ((sara, paths["sspf"]), (sofia, paths["sig"])):
        assert planned(client, path, summoned=["youth"]).status_code == 303
        assert committed(client, path, who="youth", domain="housing").status_code == 303
    numbers = {team: path.rsplit("/", 1)[1] for team, path in paths.items()}
    before = {team: empty_town.cases.cases.read(number, team).version for team, number in numbers.items()}
    client = visit(Principal("account-7", "Någon", each_for({role}, (own,))))
    for team, number in numbers.items():
        inside = role in WORKERS and team == own
        for what, status, text in asked(client, team, number):
            assert (status == 403) is not inside, (team, what, status)
            assert inside or not (PLACE in text or WHAT in text), (team, what)
        if not inside:  # nor by its number, under one's own team
            for what, status, text in asked(client, own, number):
                hers = what.endswith(("/cases", "ended=1"))
                assert hers or status in {403, 404}, (team, what, status)
                assert hers or not (PLACE in text or WHAT in text), (team, what)
    after = {team: empty_town.cases.cases.read(number, team).version for team, number in numbers.items()}
    assert after == before, "a form that nobody was shown changes nothing, whoever sends it"
