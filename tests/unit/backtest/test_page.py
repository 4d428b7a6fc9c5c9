from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.backtest.page import page
from hub.backtest.published import publish
from hub.backtest.tally import Kind, Tally, TaskCell
from hub.backtest.words import TEXTS, Names, shown, week_name
from hub.core.suppression import Band
from tests.unit.backtest.make import make_question

PLAN = make_question(since=datetime(2025, 5, 5, tzinfo=UTC), until=datetime(2025, 5, 25, 20, tzinfo=UTC)).plan()
AT = datetime(2025, 5, 26, 10, tzinfo=UTC)


def made(*cells: tuple[Kind, str, int], language="sv", **names: dict[str, str]) -> str:
    tally = Tally(youths=40)
    tally.schools["school-a"], tally.areas[""] = 40, 40
    for kind, week, number in cells:
        tally.tasks[TaskCell(kind, "outreach", "school_attendance", "absence", week)] = number
    return page(publish(tally, PLAN), Names(**names), language, AT)


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    def places(text: str) -> set[str]:
        return {part.partition("}")[0] for part in text.split("{")[1:]}

    assert TEXTS[key].keys() == {"sv", "en"}
    assert places(TEXTS[key]["sv"]) == places(TEXTS[key]["en"])


def test_it_says_what_was_compared_and_shows_no_small_number() -> None:
    text = made((Kind.BOTH, "2025-W19", 20), (Kind.BOTH, "2025-W20", 3), (Kind.BOTH, "2025-W21", 9))
    assert "Prövning av regler test.2" in text
    assert "gällande regler test.1" in text
    assert "&lt;5" in text
    assert ">3<" not in text


def test_names_are_shown_in_place_of_codes_and_escaped() -> None:
    text = made((Kind.NEW, "2025-W19", 20), rules={"absence": "Frånvaro <b>"}, teams={"outreach": "Förebyggarteamet"})
    assert "Frånvaro &lt;b&gt;" in text
    assert "Förslag per vecka till Förebyggarteamet" in text


def test_without_a_task_it_says_so_and_draws_nothing() -> None:
    text = made(language="en")
    assert "No tasks in this time." in text
    assert "<svg" not in text


def test_of_a_place_it_says_between_how_many_percent_have_a_task() -> None:
    tally = Tally(youths=60)
    tally.schools.update({"school-a": 40, "school-b": 20})
    tally.areas[""] = 60
    tally.by_school["absence", "school-a"] = tally.by_area["absence", ""] = 18
    tally.tasks[TaskCell(Kind.BOTH, "outreach", "school_attendance", "absence", "2025-W19")] = 21
    text = page(publish(tally, PLAN), Names(), "en", AT)
    assert ">15–19 (34–47 %)<" in text
    assert ">0<" in text
    assert ">40–44<" in text


def test_nothing_on_it_comes_from_elsewhere() -> None:
    text = made((Kind.NEW, "2025-W19", 20))
    assert not any(mark in text for mark in ("http:", "https:", "<script", "<link", "url(", "@import", "src="))


@pytest.mark.parametrize(
    ("band", "text"),
    [
        (Band(12, 12), "12"), (Band(0, 0), "0"), (Band(1234, 1234), "1\u00a0234"), (Band(1, 4), "<5"), (Band(0, 4), "<5"),
        (Band(7, 13), "7–13"), (Band(1230, 1234), "1\u00a0230–1\u00a0234"), (Band(5, None), "at least 5"), (Band(0, None), "–"),
    ],
)  # fmt: skip
def test_a_figure_is_written_as_exact_as_it_may_be(band: Band, text: str) -> None:
    assert shown(band) == text


def test_a_week_reads_in_both_languages() -> None:
    assert week_name("2025-W20") == "2025:20"
