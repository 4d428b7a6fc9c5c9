"""The rules' page says of which weeks its figures are, or from when there are any, and points at nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from hub.delivery.tables import TaskRow
from tests.unit.web.conftest import Visit
from tests.unit.web.rules.test_council import HEAD, put_in_force, rules_with, section
from tests.unit.web.town import EVERYBODY, NOW, PagesTown, make_task

TOLD = datetime(2025, 7, 28, 10, tzinfo=UTC)
"""When those of the weeks that begin on the day `NOW` are told."""
WEEKS = "Talen gäller de 8 veckorna från 19 maj 2025 till 13 juli 2025, som det såg ut {at}. Nästa tal visas här från och med 22 sep 2025."


def come(town: PagesTown, rule: str, number: int, *, named: str = "task") -> None:
    """So many tasks of a rule, one a day."""
    for days in range(number):
        town.add(f"{named} {rule} {days}", make_task(rule, created=NOW + timedelta(days=days), days=5))


def answered(town: PagesTown, rule: str, number: int, state: str) -> None:
    """As many of those that have no answer are in that state."""
    with Session(town.engine) as session, session.begin():
        rows = session.query(TaskRow).filter_by(rule_id=rule, state="received").limit(number)
        ids = [row.task_id for row in rows]
        session.execute(update(TaskRow).where(TaskRow.task_id.in_(ids)).values(state=state))


def test_before_there_are_any_the_page_says_of_which_weeks_the_first_are_and_from_when(
    empty_town: PagesTown, visit: Visit
) -> None:
    put_in_force(empty_town, rules_with())
    come(empty_town, "absence-alone", 9)
    empty_town.clock.set(TOLD.replace(day=27))
    client = visit(HEAD)
    page = client.get("/rules").text
    said = (
        "Talen gäller 8 hela veckor åt gången. De första, för 19 maj 2025 till 13 juli 2025, visas här från och med 28 juli 2025."
    )
    assert said in page
    assert "Föreslagna uppgifter" not in page
    client.get("/language/en")
    assert "The first ones, of 19 May 2025 to 13 Jul 2025, stand here from 28 Jul 2025." in client.get("/rules").text


def test_from_then_on_they_stand_as_they_were_when_somebody_looked_first(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    come(empty_town, "absence-alone", 24)
    answered(empty_town, "absence-alone", 18, "accepted")
    answered(empty_town, "absence-alone", 6, "rejected")
    empty_town.clock.set(TOLD)
    first = visit(HEAD).get("/rules").text
    assert WEEKS.format(at="28 juli 2025") in first
    assert "Föreslagna uppgifter 24, ungefär 3 i veckan" in section(first, "absence-alone")
    assert "Mottagna av enheten 18 (75 %) Avböjda av enheten 6 (25 %)" in section(first, "absence-alone")
    assert "Inte öppnade inga" in section(first, "absence-alone")
    come(empty_town, "absence-alone", 1, named="late")
    with Session(empty_town.engine) as session, session.begin():
        session.execute(update(TaskRow).values(state="recalled"))
    empty_town.clock.set(TOLD + timedelta(days=55))
    last = visit(EVERYBODY).get("/rules").text
    assert WEEKS.format(at="28 juli 2025") in last
    assert "Mottagna av enheten 18 (75 %)" in section(last, "absence-alone")


def test_where_a_number_is_below_five_all_of_that_rule_are_told_in_steps(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    for rule, number in (("absence-and-notice", 4), ("absence-alone", 20), ("repeated-observations", 8)):
        come(empty_town, rule, number)
    for number, state in ((10, "accepted"), (1, "rejected")):
        answered(empty_town, "absence-alone", number, state)
    answered(empty_town, "repeated-observations", 1, "accepted")
    empty_town.clock.set(TOLD)
    page = visit(HEAD).get("/rules").text
    few, steps, hidden = (section(page, one) for one in ("absence-and-notice", "absence-alone", "repeated-observations"))
    assert "Föreslagna uppgifter färre än 5" in few
    assert "Föreslagna uppgifter 20–24 Mottagna av enheten 10–14 Avböjda av enheten färre än 5" in steps
    assert "Öppnade men inte besvarade inga Inte öppnade 5–9" in steps
    assert "Föreslagna uppgifter 5–9 Vad det blev av dem visas inte: de är för få" in hidden
    assert not any(word in told for word in ("Mottagna", "Inte öppnade") for told in (few, hidden))
    assert "Föreslagna uppgifter inga" in section(page, "repeated-notices")
    client = visit(HEAD)
    client.get("/language/en")
    page = client.get("/rules").text
    assert "Figures are of the 8 weeks from 19 May 2025 to 13 Jul 2025, as it stood on 28 Jul 2025." in page
    assert "Proposed 5–9 What became of them not told: they are too few" in section(page, "repeated-observations")
    assert "Proposed fewer than 5" in section(page, "absence-and-notice")


def test_presence_ends_with_its_week_and_needs_no_consent(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    come(empty_town, "absence-alone", 7)
    answered(empty_town, "absence-alone", 7, "cancelled")
    with Session(empty_town.engine) as session, session.begin():
        session.execute(update(TaskRow).values(rule_id="place-presence", reason="week_over"))
    empty_town.clock.set(TOLD)
    told = section(visit(HEAD).get("/rules").text, "place-presence")
    assert "Avslutade: veckan var över 7 (100 %)" in told
    assert "samtycke" not in told


def test_a_rule_that_came_after_the_weeks_is_said_to_have_come_then(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    empty_town.clock.set(TOLD)
    put_in_force(empty_town, rules_with("2025.2", absence_alone=TOLD.date() + timedelta(days=100)))
    page = visit(HEAD).get("/rules").text
    assert "Föreslagna uppgifter inga; regeln kom till, eller ändrades, efter de veckorna" in section(page, "absence-alone")
    assert "efter de veckorna" not in section(page, "absence-and-notice")


def test_where_they_cannot_be_read_the_page_says_that_the_rules_work_on(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    empty_town.clock.set(TOLD)
    client = visit(HEAD)
    with empty_town.engine.begin() as connection:
        connection.execute(text("DROP TABLE rule_block"))
    answer = client.get("/rules")
    assert (answer.status_code, "Reglerna gäller som förut. Försök igen." in answer.text) == (503, True)
