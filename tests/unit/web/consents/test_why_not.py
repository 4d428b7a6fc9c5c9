"""Why no rule proposes anything: to whom it is shown, for whom it is written, what the log says before, and what else is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.contract.models import InfoKind, PoliceCategory, TaskEvent, TaskState
from hub.core.state import YouthState
from hub.core.step import step
from hub.errors import ConfigError, FatalError, HubError, RejectedError, RetriableError
from hub.registry.granting import Marking
from hub.registry.protecting import protect
from tests.unit.core.make import NOW, SCHOOL, ago, make_consent, make_scope, make_sig_scope
from tests.unit.core.test_weighing import ABSENCE, rules_of
from tests.unit.registry.support import make_identifier
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import Desk, headings
from tests.unit.web.held import make_absence, make_notice
from tests.unit.web.town import PagesTown, officer

BOTH = {"signatures": ["guardian_1", "guardian_2"]}
ABSENT = make_absence(1, ago(1), 240)
NOTICES = [make_notice(number, ago(number)) for number in (11, 12)]
LACKS = "minst 8 timmar ogiltig frånvaro på 28 dagar (här: 4 timmar; 4 timmar saknas)"
UNTOLD = "Vad den här regeln räknar kan inte sägas här."


def in_force(desk: Desk, *events: Any, **scope: Any) -> str:
    """The address of a consent in force, under which the worker holds these events."""
    case = desk.register(signatures=BOTH)
    desk.town.held.hold(reference(desk.town), number(case), *events, **scope)
    return case


def number(case: str) -> str:
    return case.rsplit("/", 1)[1]


def reference(town: PagesTown) -> str:
    found = town.consents.registry.show(make_identifier()).youth_ref
    assert found
    return found


def looks(town: PagesTown) -> list[tuple[str, str, str, str]]:
    """(outcome, purpose, rule, unit) of every look at what is held, the oldest first."""
    found = sorted(the_latest(town.audit.engine, Filter(), 200), key=lambda one: one.position)
    return [(one.outcome, one.purpose, one.rule, one.unit) for one in found if one.action == "case_shown"]


def test_the_case_page_leads_to_each_rule_of_the_officers_teams_with_what_is_lacking(desk: Desk) -> None:
    case = in_force(desk, ABSENT, *NOTICES)
    assert f'href="{case}/why-not"' in desk.client.get(case).text
    page = desk.client.get(f"{case}/why-not")
    assert page.status_code == 200
    assert LACKS in page.text
    assert "minst 3 underrättelser av vissa slag från polisen på 56 dagar (här: 2; 1 saknas)" in page.text
    assert headings(page)[:3] == ["Varför inget förslag?", "Förebyggarteamet", "SSPF-samordnaren"]
    assert "Lämna inte det här till den unge" in page.text
    assert desk.town.held.asked == [reference(desk.town)]


def test_the_same_in_english(desk: Desk) -> None:
    case = in_force(desk, ABSENT)
    desk.client.get("/language/en")
    page = desk.client.get(f"{case}/why-not").text
    assert "Not met: at least 8 hours of unexcused absence in 28 days (here: 4 hours; 4 hours lacking)." in page
    assert "Why no proposal?" in page


def test_a_youth_is_told_nothing_of_rules_that_count_notices_whether_there_are_any_or_none(desk: Desk) -> None:
    case = in_force(desk, ABSENT, *NOTICES)
    told = desk.client.get(f"{case}/why-not?for=youth").text
    desk.town.held.hold(reference(desk.town), number(case), ABSENT)
    assert desk.client.get(f"{case}/why-not?for=youth").text.count(UNTOLD) == told.count(UNTOLD) >= 2
    assert LACKS in told
    assert "från polisen på" not in told
    assert "Skrivet för den unge." in told
    assert "Lämna inte det här" not in told
    assert UNTOLD not in desk.client.get(f"{case}/why-not").text


def test_an_open_proposal_is_named_by_its_number_to_the_team_only(desk: Desk) -> None:
    case = in_force(desk, make_absence(1, ago(1), 600))
    task = desk.town.held.states[reference(desk.town)].episodes["absence-alone"].task_id
    assert f"{task[:8]}</span>" in desk.client.get(f"{case}/why-not").text
    assert task[:8] not in desk.client.get(f"{case}/why-not?for=youth").text


def test_an_officer_of_one_team_is_told_of_its_rules_alone_and_how_many_others_there_are(desk: Desk, visit: Visit) -> None:
    case = in_force(desk, ABSENT, *NOTICES)
    page = Desk(visit(officer("SSPF-samtycken", "sspf")), desk.town).client.get(f"{case}/why-not")
    assert headings(page)[1:2] == ["SSPF-samordnaren"]
    assert LACKS not in page.text
    assert "andra enheters, och visas inte här." in page.text


def told(desk: Desk, case: str) -> str:
    """What is said of the rules."""
    page = desk.client.get(f"{case}/why-not").text
    return page[page.index("<h2") :]


@pytest.mark.parametrize("again", [False, True], ids=["never answered", "answered before"])
def test_an_officer_reads_the_same_whether_a_rule_has_asked_her_team_or_another_one(
    desk: Desk, visit: Visit, again: bool
) -> None:
    case, sspf = in_force(desk), Desk(visit(officer("SSPF-samtycken", "sspf")), desk.town)
    held, ref, scope = desk.town.held, reference(desk.town), make_scope(scope_id=number(case))
    answer = TaskEvent(
        task_id="00000000-0000-4000-8000-00000000000f", youth_ref=ref, area=None, rule_id="repeated-notices", team="sspf",
        state=TaskState.COMPLETED, reason=None, occurred_at=ago(10),
    )  # fmt: skip
    pages, asked = set(), set()
    for others in ((), (make_sig_scope(),)):
        state = step(YouthState(ref), make_consent(scope, *others, youth_ref=ref), held.rules, ago(20)).state
        for message in (*([answer] if again else []), *(make_notice(one, ago(one), youth_ref=ref) for one in (1, 2, 3))):
            state = step(state, message, held.rules, NOW).state
        held.states[ref] = state
        asked.add(state.episodes["repeated-notices"].team)
        pages.add(told(sspf, case))
    assert asked == {"sspf", "sig"}
    (page,) = pages
    assert "Ett förslag är på väg, öppet eller besvarat, här eller hos en annan enhet som regeln gäller." in page


def test_where_what_another_consent_covers_stops_a_rule_the_page_neither_promises_a_proposal_nor_tells_of_it(desk: Desk) -> None:
    case, held = in_force(desk), desk.town.held
    held.rules = rules_of(ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 24, "happens": False}})
    ref, scope = reference(desk.town), make_scope(scope_id=number(case), agencies=(SCHOOL,))
    pages = set()
    for others in ((), (make_sig_scope(),)):
        state = step(YouthState(ref), make_consent(scope, *others, youth_ref=ref), held.rules, ago(20)).state
        for event in (make_absence(1, ago(3)), make_notice(2, ago(2.5), PoliceCategory.LOB)):
            state = step(state, event.model_copy(update={"youth_ref": ref}), held.rules, NOW).state
        held.states[ref] = state
        pages.add(told(desk, case))
    (page,) = pages
    assert (
        "Villkoren är uppfyllda av det som enheten får veta. Ett förslag kan vara på väg eller öppet, men behöver inte komma."
    ) in page
    desk.client.get("/language/en")
    assert "A proposal may be on its way or open, but need not come." in told(desk, case)


def test_the_look_is_logged_before_it_is_shown_and_once_for_each_team_that_something_is_told_of(desk: Desk) -> None:
    case = in_force(desk, ABSENT)
    desk.client.get(f"{case}/why-not?for=youth")
    assert looks(desk.town) == [
        ("permit", "why_not", "", ""),
        ("permit", "why_not:youth", "", "outreach"),
        ("permit", "why_not:youth", "", "sig"),
    ]
    with desk.town.audit.engine.begin() as connection:
        connection.exec_driver_sql("create trigger full before insert on audit_entry when new.purpose like 'why_not:%' "
                                   "begin select raise(abort, 'no space'); end")  # fmt: skip
    answer = desk.client.get(f"{case}/why-not")
    assert answer.status_code == 500
    assert LACKS not in answer.text


def test_an_officer_of_another_team_is_told_that_there_is_no_such_consent_and_nothing_is_read(desk: Desk, other: Desk) -> None:
    case = in_force(desk, ABSENT)
    assert other.client.get(f"{case}/why-not").status_code == 404
    assert ("consent_shown", "deny", "no_such_consent") in other.logged()
    assert desk.town.held.asked == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CONSENT_OFFICER])
def test_no_other_role_looks_and_that_it_tried_is_logged(desk: Desk, visit: Visit, role: Role) -> None:
    case = in_force(desk, ABSENT)
    somebody = visit(Principal("account-7", "Någon", each_for({role}, ("outreach",))))
    assert somebody.get(f"{case}/why-not").status_code == 403
    assert ("request_refused", "deny", "extract.release") in desk.town.trail.told()
    assert desk.town.held.asked == []


def test_no_page_shows_the_person_nor_the_reference(desk: Desk) -> None:
    case = in_force(desk, ABSENT)
    shown = "".join(desk.client.get(f"{case}/why-not{way}").text for way in ("", "?for=youth", "?for=anybody"))
    assert not any(secret in shown for secret in (make_identifier(), make_identifier()[2:], "Testsson", reference(desk.town)))


def nothing(page: httpx.Response, heading: str, status: int = 200) -> None:
    """It says why nothing is shown, and shows no rule."""
    assert page.status_code == status
    assert f">{heading}</p>" in page.text
    assert "saknas)" not in page.text
    assert "<h3>" not in page.text


def test_before_the_consent_is_in_force_it_says_so_and_reads_nothing(desk: Desk) -> None:
    case = desk.register()
    nothing(desk.client.get(f"{case}/why-not"), "Samtycket gäller inte")
    assert desk.town.held.asked == []
    assert looks(desk.town) == [("deny", "why_not", "no_consent", "")]


def test_after_a_withdrawal_it_says_so_and_leads_to_the_same_persons_consent_that_holds(desk: Desk) -> None:
    case = in_force(desk, ABSENT)
    sig = desk.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]}, signatures=BOTH)
    desk.town.clock.advance(timedelta(minutes=1))
    desk.client.post(f"{case}/withdraw", data={"all": "0", "by": ""})
    page = desk.client.get(f"{case}/why-not")
    nothing(page, "Samtycket är återkallat")
    assert f'href="{sig}/why-not"' in page.text
    assert desk.town.held.asked == []


def test_of_a_protected_person_nothing_is_read(desk: Desk) -> None:
    case = in_force(desk, ABSENT)
    protect(desk.town.consents.registry, make_identifier(), Marking.OWN, lambda _youth: None)
    nothing(desk.client.get(f"{case}/why-not"), "Samtycket gäller inte")
    assert desk.town.held.asked == []


def test_while_the_worker_holds_nothing_or_only_what_came_under_anothers_consent_the_page_says_alike_that_there_is_nothing(
    desk: Desk,
) -> None:
    case = desk.register(signatures=BOTH)
    first = desk.client.get(f"{case}/why-not")
    desk.town.held.hold(reference(desk.town), "00000000-0000-4000-8000-000000000009", ABSENT)
    second = desk.client.get(f"{case}/why-not")
    for page in (first, second):
        nothing(page, "Det finns inga uppgifter än")
    assert looks(desk.town) == [("deny", "why_not", "unknown_reference", "")] * 2


@pytest.mark.parametrize(
    ("error", "heading", "told"),
    [
        (RetriableError("nobody listens at 127.0.0.1:9092", code="kafka"), "Räkningen svarar inte", "hub status"),
        (RetriableError("not in time", code="slow"), "Det tog för lång tid", "inom 20 sekunder"),
        (RejectedError("others", code="busy"), "Andra tittar just nu", "om en stund"),
        (ConfigError("no rules", code="no_rules"), "Inga regler gäller än", "hub rules activate"),
        (ConfigError("no such topic", code="unknown_topic"), "Uppgifterna går inte att läsa", "hub status"),
        (FatalError("another version", code="unknown_state_form"), "Uppgifterna går inte att läsa", "annan version"),
    ],
    ids=lambda one: one.code if isinstance(one, HubError) else "",
)
def test_what_cannot_be_read_is_said_plainly_with_what_to_do(desk: Desk, error: HubError, heading: str, told: str) -> None:
    case = in_force(desk, ABSENT)
    desk.town.held.failing = error
    page = desk.client.get(f"{case}/why-not?for=youth")
    nothing(page, heading, 503)
    assert told in page.text
    assert "127.0.0.1:9092" not in page.text
    assert f'href="{case}/why-not?for=youth">Försök igen' in page.text


def test_where_the_consent_tells_her_teams_nothing_each_rule_says_so(desk: Desk) -> None:
    case = in_force(desk, ABSENT, recipients=("elsewhere",), kinds=(InfoKind.SCHOOL_ABSENCE,))
    page = desk.client.get(f"{case}/why-not").text
    assert "Inget samtycke som gäller nu låter enheten få veta något." in page
    assert LACKS not in page
