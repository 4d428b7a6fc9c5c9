"""Why a task was proposed, as its page says it."""

from __future__ import annotations

import pytest

from hub.contract.models import ReferralTask
from hub.web.explaining import explained
from hub.web.language import words
from tests.unit.core.scenarios import HIDDEN, SCENARIOS
from tests.unit.web.town import NOW, make_presence, make_task

SWEDISH, ENGLISH = words("sv"), words("en")
NAMES = {"school-norrkoping": "Skolan", "police-ost": "Polisen", "leisure-norrkoping": "Fritid"}
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def why(name: str, language=SWEDISH):
    return explained(BY_NAME[name].task(), language, NAMES)


def test_a_condition_says_how_it_is_narrowed_and_who_told() -> None:
    (row,) = why("på natten").conditions
    assert (row.label, row.met, row.at_least, row.window) == ("Observationer", "2", "2", "28 dagar")
    assert row.narrowed == ("Räknat bara klockan 22–06",)
    assert row.sources == "Fritid"


def test_what_counted_is_told_by_time_kind_and_agency_newest_first() -> None:
    (counted,) = why("följd av en underrättelse", ENGLISH).counted
    assert [(one.when, one.kind, one.source) for one in counted.happenings] == [
        ("Sun 11 May 01:30", "notice from the police", "Polisen"),
        ("Sat 10 May 20:00", "observation", "Fritid"),
    ]
    assert counted.older == ""


def test_a_source_that_is_not_shown_is_said_to_be_there_and_not_named() -> None:
    shown = why("flera källor, en av dem visas inte")
    assert [row.sources for row in shown.conditions] == ["Fritid, Skolan"] * 2
    assert "Uppgifter från en källa som inte visas har också räknats." in shown.sentence
    assert HIDDEN not in repr(shown)
    assert "källa" not in " ".join(shown.youth)


def test_a_rate_is_told_in_percent() -> None:
    (row,) = why("andel av lektionstiden").conditions
    assert (row.met, row.at_least) == ("36 %", "25 %")
    assert why("andel av lektionstiden", ENGLISH).conditions[0].met == "36%"


def test_older_events_are_counted() -> None:
    task = make_task("absence-alone", created=NOW, days=5)
    (counted,) = explained(task, SWEDISH, {}).counted
    assert counted.older == "Och 2 till, som är äldre."
    assert [one.source for one in counted.happenings] == ["school-norrkoping"] * 2, "an agency without a name is its code"


def test_what_the_youth_may_be_told_leaves_out_what_was_not_released() -> None:
    shown = why("frånvaro och en underrättelse som inte får berättas")
    assert "underrättelse" in shown.sentence
    assert shown.youth == (
        "Ett förslag om stöd har lämnats. Fråga den du har kontakt med om du vill veta mer.",
        "Minst 3 timmar ogiltig frånvaro på 28 dagar (här: 10 timmar).",
    )


def test_where_all_may_be_told_the_youth_reads_the_teams_sentence() -> None:
    shown = why("timmar av frånvaro")
    assert shown.youth == (shown.sentence,)


def test_the_consent_is_named_by_number_and_version_among_the_technical_details() -> None:
    task = make_task("absence-alone", created=NOW, days=5)
    assert explained(task, SWEDISH, {}).technical == (
        ("Regelns kod", "absence-alone"),
        ("Reglernas version", "2025.1"),
        ("Samtyckets nummer", task.scope_id),
        ("Samtyckets version", "1"),
    )


def test_a_task_about_a_place_has_no_youth_and_no_consent() -> None:
    shown = explained(make_presence(NOW), SWEDISH, {})
    assert (shown.youth, shown.counted) == ((), ())
    assert [name for name, _ in shown.technical] == ["Regelns kod", "Reglernas version"]
    assert shown.conditions[0].sources == ""


@pytest.mark.parametrize("language", [SWEDISH, ENGLISH])
def test_a_task_of_before_events_were_told_is_explained_without_them(language) -> None:
    task = BY_NAME["timmar av frånvaro"].task()
    bare = [one.model_copy(update={"events": None, "older_events": None, "narrowing": None}) for one in task.evidence]
    old = ReferralTask.model_validate(task.model_dump() | {"evidence": bare, "agencies_withheld": None})
    shown = explained(old, language, NAMES)
    assert shown.counted == ()
    assert shown.conditions[0].sources == "Skolan"
    assert shown.sentence == explained(task, language, NAMES).sentence
