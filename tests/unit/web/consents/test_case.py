"""Consents by their numbers: listed, found, signed, suspended, withdrawn; only for the teams that they name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.contract.models import Erasure, ErasureKind
from hub.core.consent_rules import AtSigningAge, Dated
from hub.registry.erasures import record_receipt
from hub.registry.granting import Marking
from hub.registry.protecting import protect
from hub.registry.registry import Registry
from hub.registry.upkeep import refresh
from tests.unit.registry.support import make_grant, make_identifier, make_rules
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import OFFICER, Desk, headings
from tests.unit.web.town import member

BOTH = {"signatures": ["guardian_1", "guardian_2"]}


def test_the_list_tells_what_waits_for_whom_what_ends_soon_and_what_is_suspended(desk: Desk) -> None:
    desk.register()
    desk.register(
        youth={"identifier": make_identifier(1), "protected": "no"}, signatures=BOTH,
        period={"first": "2025-05-19", "last": "2025-06-10"},
    )  # fmt: skip
    suspended = desk.register(youth={"identifier": make_identifier(2), "protected": "no"}, signatures=BOTH)
    desk.client.post(f"{suspended}/custody", data={"custody": "guardian_1"})
    page = desk.client.get("/consents").text
    waiting, rest = page.split("<h2>Vilande</h2>")
    halted, rest = rest.split("<h2>Upphör inom 30 dagar</h2>")
    soon, _ = rest.split("<h2>Övriga som gäller</h2>")
    assert "Vårdnadshavare 1 och Vårdnadshavare 2" in waiting
    assert suspended in halted
    assert "Vårdnadshavare 1" in halted
    assert "10 juni 2025" in soon
    assert "22 dagar kvar" in soon


def test_an_officer_of_another_team_is_told_that_there_is_no_such_consent_and_that_is_logged(desk: Desk, other: Desk) -> None:
    case = desk.register()
    for path in (case, f"{case}/sign", f"{case}/withdraw", f"{case}/erasure"):
        assert other.client.get(path).status_code == 404
    for path in ("sign", "custody", "withdraw"):
        assert other.client.post(f"{case}/{path}", data={"role": "guardian_1", "custody": "guardian_1"}).status_code == 404
    assert "Inget samtycke inväntar underskrift." in other.client.get("/consents").text
    assert ("consent_shown", "deny", "no_such_consent") in other.logged()
    assert "Inväntar underskrift" in desk.client.get(case).text


def test_a_search_by_identifier_answers_alike_for_nobody_for_others_and_finds_in_any_spelling(desk: Desk, other: Desk) -> None:
    desk.register()
    number = make_identifier()
    shape = [headings(one.client.post("/consents/find", data={"sought": text})) for one, text in (
        (desk, f"{number[2:8]}-{number[8:]}"), (desk, make_identifier(7)), (other, number),
    )]  # fmt: skip
    assert shape == [["Sökresultat", "Tangenter"]] * 3
    found = desk.client.post("/consents/find", data={"sought": number}).text
    assert "SSPF" in found
    assert number not in found
    for one, text in ((desk, make_identifier(7)), (other, number)):
        assert "Inget samtycke som du får se." in one.client.post("/consents/find", data={"sought": text}).text
    assert [rule for action, _, rule in desk.logged() if action == "consent_shown"][-1] == "nobody"


def test_part_of_an_identifier_finds_nothing_and_a_consents_number_leads_to_it(desk: Desk) -> None:
    case = desk.register()
    number = case.rsplit("/", 1)[1]
    assert desk.client.post("/consents/find", data={"sought": number[:8]}).headers["location"] == case
    assert desk.client.post("/consents/find", data={"sought": number.upper()}).headers["location"] == case
    assert desk.client.post("/consents/find", data={"sought": make_identifier()[:11]}).status_code == 422
    assert "Inget samtycke som du får se." in desk.client.post("/consents/find", data={"sought": make_identifier()[:8]}).text


def test_a_search_by_get_is_no_way_in(desk: Desk) -> None:
    assert desk.client.get("/consents/find", params={"sought": make_identifier()}).status_code == 405


def test_no_page_of_a_consent_shows_the_person(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    pages = "".join(desk.client.get(f"{case}{path}").text for path in ("", "/sign", "/custody", "/withdraw", "/erasure"))
    pages += desk.client.get("/consents").text
    youth_ref = desk.town.consents.registry.show(make_identifier()).youth_ref
    assert youth_ref
    assert not any(secret in pages for secret in (make_identifier(), make_identifier()[2:], "Testsson", youth_ref, "011-15"))


def test_one_scope_is_withdrawn_in_two_clicks_and_the_other_stays(desk: Desk) -> None:
    first = desk.register(signatures=BOTH)
    second = desk.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]}, signatures=BOTH)
    asked = desk.client.get(f"{first}/withdraw")
    assert "försvinner inom 120 dagar" in asked.text  # effect is at once, and that not all bytes are gone by then is said before
    assert "Inom några sekunder" in asked.text
    assert "Stödet fortsätter som förut." in asked.text
    everything = desk.client.get(f"{first}/withdraw?all=1").text
    assert ("med stöd av det" in asked.text, "med stöd av det" in everything) == (True, False)
    assert ("också det som andra skriver under" in asked.text, "också det som andra skriver under" in everything) == (False, True)
    done = desk.client.post(f"{first}/withdraw", data={"all": "0", "by": ""})
    assert done.headers["location"] == f"{first}/erasure"
    assert "På väg: alla har inte svarat än." in desk.client.get(f"{first}/erasure").text
    assert "Gäller" in desk.client.get(second).text


def test_everything_is_withdrawn_by_a_guardian_alone_and_the_page_shows_who_has_erased_after_how_long(desk: Desk) -> None:
    first = desk.register(signatures=BOTH)
    second = desk.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]})
    youth_ref = desk.town.consents.registry.show(make_identifier()).youth_ref
    assert youth_ref
    desk.client.post(f"{first}/withdraw", data={"all": "1", "by": "guardian_2"})
    assert all("Återkallat" in desk.client.get(case).text for case in (first, second))
    assert "på väg" in desk.client.get(f"{first}/erasure").text.lower()
    erasing = desk.town.consents.registry.erasure_status()[0]
    answer = Erasure(
        kind=ErasureKind.RECEIPT, erasure_id=erasing.erasure_id, youth_ref=youth_ref, component="worker", occurred_at=desk.town.clock.now()
    )  # fmt: skip
    desk.town.clock.advance(timedelta(seconds=4))
    with desk.town.consents.registry.work() as work:
        record_receipt(work.session, answer, work.now)
    page = desk.client.get(f"{first}/erasure").text
    assert "4 sekunder" in page
    assert page.count("inväntas") == 1  # delivery
    assert "Räkningen" in page
    assert "Gällde överallt" not in page
    assert "Vårdnadshavare 2" in desk.client.get(first).text
    assert [action for action, _, _ in desk.logged() if action in {"consent_withdrawn", "erasure_requested"}] == [
        "consent_withdrawn", "erasure_requested",
    ]  # fmt: skip


def test_everything_ends_also_what_another_unit_holds_and_names_the_other_guardian_alone(desk: Desk, other: Desk) -> None:
    desk.register(custody={"custody": "guardian_1"}, signatures={"signatures": ["guardian_1"]})
    case = other.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]}, signatures=BOTH)
    assert other.client.post(f"{case}/withdraw", data={"all": "1", "by": "guardian_2"}).status_code == 303
    assert desk.town.consents.registry.counts()["withdrawn"] == 2


def test_whose_signature_was_never_asked_for_withdraws_nothing(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    page = desk.client.post(f"{case}/withdraw", data={"all": "0", "by": "god_man"})
    assert page.status_code == 422
    assert "<title>Fel: Återkalla samtycket – " in page.text  # what a title says is heard first
    assert "Den rollen skriver inte under" in page.text
    assert "Gäller" in desk.client.get(case).text


def test_a_change_of_custody_suspends_everything_until_the_right_one_has_signed(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    desk.client.post(f"{case}/custody", data={"custody": "guardian_1"})
    page = desk.client.get(case).text
    assert "Vilande: Vårdnadshavare 1" in page
    assert "Vårdnadshavare 2" not in page
    desk.client.post(f"{case}/sign", data={"role": "guardian_1"})
    assert "Gäller" in desk.client.get(case).text


@pytest.mark.parametrize(("has", "lost"), [("1", "2"), ("2", "1")])
def test_of_two_guardians_either_may_have_sole_custody_whose_signature_and_whose_block_count(
    desk: Desk, has: str, lost: str
) -> None:
    case = desk.register(signatures=BOTH)
    for number in (has, lost):
        desk.client.post(f"{case}/block", data={"deed": "block", "role": f"guardian_{number}"})
    assert desk.client.post(f"{case}/custody", data={"custody": f"guardian_{has}"}).status_code == 303
    page = desk.client.get(case).text
    assert f"Spärrat: Vårdnadshavare {has}<" in page.replace("\n", "")
    assert f"Vårdnadshavare {lost}" not in page
    desk.client.post(f"{case}/block", data={"deed": "lift", "role": f"guardian_{has}"})
    assert desk.client.post(f"{case}/sign", data={"role": f"guardian_{lost}", "answer": "yes"}).status_code == 422
    assert f"Vilande: Vårdnadshavare {has}" in desk.client.get(case).text
    desk.client.post(f"{case}/sign", data={"role": f"guardian_{has}", "answer": "yes"})
    assert "Gäller, sista dag" in desk.client.get(case).text


def test_at_a_change_of_custody_the_names_are_shown_to_who_gives_the_number_and_that_is_logged(desk: Desk, other: Desk) -> None:
    case = desk.register(
        names={"name": "Kim Testsson", "name_guardian_1": "Robin Ett", "name_guardian_2": "Sam Två"}, signatures=BOTH
    )
    asked = {"deed": "names", "identifier": make_identifier()}
    unnamed = desk.client.get(f"{case}/custody")
    assert unnamed.status_code == 200
    assert "Robin Ett" not in unnamed.text
    page = desk.client.post(f"{case}/custody", data=asked)
    assert page.status_code == 200
    named = [set(re.findall("Robin Ett|Sam Två", one)) for one in page.text.split('<div class="choice">')]
    assert named[1:4] == [{"Robin Ett", "Sam Två"}, {"Robin Ett"}, {"Sam Två"}]
    assert not any(named[4:])
    assert ("consent_shown", "permit", "") in desk.logged()[-1:]
    for number, told in ((make_identifier(1), "Det är inte personnumret"), ("nobody", "går inte att tyda")):
        wrong = desk.client.post(f"{case}/custody", data={**asked, "identifier": number})
        assert wrong.status_code == 422
        assert told in wrong.text
        assert "Robin Ett" not in wrong.text
    assert other.client.post(f"{case}/custody", data=asked).status_code == 404
    assert "Gäller, sista dag" in desk.client.get(case).text  # nothing has changed yet


def test_where_no_name_was_written_down_the_page_says_so(desk: Desk) -> None:
    case = desk.register(names={"name": ""})
    page = desk.client.post(f"{case}/custody", data={"deed": "names", "identifier": make_identifier()})
    assert "Inga namn står på blanketten." in page.text


def test_any_role_takes_a_withdrawal_and_learns_nothing_by_it(desk: Desk, visit: Visit) -> None:
    case = desk.register(signatures=BOTH)
    client = visit(member("Fältare", "outreach"))
    known, unknown = (
        client.post("/withdrawal", data={"identifier": number, "cooperation": "", "by": ""})
        for number in (make_identifier(), make_identifier(9))
    )
    assert known.text == unknown.text
    assert known.status_code == unknown.status_code == 200
    assert "Återkallat" in desk.client.get(case).text
    wrong = client.post("/withdrawal", data={"identifier": "nobody", "cooperation": "", "by": ""})
    assert wrong.status_code == 422


@pytest.mark.parametrize("by", ["guardian_2", "youth", "special_guardian"])
def test_a_withdrawal_ends_the_consent_though_the_role_that_was_noted_did_not_sign_it(desk: Desk, visit: Visit, by: str) -> None:
    case = desk.register(custody={"custody": "guardian_1"}, signatures={"signatures": ["guardian_1"]})
    visit(member("Fältare", "outreach")).post("/withdrawal", data={"identifier": make_identifier(), "cooperation": "", "by": by})
    assert "Återkallat" in desk.client.get(case).text


def test_a_withdrawal_of_one_cooperation_leaves_the_other(desk: Desk) -> None:
    first = desk.register(signatures=BOTH)
    second = desk.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]}, signatures=BOTH)
    desk.client.post("/withdrawal", data={"identifier": make_identifier(), "cooperation": "sig", "by": ""})
    assert "Gäller" in desk.client.get(first).text
    assert "Återkallat" in desk.client.get(second).text


def of_age(desk: Desk, visit: Visit, then: AtSigningAge, *, block: bool) -> tuple[Desk, str]:
    """A consent that both guardians signed before the youth had to; from her birthday on she has to. And who looks at it then."""
    home, rules = desk.town.consents, make_rules(at_signing_age=Dated.always(then))
    home.tools = replace(home.tools, consent=rules)
    home.registry = Registry(home.engine, home.tools, replace(home.registry.rules, consent=rules), desk.town.clock)
    case = desk.register(youth={"identifier": make_identifier(born="20100620"), "protected": "no"}, signatures=BOTH)
    if block:
        desk.client.post(f"{case}/block", data={"deed": "block", "role": "guardian_1"})
    desk.town.clock.set(datetime(2025, 6, 21, 9, tzinfo=UTC))
    refresh(home.registry)
    return Desk(visit(OFFICER), desk.town), case


@pytest.mark.parametrize(
    ("block", "warning"), [(False, "Alla vars underskrift behövdes har skrivit under."), (True, "En spärr gäller.")]
)
def test_a_no_that_ends_or_may_end_the_consent_says_so_before_and_not_unsaid(
    desk: Desk, visit: Visit, block: bool, warning: str
) -> None:
    now, case = of_age(desk, visit, AtSigningAge.SUSPEND, block=block)
    page = now.client.get(f"{case}/sign").text
    assert warning in page
    assert "avslutar" in page
    # From a page that was opened before her birthday.
    refused = now.client.post(f"{case}/sign", data={"role": "youth", "answer": "no"})
    assert refused.status_code == 422
    assert "Inget har registrerats" in refused.text
    assert now.client.get(f"{case}/withdraw").text.count("Återkalla nu") == 1
    sent = now.client.post(f"{case}/sign", data={"role": "youth", "answer": "no", "ends": "1"})
    assert "Samtycket har upphört." in now.client.get(sent.headers["location"]).text


def test_where_a_consent_holds_on_nobodys_signature_is_awaited_when_she_reaches_the_age(desk: Desk, visit: Visit) -> None:
    now, case = of_age(desk, visit, AtSigningAge.CONTINUE, block=False)
    assert "Gäller" in now.client.get(case).text
    assert "Ingen underskrift inväntas." in now.client.get(f"{case}/sign").text


def test_a_no_that_waits_needs_no_warning(desk: Desk) -> None:
    case = desk.register()
    assert "data-ends" not in desk.client.get(f"{case}/sign").text
    sent = desk.client.post(f"{case}/sign", data={"role": "guardian_1", "answer": "no"})
    assert "gäller inte förrän" in desk.client.get(sent.headers["location"]).text


def test_a_no_that_ends_the_consent_is_not_said_to_wait(desk: Desk) -> None:
    case = desk.register()
    assert "gäller inte förrän den personen skriver under" in desk.client.get(f"{case}?done=declined").text
    desk.client.post(f"{case}/withdraw", data={"by": ""})
    said = desk.client.get(f"{case}?done=declined").text
    assert "Nejet är registrerat. Samtycket har upphört." in said
    assert "skriver under" not in said


def test_withdrawals_are_listed_without_any_tie_to_a_person(desk: Desk) -> None:
    assert "Inget har återkallats." in desk.client.get("/erasures").text
    case = desk.register(signatures=BOTH)
    desk.client.post(f"{case}/withdraw", data={"all": "1", "by": ""})
    page = desk.client.get("/erasures").text
    assert "Listan med förslag, Räkningen" in page
    assert make_identifier() not in page


def test_when_the_audit_log_cannot_be_written_nothing_is_shown_and_nothing_is_done(desk: Desk) -> None:
    case = desk.register()
    with desk.town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to elsewhere")
    for method, path in (("GET", case), ("GET", "/consents"), ("POST", f"{case}/withdraw"), ("POST", f"{case}/sign")):
        answer = desk.client.request(method, path, data={"role": "guardian_1", "all": "1"} if method == "POST" else None)
        assert answer.status_code == (503 if path.endswith("/withdraw") else 500), path
        assert "SSPF" not in answer.text
    assert desk.town.consents.registry.show(make_identifier()).consents[0].state != "withdrawn"
    assert desk.town.consents.registry.show(make_identifier()).consents[0].signed == ()


def test_a_look_at_a_consent_names_it_in_the_log_by_pseudonym_only(desk: Desk) -> None:
    case = desk.register()
    desk.client.get(case)
    with desk.town.audit.engine.connect() as connection:
        row = connection.exec_driver_sql("select * from audit_entry order by position desc limit 1").one()
    assert row.action == "consent_shown"
    assert row.item.startswith("p")
    assert case.rsplit("/", 1)[1] not in str(row)


def test_registered_consents_from_elsewhere_are_shown_too(desk: Desk) -> None:
    desk.town.consents.registry.grant(make_grant())
    assert "Gäller" in desk.client.post("/consents/find", data={"sought": make_identifier()}).text


def test_before_a_withdrawal_the_page_says_that_a_block_outlives_it_and_the_next_consent_is_under_it(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    assert "Spärren finns kvar" not in desk.client.get(f"{case}/withdraw").text
    desk.client.post(f"{case}/block", data={"deed": "block", "role": "youth"})
    for every in ("", "?all=1"):
        assert "Spärren finns kvar efter återkallelsen." in desk.client.get(f"{case}/withdraw{every}").text
    desk.client.post(f"{case}/withdraw", data={"all": "1", "by": "guardian_1"})
    again = desk.register(signatures=BOTH)
    assert "Spärrat" in desk.client.get(again).text


def test_a_block_beats_every_signature_until_who_set_it_lifts_it(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    desk.client.post(f"{case}/block", data={"deed": "block", "role": "youth"})
    page = desk.client.get(case).text
    assert "Spärrat: Den unge" in page
    assert case in desk.client.get("/consents").text.split("<h2>Vilande</h2>")[1].split("<h2>Upphör")[0]
    wrong = desk.client.post(f"{case}/block", data={"deed": "lift", "role": "guardian_1"})
    assert wrong.status_code == 422
    desk.client.post(f"{case}/block", data={"deed": "lift", "role": "youth"})
    assert "Gäller, sista dag" in desk.client.get(case).text
    deeds = [
        action
        for action, outcome, _ in desk.logged()
        if action in {"consent_blocked", "consent_unblocked"} and outcome == "permit"
    ]
    assert deeds == ["consent_blocked", "consent_unblocked"]


def test_a_no_of_one_guardian_is_shown_as_such_until_that_one_signs(desk: Desk) -> None:
    case = desk.register(signatures={"signatures": ["guardian_1"]})
    desk.client.post(f"{case}/sign", data={"role": "guardian_2", "answer": "no"})
    assert "Någon har sagt nej: Vårdnadshavare 2" in desk.client.get(case).text
    assert "har sagt nej: Vårdnadshavare 2" in desk.client.get("/consents").text
    desk.client.post(f"{case}/sign", data={"role": "guardian_2", "answer": "yes"})
    assert "Gäller, sista dag" in desk.client.get(case).text


def test_a_protected_persons_consents_are_found_by_nobody_and_can_still_be_withdrawn(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    protect(desk.town.consents.registry, make_identifier(), Marking.OWN, lambda _youth: None)
    assert "Inget samtycke som du får se." in desk.client.post("/consents/find", data={"sought": make_identifier()}).text
    desk.client.post("/withdrawal", data={"identifier": make_identifier(), "cooperation": "", "by": ""})
    assert "Återkallat" in desk.client.get(case).text


def test_every_role_finds_the_way_to_record_a_withdrawal(visit: Visit) -> None:
    assert 'href="/withdrawal"' in visit(member("Fältare", "outreach")).get("/team/outreach").text


def test_the_form_of_a_protected_person_goes_to_the_manual_lane_whole_with_the_names_and_where_the_paper_lies(desk: Desk) -> None:
    protect(desk.town.consents.registry, make_identifier(), Marking.OWN, lambda _youth: None)
    draft = desk.begin()
    desk.answer(draft)
    desk.client.post(f"{draft}/check")
    (case,) = [one for one in desk.town.consents.lane.cases.values() if one["what"] == "consent"]
    assert (case["parties"]["name"], case["document"]) == ("Kim Testsson", "KSN 2025/17")
