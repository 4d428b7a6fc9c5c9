"""What an association meets behind its link: place and time, one answer, one report; a link that is good no more says so plainly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.presence.codes import OfferState
from hub.presence.offers import Offer
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import AFTER, HEAD, REPORT, agree, logged, offer, offers_of, plan, version_of
from tests.unit.web.town import NOW, PagesTown


@pytest.fixture
def head(visit: Visit) -> Browser:
    return visit(HEAD)


@pytest.fixture
def made(empty_town: PagesTown, head: Browser) -> tuple[str, Offer]:
    """A presence, and its offer to an association."""
    path = plan(head)
    return path, offer(empty_town, head, path, agree(head))[0]


def test_the_link_shows_place_and_time_and_nothing_of_anybody(made: tuple[str, Offer], stranger: Browser) -> None:
    answer = stranger.get(f"/presence/offer/{made[1].answer_link}")
    assert answer.status_code == 200
    for told in ("Hageby", "fre 23 maj 20.00–23.00", "Ja, vi kommer"):
        assert told in answer.text
    for untold in ("Chefen", "account", "utsatt", "händelser"):
        assert untold not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "Norrköpings kommun" in answer.text
    assert "Förslag till insats" not in answer.text  # whoever holds a link knows of no tasks


def test_looking_answers_nothing_and_an_answer_counts_once(
    empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser
) -> None:
    path, found = made
    link = f"/presence/offer/{found.answer_link}"
    stranger.get(link)
    assert offers_of(empty_town, path)[0].state is OfferState.OFFERED
    answer = stranger.post(link, data={"answer": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/presence/report/{found.report_link}?done=accepted")
    assert "Kommunen vet att ni kommer." in stranger.get(answer.headers["location"]).text
    again = stranger.post(link, data={"answer": "no"})
    assert "Förslag till insats" not in again.text
    assert (again.status_code, "Länken är redan använd" in again.text) == (410, True)
    assert offers_of(empty_town, path)[0].state is OfferState.ACCEPTED
    assert logged(empty_town, "presence_answered") == [
        ("presence_answered", "accepted", "permit"),
        ("presence_answered", "", "deny"),
    ]


def test_a_no_is_thanked_for(empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser) -> None:
    answer = stranger.post(f"/presence/offer/{made[1].answer_link}", data={"answer": "no"})
    assert (answer.status_code, "Ni har tackat nej" in answer.text) == (200, True)
    assert offers_of(empty_town, made[0])[0].state is OfferState.REFUSED


def test_neither_yes_nor_no_asks_again(empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser) -> None:
    answer = stranger.post(f"/presence/offer/{made[1].answer_link}", data={"answer": "kanske"})
    assert (answer.status_code, "Svara ja eller nej." in answer.text) == (400, True)
    assert offers_of(empty_town, made[0])[0].state is OfferState.OFFERED


@pytest.mark.parametrize("token", ["x", "none-of-ours", "å" * 300, "a.b.c", "%2e%2e", "x" * 5000])
@pytest.mark.parametrize("kind", ["offer", "report"])
def test_what_is_no_link_of_ours_is_not_found(empty_town: PagesTown, stranger: Browser, kind: str, token: str) -> None:
    for answer in (stranger.get(f"/presence/{kind}/{token}"), stranger.post(f"/presence/{kind}/{token}")):
        assert (answer.status_code, "Länken fungerar inte" in answer.text) == (404, True)


def test_a_link_that_is_too_late_taken_back_or_cancelled_says_which(
    empty_town: PagesTown, head: Browser, made: tuple[str, Offer], stranger: Browser
) -> None:
    path, found = made
    link = f"/presence/offer/{found.answer_link}"
    empty_town.clock.set(NOW + timedelta(days=3))
    late = stranger.get(link)
    assert (late.status_code, "Länken har gått ut" in late.text) == (410, True)
    empty_town.clock.set(NOW)
    head.post(f"{path}/cancel", data={"version": version_of(empty_town, path)})
    cancelled = stranger.post(link, data={"answer": "yes"})
    assert (cancelled.status_code, "Den är inställd" in cancelled.text) == (410, True)
    head.post(f"{path}/offer/{found.offer_id}/withdraw", data={"version": str(found.version)})
    assert "Förfrågan är återtagen" in stranger.get(link).text


def test_who_comes_second_is_told_that_others_have_it(empty_town: PagesTown, head: Browser, stranger: Browser) -> None:
    path = plan(head)
    first, second = offer(empty_town, head, path, agree(head), agree(head, association="Citys vänner"))
    stranger.post(f"/presence/offer/{first.answer_link}", data={"answer": "yes"})
    late = stranger.post(f"/presence/offer/{second.answer_link}", data={"answer": "yes"})
    assert (late.status_code, "Andra har tagit den" in late.text) == (409, True)


def test_an_association_reports_once(empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser) -> None:
    path, found = made
    link = f"/presence/report/{found.report_link}"
    assert stranger.get(link).status_code == 409
    stranger.post(f"/presence/offer/{found.answer_link}", data={"answer": "yes"})
    before = stranger.get(link)
    assert "efteråt rapporterar ni här" in before.text
    assert "Antal timmar" not in before.text
    empty_town.clock.set(AFTER)
    wrong = stranger.post(link, data=REPORT | {"youths": "Kalle och Lisa"})
    assert (wrong.status_code, wrong.text.count("Ange ungefär hur många unga ni mötte")) == (400, 2)
    done = stranger.post(link, data=REPORT)
    assert (done.status_code, "Rapporten har kommit fram" in done.text) == (200, True)
    report = offers_of(empty_town, path)[0].report
    assert report is not None
    assert (report.minutes, report.adults, report.youths) == (150, 4, 30)
    assert stranger.post(link, data=REPORT).status_code == 410


def test_a_report_before_it_has_begun_is_none(empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser) -> None:
    stranger.post(f"/presence/offer/{made[1].answer_link}", data={"answer": "yes"})
    answer = stranger.post(f"/presence/report/{made[1].report_link}", data=REPORT)
    assert answer.status_code == 400
    assert offers_of(empty_town, made[0])[0].report is None


def test_an_answer_from_no_page_of_ours_changes_nothing(
    empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser
) -> None:
    answer = stranger.bare_post(f"/presence/offer/{made[1].answer_link}", {"answer": "yes"})
    assert answer.status_code == 403
    assert offers_of(empty_town, made[0])[0].state is OfferState.OFFERED


def test_whoever_guesses_has_to_wait_and_a_genuine_link_from_elsewhere_does_not(
    empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser
) -> None:
    answers = [stranger.get(f"/presence/offer/guess-{number}") for number in range(25)]
    assert {answer.status_code for answer in answers[:20]} == {404}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    empty_town.clock.set(NOW + timedelta(hours=25))
    assert stranger.get(f"/presence/offer/{made[1].answer_link}").status_code == 200


def test_a_genuine_link_is_looked_at_as_often_as_one_likes(made: tuple[str, Offer], stranger: Browser) -> None:
    assert {stranger.get(f"/presence/offer/{made[1].answer_link}").status_code for _ in range(30)} == {200}


def test_without_the_audit_log_an_answer_is_not_taken_and_says_so(
    empty_town: PagesTown, made: tuple[str, Offer], stranger: Browser
) -> None:
    stranger.get("/")
    empty_town.audit.engine.dispose()
    (empty_town.folder / "audit.db").rename(empty_town.folder / "gone.db")
    (empty_town.folder / "audit.db").mkdir()
    answer = stranger.post(f"/presence/offer/{made[1].answer_link}", data={"answer": "yes"})
    (empty_town.folder / "audit.db").rmdir()
    (empty_town.folder / "gone.db").rename(empty_town.folder / "audit.db")
    assert (answer.status_code, "Försök igen om en minut." in answer.text) == (503, True)
    assert offers_of(empty_town, made[0])[0].state is OfferState.OFFERED


def test_a_link_is_there_in_english(made: tuple[str, Offer], stranger: Browser) -> None:
    stranger.get("/language/en")
    text = stranger.get(f"/presence/offer/{made[1].answer_link}").text
    assert "Yes, we come" in text
    assert "The link does not work" in stranger.get("/presence/offer/x").text
