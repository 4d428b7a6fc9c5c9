"""Two languages, both whole: every message has its Swedish, none is left over, dates and lengths read as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import hub.web
from hub.web.language import words

PACKAGE = Path(hub.web.__file__).parent
FILES = sorted((PACKAGE / "locales" / "sv" / "LC_MESSAGES").glob("*.po"))
KEYWORDS = {"_": None, "ngettext": (1, 2), "text": None, "many": (1, 2), "mark": None}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def used() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def swedish() -> Catalog:
    whole = Catalog(locale="sv")
    for path in FILES:
        with path.open("rb") as source:
            for message in read_po(source, locale="sv"):
                whole[message.id] = message
    return whole


def test_every_message_has_a_swedish_translation_and_no_translation_is_left_over() -> None:
    ids = {message.id for message in swedish() if message.id}
    assert used() == ids


def test_no_message_stands_in_two_files() -> None:
    ids = []
    for path in FILES:
        with path.open("rb") as source:
            ids += [str(message.id) for message in read_po(source, locale="sv") if message.id]
    assert len(ids) == len(set(ids))


def test_the_extraction_finds_templates_and_python_alike() -> None:
    found = used()
    assert {"Skip to the content", "The ground has changed", "Sign in"} <= found
    assert ("{number} task", "{number} tasks") in found


def test_a_unit_is_called_by_one_word_in_swedish() -> None:
    said = [
        text for message in swedish() if message.id for text in (message.string if message.pluralizable else (message.string,))
    ]
    assert [
        text for text in said if re.search(r"\bteam(et|ets|en|ens|s)?\b", re.sub(r"\{\w+\}|teams\.yaml", "", text), re.IGNORECASE)
    ] == []


def test_every_translation_is_filled_in_and_names_the_same_values() -> None:
    catalogue = swedish()
    for message in catalogue:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), message.id
        assert not message.fuzzy
        assert not list(message.check(catalogue)), message.id
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        for form in forms:
            assert _values(form) <= _values(originals[-1]), message.id
    assert _values("{a} and {b}") == {"{a}", "{b}"}


def _values(text: str) -> set[str]:
    return {f"{{{part.split('}')[0]}}}" for part in text.split("{")[1:]}


@pytest.mark.parametrize(
    ("month", "swedish_date", "english_date"),
    [
        (5, "mån 19 maj 07.30", "Mon 19 May 07:30"),
        (9, "fre 19 sep 07.30", "Fri 19 Sept 07:30"),
        (11, "ons 19 nov 06.30", "Wed 19 Nov 06:30"),
    ],
)
def test_dates_are_written_as_in_each_country_and_in_stockholm_time(month: int, swedish_date: str, english_date: str) -> None:
    instant = NOW.replace(month=month)
    assert words("sv").when(instant) == swedish_date
    assert words("en").when(instant) == english_date


@pytest.mark.parametrize(("now", "said"), [(NOW, "mån 19 maj 07.30"), (NOW + timedelta(days=300), "mån 19 maj 2025 07.30")])
def test_what_is_of_another_year_says_so(now: datetime, said: str) -> None:
    assert words("sv").when(NOW, now) == said


def test_a_letter_says_the_weekday_the_month_and_the_year() -> None:
    assert words("sv").in_full(NOW) == "måndag 19 maj 2025 kl. 07.30"
    assert words("en").in_full(NOW) == "Monday 19 May 2025 at 07:30"


@pytest.mark.parametrize(
    ("ahead", "in_swedish", "in_english"),
    [
        (timedelta(), "nyss", "just now"),
        (timedelta(seconds=30), "strax", "in a moment"),
        (timedelta(minutes=1), "om 1 minut", "in 1 minute"),
        (timedelta(minutes=-45), "för 45 minuter sedan", "45 minutes ago"),
        (timedelta(hours=1), "om 1 timme", "in 1 hour"),
        (timedelta(hours=-3), "för 3 timmar sedan", "3 hours ago"),
        (timedelta(hours=23, minutes=50), "om 1 dag", "in 1 day"),
        (timedelta(days=5, seconds=-3), "om 5 dagar", "in 5 days"),
        (timedelta(days=-10), "för 10 dagar sedan", "10 days ago"),
    ],
)
def test_distances_are_told_to_the_nearest_unit(ahead: timedelta, in_swedish: str, in_english: str) -> None:
    assert words("sv").distance(NOW + ahead, NOW) == in_swedish
    assert words("en").distance(NOW + ahead, NOW) == in_english


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=5), "1 minut"),
        (timedelta(minutes=59, seconds=59), "59 minuter"),
        (timedelta(minutes=119), "1 timme"),
        (timedelta(hours=47, minutes=59), "1 dag"),
        (timedelta(days=2), "2 dagar"),
    ],
)
def test_lengths_count_whole_units_only_so_that_nobody_is_called_later_than_they_are(elapsed: timedelta, said: str) -> None:
    assert words("sv").length(elapsed) == said


def test_an_unknown_language_is_swedish() -> None:
    assert words("de").language == "sv"
    assert words("").text("Sign out") == "Logga ut"


def test_plural_forms_follow_the_number() -> None:
    one, many = "{number} task", "{number} tasks"
    assert [words("sv").many(one, many, number) for number in (0, 1, 2)] == ["0 uppgifter", "1 uppgift", "2 uppgifter"]
    assert [words("en").many(one, many, number) for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
