"""An explanation as plain text: what stands in which line, in which words, and what is not said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hub.contract.models import EvidenceEvent, InfoKind
from hub.core.explain import ConditionText, Explanation
from hub.core.written import event_text, written

NAMES = {"school-norrkoping": "Skolan"}
MISSED = EvidenceEvent(
    kind=InfoKind.SCHOOL_ABSENCE, occurred_at=datetime(2025, 5, 12, 6, 15, tzinfo=UTC), agency="school-norrkoping"
)
NOTICED = EvidenceEvent(kind=InfoKind.POLICE_NOTICE, occurred_at=datetime(2025, 5, 13, 21, 30, tzinfo=UTC), agency="police-ost")
SEEN = EvidenceEvent(
    kind=InfoKind.RISK_EVENT, occurred_at=datetime(2025, 1, 31, 23, tzinfo=UTC), agency="leisure-norrkoping"
)  # fmt: skip
ROW = ConditionText("frånvaro", 540, 480, 28, "minutes", "minst 8 timmar frånvaro på 28 dagar (här: 9 timmar)")
WHOLE = Explanation(
    "Mycket frånvaro",
    "Minst 8 timmar frånvaro på 28 dagar (här: 9 timmar). Förslag: föräldraskapsstöd.",
    "föräldraskapsstöd",
    (replace(ROW, events=(MISSED, NOTICED), older=3),),
)


def test_what_counted_stands_under_the_sentence_newest_first() -> None:
    assert written(WHOLE, "sv", NAMES).splitlines() == [
        "Mycket frånvaro",
        "Minst 8 timmar frånvaro på 28 dagar (här: 9 timmar). Förslag: föräldraskapsstöd.",
        "Detta räknades:",
        "– Frånvaro",
        "    och 3 till, som är äldre",
        "    13 maj 2025 kl. 23.30, underrättelse från polisen (police-ost)",
        "    12 maj 2025 kl. 08.15, frånvaro (Skolan)",
    ]


def test_in_english_its_own_words_are_english() -> None:
    assert written(WHOLE, "en").splitlines()[2:] == [
        "This counted:",
        "– Frånvaro",
        "    and 3 more, which are older",
        "    13 May 2025, 23:30, notice from the police (police-ost)",
        "    12 May 2025, 08:15, absence (school-norrkoping)",
    ]


def test_a_condition_that_the_sentence_says_is_not_said_again_where_nothing_is_told_of_it() -> None:
    assert written(replace(WHOLE, conditions=(ROW,))) == f"{WHOLE.title}\n{WHOLE.sentence}"


def test_a_condition_that_the_sentence_does_not_say_is_written_out() -> None:
    """So it is for a youth, where another condition may not be told."""
    untold = Explanation("", "Ett förslag om stöd har lämnats.", "", (ROW, replace(ROW, label="observationer", events=(SEEN,))))
    assert written(untold).splitlines() == [
        "Ett förslag om stöd har lämnats.",
        "Detta räknades:",
        "– Minst 8 timmar frånvaro på 28 dagar (här: 9 timmar)",
        "– Minst 8 timmar frånvaro på 28 dagar (här: 9 timmar)",
        "    1 februari 2025 kl. 00.00, observation (leisure-norrkoping)",
    ]


def test_an_event_is_told_by_its_time_in_stockholm_its_kind_and_its_agency() -> None:
    assert event_text(MISSED, "sv", NAMES) == "12 maj 2025 kl. 08.15, frånvaro (Skolan)"
    assert event_text(SEEN, "en") == "1 February 2025, 00:00, observation (leisure-norrkoping)"
