"""What a condition asks, in words: each narrowing, alone and together, in the right number."""

from __future__ import annotations

from datetime import date

import pytest
from babel.dates import format_date

from hub.contract.evidence import Between, Earlier, Followed, Narrowing
from hub.contract.models import InfoKind
from hub.core.asked import Asked, asked_text, date_text, label_of, narrowed, time_of_day
from hub.core.narrowing_texts import AGAINST, BEFORE, FALLEN, FOLLOWERS, FOLLOWS, ONLY, WINDOWS
from hub.core.texts import CONDITIONS, KINDS, WORDED, Language

ABSENT, NOTICE, SEEN = InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE, InfoKind.RISK_EVENT
HOURS = Asked("unexcused_absence", ABSENT, "minutes", 180, 28)


def asking(asked: Asked, **narrowing: object) -> Asked:
    return Asked(
        asked.condition, asked.kind, asked.unit, asked.at_least, asked.window_days,
        Narrowing(**({"on_school_days": False} | narrowing)),  # type: ignore[arg-type]
    )  # fmt: skip


def then(condition: str = "police_notices", kind: InfoKind = NOTICE, hours: int = 48, *, happens: bool = True) -> Followed:
    return Followed(condition=condition, kind=kind, within_hours=hours, happens=happens)


def earlier(days: int, percent: int, compared: int) -> Earlier:
    return Earlier(days=days, percent=percent, compared=compared)


def observations(number: int, unit: str = "events") -> Asked:
    return Asked("observations", SEEN, unit, number, 28)


SAID = [
    (HOURS, "minst 3 timmar ogiltig frånvaro på 28 dagar", "at least 3 hours of unexcused absence in 28 days"),
    (
        Asked("unexcused_absence", ABSENT, "percent", 25, 28),
        "ogiltig frånvaro under minst 25 % av tiden i de lektioner där frånvaro rapporterats på 28 dagar",
        "unexcused absence for at least 25% of the time in lessons with any known absence in 28 days",
    ),
    (
        Asked("unexcused_absence", ABSENT, "events", 1, 1),
        "minst 1 lektion med ogiltig frånvaro på 1 dag",
        "at least 1 lesson with unexcused absence in 1 day",
    ),
    (
        Asked("unexcused_absence", ABSENT, "events", 3, 7),
        "minst 3 lektioner med ogiltig frånvaro på 7 dagar",
        "at least 3 lessons with unexcused absence in 7 days",
    ),
    (
        asking(HOURS, on_school_days=True),
        "minst 3 timmar ogiltig frånvaro på 28 dagar, räknat bara på skoldagar",
        "at least 3 hours of unexcused absence in 28 days, counting only on school days",
    ),
    (
        asking(HOURS, within_school_days=20),
        "minst 3 timmar ogiltig frånvaro de senaste 20 skoldagarna, högst 28 dagar tillbaka",
        "at least 3 hours of unexcused absence on the last 20 school days, at most 28 days back",
    ),
    (
        asking(HOURS, within_school_days=1),
        "minst 3 timmar ogiltig frånvaro den senaste skoldagen, högst 28 dagar tillbaka",
        "at least 3 hours of unexcused absence on the last school day, at most 28 days back",
    ),
    (
        asking(observations(2), between=Between(from_minute=1320, to_minute=360)),
        "minst 2 observationer på 28 dagar, räknat bara klockan 22–06",
        "at least 2 observations in 28 days, counting only between 22:00 and 06:00",
    ),
    (
        asking(observations(2), between=Between(from_minute=1350, to_minute=360), on_school_days=True),
        "minst 2 observationer på 28 dagar, räknat bara på skoldagar och klockan 22.30–06.00",
        "at least 2 observations in 28 days, counting only on school days and between 22:30 and 06:00",
    ),
    (
        asking(observations(1), then=then()),
        "minst 1 observation på 28 dagar, följd av en underrättelse från polisen inom 48 timmar",
        "at least 1 observation in 28 days, followed by a notice from the police within 48 hours",
    ),
    (
        asking(observations(2), then=then(hours=1)),
        "minst 2 observationer på 28 dagar, var och en följd av en underrättelse från polisen inom 1 timme",
        "at least 2 observations in 28 days, each followed by a notice from the police within 1 hour",
    ),
    (
        asking(observations(2), then=then(happens=False)),
        "minst 2 observationer på 28 dagar, ingen av dem följd av en underrättelse från polisen inom 48 timmar",
        "at least 2 observations in 28 days, none of them followed by a notice from the police within 48 hours",
    ),
    (
        asking(observations(2, "days"), then=then("risk_event", SEEN)),
        "minst 2 olika dagar med observationer på 28 dagar, följda av en observation av visst slag inom 48 timmar",
        "at least 2 different days with observations in 28 days, followed by an observation of a certain kind within 48 hours",
    ),
    (
        asking(HOURS, then=then("unexcused_absence", ABSENT, happens=False)),
        "minst 3 timmar ogiltig frånvaro på 28 dagar, inte följd av ogiltig frånvaro inom 48 timmar",
        "at least 3 hours of unexcused absence in 28 days, not followed by unexcused absence within 48 hours",
    ),
]


@pytest.mark.parametrize(("asked", "swedish", "english"), SAID)
def test_a_condition_reads_as_people_say_it(asked: Asked, swedish: str, english: str) -> None:
    assert asked_text(asked, "sv") == swedish
    assert asked_text(asked, "en") == english


NINE_SV = "minst 3 timmar ogiltig frånvaro på 28 dagar (här: 9 timmar), och minst "
NINE_EN = "at least 3 hours of unexcused absence in 28 days (here: 9 hours), and at least "
AGAINST_EARLIER = [
    (
        earlier(28, 200, 180),
        "dubbelt så mycket som under de 28 dagarna före (då: 3 timmar)",
        "twice as much as in the 28 days before (then: 3 hours)",
    ),
    (
        earlier(56, 100, 60),
        "lika mycket som i snitt på 28 dagar under de 56 dagarna före (då: 1 timme sammanlagt)",
        "as much as on average per 28 days in the 56 days before (then: 1 hour in all)",
    ),
    (
        earlier(1, 150, 0),
        "150 % av vad det var i snitt på 28 dagar under dagen före (då: 0 minuter sammanlagt)",
        "150% of what it was on average per 28 days on the day before (then: 0 minutes in all)",
    ),
]


@pytest.mark.parametrize(("against", "swedish", "english"), AGAINST_EARLIER)
def test_the_number_is_said_beside_the_one_it_was_held_against(against: Earlier, swedish: str, english: str) -> None:
    asked = asking(HOURS, against_earlier=against)
    assert asked_text(asked, "sv", 540) == NINE_SV + swedish
    assert asked_text(asked, "en", 540) == NINE_EN + english
    assert "(" not in asked_text(asked, "sv"), "a rule alone has met no number"


def test_things_that_are_counted_are_as_many_not_as_much() -> None:
    said = asked_text(asking(observations(4), against_earlier=earlier(28, 200, 1)), "sv", 5)
    assert said.endswith("(här: 5), och minst dubbelt så många som under de 28 dagarna före (då: 1)")


def test_a_table_gets_a_phrase_for_each_narrowing() -> None:
    whole = asking(
        observations(4), on_school_days=True, within_school_days=20, between=Between(from_minute=0, to_minute=60),
        then=then(), against_earlier=earlier(28, 200, 1),
    )  # fmt: skip
    assert narrowed(whole, "sv") == (
        "De senaste 20 skoldagarna, högst 28 dagar tillbaka",
        "Räknat bara på skoldagar och klockan 00–01",
        "Var och en följd av en underrättelse från polisen inom 48 timmar",
        "Minst dubbelt så många som under de 28 dagarna före (då: 1)",
    )
    assert narrowed(observations(4), "sv") == ()


def test_whole_hours_are_said_short_in_swedish_alone() -> None:
    assert (time_of_day(360, "sv", whole=True), time_of_day(360, "sv"), time_of_day(360, "en", whole=True)) == (
        "06", "06.00", "06:00",
    )  # fmt: skip


COUNTED = [
    ("unexcused_absence", ABSENT, 2, "ogiltig frånvaro", "unexcused absence"),
    ("excused_absence", ABSENT, 2, "anmäld frånvaro", "reported absence"),
    ("all_absence", ABSENT, 2, "frånvaro, anmäld eller ogiltig", "absence, reported or unexcused"),
    ("a-rules-own", ABSENT, 2, "frånvaro", "school absence"),
    ("police_notices", NOTICE, 1, "underrättelse från polisen", "notice from the police"),
    ("police_notices", NOTICE, 2, "underrättelser från polisen", "notices from the police"),
    ("a-rules-own", NOTICE, 1, "underrättelse av visst slag från polisen", "notice of a certain kind from the police"),
    ("a-rules-own", NOTICE, 2, "underrättelser av vissa slag från polisen", "notices of certain kinds from the police"),
    ("observations", SEEN, 1, "observation", "observation"),
    ("observations", SEEN, 2, "observationer", "observations"),
    ("observation_days", SEEN, 1, "observation", "an observation"),
    ("observation_days", SEEN, 2, "observationer", "observations"),
    ("a-rules-own", SEEN, 1, "observation av visst slag", "observation of a certain kind"),
    ("a-rules-own", SEEN, 2, "observationer av vissa slag", "observations of certain kinds"),
    ("place", None, 1, "händelse i området", "incident in the area"),
    ("place", None, 2, "händelser i området", "incidents in the area"),
]


@pytest.mark.parametrize(("condition", "kind", "number", "swedish", "english"), COUNTED)
def test_whatever_is_counted_is_called_by_its_name(
    condition: str, kind: InfoKind | None, number: int, swedish: str, english: str
) -> None:
    asked = Asked(condition, kind, "minutes", number, 28)
    assert (label_of(asked, "sv"), label_of(asked, "en")) == (swedish, english)


FOLLOWED_BY = [
    ("unexcused_absence", ABSENT, "ogiltig frånvaro", "unexcused absence"),
    ("excused_absence", ABSENT, "anmäld frånvaro", "reported absence"),
    ("all_absence", ABSENT, "frånvaro", "absence"),
    ("school_absence", ABSENT, "frånvaro", "absence"),
    ("police_notices", NOTICE, "en underrättelse från polisen", "a notice from the police"),
    ("police_notice", NOTICE, "en underrättelse av visst slag från polisen", "a notice of a certain kind from the police"),
    ("observations", SEEN, "en observation", "an observation"),
    ("risk_event", SEEN, "en observation av visst slag", "an observation of a certain kind"),
    ("a-rules-own", SEEN, "en observation av visst slag", "an observation of a certain kind"),
]


@pytest.mark.parametrize(("condition", "kind", "swedish", "english"), FOLLOWED_BY)
def test_whatever_may_follow_is_called_by_its_name(condition: str, kind: InfoKind, swedish: str, english: str) -> None:
    asked = asking(HOURS, then=then(condition, kind))
    assert asked_text(asked, "sv").endswith(f", följd av {swedish} inom 48 timmar")
    assert asked_text(asked, "en").endswith(f", followed by {english} within 48 hours")


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize(("language", "locale"), [("sv", "sv_SE"), ("en", "en_GB")])
def test_a_date_reads_as_everywhere_in_that_language(month: int, language: Language, locale: str) -> None:
    day = date(2025, month, 12)
    assert date_text(day, language) == format_date(day, "d MMMM y", locale)


def test_every_text_exists_in_both_languages_and_every_code_that_may_follow_has_words() -> None:
    for table in (WINDOWS, ONLY, FOLLOWERS, FOLLOWS, AGAINST, BEFORE, FALLEN, KINDS):
        for name, texts in table.items():
            assert set(texts) == {"sv", "en"}, name
    pairs = [pair for table in (FOLLOWS, AGAINST) for texts in table.values() for pair in texts.values()]
    assert {len(pair) for pair in pairs} == {2}
    assert FOLLOWERS.keys() >= {kind.value for kind in InfoKind} | (WORDED.keys() - {"observation_days"})
    assert FOLLOWERS.keys() <= CONDITIONS.keys()
    assert KINDS.keys() == set(InfoKind)
