"""The fictive town: the same for a seed, of test numbers only, with facts on both sides of every threshold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from stdnum import luhn

from hub.contract.identifiers import canonical_identifier
from hub.demo.expected import CONSENT_SPANS, COVERED, SCENARIO, expect
from hub.demo.facts import LESSON_MINUTES, START
from hub.demo.profiles import PROFILES, Layout
from hub.demo.town import CONSENT_PLAN, HOLIDAYS, build_town, spelling

TOWN = build_town()
OUTREACH = {"absence-alone", "absence-and-notice", "repeated-observations"}
EXPECTED_OF = {
    "quiet": set(),
    "absence_exactly": {"absence-alone"},
    "absence_one_minute_short": set(),
    "absence_well_over": {"absence-alone"},
    "absence_a_day_too_old": set(),
    "absence_long_ago": set(),
    "both_exactly": {"absence-and-notice"},
    "both_from_oldest_day": {"absence-and-notice"},
    "both_absence_a_day_too_old": set(),
    "both_one_minute_short": set(),
    "both_other_category": set(),
    "both_notice_too_old": set(),
    "three_notices": {"repeated-notices"},
    "two_notices": set(),
    "three_notices_one_too_old": set(),
    "three_notices_one_other": set(),
    "three_observations_two_days": {"repeated-observations"},
    "three_observations_one_day": set(),
    "two_observations": set(),
    "three_observations_one_too_old": set(),
    "everything": OUTREACH | {"repeated-notices"},
}


def test_the_same_seed_gives_the_same_town_and_another_one_another() -> None:
    assert build_town() == TOWN
    assert build_town(seed=1) != TOWN


def test_everybody_has_a_number_of_the_published_test_series_and_nobody_shares_one() -> None:
    numbers = [youth.person_id for youth in TOWN.youths]
    assert len(set(numbers)) == len(numbers) == 300
    for youth in TOWN.youths:
        assert youth.person_id[:8] == f"{youth.born:%Y%m%d}"
        assert 980 <= int(youth.person_id[8:11]) <= 999
        assert luhn.is_valid(youth.person_id[2:])


def test_every_spelling_is_of_the_same_person() -> None:
    for youth in TOWN.youths:
        assert {canonical_identifier(spelling(youth.person_id, way), today=START.date()) for way in range(3)} == {youth.person_id}


def test_nobody_is_named_by_a_print() -> None:
    for youth in TOWN.youths:
        assert youth.person_id not in repr(youth)
        assert youth.name not in repr(youth)


def test_consents_stand_in_every_state_as_planned() -> None:
    assert Counter(youth.consent for youth in TOWN.youths) == dict(CONSENT_PLAN)
    assert {youth.consent for youth in TOWN.youths} == set(CONSENT_SPANS)


def test_every_profile_meets_a_consent_that_covers_and_one_that_does_not() -> None:
    for profile in PROFILES:
        covered = {youth.consent in COVERED for youth in TOWN.youths if youth.profile == profile}
        assert covered == {True, False}, profile


def test_school_is_out_at_weekends_and_on_holidays() -> None:
    days = {lesson.start.date() for lesson in TOWN.lessons}
    assert not days & HOLIDAYS
    assert date(2025, 5, 1) not in days
    assert all(day.weekday() < 5 for day in days)
    assert (min(days), max(days)) == (date(2025, 3, 17), date(2025, 5, 22))


def test_absence_is_of_lessons_of_the_youths_own_class_held_and_never_longer_than_they_are() -> None:
    for youth in TOWN.youths:
        lessons = [fact.lesson for fact in youth.absences]
        assert len({lesson.lesson_id for lesson in lessons}) == len(lessons)
        assert all(lesson.class_number == youth.class_number and not lesson.cancelled for lesson in lessons)
        assert all(0 < fact.minutes <= LESSON_MINUTES for fact in youth.absences)


def test_no_identity_is_used_twice() -> None:
    identities = [youth.person_uuid for youth in TOWN.youths]
    identities += [notice.message_id for youth in TOWN.youths for notice in youth.notices]
    identities += [seen.row_id for youth in TOWN.youths for seen in youth.observations]
    identities += [lesson.lesson_id for lesson in TOWN.lessons]
    assert len(set(identities)) == len(identities)


def test_nothing_happens_after_the_start_or_close_to_the_edge_of_a_window() -> None:
    """So that the minutes which a play takes never move an event over an edge."""
    edges = [TOWN.start - timedelta(days=days) for days in (0, 7, 8, 14, 21, 28, 29, 56)]
    assert all(abs(one.at - edge) >= timedelta(hours=2) for one in TOWN.gatherings for edge in edges)
    for youth in TOWN.youths:
        lessons = [fact.lesson.start for fact in youth.absences]
        others = [fact.at for fact in (*youth.notices, *youth.observations)]
        assert all(moment < TOWN.start for moment in (*lessons, *others))
        for edge in edges:
            assert all(abs(moment - edge) >= timedelta(minutes=50) for moment in lessons), youth
            assert all(abs(moment - edge) >= timedelta(hours=2) for moment in others), youth


def test_every_profile_is_on_its_side_of_every_threshold() -> None:
    assert EXPECTED_OF.keys() == PROFILES.keys()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_gives_just_its_rules_whatever_chance_does(profile: str, seed: int) -> None:
    someone = TOWN.youths[seed]
    youth = replace(someone, consent="sspf_sig", profile=profile, absences=[], notices=[], observations=[])
    PROFILES[profile](Layout(seed, TOWN.lessons), youth)
    found = expect(replace(TOWN, youths=[youth]), SCENARIO)
    assert {outcome.rule for outcome in found.tasks} == EXPECTED_OF[profile]


@pytest.mark.parametrize(
    ("consent", "teams"),
    [
        ("sspf", {"outreach", "sspf"}), ("sspf_sig", {"outreach", "sig"}), ("withdraws", {"outreach", "sspf"}),
        ("late", {"outreach"}), *((state, set()) for state in ("none", "waiting", "withdrawn", "suspended", "protected", "expired")),
    ],
)  # fmt: skip
def test_who_gets_the_tasks_of_somebody_for_whom_everything_holds_depends_on_the_consent(consent: str, teams: set[str]) -> None:
    youth = replace(next(one for one in TOWN.youths if one.profile == "everything"), consent=consent)
    found = expect(replace(TOWN, youths=[youth]))
    assert {outcome.team for outcome in found.tasks} == teams or (
        consent == "late" and {one.team for one in found.tasks} <= teams
    )
    assert found.cancelled == (found.tasks if consent == "withdraws" else frozenset())


def test_presence_is_expected_where_a_week_suffices_and_theft_and_what_is_older_do_not_count() -> None:
    areas = ("0581-hageby", "0581-klockaretorpet", "0581-marielund", "0581-navestad")
    assert expect(TOWN).presence == {(area, "2025-W20") for area in areas}
