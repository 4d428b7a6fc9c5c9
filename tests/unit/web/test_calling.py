"""Tasks that call somebody, on the pages: in the deputy's and the head's list, on the task itself, and how they are taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.contract.models import ConsentStatus, ReferralTask
from hub.contract.topics import CONSENTS
from hub.delivery.calls import Calls
from hub.delivery.ladder import Ladder
from hub.delivery.notes import NoteKind
from hub.delivery.tables import ErrandRow
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.web.conftest import Visit
from tests.unit.web.town import NOW, PagesTown, make_consent, make_task, member

HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})
DEPUTY = member("Bo", "sspf")


def late(town: PagesTown, *, recipients: tuple[str, ...] = ("outreach",)) -> ReferralTask:
    """A task that has called its team, its deputy and its head."""
    task = town.add("late", make_task("absence-alone", created=NOW - timedelta(days=9), days=5))
    consent = make_consent(task.youth_ref, "outreach")
    wider = consent.scopes[0].model_copy(update={"recipients": recipients})
    town.take(CONSENTS, task.youth_ref, consent.model_copy(update={"version": 2, "scopes": (wider,)}))
    Calls(town.engine, town.clock, Ladder({"outreach": TeamCalls(deputy="sspf")})).make_due()
    return task


def test_the_task_says_whom_it_called_and_when(empty_town: PagesTown, visit: Visit) -> None:
    late(empty_town)
    text = visit(HEAD).get(empty_town.path("late")).text
    for told in ("Påmind", "Gick vidare till", "SSPF-samordnaren", "enhetens chef"):
        assert told in text


def test_the_heads_start_page_and_list_have_what_calls_her(empty_town: PagesTown, visit: Visit) -> None:
    task = late(empty_town)
    head = visit(HEAD)
    assert "1 uppgift behöver dig" in head.get("/").text
    listed = head.get("/team/outreach?show=called").text
    assert f'href="/team/outreach/task/{task.task_id}"' in listed
    assert "Behöver dig" not in visit(member("Anna", "outreach")).get("/team/outreach").text


def test_a_deputy_sees_that_there_is_a_task_and_nothing_of_whom_it_is_about(empty_town: PagesTown, visit: Visit) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    deputy = visit(DEPUTY)
    listed = deputy.get("/team/sspf?show=called").text
    assert "Inte besvarad av Förebyggarteamet" in listed
    assert f'href="/team/sspf/task/{task.task_id}"' not in listed
    assert deputy.get(f"/team/sspf/task/{task.task_id}").status_code == 404


def test_a_deputy_whom_the_consent_names_takes_over_and_it_is_logged(empty_town: PagesTown, visit: Visit) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    deputy, version = visit(DEPUTY), empty_town.worklist.all_tasks()[0].version
    answer = deputy.post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Din enhet har uppgiften nu." in answer.text
    assert "från Förebyggarteamet" in answer.text
    assert task.task_id not in visit(member("Anna", "outreach")).get("/team/outreach").text
    assert "task_taken_over" in [one.action for one in the_latest(empty_town.audit.engine, Filter(), 9)]


def test_a_team_that_had_read_the_task_and_is_called_back_has_the_button_to_take_it_over(
    empty_town: PagesTown, visit: Visit
) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    anna, deputy = visit(member("Anna", "outreach")), visit(DEPUTY)
    anna.get(f"/team/outreach/task/{task.task_id}")
    version = empty_town.worklist.all_tasks()[0].version
    deputy.post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)})
    Calls(empty_town.engine, empty_town.clock, Ladder({"sspf": TeamCalls(deputy="outreach")})).make_due()
    listed = anna.get("/team/outreach?show=called").text
    assert "Inte besvarad av SSPF-samordnaren" in listed
    assert f'action="/team/outreach/task/{task.task_id}/take-over"' in listed
    assert f'href="/team/outreach/task/{task.task_id}"' not in listed


def test_the_team_before_reads_above_its_list_that_its_own_system_keeps_the_task_and_the_one_after_does_not(
    empty_town: PagesTown, visit: Visit
) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    deputy, version = visit(DEPUTY), empty_town.worklist.all_tasks()[0].version
    deputy.post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)})
    with Session(empty_town.engine) as session, session.begin():
        session.add(
            ErrandRow(
                task_id=task.task_id, state="cancelled", sink="journal", team="outreach", function="x", priority="normal",
                created_at=NOW, respond_by=NOW, written_at=NOW, status="refused", code="status_422", settled_at=NOW,
            )
        )  # fmt: skip
    told = f"Systemet journal kunde inte få veta att uppgift {task.task_id[:8]} inte är er längre: status_422."
    assert told in visit(member("Anna", "outreach")).get("/team/outreach").text
    for path in ("/team/sspf", f"/team/sspf/task/{task.task_id}"):
        page = deputy.get(path)
        assert (page.status_code, "journal" in page.text) == (200, False)


def test_whoever_takes_over_is_told_that_notes_stay_with_the_team_before_and_never_what_they_say(
    empty_town: PagesTown, visit: Visit
) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    for kind in (NoteKind.NOTE, NoteKind.SAFE_CONTACT):
        empty_town.notes.add(task.task_id, "outreach", "account-1", kind, "i förtroende", record=lambda: None)
    deputy, version = visit(DEPUTY), empty_town.worklist.all_tasks()[0].version
    page = deputy.post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)}, follow_redirects=True).text
    assert "i förtroende" not in page
    assert "2 anteckningar stannar hos Förebyggarteamet." in page
    assert page.index("Förebyggarteamet har antecknat något om det.") < page.index("Varför")


@pytest.mark.parametrize(
    ("recipients", "behind", "told"),
    [(("outreach",), 0, "inget gällande samtycke nämner er enhet"), (("outreach", "sspf"), 1, "någon hann före")],
)
def test_what_is_not_taken_over_says_why_and_what_to_do(
    empty_town: PagesTown, visit: Visit, recipients: tuple[str, ...], behind: int, told: str
) -> None:
    task = late(empty_town, recipients=recipients)
    version = empty_town.worklist.all_tasks()[0].version - behind
    answer = visit(DEPUTY).post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)})
    assert answer.status_code == 409
    assert told in answer.text


def test_the_team_that_read_a_task_before_acknowledges_the_withdrawal_on_a_page_that_tells_nothing_of_the_team_after_it(
    empty_town: PagesTown, visit: Visit
) -> None:
    task = late(empty_town, recipients=("outreach", "sspf"))
    anna, deputy = visit(member("Anna", "outreach")), visit(DEPUTY)
    path = f"/team/outreach/task/{task.task_id}"
    assert anna.get(path).status_code == 200
    version = empty_town.worklist.all_tasks()[0].version
    deputy.post(f"/team/sspf/task/{task.task_id}/take-over", data={"version": str(version)})
    assert anna.get(path).status_code == 404
    withdrawn = make_consent(task.youth_ref, "outreach").model_copy(
        update={"version": 3, "status": ConsentStatus.WITHDRAWN, "scopes": (), "age_years": None}
    )
    empty_town.take(CONSENTS, task.youth_ref, withdrawn)
    assert "Samtycket återkallat" in anna.get("/team/outreach").text
    page = anna.get(path).text
    assert "Samtycket är återkallat." in page
    assert "SSPF" not in page
    answer = anna.post(f"{path}/acknowledge", data={}, follow_redirects=True)
    assert (answer.status_code, "Kvitterat" in answer.text) == (200, True)
    assert task.task_id not in anna.get("/team/outreach").text
