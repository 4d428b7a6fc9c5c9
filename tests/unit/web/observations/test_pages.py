"""The observation form: the question first, coded fields only, a number that is on no page again, one answer whatever happens."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.access.roles import Principal, Role
from hub.contract.models import RiskConcern
from hub.errors import ConfigError, HubError, InDoubtError, RejectedError, RetriableError
from hub.web.app import build_web
from hub.web.observations.senders import Observation, Sender
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.observations.make import FIELDWORKER, SENDERS, ListIntake, make_observing, make_sender
from tests.unit.web.town import NOW, PagesTown, member

PERSON, CANONICAL = "20120314-9800", "201203149800"
SAID = {"concern": "recruitment", "area": "0581-hageby", "day": "2025-05-18", "clock": "21:30", "person": PERSON}


@pytest.fixture
def client(visit: Visit) -> Browser:
    return visit(FIELDWORKER)


def begin(client: Browser) -> tuple[str, dict[str, str]]:
    """The form after a no: where it is, and its hidden fields."""
    path = client.post("/observations", data={"harmed": "no"}).headers["location"]
    return path, hidden(client.get(path).text)


def sent_to(client: Browser, path: str, data: dict[str, str]) -> str:
    """Where sending leads. A POST answers with an address only: none stays in the history with what was typed."""
    answer = client.post(path, data=data)
    assert (answer.status_code, answer.content) == (303, b"")
    return str(answer.headers["location"])


def sent(client: Browser, path: str, data: dict[str, str]) -> str:
    """The page after sending."""
    return client.get(sent_to(client, path, data)).text


def hidden(text: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(number|sender)" value="([^"]+)">', text)
    return dict(found)


def logged(town: PagesTown, columns: str = "outcome, rule") -> list[tuple[str, ...]]:
    """What the audit log has of observations."""
    with closing(town.audit.engine.raw_connection()) as connection:
        asked = f"select {columns} from audit_entry where action = 'observation_sent' order by position"
        return [tuple(row) for row in connection.execute(asked).fetchall()]


def test_the_first_that_is_asked_is_whether_the_child_is_harmed_and_nothing_else(client: Browser) -> None:
    assert client.get("/").headers["location"] == "/observations"
    page = client.get("/observations")
    assert "Far barnet illa?" in page.text
    assert 'name="person"' not in page.text
    assert page.headers["cache-control"] == "no-store"
    unanswered = client.post("/observations")
    assert (unanswered.status_code, "Svara ja eller nej." in unanswered.text) == (422, True)


def test_yes_leads_to_a_report_of_concern_and_ends_there(empty_town: PagesTown, client: Browser) -> None:
    answer = client.post("/observations", data={"harmed": "yes"} | SAID)
    assert answer.headers["location"] == "/observations/harm"
    page = client.get("/observations/harm").text
    for part in ("tel:112", "tel:011150000", "mailto:mottagningen@kommun.example", "socialjouren", "inget sparas eller skickas"):
        assert part in page
    assert "<form" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    assert (empty_town.intake.taken, logged(empty_town)) == ([], [])


def test_without_a_no_in_this_very_session_there_is_no_form(empty_town: PagesTown, client: Browser, visit: Visit) -> None:
    path, kept = begin(client)
    other = visit(FIELDWORKER)
    for somebody, address, data in ((client, "/observations/form/x", SAID), (other, path, SAID | kept), (client, path, SAID)):
        if data is not SAID or address.endswith("/x"):
            assert somebody.get(address).headers["location"] == "/observations"
        assert somebody.post(address, data=data).headers["location"] == "/observations"
    assert empty_town.intake.taken == []


def test_an_observation_is_sent_once_and_logged_without_the_person(empty_town: PagesTown, client: Browser) -> None:
    path, kept = begin(client)
    answer = client.post(path, data=SAID | kept)
    assert (answer.status_code, answer.headers["location"]) == (303, "/observations/sent")
    [(sender, taken)] = empty_town.intake.taken
    assert (sender, taken.person, taken.concern, taken.area) == ("leisure", CANONICAL, RiskConcern.RECRUITMENT, "0581-hageby")
    assert taken.observed_at == datetime(2025, 5, 18, 19, 30, tzinfo=UTC)
    assert "Inget av den finns kvar här" in client.get("/observations/sent").text
    assert logged(empty_town, "account, unit, role, outcome, subject, item") == [
        ("account-1", "leisure", "observer", "permit", "", "")
    ]
    stored = b"".join(file.read_bytes() for file in empty_town.folder.rglob("*") if file.is_file())
    assert not any(form.encode() in stored for form in (PERSON, CANONICAL))


def test_each_form_has_a_number_of_its_own_and_sending_one_again_keeps_it(empty_town: PagesTown, client: Browser) -> None:
    path, kept = begin(client)
    for _tap in range(2):
        client.post(path, data=SAID | kept)
    gone_back = client.get(path).text
    assert not any(value in gone_back for value in ("21:30", "selected", "checked", PERSON))
    client.post(path, data=SAID | hidden(gone_back))
    numbers = [taken.number for _sender, taken in empty_town.intake.taken]
    assert numbers[0] == numbers[1] != numbers[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"person": ""}, "Skriv personnumret, med tolv siffror."),
        ({"person": "20120314-9801"}, "Personnumret går inte att tyda: kontrollsiffran"),
        ({"concern": ""}, "Välj vad du såg."),
        ({"concern": "curiosity"}, "Välj vad du såg."),
        ({"area": "place-storgatan-1"}, "Välj ett område i listan, eller inget."),
        ({"day": "i går"}, "Ange dag och tid då du såg det."),
        ({"day": "0025-05-18"}, "Ange dag och tid då du såg det."),
        ({"day": "0001-01-01", "clock": "00:00"}, "Ange dag och tid då du såg det."),
        ({"clock": ""}, "Ange dag och tid då du såg det."),
        ({"day": "2025-05-20"}, "Den tiden har inte kommit än"),
        ({"sender": "outreach"}, "Välj vem du skickar för."),
    ],
)
def test_a_form_that_is_wrong_says_where_keeps_the_coded_fields_and_never_the_number(
    empty_town: PagesTown, client: Browser, changes: dict[str, str], said: str
) -> None:
    path, kept = begin(client)
    text = sent(client, path, SAID | kept | changes)
    assert said in text
    assert hidden(text)["number"] == kept["number"]
    typed = {**SAID, **changes}["person"]
    assert not typed or not {typed, typed.replace("-", ""), typed[-4:]} & set(re.findall(r"[\d-]+", text))
    if "person" not in changes:
        assert "Skriv personnumret igen: det sparas inte här." in text
    if "concern" not in changes:
        assert re.search(r'value="recruitment" checked', text)
    if "area" not in changes:
        assert '"0581-hageby" selected' in text
    assert not any(value in client.get(path).text for value in ("21:30", "selected", "checked", said))
    assert (empty_town.intake.taken, logged(empty_town)) == ([], [])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RetriableError("away", code="intake_away"), "ingen kontakt just nu"),
        (RejectedError("rule", code="refused"), "Den togs inte emot"),
        (ConfigError("secret", code="bad_secret"), "fel inställt"),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_was_not_taken_is_said_and_logged_and_goes_again_under_the_same_number(
    empty_town: PagesTown, client: Browser, error: HubError, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    empty_town.intake.failures.append(error)
    path, kept = begin(client)
    text = sent(client, path, SAID | kept)
    assert said in text
    assert "Skriv personnumret igen" in text
    assert "9800" not in text + "".join(capfd.readouterr())
    client.post(path, data=SAID | hidden(text))
    [(_sender, taken)] = empty_town.intake.taken
    assert [taken] == empty_town.intake.refused
    assert taken.showing != empty_town.intake.refused[0].showing
    assert logged(empty_town) == [("permit", ""), ("deny", error.code), ("permit", "")]


def test_what_may_have_been_sent_is_called_neither_sent_nor_not_sent_and_is_one_observation(
    empty_town: PagesTown, client: Browser
) -> None:
    empty_town.intake.failures += [InDoubtError("late", code="intake_in_doubt"), RetriableError("away", code="intake_away")]
    path, kept = begin(client)
    first = sent(client, path, SAID | kept)
    second = sent(client, path, SAID | hidden(first))  # that one was not sent; the first may have been all the same
    unfinished = sent(client, path, SAID | hidden(second) | {"person": ""})
    for text in (first, second, unfinished):
        assert "Den kan ha skickats" in text
        assert ("Skicka inte igen" in text, "Den är inte skickad" in text, "ingen kontakt" in text) == (True, False, False)
    client.post(path, data=SAID | hidden(unfinished))
    [(_sender, taken)] = empty_town.intake.taken
    assert {one.number for one in empty_town.intake.refused} == {taken.number}
    assert logged(empty_town) == [
        ("permit", ""), ("permit", "intake_in_doubt"), ("permit", ""), ("deny", "intake_away"), ("permit", ""),
    ]  # fmt: skip


def test_the_page_of_what_may_have_been_sent_keeps_its_number_when_it_is_seen_again_and_nothing_that_was_coded(
    empty_town: PagesTown, client: Browser
) -> None:
    empty_town.intake.failures.append(InDoubtError("late", code="intake_in_doubt"))
    path, kept = begin(client)
    again = sent_to(client, path, SAID | kept)
    number = hidden(client.get(again).text)["number"]
    for _reload in range(2):
        text = client.get(again).text
        assert (hidden(text)["number"], "Den kan ha skickats" in text) == (number, True)
        assert not any(value in text for value in ("21:30", "selected", "checked", PERSON))
    client.post(again, data=SAID | hidden(text))
    after = client.get(again).text
    assert (hidden(after)["number"] != number, "Den kan ha skickats" in after) == (True, False)
    numbers = {one.number for one in empty_town.intake.refused} | {one.number for _sender, one in empty_town.intake.taken}
    assert len(numbers) == 1


def test_two_windows_of_one_form_are_two_observations_and_neither_is_shown_the_others_number(
    empty_town: PagesTown, client: Browser
) -> None:
    empty_town.intake.failures += [InDoubtError("late", code="intake_in_doubt")] * 2
    path, one = begin(client)
    other = hidden(client.get(path).text)
    assert one["number"] != other["number"]
    pages = [sent_to(client, path, SAID | kept) for kept in (one, other)]
    numbers = [hidden(client.get(page).text)["number"] for page in (*pages, *pages)]  # seen, and seen again
    assert numbers[:2] == numbers[2:]
    for page, number in zip(pages, numbers[:2], strict=True):
        client.post(page, data=SAID | {"sender": one["sender"], "number": number})
    taken = [each.number for _sender, each in empty_town.intake.taken]
    assert taken == [each.number for each in empty_town.intake.refused]
    assert len(set(taken)) == 2


def test_whoever_goes_back_from_what_may_have_been_sent_is_shown_the_way_to_it(empty_town: PagesTown, client: Browser) -> None:
    empty_town.intake.failures.append(InDoubtError("late", code="intake_in_doubt"))
    path, kept = begin(client)
    doubtful = sent_to(client, path, SAID | kept)
    told = client.get(path).text
    assert "Är det samma observation?" in told
    assert f'<a href="{doubtful}">Fortsätt med det formuläret</a>' in told
    client.post(doubtful, data=SAID | hidden(client.get(doubtful).text))
    assert "samma observation" not in client.get(path).text


def test_what_is_sent_from_one_window_leaves_the_others_doubt(empty_town: PagesTown, client: Browser) -> None:
    empty_town.intake.failures.append(InDoubtError("late", code="intake_in_doubt"))
    path, one = begin(client)
    other = hidden(client.get(path).text)
    doubtful = sent_to(client, path, SAID | one)
    number = hidden(client.get(doubtful).text)["number"]
    assert sent_to(client, path, SAID | other) == "/observations/sent"
    text = client.get(doubtful).text
    assert (hidden(text)["number"], "Den kan ha skickats" in text) == (number, True)


def test_what_may_have_been_sent_is_said_so_even_when_the_log_does_not_take_it(empty_town: PagesTown, visit: Visit) -> None:
    class Late(ListIntake):
        def push(self, sender: Sender, observation: Observation) -> None:
            with empty_town.audit.engine.begin() as connection:
                connection.exec_driver_sql("drop table audit_entry")
            raise InDoubtError("late", code="intake_in_doubt")

    empty_town.app = build_web(replace(empty_town.web, observing=make_observing(Late())))
    client = visit(FIELDWORKER)
    path, kept = begin(client)
    assert "Den kan ha skickats" in sent(client, path, SAID | kept)


def test_without_the_log_nothing_is_sent(empty_town: PagesTown, client: Browser) -> None:
    path, kept = begin(client)
    with empty_town.audit.engine.begin() as connection:
        connection.exec_driver_sql("drop table audit_entry")
    text = sent(client, path, SAID | kept)
    assert ("Den är inte skickad" in text, "9800" in text) == (True, False)
    assert (empty_town.intake.taken, empty_town.intake.refused) == ([], [])


def test_an_observation_of_this_minute_is_no_future(empty_town: PagesTown, client: Browser) -> None:
    empty_town.clock.set(NOW + timedelta(seconds=5))
    path, kept = begin(client)
    client.post(path, data=SAID | kept | {"day": "2025-05-19", "clock": "07:30", "area": ""})
    assert [taken.area for _sender, taken in empty_town.intake.taken] == [""]


def test_whoever_sends_for_several_says_for_whom(empty_town: PagesTown, visit: Visit) -> None:
    school = make_sender("school", "Skolsociala teamet", {Role.OBSERVER: frozenset()})
    empty_town.app = build_web(replace(empty_town.web, observing=make_observing(empty_town.intake, (*SENDERS, school))))
    client = visit(FIELDWORKER)
    path, kept = begin(client)
    page = client.get(path).text
    assert ("Skolsociala teamet" in page, "Förebyggarteamet</label>" in page) == (True, False)
    assert "Välj vem du skickar för." in sent(client, path, SAID | kept)
    client.post(path, data=SAID | kept | {"sender": "school"})
    assert [sender for sender, _taken in empty_town.intake.taken] == ["school"]


def test_a_member_sends_for_her_own_team_only(empty_town: PagesTown, visit: Visit) -> None:
    ours = visit(member("Vi", "outreach"))
    path, kept = begin(ours)
    ours.post(path, data=SAID | kept)
    assert [sender for sender, _taken in empty_town.intake.taken] == ["outreach"]
    theirs = visit(member("SIG", "sig"))
    assert "Ingen har sagt vem du skickar observationer för." in theirs.get("/observations").text
    assert theirs.post("/observations", data={"harmed": "no"}).headers["location"] == "/observations"
    assert theirs.post("/observations", data={"harmed": "yes"}).headers["location"] == "/observations/harm"


def test_where_nothing_is_set_the_page_says_what_to_set_and_how_to_report_all_the_same(
    empty_town: PagesTown, visit: Visit
) -> None:
    empty_town.app = build_web(replace(empty_town.web, observing=make_observing(empty_town.intake, ())))
    page = visit(FIELDWORKER).get("/observations").text
    for part in ("reception_phone", "[web.observations]", "tel:112", "Ring socialtjänstens mottagning"):
        assert part in page


def test_a_role_without_the_right_gets_no_form_and_no_link_to_it(visit: Visit) -> None:
    auditor = visit(Principal("account-2", "Revisor", {Role.AUDITOR: frozenset()}))
    assert auditor.get("/observations").status_code == 403
    assert "/observations" not in auditor.get("/audit/review").text


def test_in_english_everything_is_english(client: Browser) -> None:
    client.get("/language/en")
    path, kept = begin(client)
    pages = [client.get(address).text for address in ("/observations", "/observations/harm", "/observations/sent", path)]
    pages.append(sent(client, path, kept))
    said = (
        "Is the child being harmed?",
        "ask for the social emergency service",
        "Nothing of it is left",
        "What did you see?",
        "Choose what",
    )
    assert all(text in page for text, page in zip(said, pages, strict=True))
