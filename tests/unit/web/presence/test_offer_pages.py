"""Offers from the team's page: to whom an agreement covers, with a link to copy, an undo, and a report in an association's place."""

from __future__ import annotations

import html
import re

from hub.presence.codes import OfferState
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import AFTER, ANNA, HEAD, REPORT, agree, logged, offer, offers_of, plan, version_of
from tests.unit.web.town import PagesTown


def test_only_associations_whose_agreement_covers_it_can_be_asked(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    agree(head)
    agree(head, association="Citys vänner", areas="0581-city")
    text = head.get(plan(head)).text
    assert "Hageby IF" in text
    assert "Citys vänner" not in text


def test_an_offer_has_a_link_to_copy_and_an_e_mail_with_place_and_time_only(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path = plan(head)
    made = offer(empty_town, head, path, agree(head))[0]
    text = html.unescape(head.get(path).text)
    assert f'value="http://127.0.0.1:8700/presence/offer/{made.answer_link}"' in text
    mail = re.search(r'href="(mailto:[^"]+)"', text)
    assert mail is not None
    assert "Hageby" in mail[1]
    assert "Chefen" not in mail[1]
    assert ("presence_offered", "offered", "permit") in logged(empty_town, "presence_offered")


def test_an_offer_to_nobody_or_of_no_places_says_what_is_wrong(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path, agreement = plan(head), agree(head).rpartition("/")[2]
    version = version_of(empty_town, path)
    for data, told in (
        ({"places": "1"}, "Välj minst en förening."),
        ({"places": "0", "agreements": agreement}, "Ange hur många föreningar"),
        ({"places": "1", "agreements": "x"}, "En överenskommelse gäller inte längre"),
    ):
        answer = head.post(f"{path}/offer", data=data | {"version": version})
        assert (answer.status_code, answer.text.count(told)) == (400, 2), told
    assert offers_of(empty_town, path) == []


def test_the_team_undoes_an_acceptance(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path = plan(head)
    made = offer(empty_town, head, path, agree(head))[0]
    empty_town.web.presence().offers.answer(made.answer_link, str, accept=True)
    accepted = offers_of(empty_town, path)[0]
    assert "Ångra mottagandet" in head.get(path).text
    answer = head.post(f"{path}/offer/{made.offer_id}/withdraw", data={"version": str(accepted.version)})
    assert answer.status_code == 303
    assert offers_of(empty_town, path)[0].state is OfferState.WITHDRAWN
    assert head.post(f"{path}/offer/{made.offer_id}/withdraw", data={"version": str(accepted.version)}).status_code == 409


def test_the_team_reports_for_an_association_and_takes_it_away(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path = plan(head)
    made = offer(empty_town, head, path, agree(head))[0]
    empty_town.web.presence().offers.answer(made.answer_link, str, accept=True)
    empty_town.clock.set(AFTER)
    anna, at = visit(ANNA), f"{path}/offer/{made.offer_id}"
    version = str(offers_of(empty_town, path)[0].version)
    wrong = anna.post(f"{at}/report", data=REPORT | {"adults": "", "version": version})
    assert (wrong.status_code, wrong.text.count("Ange hur många vuxna")) == (400, 2)
    assert anna.post(f"{at}/report", data=REPORT | {"version": version}).status_code == 303
    told = offers_of(empty_town, path)[0]
    assert told.report is not None
    assert told.report.by == ANNA.account
    assert anna.post(f"{at}/reopen", data={"version": str(told.version)}).status_code == 303
    assert offers_of(empty_town, path)[0].report is None


def test_an_offer_that_there_is_not_is_not_found(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    answer = anna.post(f"{plan(anna)}/offer/00000000-0000-4000-8000-000000000000/withdraw", data={"version": "1"})
    assert answer.status_code == 404
