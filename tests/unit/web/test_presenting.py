"""What a row says, what a page says, and what neither may say."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest

from hub.contract.codec import Codec
from hub.contract.models import TaskState
from hub.delivery.errands import ErrandWriter
from hub.delivery.listing import Shown
from hub.delivery.place_weeks import PlaceWeeks
from hub.installation import load_places
from hub.resources import defaults_folder
from hub.web.language import words
from hub.web.presenting import SOON, Presenter
from hub.web.rules.shown import RulesShown
from hub.web.shown import NO_REASON, Page, Row
from tests.unit.web.rules.test_shown import titled
from tests.unit.web.town import NOW, PagesTown, make_task

SWEDISH, ENGLISH = words("sv"), words("en")


def row(town: PagesTown, name: str) -> Row:
    team = name if name in {"sig", "sspf"} else "outreach"
    tasks = {view.task_id: view for view in town.worklist.of_team(team, Shown.ALL)}
    return town.web.presenter.row(tasks[town.tasks[name]], SWEDISH, town.clock.now())


def page(town: PagesTown, name: str) -> Page:
    team = name if name in {"sig", "sspf"} else "outreach"
    view = town.worklist.open_task(town.tasks[name], team)
    return town.web.presenter.page(view, "Förebyggarteamet", SWEDISH, town.clock.now())


def test_a_row_says_what_and_why_in_few_words(town: PagesTown) -> None:
    shown = row(town, "fine")
    assert (shown.function, shown.why) == ("Uppsökande och trygghetsskapande insats", "Upprepade observationer")
    assert (shown.since.when, shown.since.distance) == ("mån 19 maj 05.30", "för 2 timmar sedan")
    assert len(shown.why.split()) <= 6


def test_every_rule_title_is_six_words_at_most_in_swedish(town: PagesTown) -> None:
    for name in ("late", "soon", "fine", "sig", "presence"):
        assert len(row(town, name).why.split()) <= 6


def test_abbreviations_in_a_functions_name_keep_their_capitals(town: PagesTown) -> None:
    assert row(town, "sspf").function == "Fråga om samtycke till social insatsgrupp (SIG)"


@pytest.mark.parametrize("name", ["late", "soon", "fine", "hidden", "annotated", "cancelled", "recalled"])
def test_a_row_tells_neither_age_nor_area_of_a_youth(town: PagesTown, name: str) -> None:
    said = repr(asdict(row(town, name)))
    assert "Hageby" not in said
    assert "14 år" not in said


def test_a_presence_task_names_its_area_and_week_in_the_list_already(town: PagesTown) -> None:
    shown = row(town, "presence")
    assert shown.place == "Navestad, vecka 20"
    assert shown.due is not None
    assert (shown.due.status, shown.due.label, shown.due.by.when) == ("fine", "Veckan slutar", "mån 26 maj 00.00")


def test_a_presence_task_that_ended_with_its_week_says_so_and_still_what_it_was(town: PagesTown) -> None:
    town.clock.advance(timedelta(days=14))
    PlaceWeeks(town.engine, Codec.load(), town.clock, ErrandWriter()).end_due()
    shown = page(town, "presence")
    assert (shown.row.state, shown.row.ended, shown.untold) == ("Upphörde med veckan", True, "")
    assert (shown.subject, shown.row.place, shown.row.due) == ("Navestad, vecka 20", "Navestad, vecka 20", None)
    assert "närvaroinsats, vecka 20" in shown.why.sentence


def test_a_late_task_says_by_how_much_and_since_when(town: PagesTown) -> None:
    due = row(town, "late").due
    assert due is not None
    assert (due.status, due.word, due.by.when) == ("late", "Försenad 2 dagar", "lör 17 maj 04.30")


def test_soon_is_a_word_of_its_own_from_a_day_before(empty_town: PagesTown) -> None:
    empty_town.add("task", make_task("absence-alone", created=NOW, days=5))
    empty_town.clock.set(NOW + timedelta(days=5) - SOON - timedelta(seconds=1))
    assert _due(empty_town) == ("fine", "")
    empty_town.clock.advance(timedelta(seconds=1))
    assert _due(empty_town) == ("soon", "Snart")
    empty_town.clock.advance(SOON)
    assert _due(empty_town) == ("soon", "Snart")
    empty_town.clock.advance(timedelta(seconds=1))
    assert _due(empty_town) == ("late", "Försenad 1 minut")


def _due(town: PagesTown) -> tuple[str, str]:
    due = row(town, "task").due
    assert due is not None
    return due.status, due.word


def test_a_new_task_is_new_until_somebody_opens_it(town: PagesTown) -> None:
    assert (row(town, "fine").state, row(town, "fine").fresh) == ("Ny", True)
    page(town, "fine")
    assert (row(town, "fine").state, row(town, "fine").fresh) == ("Öppnad", False)


def test_a_task_opened_says_for_whom_why_and_under_which_consent(town: PagesTown) -> None:
    shown = page(town, "soon")
    assert shown.untold == ""
    assert shown.subject == "Ungdom, 14 år, område Hageby"
    assert shown.why.sentence.startswith("Minst 8 timmar ogiltig frånvaro på 28 dagar (här: 9 timmar 20 minuter) och minst 1 ")
    first = shown.why.conditions[0]
    assert (first.label, first.met, first.at_least, first.window) == (
        "Ogiltig frånvaro", "9 timmar 20 minuter", "8 timmar", "28 dagar",
    )  # fmt: skip
    assert shown.consent.startswith("Samtycket till SSPF, version 1, namnger Förebyggarteamet som mottagare.")
    assert (shown.priority, shown.rule) == ("Hög", "Ogiltig frånvaro och underrättelse från polisen")


def test_a_task_is_titled_as_in_the_version_of_the_rules_that_it_names(empty_town: PagesTown) -> None:
    sets = [titled("2026.1", "Nu", rule="other"), titled("2025.2", "Sedan"), titled("2025.1", "Då")]
    presenter = Presenter(RulesShown(lambda: sets, lambda: sets[0]), load_places(defaults_folder()), {})
    for name, version in (("told", "2025.1"), ("unknown", "2024.9")):
        task = make_task("absence-alone", created=NOW, days=5).model_copy(update={"rules_version": version})
        empty_town.add(name, task)
    titles = {}
    for name in ("told", "unknown"):
        view = empty_town.worklist.open_task(empty_town.tasks[name], "outreach")
        titles[name] = presenter.row(view, SWEDISH, NOW).why, presenter.page(view, "", SWEDISH, NOW).rule
    assert titles == {"told": ("Då", "Då"), "unknown": ("Sedan", "Sedan")}


def test_days_are_counted_in_days(town: PagesTown) -> None:
    assert [condition.met for condition in page(town, "fine").why.conditions] == ["4", "3 dagar"]


def test_age_and_area_are_left_out_when_the_consent_record_has_none(empty_town: PagesTown) -> None:
    task = make_task("absence-alone", created=NOW, days=5).model_copy(update={"age_years": None, "area": None})
    empty_town.add("task", task)
    assert page(empty_town, "task").subject == "Ungdom"


def test_a_presence_task_opened_has_no_consent_and_no_youth(town: PagesTown) -> None:
    shown = page(town, "presence")
    assert (shown.subject, shown.consent) == ("Navestad, vecka 20", "")
    assert "närvaroinsats, vecka 20" in shown.why.sentence


@pytest.mark.parametrize(
    ("name", "words_for_it"),
    [
        ("recalled", "Uppgiften återkallades: underlaget har ändrats."),
        ("cancelled", "Uppgiften avbröts: det finns inte längre något samtycke till den."),
        ("hidden", "Vad uppgiften säger visas inte: inget gällande samtycke tillåter det."),
    ],
)
def test_what_may_not_be_told_explains_itself_and_says_no_more(town: PagesTown, name: str, words_for_it: str) -> None:
    shown = page(town, name)
    assert shown.untold == words_for_it
    assert (shown.subject, shown.why, shown.consent, shown.rule, shown.priority) == ("", NO_REASON, "", "", "")


@pytest.mark.parametrize(("name", "why"), [("recalled", "Underlaget har ändrats"), ("cancelled", "Inget samtycke längre")])
def test_an_ended_task_says_in_the_list_too_only_why_it_ended(town: PagesTown, name: str, why: str) -> None:
    shown = row(town, name)
    assert (shown.why, shown.place, shown.due, shown.ended) == (why, "", None, True)


def test_a_task_that_was_read_before_its_ground_was_corrected_says_so(town: PagesTown) -> None:
    assert row(town, "annotated").ground_lost
    shown = page(town, "annotated")
    assert shown.untold == ""
    assert shown.ground_lost is not None


def test_every_state_has_words_in_both_languages(town: PagesTown) -> None:
    view = town.worklist.of_team("outreach")[0]
    for state in TaskState:
        for language in (SWEDISH, ENGLISH):
            said = town.web.presenter.row(_with(view, state), language, NOW).state
            assert said
            assert said != state.value


def _with(view, state):
    from dataclasses import replace

    return replace(view, state=state)


def test_an_unknown_rule_is_named_by_its_code(empty_town: PagesTown) -> None:
    task = make_task("absence-alone", created=NOW, days=5).model_copy(update={"rule_id": "of-yesterday"})
    empty_town.add("task", task)
    assert row(empty_town, "task").why == "of-yesterday"
