"""The officer's pages: the report opened by an act, coded, put aside, taken back; whom it is about in no address."""

from __future__ import annotations

import pytest

from hub.access.roles import Principal, Role
from hub.coding.queue import NoticeState
from hub.errors import ConfigError
from tests.unit.coding.make import UNDO
from tests.unit.connectors.sdk.make import OTHER_PERSON, PERSON, SUBJECT, reference
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown

OFFICER = Principal("account-1", "Mottagningen", {Role.STATUTORY_OFFICER: frozenset()})
CANONICAL = "201203149800"
SAID = {
    "person": "1", "category": "narcotics", "day": "2025-05-16", "clock": "22:40", "area": "0581-hageby", "may_tell": "no",
}  # fmt: skip


@pytest.fixture
def client(visit: Visit) -> Browser:
    return visit(OFFICER)


def said(town: PagesTown, number: str, **changes: str) -> dict[str, str]:
    """The form, by somebody who has read what there is."""
    return SAID | {"seen": town.coding.seen(number)} | changes


def state(town: PagesTown, number: str) -> NoticeState:
    return town.coding.queue.find(number).state


def test_nothing_waits_is_said_and_the_officer_is_led_to_the_reports_first(client: Browser) -> None:
    assert client.get("/").headers["location"] == "/reports", "legal clocks first"
    assert "Ingen underrättelse väntar på kod." in client.get("/notices").text


def test_how_many_more_wait_than_are_shown_is_said(empty_town: PagesTown, client: Browser) -> None:
    oldest = empty_town.coding.arrive(1)
    empty_town.clock.advance(UNDO)
    many = {f"{number:040}": "uncoded" for number in range(202)}
    empty_town.coding.queue.add(many, empty_town.clock.now())
    listed = client.get("/notices").text
    assert f"/notices/{oldest}" in listed
    assert "3 till väntar." in listed


def test_a_notice_is_listed_and_opened_by_an_act_that_is_logged_first(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    listed = client.get("/notices").text
    assert f"/notices/{number}" in listed
    assert "har ingen kategori som navet känner" in listed
    assert PERSON not in listed + client.get(f"/notices/{number}").text
    opened = client.post(f"/notices/{number}").text
    for part in (PERSON, "Underrättelse", "a.pdf", "Navet läser inte dokument"):
        assert part in opened
    assert [entry[:2] for entry in empty_town.coding.told()] == [("report_listed", "coding")] * 2 + [("report_opened", "coding")]


def test_a_notice_is_coded_taken_back_and_coded_again(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    answer = client.post(f"/notices/{number}/code", data=said(empty_town, number))
    assert (answer.status_code, answer.headers["location"]) == (303, "/notices?done=coded")
    listed = client.get("/notices?done=coded").text
    assert "Underrättelsen är kodad." in listed
    assert PERSON not in listed
    client.post(f"/notices/{number}/undo")
    assert state(empty_town, number) is NoticeState.WAITING
    client.post(f"/notices/{number}/code", data=said(empty_town, number, person="", typed="20120314–9800"))
    coding = empty_town.coding
    coded = coding.seal.open(number, coding.queue.find(number).sealed)
    assert (coded.subjects, coded.category, coded.area, coded.may_tell_youth) == (
        ((2, CANONICAL),),
        "narcotics",
        "0581-hageby",
        False,
    )
    assert coded.occurred_at.isoformat() == "2025-05-16T22:40:00+02:00"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"person": ""}, "Ange vem det gäller"),
        ({"typed": "123"}, "Personnumret går inte att tyda"),
        ({"category": ""}, "Välj vad det gäller."),
        ({"category": "curiosity"}, "Välj vad det gäller."),
        ({"day": "i går"}, "Ange dag och tid"),
        ({"day": "0001-01-01", "clock": "00:00"}, "Ange dag och tid"),
        ({"clock": ""}, "Ange dag och tid"),
        ({"day": "2025-05-20"}, "Det har inte hänt än"),
        ({"area": "place-storgatan-1"}, "Välj ett område i listan"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_coded(
    empty_town: PagesTown, client: Browser, changes: dict[str, str], told: str
) -> None:
    number = empty_town.coding.arrive()
    answer = client.post(f"/notices/{number}/code", data=said(empty_town, number, **changes))
    assert answer.status_code == 400
    assert told in answer.text
    assert state(empty_town, number) is NoticeState.WAITING


def test_everything_that_is_wrong_is_said_at_once(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    text = client.post(f"/notices/{number}/code", data={"seen": empty_town.coding.seen(number)}).text
    for part in ("Ange vem det gäller", "Välj vad det gäller.", "Ange dag och tid"):
        assert part in text


def test_what_is_not_a_matter_for_the_hub_is_put_aside_and_brought_back(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    assert client.post(f"/notices/{number}/dismiss").headers["location"] == "/notices?done=dismissed"
    listed = client.get("/notices").text
    assert "Inte en sak för navet" in listed
    assert "Den senaste avgjordes mån 19 maj 07.30." in listed
    client.post(f"/notices/{number}/undo")
    assert state(empty_town, number) is NoticeState.WAITING


def test_what_has_gone_out_cannot_be_taken_back_and_says_so(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    client.post(f"/notices/{number}/code", data=said(empty_town, number))
    empty_town.clock.advance(UNDO)
    empty_town.coding.queue.take(empty_town.clock.now(), 10)
    assert "Ta tillbaka" not in client.get("/notices").text
    answer = client.post(f"/notices/{number}/undo")
    assert (answer.status_code, "Den kan inte tas tillbaka" in answer.text) == (409, True)
    empty_town.coding.queue.settle({number: ""}, empty_town.clock.now())
    listed = client.get("/notices").text
    assert "Lämnad till navet" in listed
    assert "sägs inte till någon, inte heller här" in listed


def test_two_officers_do_not_decide_about_the_same(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    client.post(f"/notices/{number}/dismiss")
    answer = client.post(f"/notices/{number}/code", data=said(empty_town, number))
    assert (answer.status_code, "under tiden" in answer.text) == (409, True)


def test_a_form_about_one_content_codes_nothing_when_another_has_come_meanwhile(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive(1, reference(SUBJECT, PERSON))
    form = said(empty_town, number)
    assert f'name="seen" value="{form["seen"]}"' in client.post(f"/notices/{number}").text
    empty_town.clock.advance(UNDO)
    empty_town.coding.arrive(1, reference(SUBJECT, OTHER_PERSON))
    for deed, sent in (("code", form), ("code", form | {"category": ""}), ("dismiss", form)):
        answer = client.post(f"/notices/{number}/{deed}", data=sent)
        assert (answer.status_code, "ett annat innehåll sedan du öppnade det" in answer.text) == (409, True)
        assert OTHER_PERSON not in answer.text
        assert f'href="/notices/{number}"' in answer.text
    assert state(empty_town, number) is NoticeState.WAITING


def test_a_notice_that_there_is_not_is_said_to_be_none(client: Browser) -> None:
    assert client.get(f"/notices/{'0' * 40}").status_code == 404
    assert client.post("/notices/x/code", data=SAID).status_code == 404


def test_without_the_log_nothing_is_shown_and_nothing_coded(empty_town: PagesTown, client: Browser) -> None:
    number = empty_town.coding.arrive()
    with empty_town.audit.engine.begin() as connection:
        connection.exec_driver_sql("drop table audit_entry")
    sent = said(empty_town, number)
    answers = [client.get("/notices"), client.post(f"/notices/{number}"), client.post(f"/notices/{number}/code", data=sent)]
    assert [answer.status_code for answer in answers] == [500] * 3
    assert not any(PERSON in answer.text for answer in answers)
    assert state(empty_town, number) is NoticeState.WAITING


def test_where_the_key_is_not_the_page_says_where_to_turn(empty_town: PagesTown, client: Browser) -> None:
    def without_key(_entry: str) -> None:
        raise ConfigError("reading the statutory store needs its key", code="no_private_key")

    number = empty_town.coding.arrive()
    empty_town.coding.store.read = without_key  # type: ignore[method-assign]
    answer = client.post(f"/notices/{number}")
    assert (answer.status_code, "nyckeln finns på annat håll" in answer.text) == (409, True)
