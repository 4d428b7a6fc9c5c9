"""Who opened which task stands in the audit log before the page is shown; when it cannot, there is no page."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import text

from hub.access.roles import Principal
from hub.audit.entries import Record, Subject, SubjectKind
from hub.audit.reading import Filter, the_latest
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import EVERYBODY, PagesTown


def entries(town: PagesTown, *actions: str) -> list[Record]:
    return the_latest(town.audit.engine, Filter(actions=actions), 100)[::-1]


def task_of(town: PagesTown, name: str) -> str:
    return town.audit.pseudonyms([Subject(SubjectKind.TASK, town.tasks[name])])[0]


def test_an_opening_says_who_for_which_team_of_whom(town: PagesTown, client: httpx.Client) -> None:
    assert client.get(f"/team/outreach/task/{town.tasks['fine']}").status_code == 200
    (entry,) = entries(town, "task_opened")
    assert (entry.account, entry.unit, entry.role) == (EVERYBODY.account, "outreach", "team-member")
    assert (entry.outcome, entry.rule, entry.item) == ("permit", "consent", task_of(town, "fine"))
    with town.engine.connect() as connection:
        found = connection.execute(text("SELECT subject FROM task WHERE task_id = :id"), {"id": town.tasks["fine"]}).scalar_one()
    assert entry.subject == town.audit.pseudonyms([Subject(SubjectKind.REFERENCE, found)])[0]


@pytest.mark.parametrize("name", ["hidden", "cancelled"])
def test_a_task_whose_ground_may_not_be_told_is_a_refusal(town: PagesTown, client: httpx.Client, name: str) -> None:
    assert client.get(f"/team/outreach/task/{town.tasks[name]}").status_code == 200
    (entry,) = entries(town, "task_opened")
    assert (entry.outcome, entry.rule, entry.subject, entry.item) == ("deny", "no_consent", "", task_of(town, name))


def test_a_task_of_another_team_is_a_refusal_too(town: PagesTown, client: httpx.Client) -> None:
    assert client.get(f"/team/outreach/task/{town.tasks['sig']}").status_code == 404
    (entry,) = entries(town, "task_opened")
    assert (entry.outcome, entry.rule) == ("deny", "unknown_task")


def test_a_presence_task_is_about_nobody(town: PagesTown, client: httpx.Client) -> None:
    name = next(name for name, number in town.tasks.items() if number in client.get("/team/outreach").text and name == "presence")
    client.get(f"/team/outreach/task/{town.tasks[name]}")
    (entry,) = entries(town, "task_opened")
    assert (entry.outcome, entry.subject) == ("permit", "")


def test_a_list_that_stays_open_is_one_look(town: PagesTown, client: httpx.Client, visit: Visit) -> None:
    for _ in range(3):
        client.get("/team/outreach")
    client.get("/team/outreach?all=1")
    client.get("/team/sig")
    visit(Principal("account-2", "Handläggare", EVERYBODY.roles)).get("/team/outreach")
    assert [(entry.account, entry.unit) for entry in entries(town, "task_listed")] == [
        (EVERYBODY.account, "outreach"), (EVERYBODY.account, "outreach"), (EVERYBODY.account, "sig"), ("account-2", "outreach"),
    ]  # fmt: skip


def test_a_search_is_written_down_whether_it_finds_or_not(town: PagesTown, client: httpx.Client) -> None:
    client.post("/find", data={"number": town.tasks["sig"][:8]}, follow_redirects=False)
    client.post("/find", data={"number": "00000000"})
    found, missed = entries(town, "task_sought")
    assert (found.outcome, found.unit, found.item) == ("permit", "sig", task_of(town, "sig"))
    assert (missed.outcome, missed.unit, missed.item) == ("deny", "", "")


@pytest.mark.parametrize("path", ["/", "/team/outreach", "/team/outreach/task/{fine}", "POST /find"])
def test_without_the_audit_log_there_is_no_page(town: PagesTown, client: Browser, path: str) -> None:
    with town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    client.token()
    if path.startswith("POST"):
        answer = client.post("/find", data={"number": town.tasks["fine"]}, follow_redirects=False)
    else:
        answer = client.get(path.format(**town.tasks), follow_redirects=False)
    assert answer.status_code == 500
    assert "absence" not in answer.text
    assert town.tasks["fine"] not in answer.text.replace(path.format(**town.tasks), "")


def test_a_list_that_was_open_when_the_audit_log_went_away_shows_no_more_and_comes_back_with_it(
    town: PagesTown, client: httpx.Client
) -> None:
    assert client.get("/team/outreach").status_code == 200
    with town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    answer = client.get("/team/outreach")
    assert answer.status_code == 500
    assert town.tasks["fine"] not in answer.text
    with town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO audit_entry"))
    assert client.get("/team/outreach").status_code == 200
    assert len(entries(town, "task_listed")) == 1
