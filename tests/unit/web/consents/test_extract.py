"""A register extract: decided by a person for one recipient, without what that recipient may not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
from sqlalchemy import text

from hub.audit.entries import Subject, SubjectKind
from hub.audit.reading import of_subjects
from hub.contract.topics import CONSENTS
from hub.delivery.calls import Calls
from hub.delivery.ladder import Ladder
from hub.delivery.notes import NoteKind
from hub.delivery.worklist import Worklist
from hub.web.app import build_web
from tests.unit.connectors.in_process import InProcess
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.registry.support import make_identifier
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import Desk, officer
from tests.unit.web.town import make_consent, make_evidence, make_task, member

BOTH = {"signatures": ["guardian_1", "guardian_2"]}


def put_together(desk: Desk, recipient: str) -> str:
    """The address of a preview."""
    sent = desk.client.post("/consents/extract", data={"identifier": make_identifier(), "recipient": recipient})
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def with_tasks(desk: Desk) -> None:
    """A consent in force, and two proposals under its reference: one rests on a notice that may not be told."""
    desk.register(signatures=BOTH)
    ref = desk.town.consents.registry.show(make_identifier()).youth_ref
    assert ref
    now = desk.town.clock.now()
    desk.town.add("told", make_task("absence-alone", created=now, days=5, ref=ref))
    secret = make_task("absence-and-notice", created=now, days=5, ref=ref)
    evidence = (make_evidence("unexcused_absence"), make_evidence("notice").model_copy(update={"may_tell_youth": False}))
    desk.town.add("secret", secret.model_copy(update={"evidence": evidence}))


def test_the_youth_reads_of_all_signatures_and_a_guardian_only_of_her_own(desk: Desk) -> None:
    desk.register(signatures=BOTH)
    youth = desk.client.get(put_together(desk, "youth")).text
    guardian = desk.client.get(put_together(desk, "guardian_1")).text.split("Vem som har sett")[0]
    assert "Har skrivit under: Vårdnadshavare 2" in youth
    assert "Har skrivit under: Vårdnadshavare 1" in guardian
    assert "Vårdnadshavare 2" not in guardian
    assert "Det som någon annan som har eller har haft vårdnaden har sagt eller gjort är utelämnat." in guardian


def test_a_notice_that_may_not_be_told_is_left_out_and_what_would_let_it_be_guessed(desk: Desk) -> None:
    with_tasks(desk)
    for recipient in ("youth", "guardian_1"):
        tasks = (
            desk.client.get(put_together(desk, recipient))
            .text.split("vad som räknades mot dem</h2>")[1]
            .split("Vem som har sett")[0]
        )
        assert "9 timmar 20 minuter" in tasks
        assert "Ett förslag om stöd har lämnats." in tasks
        assert "underrättelse" not in tasks


def test_that_a_team_keeps_notes_is_told_to_the_youth_and_to_no_guardian(desk: Desk) -> None:
    with_tasks(desk)
    town = desk.town
    town.notes.add(town.tasks["told"], "outreach", "account-1", NoteKind.SAFE_CONTACT, "Ring inte hem", record=lambda: None)
    youth, guardian = (told(desk.client.get(put_together(desk, recipient)).text) for recipient in ("youth", "guardian_1"))
    assert "Enheten har 1 anteckning om det. Enheten prövar om den lämnas ut: fråga där." in youth
    assert youth.count("anteckning") == 1
    assert "nteckn" not in guardian
    assert "Ring inte hem" not in youth


def test_an_officer_reads_no_proposal_of_a_team_that_is_not_hers(desk: Desk, visit: Visit) -> None:
    with_tasks(desk)
    coordinator = Desk(visit(officer("Samtycken", "sspf")), desk.town)
    theirs, hers = (
        one.client.get(put_together(one, "youth")).text.split("vad som räknades mot dem</h2>")[1].split("Vem som har sett")[0]
        for one in (coordinator, desk)
    )
    assert "9 timmar 20 minuter" in hers
    assert "Förebyggarteamet" not in theirs
    assert "9 timmar 20 minuter" not in theirs


def test_what_the_team_before_did_with_a_proposal_is_told_by_that_teams_officer_and_not_by_the_next_ones(
    desk: Desk, visit: Visit
) -> None:
    with_tasks(desk)
    town, number = desk.town, desk.town.tasks["told"]
    assert visit(member("Fältare", "outreach")).get(town.path("told")).status_code == 200
    ref = town.consents.registry.show(make_identifier()).youth_ref
    assert ref
    consent = make_consent(ref, "outreach")
    scope = consent.scopes[0].model_copy(update={"recipients": ("outreach", "sspf")})
    town.take(CONSENTS, ref, consent.model_copy(update={"version": 3, "scopes": (scope,)}))
    town.clock.set(town.clock.now() + timedelta(days=9))
    Calls(town.engine, town.clock, Ladder({"outreach": TeamCalls(deputy="sspf")})).make_due()
    taking, version = visit(member("Bo", "sspf")), {one.task_id: one.version for one in town.worklist.all_tasks()}[number]
    assert taking.post(f"/team/sspf/task/{number}/take-over", data={"version": str(version)}).status_code == 303
    coordinator, first = (Desk(visit(officer(f"Samtycken {team}", team)), town) for team in ("sspf", "outreach"))
    theirs, hers = (one.client.get(put_together(one, "youth")).text.split("Vem som har sett")[1] for one in (coordinator, first))
    assert ("Tog över" in theirs, "Förebyggarteamet" in theirs) == (True, False)
    assert ("Öppnade ett förslag" in hers, "Tog över" in hers) == (True, False)


def told(page: str) -> str:
    """What the extract says of proposals."""
    return page.split("vad som räknades mot dem</h2>")[1].split("Vem som har sett", maxsplit=1)[0]


def of_tasks(desk: Desk) -> list[tuple[str, str, str, str]]:
    """(purpose, outcome, rule, item) of the extract's entries about proposals."""
    numbers = list(desk.town.tasks.values())
    items = desk.town.audit.pseudonyms([Subject(SubjectKind.TASK, number) for number in numbers])
    found = of_subjects(desk.town.audit.engine, items)
    return [(one.purpose, one.outcome, one.rule, one.item) for one in found if one.action == "extract_made"]


def test_each_proposal_of_an_extract_is_an_entry_before_it_is_shown(desk: Desk) -> None:
    with_tasks(desk)
    desk.client.get(put_together(desk, "guardian_1"))
    assert [entry[:3] for entry in of_tasks(desk)] == [("guardian_1", "permit", "consent")] * 2
    assert len({item for *_, item in of_tasks(desk)}) == 2


def test_a_part_that_is_not_released_is_not_read_again(desk: Desk) -> None:
    with_tasks(desk)
    address = put_together(desk, "youth")
    desk.client.get(address)
    desk.client.post(address, data={"decision": "release", "parts": ["consents"]})
    before = of_tasks(desk)
    assert "9 timmar 20 minuter" not in desk.client.get(address).text
    assert of_tasks(desk) == before


def test_a_proposal_that_no_consent_covers_any_more_is_told_without_what_it_says(desk: Desk) -> None:
    with_tasks(desk)
    address = put_together(desk, "youth")
    ref = desk.town.consents.registry.show(make_identifier()).youth_ref
    assert ref
    narrower = make_consent(ref, "sspf").model_copy(update={"version": 3})
    desk.town.take(CONSENTS, ref, narrower)
    page = told(desk.client.get(address).text)
    assert "9 timmar 20 minuter" not in page
    assert "Förebyggarteamet" in page
    assert "Inget samtycke omfattar det längre" in page
    assert {entry[1:3] for entry in of_tasks(desk)} == {("deny", "no_consent")}


def test_while_withdrawals_cannot_be_read_an_extract_says_nothing_of_what_proposals_say(desk: Desk) -> None:
    with_tasks(desk)
    town = desk.town
    pages = replace(town.web, worklist=Worklist(town.engine, town.clock, stale_after=timedelta(minutes=1)))
    client = Browser(transport=InProcess(build_web(pages)), base_url=str(desk.client.base_url), cookies=desk.client.cookies)
    with client:
        behind = Desk(client, town)
        page = told(client.get(put_together(behind, "youth")).text)
    assert "9 timmar 20 minuter" not in page
    assert "navet har en stund inte kunnat se efter återkallade samtycken" in page
    assert {entry[1:3] for entry in of_tasks(desk)} == {("deny", "not_looked")}


def test_without_the_audit_log_there_is_no_extract(desk: Desk) -> None:
    with_tasks(desk)
    address = put_together(desk, "youth")
    with desk.town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    answer = desk.client.get(address)
    assert answer.status_code == 500
    assert "9 timmar" not in answer.text


def test_who_opened_what_is_told_by_unit_and_role_never_by_account(desk: Desk, visit: Visit) -> None:
    with_tasks(desk)
    fieldworker = member("Fältare", "outreach")
    assert visit(fieldworker).get(desk.town.path("told")).status_code == 200
    page = desk.client.get(put_together(desk, "youth")).text
    assert "Öppnade ett förslag" in page
    assert "medlem i enhet, Förebyggarteamet" in page or "Förebyggarteamet" in page.split("Vem som har sett")[1]
    assert fieldworker.account not in page


def test_a_preview_releases_nothing_and_the_decision_is_logged_with_its_recipient(desk: Desk) -> None:
    desk.register(signatures=BOTH)
    address = put_together(desk, "guardian_1")
    assert "En förhandsvisning. Inget är utlämnat." in desk.client.get(address).text
    nothing = desk.client.post(address, data={"decision": "release"})
    assert nothing.status_code == 422
    assert "Välj minst en del att lämna ut" in nothing.text
    undecided = desk.client.post(address, data={"parts": ["consents"]})
    assert "Besluta: lämna ut, eller avslå med ett skäl." in undecided.text
    desk.client.post(address, data={"decision": "release", "parts": ["consents"]})
    page = desk.client.get(address).text
    assert "Utlämnat, och loggat." in page
    assert "Vem som har sett eller gjort vad</h2>" not in page
    with desk.town.audit.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "select purpose, outcome from audit_entry where action = 'extract_made' and position >"
            " (select max(position) from audit_entry where action = 'consent_shown')"
        ).all()
    assert {tuple(row) for row in rows} == {("guardian_1", "permit")}


def test_a_refusal_is_logged_with_its_reason_and_shows_nothing(desk: Desk) -> None:
    desk.register(signatures=BOTH)
    address = put_together(desk, "guardian_2")
    desk.client.post(address, data={"decision": "harm", "parts": ["consents"]})
    page = desk.client.get(address).text
    assert "Utdraget avslogs" in page
    assert "SSPF" not in page.split("<main")[1].split("</main")[0]
    assert ("extract_made", "deny", "harm") in desk.logged()


def asked(desk: Desk, recipient: str, identifier: str | None = None) -> httpx.Response:
    """What a request for an extract is answered."""
    return desk.client.post("/consents/extract", data={"identifier": identifier or make_identifier(), "recipient": recipient})


def test_who_has_lost_custody_gets_none_and_the_clerk_is_told_what_to_do(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    desk.client.post(f"{case}/custody", data={"custody": "guardian_1"})
    refused = asked(desk, "guardian_2")
    assert refused.status_code == 422
    assert "inte vårdnaden om den unge nu" in refused.text
    assert "går till kommunens jurist" in refused.text
    assert ("extract_made", "deny", "no_custody") in desk.logged()
    for role in ("special_guardian", "god_man", "social_services"):
        assert asked(desk, role).status_code == 422
    assert {asked(desk, role).status_code for role in ("guardian_1", "youth")} == {303}


def test_who_loses_custody_while_an_extract_is_looked_through_gets_nothing_more_of_it(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    address = put_together(desk, "guardian_2")
    assert "SSPF" in desk.client.get(address).text
    desk.client.post(f"{case}/custody", data={"custody": "guardian_1"})
    for answer in (desk.client.get(address), desk.client.post(address, data={"decision": "release", "parts": ["consents"]})):
        assert answer.status_code == 422
        assert "inte vårdnaden om den unge nu" in answer.text
        assert "SSPF" not in answer.text.split("<main")[1].split("</main")[0]


def test_of_an_adult_nobody_else_gets_one(desk: Desk) -> None:
    adult = make_identifier(born="20050101")
    desk.register(
        youth={"identifier": adult, "protected": "no"}, custody=None, names={"name": "Kim"}, signatures={"signatures": ["youth"]}
    )
    for role in ("guardian_1", "god_man", "social_services"):
        refused = asked(desk, role, adult)
        assert refused.status_code == 422
        assert "Den unge är vuxen och får ensam ett utdrag." in refused.text
    assert ("extract_made", "deny", "adult") in desk.logged()
    assert asked(desk, "youth", adult).status_code == 303


def test_an_extract_whose_consents_have_all_ended_meanwhile_is_not_shown_again(desk: Desk) -> None:
    desk.register(signatures=BOTH)
    address = put_together(desk, "youth")
    desk.town.consents.registry.withdraw(make_identifier())
    answer = desk.client.get(address)
    assert answer.status_code == 422
    assert "Inget samtycke som du får se." in answer.text


def test_nobody_and_another_teams_person_are_answered_alike(desk: Desk, other: Desk) -> None:
    desk.register(signatures=BOTH)
    asked = {"recipient": "youth", "identifier": make_identifier()}
    theirs, nobody = (
        other.client.post("/consents/extract", data=asked),
        desk.client.post("/consents/extract", data={**asked, "identifier": make_identifier(4)}),
    )
    assert theirs.status_code == nobody.status_code == 422
    assert "Inget samtycke som du får se." in theirs.text
    assert "Inget samtycke som du får se." in nobody.text
