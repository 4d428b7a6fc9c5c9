"""What somebody sees who is signed in: the start, a list, a task; and that it is theirs alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from hub.audit.reading import Filter, the_latest
from hub.contract.topics import CONSENTS
from hub.delivery.worklist import Worklist
from hub.web.app import build_web
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import NOW, PagesTown, make_consent, make_task, member

OUTREACH = member("Fältare", "outreach")


def text_of(answer: httpx.Response) -> str:
    """What a reader reads: without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.split("<main", 1)[1].split("</main>")[0]).split())


def test_the_start_says_what_waits_for_which_team(town: PagesTown, client: httpx.Client) -> None:
    said = text_of(client.get("/"))
    assert "Förebyggarteamet 6 öppna 1 försenad" in said
    assert "SIG-gruppen 1 öppen inga försenade" in said
    assert "SSPF-samordnaren inga öppna inga försenade" in said


def test_whoever_has_one_team_is_led_to_it_and_sees_no_other(town: PagesTown, visit: Visit) -> None:
    client = visit(OUTREACH)
    assert client.get("/").headers["location"] == "/team/outreach"
    page = client.get("/team/outreach").text
    assert "SIG-gruppen" not in page
    assert "Fältare" in page


def test_a_list_has_the_late_first_and_then_goes_by_the_running_clock(town: PagesTown, client: httpx.Client) -> None:
    listed = re.findall(r'class="whole[^"]*" href="/team/outreach/task/([^"]+)"', client.get("/team/outreach").text)
    names = {number: name for name, number in town.tasks.items()}
    assert [names[number] for number in listed] == ["late", "soon", "annotated", "hidden", "fine", "presence"]


def test_ended_tasks_are_shown_when_asked_for_after_the_open_ones(town: PagesTown, client: httpx.Client) -> None:
    listed = re.findall(r'href="/team/outreach/task/([^"]+)"', client.get("/team/outreach", params={"all": "1"}).text)
    assert {listed[-1], listed[-2]} == {town.tasks["cancelled"], town.tasks["recalled"]}
    assert "Underlaget har ändrats tors 15 maj 07.30 för 4 dagar sedan – Återkallad" in text_of(
        client.get("/team/outreach?all=1")
    )


def test_a_list_tells_nothing_of_a_youth(town: PagesTown, client: httpx.Client) -> None:
    for path in ("/team/outreach", "/team/outreach?all=1", "/team/sig"):
        page = client.get(path).text
        assert "Hageby" not in page
        assert "14 år" not in page
        assert not re.search(r"y[0-9a-f]{32}", page)


def test_no_page_holds_a_reference(town: PagesTown, client: httpx.Client) -> None:
    for name in town.tasks:
        assert not re.search(r"y[0-9a-f]{32}", client.get(town.path(name)).text)


def test_an_empty_list_says_when_the_last_task_came(town: PagesTown, client: httpx.Client) -> None:
    assert "Inget väntar på er. Senaste uppgiften kom fre 16 maj 14.20." in text_of(client.get("/team/sspf"))


def test_a_list_that_never_had_a_task_says_only_that_nothing_waits(empty_town: PagesTown, client: httpx.Client) -> None:
    said = text_of(client.get("/team/outreach"))
    assert "Inget väntar på er." in said
    assert "Senaste" not in said


def test_a_task_is_told_in_order_and_its_opening_is_kept(town: PagesTown, client: httpx.Client) -> None:
    said = text_of(client.get(town.path("soon")))
    order = ["Ungdom, 14 år, område Hageby", "Varför", "Villkor", "Vad samtycket omfattar", "Tid att svara", "Historik"]
    assert [said.index(heading) for heading in order] == sorted(said.index(heading) for heading in order)
    assert "Snart, om 12 timmar" in said
    assert "Öppnad" in text_of(client.get("/team/outreach"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("recalled", "Uppgiften återkallades: underlaget har ändrats."),
        ("cancelled", "Uppgiften avbröts: det finns inte längre något samtycke till den."),
        ("hidden", "Vad uppgiften säger visas inte: inget gällande samtycke tillåter det."),
    ],
)
def test_a_task_that_may_not_be_told_shows_no_ground(town: PagesTown, client: httpx.Client, name: str, told: str) -> None:
    said = text_of(client.get(town.path(name)))
    assert told in said
    for silent in ("Hageby", "14 år", "frånvaro", "observation", "Villkor", "samtycket omfattar"):
        assert silent not in said


def test_a_corrected_ground_is_told_to_those_who_had_read_it(town: PagesTown, client: httpx.Client) -> None:
    said = text_of(client.get(town.path("annotated")))
    assert "Underlaget för förslaget har ändrats sedan dess och räcker inte längre, eller så går regelns fråga numera" in said
    assert "9 timmar 20 minuter" in said


@pytest.mark.parametrize("path", ["/team/sig", "/team/sig/task/{sig}"])
def test_another_teams_pages_say_whose_they_are_and_nothing_else(town: PagesTown, visit: Visit, path: str) -> None:
    answer = visit(OUTREACH).get(path.format(**town.tasks))
    assert answer.status_code == 403
    assert "Det här hör till SIG-gruppen." in answer.text
    assert "bedömning" not in answer.text


def test_a_task_is_not_found_under_another_team_not_even_by_its_number(town: PagesTown, visit: Visit) -> None:
    client = visit(OUTREACH)
    answer = client.get(f"/team/outreach/task/{town.tasks['sig']}")
    assert answer.status_code == 404
    assert "Det finns ingen uppgift med det numret hos enheten." in answer.text
    assert client.post("/find", data={"number": town.tasks["sig"]}).headers["location"] == "/find"
    assert all(view.opened_at is None for view in town.worklist.of_team("sig"))


def test_there_is_no_such_team(client: httpx.Client) -> None:
    answer = client.get("/team/nobody")
    assert answer.status_code == 404
    assert "Det finns ingen sådan enhet." in answer.text


def test_a_task_is_found_by_its_number_or_its_beginning(town: PagesTown, client: httpx.Client) -> None:
    number = town.tasks["sig"]
    for sought in (number, number[:6], f"  {number[:13].upper()} "):
        answer = client.post("/find", data={"number": sought})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/team/sig/task/{number}")


@pytest.mark.parametrize("path", ["/", "/team/outreach", "/nowhere"])
def test_what_is_sought_is_sent_in_a_form_so_that_no_address_holds_it(client: Browser, path: str) -> None:
    (form,) = re.findall(r'<form class="find".*?</form>', client.get(path).text, re.DOTALL)
    assert form.startswith('<form class="find" method="post" action="/find" role="search"><input type="hidden" name="form_token"')
    assert re.search(r'<input id="number" name="number" [^>]*autocomplete="off"', form)
    assert client.bare_post("/find", {"number": "abcdef"}).status_code == 403


def test_a_personal_number_that_is_sought_stands_in_no_address_page_or_log(
    town: PagesTown, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    for sought in ("201403049800", "20140304-9800"):
        answer = client.post("/find", data={"number": sought})
        assert answer.status_code == 303
        assert "9800" not in f"{answer.request.url} {answer.headers} {answer.text} {client.get('/find').text} {caplog.text}"
    entries = the_latest(town.audit.engine, Filter(), 10)
    assert "9800" not in repr(entries)


def test_an_address_with_a_number_is_not_read(town: PagesTown, client: httpx.Client) -> None:
    answer = client.get("/find", params={"number": town.tasks["sig"]})
    assert answer.status_code == 404
    assert town.tasks["sig"] not in answer.text
    assert "task_sought" not in {entry.action for entry in the_latest(town.audit.engine, Filter(), 10)}


@pytest.mark.parametrize("sought", ["", "abc", "zzzzzz", "%%%%%%", "______", "x" * 300, '"><script>'])
def test_what_is_no_number_finds_nothing_and_is_not_repeated_raw(town: PagesTown, client: httpx.Client, sought: str) -> None:
    assert client.post("/find", data={"number": sought}).headers["location"] == "/find"
    answer = client.get("/find")
    assert answer.status_code == 404
    assert "Inget av ert har det numret." in answer.text
    assert "<script>" not in answer.text


def test_a_long_list_is_turned_page_by_page(empty_town: PagesTown, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.web.pages._PAGE", 2)
    for name in ("one", "two", "three"):
        empty_town.add(name, make_task("absence-alone", created=NOW, days=5))
    first, second = (client.get(f"/team/outreach{asked}").text for asked in ("", "?page=2"))
    assert (first.count('class="row'), second.count('class="row')) == (2, 1)
    assert 'href="/team/outreach?page=2" rel="next"' in first
    assert 'href="/team/outreach?page=1" rel="prev"' in second
    assert 'rel="next"' not in second
    for nonsense in ("0", "-1", "x", "999999999"):
        assert client.get("/team/outreach", params={"page": nonsense}).text.count('class="row') == 2


def test_what_a_configuration_names_is_escaped(empty_town: PagesTown, client: httpx.Client, visit: Visit) -> None:
    named = visit(member("<b>Fält</b>", "outreach", "sig"))
    assert "&lt;b&gt;Fält&lt;/b&gt;" in named.get("/").text


def test_a_swedish_page_has_no_word_of_english(town: PagesTown, client: httpx.Client) -> None:
    english = re.compile(
        r"\b(the|and|task|tasks|open|late|day|days|ago|sign|why|what|none|soon|new|consent|team)\b", re.IGNORECASE
    )
    paths = ["/", "/team/outreach", "/team/outreach?all=1", "/team/sig", "/team/sspf", "/nowhere", "/find"]
    for path in paths + [town.path(name) for name in town.tasks]:
        page = client.get(path).text.replace('lang="en">In English<', "").replace("hub web-login", "")
        page = re.sub(r'<dd class="code">[^<]*', "", page)  # a rule's code is nobody's language
        said = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert english.findall(said) == [], path
        labels = re.findall(r'(?:aria-label|data-label|title|placeholder|alt)="([^"]*)"', page)
        assert not [label for label in labels if english.search(label)], path


def test_an_english_page_has_no_word_of_swedish_but_names(town: PagesTown, client: httpx.Client) -> None:
    client.get("/language/en")
    swedish = re.compile(
        r"\b(och|uppgift|uppgifter|dagar|sedan|varför|vad|läge|senast|samtycke|ungdom|försenad|öppnad)\b", re.IGNORECASE
    )
    for path in ["/", "/team/outreach?all=1", "/nowhere"] + [town.path(name) for name in town.tasks]:
        said = " ".join(re.sub(r"<[^>]+>", " ", client.get(path).text).split())
        assert swedish.findall(said) == [], path


def test_while_withdrawals_cannot_be_read_the_pages_say_so_and_nothing_of_a_youth(town: PagesTown, client: httpx.Client) -> None:
    pages = replace(town.web, worklist=Worklist(town.engine, town.clock, stale_after=timedelta(minutes=1)))
    with Browser(transport=InProcess(build_web(pages)), base_url=str(client.base_url), cookies=client.cookies) as behind:
        listed, opened = text_of(behind.get("/team/outreach")), text_of(behind.get(town.path("fine")))
        presence = text_of(behind.get(town.path("presence")))
    assert "navet har en stund inte kunnat se efter återkallade samtycken" in listed
    assert "Visas inte just nu" in listed
    assert "observationer" not in listed
    assert "navet har en stund inte kunnat se efter återkallade samtycken" in opened
    assert "14 år" not in opened
    assert "Navestad" in presence


def test_a_team_that_had_opened_a_task_reads_that_consent_is_withdrawn_and_acknowledges_it(
    empty_town: PagesTown, visit: Visit
) -> None:
    task = empty_town.add("taken back", make_task("absence-alone", created=NOW - timedelta(hours=1), days=3))
    client = visit(OUTREACH)
    path = empty_town.path("taken back")
    assert "Ungdom, 14 år" in text_of(client.get(path))
    empty_town.take(CONSENTS, task.youth_ref, make_consent(task.youth_ref, "outreach", withdrawn=True))
    assert "Samtycket återkallat" in text_of(client.get("/team/outreach"))
    page = client.get(path)
    assert "Samtycket är återkallat." in text_of(page)
    assert "14 år" not in page.text
    assert f'action="{path}/acknowledge"' in page.text
    answer = client.post(f"{path}/acknowledge", follow_redirects=True)
    assert "Kvitterat" in text_of(answer)
    assert f"{path}/acknowledge" not in answer.text
    assert task.task_id not in client.get("/team/outreach").text
    assert client.post(f"{path}/acknowledge").status_code == 303  # a second press of the button
    actions = [row.action for row in the_latest(empty_town.audit.engine, Filter(), 20)]
    assert "withdrawal_acknowledged" in actions


def test_a_task_that_was_not_taken_back_cannot_be_acknowledged(town: PagesTown, client: httpx.Client) -> None:
    assert client.post(f"{town.path('soon')}/acknowledge").status_code == 404
