"""Role by team by action: outreach, SIG and SSPF never see or touch each other's tasks (OSL 8:1-2), whoever asks in which role."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown

TEAMS = {"outreach": "fine", "sig": "sig", "sspf": "sspf"}
WORKERS = {Role.TEAM_MEMBER, Role.TEAM_HEAD}
DEEDS = ("accept", "decline", "undo", "start", "hand-over", "complete", "note", "take-over", "acknowledge", "identity")
TOLD = ("Hageby", "14 år", "underrättelse av visst slag", "ogiltig frånvaro")
DATA = {"version": "1", "concern": "no", "reason": "no_capacity", "outcome": "service", "text": "x", "to": "account-7"}


def asked(client: Browser, path: str) -> Iterator[tuple[str, int, str]]:
    """Everything that can be asked of one task: what, the answer's status, its text."""
    for place in ("", "/concern"):
        answer = client.get(path + place)
        yield f"GET {place}", answer.status_code, answer.text
    for deed in DEEDS:
        answer = client.post(f"{path}/{deed}", data=DATA)
        yield f"POST {deed}", answer.status_code, answer.text


@pytest.mark.parametrize(("role", "own"), list(product(Role, TEAMS)))
def test_only_a_team_itself_gets_at_its_tasks(town: PagesTown, visit: Visit, role: Role, own: str) -> None:
    client = visit(Principal("account-7", "Någon", each_for({role}, (own,))))
    before = {view.task_id: (view.state, view.opened_at, view.version) for view in town.worklist.all_tasks()}
    for team, name in TEAMS.items():
        inside = role in WORKERS and team == own
        for what, status, text in asked(client, f"/team/{team}/task/{town.tasks[name]}"):
            assert (status == 403) is not inside, (team, what, status)
            assert inside or not any(told in text for told in TOLD), (team, what)
        if not inside:
            # Nor by its number, under one's own team.
            for what, status, text in asked(client, f"/team/{own}/task/{town.tasks[name]}"):
                assert status in {403, 404} or what == "GET /concern", (team, what, status)
                assert not any(told in text for told in TOLD), (team, what)
    after = {view.task_id: (view.state, view.opened_at, view.version) for view in town.worklist.all_tasks()}
    mine = town.tasks[TEAMS[own]] if role in WORKERS else ""
    assert {number: one for number, one in after.items() if number != mine} == {
        number: one for number, one in before.items() if number != mine
    }
