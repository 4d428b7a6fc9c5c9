"""A case on its pages, from the consent's number to the outcomes: what stands there, what is refused and why, what is logged."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub.audit.actions import Action as Logged
from hub.audit.reading import Filter, the_latest
from hub.cases.moves import CaseState
from hub.contract.models import Cooperation
from hub.contract.topics import CONSENTS
from hub.errors import RetriableError
from tests.unit.core.make import make_absence, make_consent, make_notice, make_withdrawn
from tests.unit.web.cases.make import (
    CASES,
    CONSENT,
    PLACE,
    SARA,
    SIG_CONSENT,
    SOFIA,
    TOVE,
    WHAT,
    act,
    committed,
    consent,
    logged,
    opened,
    planned,
    sig_consent,
)  # fmt: skip
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import EVERYBODY, NOW, PagesTown, make_task, member

SCRIPT = "<script>alert(1)</script>"
BOTH = ["school_absence", "police_notice"]


def of(town: PagesTown, path: str) -> CaseState:
    return town.cases.cases.read(path.rsplit("/", 1)[1], path.split("/")[2]).state


def test_a_case_goes_from_the_consents_number_to_its_three_outcomes(empty_town: PagesTown, visit: Visit) -> None:
    town, sara = empty_town, visit(SARA)
    ref = consent(town)
    before = [make_absence(1, NOW - timedelta(days=1), 120), make_notice(2, NOW - timedelta(days=2))]
    town.held.hold(ref, CONSENT, *before)
    path = opened(sara, throughout=BOTH)
    assert "Ärendet är öppet." in sara.get(f"{path}?done=open").text
    assert planned(sara, path).status_code == 303
    assert PLACE in text_of(sara.get(path))
    committed(sara, path)
    town.clock.set(NOW + timedelta(days=2, hours=8))
    sara = visit(SARA)
    act(sara, path, "hold", meeting="1", present=["youth", "guardians"])
    for became in ("not_done", "open", "done"):
        assert act(sara, path, "settle", commitment="1", became=became).status_code == 303
    said = text_of(sara.get(path))
    for part in ("Närvarande: Den unge, Vårdnadshavare", WHAT, "Klart", "Oro vid start 4 – stor oro"):
        assert part in said
    town.clock.set(NOW + timedelta(days=56))
    sara = visit(SARA)
    town.held.states.clear()
    town.held.hold(ref, CONSENT, valid_to=NOW + timedelta(days=90))
    assert act(sara, path, "close", worry="2", throughout=BOTH).status_code == 303
    page = sara.get(path)
    said = text_of(page)
    for part in (
        "Närvaron har ökat Ogiltig frånvaro, minuter i veckan Före 30 Vid slutet 0",
        "Färre förekomster Förekomst hos polisen Före 1 Vid slutet 0", "Oron har minskat Oro, från 1 till 5 Före 4 Vid slutet 2",
    ):  # fmt: skip
        assert part in said
    assert page.text.count("<svg") == 3
    assert f'action="{path}/' not in page.text, "nothing more is done with what is closed"
    deeds = [one[:2] for one in logged(town) if one[0] != "case_shown"]
    assert deeds == [
        ("case_opened", ""), ("case_changed", "plan"), ("case_changed", "commit"), ("case_changed", "hold"),
        *[("case_changed", "settle")] * 3, ("case_closed", "close"),
    ]  # fmt: skip


def test_what_nobody_ticks_is_unknown_and_not_nothing(empty_town: PagesTown, visit: Visit) -> None:
    town, sara = empty_town, visit(SARA)
    town.held.hold(consent(town), CONSENT, make_notice(1, NOW - timedelta(days=1)))
    path = opened(sara)
    assert town.held.asked == [], "nothing is looked up that nobody vouches for"
    town.clock.advance(timedelta(days=30))
    sara = visit(SARA)
    act(sara, path, "close", worry="4", throughout=BOTH)
    said = text_of(sara.get(path))
    assert "Okänt Förekomst hos polisen Före okänt" in said
    assert "Oron är som förut" in said


def test_a_task_that_is_accepted_leads_to_a_case_for_the_same_youth(empty_town: PagesTown, visit: Visit) -> None:
    town, sara = empty_town, visit(SARA)
    task = town.add("new", make_task("repeated-notices", created=NOW - timedelta(hours=1), days=5, team="sspf"))
    page = f"/team/sspf/task/{task.task_id}"
    link = f'href="{CASES}/new?task={task.task_id}"'
    assert link not in sara.get(page).text
    refused = sara.post(CASES, data={"task": task.task_id, "worry": "3"})
    assert (refused.status_code, "ta emot uppgiften först" in refused.text) == (409, True)
    act(sara, page, "accept", concern="no")
    assert link in sara.get(page).text
    assert f'name="task" value="{task.task_id}"' in sara.get(f"{CASES}/new?task={task.task_id}").text
    path = opened(sara, consent="", task=task.task_id)
    assert town.cases.cases.reference_of(path.rsplit("/", 1)[1], "sspf") == task.youth_ref
    assert "redan ett öppet ärende" in sara.post(CASES, data={"task": task.task_id, "worry": "3"}).text
    there = sara.get(page).text
    assert (f'href="{path}"' in there, link in there) == (True, False)
    act(sara, path, "close", worry="2")
    there = sara.get(page).text
    assert (f'href="{path}"' in there, link in there) == (False, True)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"worry": ""}, "Välj ett steg på oroskalan."), ({"worry": "9"}, "Välj ett steg på oroskalan."),
        ({"consent": ""}, "Inget samtycke som gäller nu"), ({"consent": SIG_CONSENT}, "Inget samtycke som gäller nu"),
        ({"consent": SCRIPT}, "Inget samtycke som gäller nu"),
    ],
)  # fmt: skip
def test_an_opening_form_that_is_amiss_is_shown_again_and_says_what_to_do(
    empty_town: PagesTown, visit: Visit, data: dict[str, str], told: str
) -> None:
    consent(empty_town)
    sig_consent(empty_town)
    answer = visit(SARA).post(CASES, data={"consent": CONSENT, "worry": "4"} | data)
    assert (answer.status_code, told in answer.text, SCRIPT in answer.text) == (400, True, False)
    assert empty_town.cases.cases.of_team("sspf") == []
    assert logged(empty_town)[-1][2] == "deny"


@pytest.mark.parametrize(
    ("deed", "data", "told"),
    [
        ("plan", {"day": "2025-05-18"}, "Välj en tid framåt."), ("plan", {"day": "", "time": ""}, "Ange dag och tid."),
        ("plan", {"place": " "}, "Skriv var mötet är."), ("plan", {"summoned": []}, "Välj minst en."),
        ("commit", {"who": ""}, "Välj vem som gör det."), ("commit", {"what": ""}, "Skriv vad som ska göras."),
        ("commit", {"due": "i morgon"}, "Ange senast vilken dag det ska göras."),
        ("commit", {"due": "2025-05-18"}, "Välj i dag eller en dag framåt."), ("close", {"worry": ""}, "Välj ett steg på oroskalan."),
    ],
)  # fmt: skip
def test_a_deed_that_is_amiss_is_shown_again_with_what_was_typed(
    empty_town: PagesTown, visit: Visit, deed: str, data: dict[str, str], told: str
) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    typed = {
        "day": "2025-05-21", "time": "14:00", "place": SCRIPT, "summoned": ["youth"], "who": "youth", "what": SCRIPT,
        "due": "2025-05-23", "worry": "3",
    }  # fmt: skip
    answer = act(sara, path, deed, **(typed | data))
    assert (answer.status_code, told in answer.text, SCRIPT in answer.text) == (400, True, False)
    assert (deed == "close" or "&lt;script&gt;" in answer.text or "place" in data or "what" in data) is True
    assert of(empty_town, path) is CaseState.OPEN


@pytest.mark.parametrize(
    ("deed", "data", "status"),
    [
        ("plan", {"place": ""}, 400), ("plan", {"place": PLACE, "version": "99"}, 409),
        ("close", {"worry": ""}, 400), ("close", {"worry": "2", "version": "99"}, 409),
    ],
)  # fmt: skip
def test_what_was_ticked_and_what_was_not_comes_back_in_a_form_that_stands_open(
    empty_town: PagesTown, visit: Visit, deed: str, data: dict[str, str], status: int
) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    sent = {"day": "2025-05-21", "time": "14:00", "summoned": ["youth"]} if deed == "plan" else {"throughout": ["school_absence"]}
    answer = act(sara, path, deed, **(sent | data))
    assert answer.status_code == status
    form = next(part for part in answer.text.split("<details")[1:] if f'action="{path}/{deed}"' in part)
    assert form.startswith(' class="deed" open')
    ticked = re.findall(r'type="checkbox" value="([a-z_-]+)" checked', form)
    assert ticked == (["youth"] if deed == "plan" else ["school_absence"])


@pytest.mark.parametrize(
    ("deed", "data", "told"),
    [
        ("plan", {"summoned": ["probation"]}, "samtycket nämner inte längre alla"),
        ("hold", {"meeting": "7", "present": ["youth"]}, "det finns inget sådant möte"),
        ("hold", {"meeting": "x", "present": ["youth"]}, "det finns inget sådant möte"),
        ("cancel", {"meeting": "7"}, "det finns inget sådant möte"), ("settle", {"commitment": "7"}, "inget sådant åtagande"),
        ("settle", {"commitment": "7", "became": "open"}, "inget sådant åtagande"),
        ("invite", {"parties": ["leisure"]}, "samtycket nämner inte längre alla"), ("plan", {"version": "99"}, "någon hann före"),
        ("plan", {"version": ""}, "någon hann före"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_changes_nothing(
    empty_town: PagesTown, visit: Visit, deed: str, data: dict[str, str], told: str
) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    usual = {"day": "2025-05-21", "time": "14:00", "place": PLACE, "summoned": ["youth"]} if deed == "plan" else {}
    answer = act(sara, path, deed, **(usual | data))
    assert (answer.status_code, told in text_of(answer)) == (409, True)
    assert len(town_history(empty_town, path)) == 1


def town_history(town: PagesTown, path: str) -> list[object]:
    return list(town.cases.cases.history(path.rsplit("/", 1)[1]))


def test_a_meeting_is_noted_from_its_day_on_by_at_least_one(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    planned(sara, path)
    assert "mötets dag har inte kommit" in act(sara, path, "hold", meeting="1", present=["youth"]).text
    empty_town.clock.advance(timedelta(days=2))
    sara = visit(SARA)
    assert act(sara, path, "hold", meeting="1").status_code == 400
    act(sara, path, "cancel", meeting="1")
    assert "Inställt" in text_of(sara.get(path))


def test_a_party_that_the_consent_names_no_more_is_said_and_cannot_be_summoned(empty_town: PagesTown, visit: Visit) -> None:
    ref = consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    committed(sara, path)
    consent(empty_town, ref=ref, version=2, agencies=("police-ost",))
    said = text_of(sara.get(path))
    assert "kommunala skolor inte längre: samtycket nämner dem inte mer" in said
    assert "deltar inte längre" in said
    assert planned(sara, path).status_code == 409
    assert committed(sara, path).status_code == 409
    assert planned(sara, path, summoned=["youth"]).status_code == 303


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_letter_and_the_agenda_say_when_where_and_who_and_no_name(empty_town: PagesTown, visit: Visit, language: str) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    planned(sara, path)
    committed(sara, path)
    sara.get(f"/language/{language}")
    letter, agenda = sara.get(f"{path}/summons/1"), sara.get(f"{path}/agenda/1")
    assert ("onsdag 21 maj 2025 kl. 14.00" if language == "sv" else "Wednesday 21 May 2025 at 14:00") in letter.text
    assert ("Kallelse till möte" if language == "sv" else "Summons to a meeting") in letter.text
    for page in (letter, agenda):
        assert PLACE in page.text
        assert "Norrköpings kommun" in page.text
    assert WHAT in agenda.text
    assert WHAT not in letter.text
    assert sara.get(f"{path}/summons/2").status_code == 404
    assert [one[1] for one in logged(empty_town) if one[0] == "case_shown"][-3:] == ["summons", "agenda", "summons"]


def test_the_week_tells_of_meetings_what_is_due_or_late_and_consents_that_run_out(empty_town: PagesTown, visit: Visit) -> None:
    town, sara = empty_town, visit(SARA)
    consent(town, valid_to=NOW + timedelta(days=20))
    assert "Inget ärende är öppet." in sara.get(CASES).text
    path = opened(sara)
    planned(sara, path)
    planned(sara, path, day="2025-05-27", place="Nästa vecka")
    committed(sara, path)
    committed(sara, path, due="2025-05-30", what="Om en vecka")
    said = text_of(sara.get(CASES))
    assert "Vecka 21: 19 maj 2025 till 25 maj 2025" in said
    for told, left_out in ((PLACE, "Nästa vecka"), (WHAT, "Om en vecka"), ("Sista dag 7 juni 2025", "Inga inom 30 dagar")):
        assert told in said
        assert left_out not in said
    town.clock.set(NOW + timedelta(days=7))
    said = text_of(visit(SARA).get(CASES))
    for told in ("Försenad 3 dagar", "Skriv in vilka som kom", "Om en vecka", "Nästa vecka", "2 1 försenad"):
        assert told in said
    assert ("case_listed", "week", "permit", "") in logged(town)


def test_a_case_is_found_by_its_number_by_its_own_team_alone(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara, sofia = visit(SARA), visit(SOFIA)
    path = opened(sara)
    number = path.rpartition("/")[2]
    for sought in (number, number[:8], f" {number[:6].upper()} "):
        assert sara.post("/find", data={"number": sought}).headers["location"] == path
    assert sofia.post("/find", data={"number": number}).headers["location"] == "/find"
    found = [(one.unit, one.outcome) for one in the_latest(empty_town.audit.engine, Filter(), 40) if one.action == "task_sought"]
    assert found == [("", "deny"), *[("sspf", "permit")] * 3]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_withdrawal_is_said_on_the_page_and_nothing_is_left_of_the_case(empty_town: PagesTown, visit: Visit, when: str) -> None:
    ref = consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    planned(sara, path)
    if when == "after":
        act(sara, path, "close", worry="2")
    empty_town.take(CONSENTS, ref, make_withdrawn(9).model_copy(update={"youth_ref": ref}))
    page = sara.get(path)
    assert "Samtycket har återkallats: ärendet har upphört" in page.text
    assert PLACE not in page.text
    assert f'action="{path}/' not in page.text
    assert sara.get(f"{path}/summons/1").status_code == 404
    assert sara.post(f"{path}/identity").status_code == 404
    assert "Upphörde: samtycket återkallades" in text_of(sara.get(f"{CASES}?ended=1"))
    assert logged(empty_town)[-2] != ("case_shown", "case", "permit", "consent")


def test_a_suspended_case_can_only_be_closed(empty_town: PagesTown, visit: Visit) -> None:
    ref = consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    planned(sara, path)
    suspended = make_consent(youth_ref=ref, version=2, status="suspended")
    empty_town.take(CONSENTS, ref, suspended)
    page = sara.get(path)
    assert "Samtycket är vilande" in page.text
    assert PLACE not in page.text
    assert "Samtycket är vilande" in sara.get(CASES).text
    assert planned(sara, path).status_code == 409
    assert "raderas" in page.text
    assert act(sara, path, "close").status_code == 303
    assert of(empty_town, path) is CaseState.CLOSED


def test_of_two_who_work_with_one_case_the_second_is_told_how_it_stands(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara, tove = visit(SARA), visit(TOVE)
    path = opened(sara)
    tove.get(path)
    planned(sara, path)
    late = tove.post(f"{path}/close", data={"version": "1", "worry": "2"})
    assert (late.status_code, PLACE in late.text) == (409, True)
    assert "Sara" in text_of(tove.get(path))


def test_without_the_log_nothing_is_shown_or_done(empty_town: PagesTown, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    planned(sara, path)

    def away(*_: object) -> int:
        raise RetriableError("no log", code="audit")

    monkeypatch.setattr(empty_town.audit, "append", away)
    monkeypatch.setattr(empty_town.audit, "append_many", away)
    for page in (path, CASES, f"{path}/summons/1", f"{CASES}/outcomes"):
        answer = sara.get(page)
        assert (answer.status_code, PLACE in answer.text) == (500, False), page
    assert sara.post(f"{path}/close", data={"version": "2", "worry": "2"}).status_code == 500
    assert of(empty_town, path) is CaseState.OPEN
    assert "Ring 112" in sara.get(f"{path}/concern").text, "the duty to report waits for no log"


def test_when_the_numbers_cannot_be_read_nothing_is_done_and_it_says_how_to_go_on(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara = visit(SARA)
    empty_town.held.failing = RetriableError("Kafka is away", code="kafka")
    answer = sara.post(CASES, data={"consent": CONSENT, "worry": "4", "throughout": BOTH})
    assert (answer.status_code, "kryssa inte i någon ruta" in answer.text) == (409, True)
    path = opened(sara)
    answer = act(sara, path, "close", worry="4", throughout=BOTH)
    assert (answer.status_code, of(empty_town, path)) == (409, CaseState.OPEN)


def test_somebody_who_leaves_crime_gets_no_case_and_is_led_to_the_manual_lane(empty_town: PagesTown, visit: Visit) -> None:
    sig_consent(empty_town)
    sofia = visit(SOFIA)
    data = {"consent": SIG_CONSENT, "exit": "yes"}
    answer = sofia.post("/team/sig/cases", data=data)
    assert "Inget ärende öppnades, och inget sparades." in answer.text
    assert logged(empty_town) == [], "nothing is kept"
    assert empty_town.cases.cases.of_team("sig") == []
    assert "Svara på om det gäller en avhoppare." in sofia.post("/team/sig/cases", data=data | {"exit": ""}).text


def test_a_sig_case_has_its_parties_an_action_plan_by_domain_and_no_worry(empty_town: PagesTown, visit: Visit) -> None:
    sig_consent(empty_town)
    sofia = visit(SOFIA)
    path = opened(sofia, team="sig", consent=SIG_CONSENT, exit="no")
    said = text_of(sofia.get(path))
    for part in ("SIG-ärende", "Socialtjänsten", "Polismyndigheten, region Öst", "Frivården (Kriminalvården)", "Åtgärdsplan"):
        assert part in said
    assert "Polisen" not in said, "it is one authority, and the consent names it"
    assert "Hur stor är oron" not in said
    assert "Välj vad det gäller." in act(sofia, path, "commit", who="probation", what=WHAT, due="2025-05-23").text
    act(sofia, path, "commit", who="probation", what=WHAT, due="2025-05-23", domain="debt_advice")
    assert "Skuldrådgivning" in text_of(sofia.get(path))
    assert act(sofia, path, "close").status_code == 303
    assert "<svg" not in sofia.get(path).text


def test_the_police_that_no_consent_names_take_part_in_a_sig_case_all_the_same(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town, number=SIG_CONSENT, cooperation=Cooperation.SIG, recipients=("sig",), agencies=("school-norrkoping",))
    sofia = visit(SOFIA)
    path = opened(sofia, team="sig", consent=SIG_CONSENT, exit="no")
    assert "Polisen" in text_of(sofia.get(path))


def test_a_team_that_keeps_no_cases_says_so(empty_town: PagesTown, visit: Visit) -> None:
    client = visit(member("Fältare", "outreach"))
    for path in ("/team/outreach/cases", "/team/outreach/cases/new"):
        answer = client.get(path)
        assert (answer.status_code, "för inga ärenden" in answer.text) == (404, True)
    assert 'href="/team/outreach/cases"' not in client.get("/team/outreach").text
    assert 'href="/team/sspf/cases"' in visit(EVERYBODY).get("/team/outreach").text


def test_a_form_of_another_page_is_refused(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara = visit(SARA)
    path = opened(sara)
    for where in (
        CASES,
        *(f"{path}/{deed}" for deed in ("invite", "plan", "cancel", "hold", "commit", "settle", "weigh", "close", "identity")),
    ):
        assert sara.bare_post(where, {"version": "1", "worry": "2", "consent": CONSENT}).status_code == 403, where
    assert of(empty_town, path) is CaseState.OPEN


def test_the_outcomes_page_tells_nothing_of_a_year_that_still_grows(empty_town: PagesTown, visit: Visit) -> None:
    sara = visit(SARA)
    assert "inget år med avslutade ärenden är slut" in sara.get(f"{CASES}/outcomes").text
    for number in range(5):
        which = f"{number:08x}-0000-4000-8000-00000000000c"
        consent(empty_town, number=which, valid_to=NOW + timedelta(days=900))
        act(sara, opened(sara, consent=which), "close", worry="2")
    assert "inget år med avslutade ärenden är slut" in sara.get(f"{CASES}/outcomes").text
    empty_town.clock.set(NOW + timedelta(days=300))
    said = text_of(visit(SARA).get(f"{CASES}/outcomes"))
    assert "2025 Unga: 5" in said
    assert "Oro, från 1 till 5 5 0 0 0 4 före, 2 efter" in said


def test_every_deed_with_a_case_is_an_action_of_the_log_that_an_extract_has_words_for() -> None:
    from hub.web.consents.access_titles import ACTIONS
    from hub.web.consents.recipient import UNITS_OWN

    hers = {Logged.CASE_SHOWN, Logged.CASE_LISTED, Logged.CASE_OPENED, Logged.CASE_CHANGED, Logged.CASE_CLOSED}
    assert hers <= set(ACTIONS)
    assert hers <= UNITS_OWN
