"""What people write into a rule is about no person, and is what it looks like."""

from __future__ import annotations

import pytest

from hub.core.rule_text import unfit

from .make_rules import SHIPPED

FIELDS = ("title_sv", "title_en", "owner", "rationale")


def told(field: str, text: str) -> list[str]:
    found = list(unfit({"id": "some", field: text}))
    assert all(one.location == (field,) for one in found)
    return [one.text for one in found]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("letter", "name"),
    [("\0", "0000"), ("\x1b", "001B"), ("\x7f", "007F"), ("\u202e", "202E"), ("\u2066", "2066"), ("\u200b", "200B"), ("\u2028", "2028")],
    ids=lambda value: value if len(value) > 1 else "",
)  # fmt: skip
def test_a_character_that_is_not_seen_is_named_by_its_number(field: str, letter: str, name: str) -> None:
    assert told(field, f"a{letter}b") == [f"holds a character that is not seen (U+{name}): take it out"]


@pytest.mark.parametrize("text", ["a\nb", "a\n"])
def test_only_the_rationale_runs_over_lines(text: str) -> None:
    assert told("rationale", text) == []
    for field in FIELDS[:3]:
        assert told(field, text)[0].startswith("must stand on one line: take the break out")
        assert told(field, "  ") == ["must not be empty"]
    assert told("rationale", "a\r\nb") == []


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "number",
    [
        "201403049800", "20140304-9800", "1403049800", "140304-9800", "140304+9800", "140304 9800", "2014-03-04-9800",
        "2014-03-049800", "140364-9800", "140304\N{EN DASH}9800",
    ],
)  # fmt: skip
def test_what_looks_like_a_personal_number_is_refused_and_not_repeated(field: str, number: str) -> None:
    (text,) = told(field, f"som för {number}, i höstas")
    assert text.startswith("holds what looks like a personal number")
    assert not any(part in text for part in (number, "9800", "1403"))


@pytest.mark.parametrize(
    "text",
    [
        "Beslut 2025-01-01", "2024-08-01 till 2025-06-30", "2024-08-01-2025-06-30", "2025-01-01 2025", "KS 2024/01234", "011-15 00 00",
        "8 h = 480 min på 28 dagar", "20250101", "Åtgärd nr 1234567890", "naïve – ja, «nu» 👍",
    ],
)  # fmt: skip
def test_dates_and_other_numbers_may_stand(text: str) -> None:
    assert [told(field, text) for field in FIELDS] == [[], [], [], []]


def test_the_shipped_rules_are_fit_and_what_is_no_text_is_told_elsewhere() -> None:
    assert [list(unfit(rule.model_dump())) for rule in SHIPPED.rules] == [[] for _ in SHIPPED.rules]
    assert list(unfit({"title_sv": 7, "owner": None})) == list(unfit("x")) == []
