"""The auditor's monthly review: the same draw from the same seed, accounts and pseudonyms only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Subject, SubjectKind
from hub.audit.review import monthly_review
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import ANSWERS, OFFICER, Desk
from tests.unit.web.town import EVERYBODY, PagesTown

AUDITOR = Principal("account-auditor", "Revisor", each_for({Role.AUDITOR}, ()))


@pytest.fixture
def opened(town: PagesTown, visit: Visit) -> PagesTown:
    client = visit(EVERYBODY)
    for name in ("late", "soon", "fine"):
        client.get(town.path(name))
    return town


def test_openings_that_nothing_followed_are_listed_by_account_and_never_by_person(opened: PagesTown, visit: Visit) -> None:
    page = visit(AUDITOR).get("/audit/review", params={"month": "2025-05", "seed": "7"}).text
    assert "3 öppningar, 3 utan åtgärd." in page
    assert page.count("inget följde") == 4  # three rows and the explanation above
    assert EVERYBODY.account in page
    assert opened.tasks["late"] not in page


def test_each_row_says_why_it_is_there_drawn_at_random_or_nothing_followed_or_both(opened: PagesTown, visit: Visit) -> None:
    followed = Entry(
        Actor(EVERYBODY.account, unit="outreach"), Action.TASK_ACCEPTED, item=Subject(SubjectKind.TASK, opened.tasks["late"])
    )
    opened.audit.append(followed)
    page = visit(AUDITOR).get("/audit/review", params={"month": "2025-05", "seed": "7"}).text
    assert "3 öppningar, 2 utan åtgärd." in page
    rows = page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
    item = opened.audit.pseudonyms([Subject(SubjectKind.TASK, opened.tasks["late"])])[0][:9]
    assert ["dragen på måfå" in row for row in rows] == [True] * 3
    assert [("inget följde" in row) for row in rows if item in row] == [False]
    assert sum("inget följde" in row for row in rows) == 2


def test_the_same_seed_draws_the_same_and_the_look_itself_is_logged(opened: PagesTown, visit: Visit) -> None:
    client = visit(AUDITOR)
    first, again = (client.get("/audit/review", params={"month": "2025-05", "seed": "7"}).text for _ in range(2))
    assert first == again
    with opened.audit.engine.connect() as connection:
        rows = connection.exec_driver_sql("select count(*) from audit_entry where action = 'audit_reviewed'").scalar_one()
    assert rows == 2


def test_without_a_month_it_is_the_one_before_and_a_wrong_one_is_told(opened: PagesTown, visit: Visit) -> None:
    client = visit(AUDITOR)
    assert 'value="2025-04"' in client.get("/audit/review").text
    assert "Ingen öppnade något den månaden." in client.get("/audit/review").text
    wrong = client.get("/audit/review", params={"month": "maj"})
    assert wrong.status_code == 422
    for month in ("9999-12", "0000-01", "0001-01"):
        answer = client.get("/audit/review", params={"month": month})
        assert answer.status_code == 422
        assert "Ange månaden som år-månad" in answer.text
    assert "Ange månaden som år-månad" in wrong.text


def test_an_auditor_begins_at_the_review(opened: PagesTown, visit: Visit) -> None:
    assert visit(AUDITOR).get("/").headers["location"] == "/audit/review"


def test_consents_that_are_registered_signed_and_withdrawn_as_usual_are_no_openings_without_an_action(
    town: PagesTown, visit: Visit
) -> None:
    desk = Desk(visit(OFFICER), town)
    first = desk.register(signatures={"signatures": ["guardian_1"]})
    for page in (f"{first}?new=1", first, f"{first}/sign"):
        desk.client.get(page)
    done = desk.client.post(f"{first}/sign", data={"role": "guardian_2", "answer": "yes"})
    desk.client.get(done.headers["location"])
    town.clock.advance(timedelta(minutes=20))
    second = desk.register(period={"first": "2025-05-20", "last": "2025-11-01"})
    town.clock.advance(timedelta(minutes=20))
    for page in (second, f"{second}/withdraw"):
        desk.client.get(page)
    done = desk.client.post(f"{second}/withdraw", data={"by": "guardian_1"})
    desk.client.get(done.headers["location"])
    assert monthly_review(town.audit.engine, "2025-05", seed=7).without_action == 0
    town.clock.advance(timedelta(minutes=20))
    desk.client.get(first)  # and looks once more, for nothing
    assert monthly_review(town.audit.engine, "2025-05", seed=7).without_action == 1


def test_a_registration_that_is_begun_and_left_is_a_look_that_nothing_followed(town: PagesTown, visit: Visit) -> None:
    desk = Desk(visit(OFFICER), town)
    desk.register()
    town.clock.advance(timedelta(minutes=20))
    desk.client.post(f"{desk.begin()}/youth", data=ANSWERS["youth"])
    (row,) = [row for row in monthly_review(town.audit.engine, "2025-05", seed=7).rows if not row.followed]
    assert (row.entry.purpose, row.entry.item != "") == ("named", True)
