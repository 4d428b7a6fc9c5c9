"""A rule in words says everything that it is, in both languages, and the same rule always the same."""

from __future__ import annotations

from typing import Any

import pytest

from hub.contract.models import InfoKind, PlaceCategory
from hub.core.conditions import CODES, Condition
from hub.core.rule_set import PlaceRule, Rule, parse_rules
from hub.core.wording import rule_in_words
from hub.core.wording_texts import CODE_WORDS, PHRASES, PRIORITIES

from .make_rules import SHIPPED

ABSENCE = {"kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": 480, "within_days": 28}
FALL = {**ABSENCE, "at_least": None, "at_most": 60, "fell_from": {"days": 56, "at_least": 480}}
NOTICE = {"kind": "police_notice", "of": ["lob"], "measure": "count", "at_least": 1, "within_days": 14}
WORRY = {"kind": "risk_event", "of": ["conflict", "runaway"], "measure": "distinct_days", "at_least": 2, "within_days": 21}


def make(*when: dict[str, Any], **changes: Any) -> Rule | PlaceRule:
    rule = {
        "about": "person", "id": "one", "title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test",
        "function": "outreach_contact", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": [{"id": f"c{place}", **one} for place, one in enumerate(when)],
    }  # fmt: skip
    school = {"terms": [{"first": "2026-01-08", "last": "2026-06-12"}]}
    return parse_rules({"version": "t", "owner": "t", "school": school, "rules": [rule | changes]}).rules[0]


SIG = {"cooperation": "sig", "team": "sig", "function": "sig_assessment"}
AFTER = {"kind": "police_notice", "of": ["lob"], "within_hours": 48}
TEN: list[tuple[Any, tuple[str, ...], tuple[str, ...]]] = [
    (make(ABSENCE), ("Minst 8 timmar ogiltig frånvaro på 28 dagar.",), ("At least 8 hours of unexcused absence in 28 days.",)),
    (
        make({**ABSENCE, "at_least": 490, "of": ["excused", "unexcused"]}, NOTICE),
        (
            "Minst 8 timmar 10 minuter frånvaro (anmäld eller ogiltig) på 28 dagar.",
            "Minst 1 underrättelse från polisen (berusning enligt LOB) på 14 dagar.",
        ),
        (
            "At least 8 hours 10 minutes of absence (reported or unexcused) in 28 days.",
            "At least 1 notice from the police (intoxication under LOB) in 14 days.",
        ),
    ),
    (
        make({**NOTICE, "of": ["narcotics", "lob"], "at_least": 3, "between": ["22:00", "06:00"]}, ages={"from": 12, "to": 17}),
        (
            "Minst 3 underrättelser från polisen (narkotika eller berusning enligt LOB) på 14 dagar, bara kl. 22.00–06.00.",
            "Gäller den som är 12 till 17 år, men inte där samtycket saknar ålder.",
        ),
        (
            "At least 3 notices from the police (narcotics or intoxication under LOB) in 14 days, only from 22:00 to 06:00.",
            "Holds for those of 12 to 17 years, but not where the consent record has no age.",
        ),
    ),
    (
        make({**WORRY, "on_school_days": True, "within_school_days": 10}, ages={"from": 15}, at_least_agencies=2),
        (
            "Minst 2 olika dagar med observationer (konflikt eller avvikning) på 21 dagar, bara från de 10 senaste skoldagarna, bara skoldagar.",
            "Gäller från 15 års ålder, men inte där samtycket saknar ålder.",
            "Det som räknas ska komma från minst 2 olika verksamheter.",
        ),
        (
            "At least 2 different days with observations (conflict or running away) in 21 days, only from the last 10 school days, only on school days.",
            "Holds from the age of 15, but not where the consent record has no age.",
            "What counts must come from at least 2 different agencies.",
        ),
    ),
    (
        make({**ABSENCE, "measure": "rate", "at_least": 20}, ages={"to": 15}, sunset="2026-06-30"),
        (
            "Ogiltig frånvaro minst 20 % av tiden i de lektioner där frånvaro rapporterats på 28 dagar.",
            "Gäller till och med 15 års ålder, men inte där samtycket saknar ålder.",
            "Gäller till och med 2026-06-30.",
        ),
        (
            "Unexcused absence of at least 20 % of the time in lessons with any known absence in 28 days.",
            "Holds up to and with the age of 15, but not where the consent record has no age.",
            "Holds up to and with 2026-06-30.",
        ),
    ),
    (
        make({**ABSENCE, "measure": "count", "at_least": 4, "against_earlier": {"days": 56, "percent": 200}}, rest_days=28),
        (
            "Minst 4 tillfällen med ogiltig frånvaro på 28 dagar, och minst 200 % av genomsnittet per 28 dagar under de 56 dagar som var före.",
            "När ett förslag har avböjts eller avslutats vilar regeln i 28 dagar.",
        ),
        (
            "At least 4 occasions of unexcused absence in 28 days, and at least 200 % of the average per 28 days in the 56 days before.",
            "After a proposal was declined or completed, the rule rests for 28 days.",
        ),
    ),
    (
        make({**ABSENCE, "measure": "count", "at_least": 1, "then": AFTER}, lingers_days=1),
        (
            "Minst 1 tillfälle med ogiltig frånvaro på 28 dagar, bara sådant som inom 48 timmar följs av någon underrättelse från polisen (berusning enligt LOB).",
            "Förslaget gäller i 1 dag efter att allt stämde senast.",
        ),
        (
            "At least 1 occasion of unexcused absence in 28 days, only what is followed within 48 hours by any notice from the police (intoxication under LOB).",
            "The proposal stands for 1 day after all of it held last.",
        ),
    ),
    (
        make({**NOTICE, "then": {"kind": "school_absence", "of": ["unexcused"], "within_hours": 1, "happens": False}}),
        (
            "Minst 1 underrättelse från polisen (berusning enligt LOB) på 14 dagar, bara sådant som inte inom 1 timme följs av någon ogiltig frånvaro.",
        ),
        (
            "At least 1 notice from the police (intoxication under LOB) in 14 days, only what is not followed within 1 hour by any unexcused absence.",
        ),
    ),
    (
        make(FALL, {**FALL, "measure": "count", "at_most": 1, "fell_from": {"days": 14, "at_least": 4, "school_days": 10}}),
        (
            "Högst 1 timme ogiltig frånvaro på 28 dagar, efter minst 8 timmar under de 56 dagar som var före.",
            "Högst 1 tillfälle med ogiltig frånvaro på 28 dagar, efter minst 4 under de 14 dagar som var före, och bara om minst 10 skoldagar har börjat under tiden.",
        ),
        (
            "At most 1 hour of unexcused absence in 28 days, after at least 8 hours in the 56 days before.",
            "At most 1 occasion of unexcused absence in 28 days, after at least 4 in the 14 days before, and only if at least 10 school days have begun in that time.",
        ),
    ),
    (
        make(
            {**WORRY, "of": sorted(CODES[InfoKind.RISK_EVENT]), "measure": "count"}, counts_but_not_shown=["school-x", "school-y"]
        ),
        ("Minst 2 observationer på 21 dagar.", "Det som school-x och school-y berättar räknas, men visas inte."),
        ("At least 2 observations in 21 days.", "What school-x and school-y tell counts, but is not shown."),
    ),
    (
        make({**NOTICE, "at_least": 2}, **SIG, without_sig_consent={"team": "sspf", "function": "seek_sig_consent"}),
        (
            "Minst 2 underrättelser från polisen (berusning enligt LOB) på 14 dagar.",
            "Utan samtycke till SIG når inget SIG; i stället går ett förslag till sspf: fråga om samtycke till social insatsgrupp (SIG).",
        ),
        (
            "At least 2 notices from the police (intoxication under LOB) in 14 days.",
            "Without a consent to SIG nothing reaches SIG; a proposal goes to sspf instead: ask for consent to SIG cooperation.",
        ),
    ),
    (
        next(one for one in SHIPPED.rules if one.about == "place"),
        (
            "Minst 5 händelser i området (ordningsstörning, våld, narkotika, skadegörelse eller folksamling) på 7 dagar.",
            "Gäller områden så länge areas.yaml markerar dem, aldrig personer.",
        ),
        (
            "At least 5 incidents in the area (disorder, violence, narcotics, vandalism or gathering) in 7 days.",
            "Holds for areas while areas.yaml marks them, never for persons.",
        ),
    ),
]


@pytest.mark.parametrize(("rule", "swedish", "english"), TEN)
def test_what_a_rule_does_is_said_in_both_languages(rule: Any, swedish: tuple[str, ...], english: tuple[str, ...]) -> None:
    for language, expected in (("sv", swedish), ("en", english)):
        words = rule_in_words(rule, language)  # type: ignore[arg-type]
        assert (*words.conditions, *words.bounds) == expected


ONE_DAY = {"within_days": 1, "measure": "count", "at_least": 2}
SINGULAR = [
    (
        make({**ABSENCE, **ONE_DAY, "against_earlier": {"days": 1, "percent": 50}}),
        "Minst 2 tillfällen med ogiltig frånvaro på 1 dag, och minst 50 % av genomsnittet per dag under den dag som var före.",
        "At least 2 occasions of unexcused absence in 1 day, and at least 50 % of the average per day in the day before.",
    ),
    (
        make({**FALL, "fell_from": {"days": 1, "at_least": 480}}),
        "Högst 1 timme ogiltig frånvaro på 28 dagar, efter minst 8 timmar under den dag som var före.",
        "At most 1 hour of unexcused absence in 28 days, after at least 8 hours in the day before.",
    ),
]


@pytest.mark.parametrize(("rule", "swedish", "english"), SINGULAR)
def test_one_day_before_is_no_plural(rule: Any, swedish: str, english: str) -> None:
    assert rule_in_words(rule, "sv").conditions == (swedish,)
    assert rule_in_words(rule, "en").conditions == (english,)


@pytest.mark.parametrize(
    ("ages", "swedish", "english"),
    [
        ({"from": 15, "to": 15}, "Gäller den som är 15 år", "Holds at the age of 15"),
        ({}, "Gäller i alla åldrar", "Holds at every age"),
        ({"from": 0, "to": 130}, "Gäller i alla åldrar", "Holds at every age"),
        ({"from": 0, "to": 0}, "Gäller den som är 0 år", "Holds at the age of 0"),
    ],
)
def test_ages_are_said_as_people_say_them_and_that_one_must_be_known(ages: dict[str, int], swedish: str, english: str) -> None:
    rule = make(ABSENCE, ages=ages)
    assert rule_in_words(rule, "sv").bounds == (f"{swedish}, men inte där samtycket saknar ålder.",)
    assert rule_in_words(rule, "en").bounds == (f"{english}, but not where the consent record has no age.",)


def test_the_proposal_names_team_function_clock_and_consent() -> None:
    words = rule_in_words(make(ABSENCE, priority="high", respond_within_days=1), "sv", {"outreach": "Förebyggarteamet"})
    assert words.sentences[0] == words.proposal == (
        "Föreslår Förebyggarteamet: uppsökande och trygghetsskapande insats. Svar väntas inom 1 dag, med hög prioritet. "
        "Samtycket ska gälla SSPF, och allt detta ska stämma:"
    )  # fmt: skip
    assert rule_in_words(make(ABSENCE), "en").proposal == (
        "Proposes to outreach: outreach and safety-building contact. An answer is awaited within 5 days, with normal priority. "
        "The consent must cover SSPF, and all of this must hold:"
    )
    assert (words.title, rule_in_words(make(ABSENCE), "en").title) == ("Regel", "Rule")


def test_agencies_and_teams_are_called_by_their_names() -> None:
    rule = make(
        ABSENCE, **SIG, without_sig_consent={"team": "sspf", "function": "seek_sig_consent"}, counts_but_not_shown=["s-x"]
    )
    hidden, fallback = rule_in_words(rule, "en", {"s-x": "School X", "sspf": "the coordinator"}).bounds
    assert hidden == "What School X tell counts, but is not shown."
    assert fallback.startswith(
        "Without a consent to SIG nothing reaches SIG; a proposal goes to the coordinator instead: ask for "
    )


def waiting(number: int) -> dict[str, Any]:
    return {**FALL, "fell_from": {"days": 56, "at_least": 480, "school_days": number}}


@pytest.mark.parametrize(
    ("condition", "swedish", "english"),
    [
        ({**ABSENCE, "within_school_days": 1}, "bara från den senaste skoldagen", "only from the last school day"),
        ({**ABSENCE, "within_school_days": 2}, "bara från de 2 senaste skoldagarna", "only from the last 2 school days"),
        (waiting(1), "minst en skoldag har börjat under tiden", "at least one school day has begun in that time"),
        (waiting(2), "minst 2 skoldagar har börjat under tiden", "at least 2 school days have begun in that time"),
    ],
)
def test_one_school_day_is_said_as_one(condition: dict[str, Any], swedish: str, english: str) -> None:
    assert rule_in_words(make(condition), "sv").conditions[0].endswith(f" {swedish}.")
    assert rule_in_words(make(condition), "en").conditions[0].endswith(f" {english}.")


CODES_SAID = [
    (
        NOTICE,
        ("suspicion_not_responsible", "suspicion_responsible", "narcotics", "lob", "police_act_12"),
        "misstanke mot den som inte är straffmyndig, misstanke mot den som är straffmyndig, narkotika, berusning enligt LOB eller omhändertagen enligt 12 § polislagen",
        "suspicion under the age of criminal responsibility, suspicion from the age of criminal responsibility on, narcotics, intoxication under LOB or taken in charge under section 12 of the Police Act",
    ),
    (
        NOTICE,
        ("public_disorder", "violence_victim", "risk_environment", "other_worry"),
        "ordningsstörning, utsatt för våldsbrott, i riskmiljö eller annan oro",
        "public disorder, victim of violence, in an environment of risk or other worry",
    ),
    (
        WORRY,
        ("criminal_environment", "recruitment", "substance_use", "violence_exposure", "runaway", "conflict"),
        "kriminell miljö, rekrytering, droger eller alkohol, utsatt för våld, avvikning eller konflikt",
        "criminal environment, recruitment, substance use, exposed to violence, running away or conflict",
    ),
    (WORRY, ("other_worry",), "annan oro", "other worry"),
    (
        None,
        ("disorder", "violence", "narcotics", "vandalism", "theft", "fire", "traffic", "gathering", "other"),
        "ordningsstörning, våld, narkotika, skadegörelse, stöld, brand, trafik, folksamling eller annat",
        "disorder, violence, narcotics, vandalism, theft, fire, traffic, gathering or other",
    ),
]


@pytest.mark.parametrize(("condition", "codes", "swedish", "english"), CODES_SAID)
def test_each_code_that_a_rule_counts_is_said(
    condition: dict[str, Any] | None, codes: tuple[str, ...], swedish: str, english: str
) -> None:
    places = next(one for one in SHIPPED.rules if one.about == "place")
    rule = make({**condition, "of": list(codes)}) if condition else places.model_copy(update={"categories": codes})
    for language, words in (("sv", swedish), ("en", english)):
        assert f" ({words}) " in rule_in_words(rule, language).conditions[0]  # type: ignore[arg-type]


def test_every_code_and_every_phrase_has_words_in_both_languages() -> None:
    codes = {str(code) for known in CODES.values() for code in known} | set(map(str, PlaceCategory))
    assert set(CODE_WORDS) == {code for _, said, *_ in CODES_SAID for code in said} == codes - {"excused", "unexcused"}
    assert all(set(words) == {"sv", "en"} and all(words.values()) for words in CODE_WORDS.values())
    assert PHRASES["sv"].keys() == PHRASES["en"].keys()
    assert PRIORITIES["sv"].keys() == PRIORITIES["en"].keys() == {"normal", "high"}


def narrowings() -> list[dict[str, Any]]:
    after = {"kind": "police_notice", "of": ["lob"], "within_hours": 48}
    return [
        {"within_school_days": 20}, {"within_school_days": 1}, {"on_school_days": True}, {"between": ["22:00", "06:00"]}, {"then": after},
        {"then": {**after, "happens": False}}, {"then": {**after, "within_hours": 24}}, {"then": {**after, "of": ["narcotics"]}},
        {"against_earlier": {"days": 56, "percent": 200}}, {"against_earlier": {"days": 57, "percent": 200}},
        {"against_earlier": {"days": 56, "percent": 201}}, {"of": ["excused"]}, {"of": ["excused", "unexcused"]},
        {**FALL, "at_most": 0}, FALL, {**FALL, "fell_from": {"days": 57, "at_least": 480}},
        {**FALL, "fell_from": {"days": 56, "at_least": 481}}, {**FALL, "fell_from": {"days": 56, "at_least": 480, "school_days": 1}},
        {**FALL, "fell_from": {"days": 56, "at_least": 480, "school_days": 2}},
        {"measure": "count"}, {"measure": "distinct_days"}, {"measure": "rate"}, {"at_least": 25}, {"within_days": 13}, {},
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_two_conditions_that_mean_different_things_are_worded_alike(language: Any) -> None:
    told = [rule_in_words(make({**ABSENCE, "at_least": 24, **one}), language).conditions[0] for one in narrowings()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_field_of_a_rule_that_decides_is_said(language: Any) -> None:
    changes: list[dict[str, Any]] = [
        {}, {"ages": {"from": 12}}, {"ages": {"to": 12}}, {"ages": {"from": 12, "to": 17}}, {"at_least_agencies": 2},
        {"rest_days": 28}, {"lingers_days": 28}, {"sunset": "2026-06-30"}, {"counts_but_not_shown": ["s-x"]},
        {"team": "sspf"}, {"function": "information"}, {"priority": "high"}, {"respond_within_days": 6},
        {**SIG, "without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"}}, {"in_case": "sspf"}, {"in_case": "none"},
    ]  # fmt: skip
    told = [rule_in_words(make(ABSENCE, **one), language).sentences for one in changes]
    assert len(set(told)) == len(told)
    decides = set(Rule.model_fields) - {"about", "id", "title_sv", "title_en", "rationale", "owner", "cooperation", "when"}
    assert {name for one in changes for name in one} >= decides
    assert {name for one in narrowings() for name in one} >= set(Condition.model_fields) - {"id", "kind"}


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_the_same_rule_is_always_said_alike(rule: Any) -> None:
    assert rule_in_words(rule) == rule_in_words(rule)
    assert all(sentence.endswith((".", ":")) for sentence in rule_in_words(rule).sentences)
