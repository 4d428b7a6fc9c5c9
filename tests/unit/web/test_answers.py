"""What a team does with a task on its page: what then stands there, what is refused and why, and what the audit log has."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx
import pytest

from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.contract.models import TaskState
from hub.errors import RetriableError
from hub.web.app import build_web
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import PagesTown, member

ANNA, BO = member("Anna", "outreach"), member("Bo", "outreach")
SIG = member("Sofia", "sig")
HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})
SCRIPT = "<script>alert(1)</script>"


def version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    return found[1] if found else ""


def act(client: Browser, path: str, deed: str, **data: str) -> httpx.Response:
    """As somebody who has just read the page."""
    return client.post(f"{path}/{deed}", data={"version": version(client.get(path).text)} | data)


def state(town: PagesTown, name: str) -> TaskState:
    return next(view.state for view in town.worklist.all_tasks() if view.task_id == town.tasks[name])


def logged(town: PagesTown, number: int) -> list[tuple[str, str, str, str]]:
    """The last entries of the audit log, oldest first."""
    records = the_latest(town.audit.engine, Filter(), number)
    return [(one.action, one.purpose, one.outcome, one.rule) for one in reversed(records)]


def test_a_task_goes_through_the_hands_of_a_team(town: PagesTown, visit: Visit) -> None:
    anna, bo, path = visit(ANNA), visit(BO), town.path("fine")
    bo.get("/team/outreach")
    answer = act(anna, path, "accept", concern="no")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=accepted")
    said = text_of(anna.get(f"{path}?done=accepted"))
    assert "Du har uppgiften nu." in said
    assert "Följ upp senast" in said
    assert "Mottagen, Anna" in text_of(bo.get("/team/outreach"))
    assert "Anna har den här uppgiften." in text_of(bo.get(path))
    act(anna, path, "start")
    act(anna, path, "hand-over", to=BO.account)
    assert "Du har den här uppgiften." in text_of(bo.get(path))
    act(bo, path, "complete", outcome="assistance")
    assert state(town, "fine") is TaskState.COMPLETED
    said = text_of(anna.get(path))
    assert "Slutförd: Bistånd" in said
    for line in ("Påbörjad", "Anna, till Bo"):
        assert line in said
    deeds = [one[:2] for one in logged(town, 40) if one[0] not in {"task_opened", "task_listed"}]
    assert deeds == [
        ("task_accepted", "no_concern"), ("task_started", ""), ("task_handed_over", ""), ("task_completed", "assistance")
    ]  # fmt: skip


def test_accepting_asks_for_an_immediate_worry_and_yes_leads_to_the_report(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    unanswered = act(client, path, "accept")
    assert unanswered.status_code == 400
    assert "Svara på om det finns omedelbar oro för barnet." in unanswered.text
    assert state(town, "fine") is TaskState.RECEIVED
    answer = act(client, path, "accept", concern="yes")
    assert answer.headers["location"] == f"{path}/concern"
    assert "Ring 112" in client.get(f"{path}/concern").text
    assert logged(town, 1)[0][0] == "report_of_concern_led_to"


@pytest.mark.parametrize("name", ["fine", "hidden", "recalled", "cancelled", "presence"])
def test_every_task_offers_the_report_of_concern(town: PagesTown, visit: Visit, name: str) -> None:
    assert f'href="{town.path(name)}/concern"' in visit(ANNA).get(town.path(name)).text


def test_the_way_to_a_report_waits_for_no_log(town: PagesTown) -> None:
    class Silent:
        def __getattr__(self, name: str) -> object:
            return getattr(town.audit, name)

        def append(self, entry: object) -> int:
            raise RetriableError("no log", code="audit")

    app = build_web(replace(town.web, audit=Silent()))
    with Browser(transport=InProcess(app), base_url="http://127.0.0.1:8700") as client:
        client.get("/sign-in", params={"code": town.code(ANNA)})
        assert client.get(f"{town.path('fine')}/concern").status_code == 200
        assert client.post(f"{town.path('fine')}/accept", data={"version": "1", "concern": "no"}).status_code == 500
    assert state(town, "fine") is TaskState.RECEIVED


def test_a_task_is_declined_for_a_reason_of_the_list(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    for nonsense in ("", "because", "service"):
        assert act(client, path, "decline", reason=nonsense).status_code == 400
    act(client, path, "decline", reason="conflict_of_interest")
    assert "Avböjd: Jäv" in text_of(client.get(path))
    assert f'action="{path}/' not in client.get(path).text, "nothing more can be done with it"


def test_a_mistaken_acceptance_is_undone(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    act(client, path, "accept", concern="no")
    act(client, path, "undo")
    assert state(town, "fine") is TaskState.RECEIVED
    assert "Mottagandet ångrat" in text_of(client.get(path))


def test_whoever_comes_second_sees_how_it_stands(town: PagesTown, visit: Visit) -> None:
    anna, bo, path = visit(ANNA), visit(BO), town.path("fine")
    seen = version(bo.get(path).text)
    act(anna, path, "accept", concern="no")
    late = bo.post(f"{path}/accept", data={"version": seen, "concern": "no"})
    assert late.status_code == 409
    assert "uppgiften har ett annat läge nu" in late.text
    assert "Anna har den här uppgiften." in late.text
    assert ("task_accepted", "", "deny", "illegal_move") in logged(town, 5)


def test_a_form_without_a_version_or_of_another_changes_nothing(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    for sent in ("", "0", "-1", "x", "9" * 40):
        answer = client.post(f"{path}/accept", data={"version": sent, "concern": "no"})
        assert answer.status_code == 409
        assert "någon hann före" in answer.text
    assert state(town, "fine") is TaskState.RECEIVED


def test_what_a_colleague_has_only_the_head_can_move(town: PagesTown, visit: Visit) -> None:
    anna, bo, head, path = visit(ANNA), visit(BO), visit(HEAD), town.path("fine")
    bo.get("/team/outreach")
    act(anna, path, "accept", concern="no")
    assert "hand-over" not in bo.get(path).text
    seen = version(anna.get(path).text)
    assert bo.post(f"{path}/hand-over", data={"version": seen, "to": BO.account}).status_code == 409
    assert act(head, path, "hand-over", to=BO.account).status_code == 303
    assert "Du har den här uppgiften." in text_of(bo.get(path))


def test_only_a_colleague_of_the_team_can_be_handed_a_task(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    visit(SIG).get("/team/sig")
    act(client, path, "accept", concern="no")
    for stranger in (SIG.account, "account-nobody", "x" * 500):
        answer = act(client, path, "hand-over", to=stranger)
        assert answer.status_code == 400
        assert "har inte varit här på sistone" in answer.text
    assert act(client, path, "hand-over").status_code == 400


def test_a_safe_contact_stands_out_and_a_script_in_a_note_is_text(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    act(client, path, "note", text=SCRIPT)
    act(client, path, "note", text="Ring inte hem", safe="yes")
    page = client.get(path).text
    assert SCRIPT not in page
    assert SCRIPT in unescape(page)
    said = text_of(client.get(path))
    assert said.index("Säker kontakt: Ring inte hem") < said.index("Varför")
    assert b"Ring inte hem" not in (town.folder / "delivery.db").read_bytes()
    noted = [one for one in logged(town, 20) if one[0] == "task_noted"]
    assert noted == [("task_noted", kind, "permit", "") for kind in ("note", "safe-contact")]


def test_a_note_that_is_too_long_is_shown_again_as_it_was_typed(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("fine")
    answer = act(client, path, "note", text="ord " * 501)
    assert answer.status_code == 400
    assert "ord ord ord" in answer.text
    assert "Korta anteckningen" in answer.text
    assert act(client, path, "note", text=" ").status_code == 400


def test_what_may_not_be_shown_takes_no_note_and_is_not_begun(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("hidden")
    page = client.get(path).text
    for deed in ("accept", "note"):
        assert f'action="{path}/{deed}"' not in page
        assert act(client, path, deed, text="x", concern="no").status_code == 409
    assert act(client, path, "decline", reason="no_capacity").status_code == 303


def test_the_lists_have_what_their_names_say(town: PagesTown, visit: Visit) -> None:
    anna, bo = visit(ANNA), visit(BO)

    def listed(client: Browser, show: str) -> set[str]:
        names = {number: name for name, number in town.tasks.items()}
        page = client.get("/team/outreach", params={"show": show}).text
        return {names[number] for number in re.findall(r'class="whole[^"]*" href="/team/outreach/task/([^"]+)"', page)}

    act(anna, town.path("fine"), "accept", concern="no")
    assert listed(anna, "mine") == {"fine"} == listed(bo, "others")
    assert listed(bo, "mine") == set()
    assert listed(anna, "waiting") == {"annotated"}
    assert listed(anna, "new") == {"late", "soon", "hidden", "presence"}
    assert listed(anna, "late") == {"late"}
    assert listed(anna, "nonsense") == {"late", "soon", "annotated", "hidden", "fine", "presence"}
    assert "Ingen uppgift i den här listan." in text_of(bo.get("/team/outreach?show=mine"))
    assert "Mina 1" in text_of(anna.get("/team/outreach"))


@pytest.mark.parametrize("deed", ["accept", "decline", "undo", "start", "hand-over", "complete", "note", "take-over"])
def test_no_deed_is_done_by_another_team_nor_without_the_forms_token(town: PagesTown, visit: Visit, deed: str) -> None:
    path = town.path("fine")
    seen = version(visit(ANNA).get(path).text)
    data = {"version": seen, "concern": "no", "reason": "no_capacity", "text": "x"}
    assert visit(SIG).post(f"{path}/{deed}", data=data).status_code == 403
    assert visit(SIG).post(f"/team/sig/task/{town.tasks['fine']}/{deed}", data=data).status_code in {404, 400, 409}
    assert visit(ANNA).bare_post(f"{path}/{deed}", data).status_code == 403
    assert state(town, "fine") is TaskState.RECEIVED


def test_a_late_follow_up_is_late_again(town: PagesTown, visit: Visit) -> None:
    client, path = visit(ANNA), town.path("late")
    act(client, path, "accept", concern="no")
    assert "Försenad" not in text_of(client.get(path))
    town.clock.advance(timedelta(days=60))
    assert "Försenad" in text_of(visit(ANNA).get(path))


def test_a_head_sees_what_share_was_followed_up_and_a_member_does_not(town: PagesTown, visit: Visit) -> None:
    anna, head = visit(ANNA), visit(HEAD)
    act(anna, town.path("fine"), "decline", reason="no_capacity")
    said = text_of(head.get("/"))
    assert "Uppföljt: Förebyggarteamet" in said
    assert "Vecka 21 hittills 2 1 av 2 50 % 1 av 2 –" in said
    assert "Vecka 20 " in said
    assert "SIG" not in said
    assert anna.get("/").headers["location"] == "/team/outreach"
    shown = [one for one in logged(town, 20) if one[0] == "statistics_shown"]
    head.get("/")
    assert len(shown) == 1 == len([one for one in logged(town, 20) if one[0] == "statistics_shown"])
