"""A rule may ask whether a case of its cooperation is open, or none: the latest word counts, under a consent that is in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from hub.contract.models import Action, ConsentRecord, ConsentStatus, CooperationRecord, Scope
from hub.core.courses import Courses, Forgotten
from hub.core.instants import to_ms
from hub.core.lacking import Standing, why_not
from hub.core.rule_overlap import idle_beside, implied
from hub.core.rule_set import RulesError, rules_content
from hub.core.rules import compile_rules, parse_rules
from hub.core.state import YouthState, body_bytes, from_bytes, new_state, to_bytes
from hub.core.step import erase_scope, step, wake

from .make import (
    NOW,
    SIG_SCOPE,
    SSPF_SCOPE,
    YOUTH,
    ago,
    make_absence,
    make_case,
    make_consent,
    make_notice,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)
from .make_rules import SHIPPED, emitted, last, make_rules, run
from .orders import Orders

FALLBACK = {"team": "sspf", "function": "seek_sig_consent"}
NOTICE = {"id": "notices", "kind": "police_notice", "of": ["narcotics"], "measure": "count", "at_least": 1, "within_days": 10}
TO_SIG: dict[str, Any] = {"team": "sig", "function": "sig_assessment", "cooperation": "sig", "when": [NOTICE]}
IN_SSPF = make_rules(in_case="sspf")
IN_NONE = make_rules(in_case="none")
NEW_TO_SIG = make_rules(**TO_SIG, in_case="none", without_sig_consent=FALLBACK)
KNOWN_TO_SIG = make_rules(**TO_SIG, in_case="sig")
BOTH = make_consent(make_scope(), make_sig_scope())
RENEWED = SIG_SCOPE[:-1] + "9"
ABSENCE = make_absence(1, ago(1), 120)
FORMER = (
    "033052e7e801000000000000002d010000000000000000000000000000000000000000000100c003f0b577b86500310022696e5f666f72636522"
    "0031350022323032352d31312d3032220022303538312d686167656279220022636f6e73656e7422005b002230303030303030302d303030302d"
    "343030302d383030302d3030303030303030303030312200227373706622005b227363686f6f6c2d6e6f72726b6f70696e67222c22706f6c6963"
    "652d6f7374222c226c6569737572652d6e6f72726b6f70696e67225d005b226f75747265616368222c2273737066225d005b227363686f6f6c5f"
    "616273656e6365222c22706f6c6963655f6e6f74696365222c227269736b5f6576656e74225d0022323032342d31302d33315430353a33303a30"
    "305a220022323032352d31322d30355430353a33303a30305a22006e756c6c7d5d0022323032342d31302d33315430353a33303a30305a227d5b"
    "5b5b22756e65786375736564222c227363686f6f6c2d6e6f72726b6f70696e67222c747275655d5d2c7b227363686f6f6c5f616273656e636522"
    "3a317d2c22793030303030303030303030303030303030303030303030303030303030303031222c7b7d2c7b22616273656e6365223a5b226339"
    "3539663264322d616562612d353139372d613631642d666665376533346539363939222c22653030303030303030303030303030303030303030"
    "3030303030303030303030303030303030303031222c226f75747265616368222c227363686f6f6c5f617474656e64616e6365222c2273737066"
    "222c22746573742e31222c313734373633323630303030305d7d2c7b7d2c7b22616273656e6365223a313734383431303230303030307d2c2232"
    "626564636131653839393630383966222c313734383431303230303030305d"
)
"""The state after one absence, as the release wrote it that knew no cases."""


def after(*events: Any, rules: Any = IN_SSPF, consent: ConsentRecord | None = None, now: datetime = NOW) -> YouthState:
    begun = step(new_state(YOUTH), consent or make_consent(), rules, ago(9)).state
    return last(run(*events, state=begun, rules=rules, now=now))


def test_a_rule_that_asks_for_a_case_proposes_when_one_is_open() -> None:
    steps = run(ABSENCE, make_case("sspf"), rules=IN_SSPF)
    assert [len(one.tasks) for one in steps] == [0, 1]


def test_it_proposes_with_the_event_where_the_case_was_open_before() -> None:
    assert emitted(run(make_case("sspf"), ABSENCE, rules=IN_SSPF)) == [("open", "absence", "outreach")]


def test_a_case_of_the_other_cooperation_is_none_that_it_asks_for() -> None:
    begun = step(new_state(YOUTH), BOTH, IN_SSPF, NOW).state
    assert emitted(run(ABSENCE, make_case("sig"), state=begun, rules=IN_SSPF)) == []


def test_a_rule_for_those_in_no_case_proposes_to_sig_only_until_there_is_one() -> None:
    begun = step(new_state(YOUTH), BOTH, NEW_TO_SIG, NOW).state
    steps = run(make_case("sspf"), make_notice(1, ago(1)), make_case(at=ago(-1)), state=begun, rules=NEW_TO_SIG)
    assert [[task.team for task in one.tasks] for one in steps] == [[], [], ["sig"]]


def test_in_a_sig_case_the_task_goes_to_the_sig_team_and_never_to_whom_asks_for_a_consent() -> None:
    begun = step(new_state(YOUTH), BOTH, KNOWN_TO_SIG, NOW).state
    assert emitted(run(make_case("sig"), make_notice(1, ago(1)), state=begun, rules=KNOWN_TO_SIG)) == [("open", "absence", "sig")]
    narrow = make_consent(make_scope(), make_sig_scope(kinds=("school_absence",)))
    begun = step(new_state(YOUTH), narrow, KNOWN_TO_SIG, NOW).state
    assert emitted(run(make_case("sig"), make_notice(1, ago(1)), state=begun, rules=KNOWN_TO_SIG)) == []


@pytest.mark.parametrize(("rules", "ends"), [(IN_NONE, make_case("sspf")), (IN_SSPF, make_case(at=ago(-1)))])
def test_what_was_proposed_ends_without_a_word_as_a_case_begins_or_ends(rules: Any, ends: Any) -> None:
    """A case may be opened from that very task, and of another unit's case a word would tell."""
    before = after(make_case("sspf"), ABSENCE, rules=rules) if rules is IN_SSPF else after(ABSENCE, rules=rules)
    assert before.episodes
    done = step(before, ends, rules, NOW)
    assert (done.tasks, done.state.episodes) == ((), {})


def test_when_the_case_is_over_what_still_holds_is_proposed_under_another_id() -> None:
    steps = run(ABSENCE, make_case("sspf"), make_case(at=ago(-1)), rules=IN_NONE)
    opened = [task.task_id for one in steps for task in one.tasks if task.action is Action.OPEN]
    assert len(set(opened)) == len(opened) == 2


@pytest.mark.parametrize(
    "word", [make_case("sspf"), make_case("sspf", at=ago(1)), make_case()], ids=["again", "late", "same instant"]
)
def test_a_late_or_repeated_word_changes_nothing(word: Any) -> None:
    held = after(make_case("sspf"), ABSENCE)
    done = step(held, word, IN_SSPF, NOW)
    assert (done.state is held, done.outcome, done.tasks) == (True, "duplicate", ())


def test_after_the_last_case_has_ended_a_late_word_of_it_opens_nothing() -> None:
    over = after(make_case("sspf", at=ago(3)), make_case(at=ago(2)), ABSENCE)
    done = step(from_bytes(to_bytes(over)), make_case("sspf", at=ago(3)), IN_SSPF, NOW)
    assert (done.outcome, done.tasks) == ("duplicate", ())


@pytest.mark.parametrize("rules", [IN_SSPF, IN_NONE])
def test_every_order_ends_alike(rules: Any) -> None:
    words = [make_case("sspf", at=ago(3)), make_case(at=ago(2)), make_case("sspf", at=ago(1))]
    begun = step(new_state(YOUTH), make_consent(), rules, NOW).state
    orders = Orders(begun, [*words, ABSENCE, make_absence(2, ago(2), 60)], rules)
    assert orders.walked == 120
    assert len(orders.ends) == 1


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (None, "no_consent"),
        (make_withdrawn(), "withdrawn"),
        (make_consent(make_scope(withdrawn_at=NOW), make_sig_scope()), "cooperation_not_covered"),
    ],
)
def test_no_course_is_held_of_which_the_consent_was_withdrawn(consent: ConsentRecord | None, reason: str) -> None:
    begun = new_state(YOUTH) if consent is None else step(new_state(YOUTH), consent, IN_SSPF, NOW).state
    done = step(begun, make_case("sspf"), IN_SSPF, NOW)
    assert [drop.reason for drop in done.drops] == [reason]
    assert done.state.courses is None or not done.state.courses.since


def test_a_withdrawn_consent_takes_its_course_and_leaves_the_other() -> None:
    held = after(make_case("sspf", "sig"), consent=BOTH)
    record = make_consent(make_scope(withdrawn_at=NOW), make_sig_scope(), version=2)
    for done in (step(held, record, IN_SSPF, NOW), erase_scope(held, SSPF_SCOPE, NOW, IN_SSPF, NOW)):
        assert done.state.courses is not None
        assert set(done.state.courses.since) == {"sig"}


def test_a_whole_withdrawal_takes_all_of_it() -> None:
    gone = step(after(make_case("sspf")), make_withdrawn(), IN_SSPF, NOW).state
    assert gone.courses is None
    assert b"sspf" not in to_bytes(gone)


def test_the_mark_that_ends_the_key_takes_all_of_it() -> None:
    never = after(ABSENCE)
    assert step(after(make_case("sspf"), ABSENCE), Forgotten(YOUTH), IN_SSPF, NOW).state.courses is None
    done = step(never, Forgotten(YOUTH), IN_SSPF, NOW)
    assert (done.state is never, done.outcome) == (True, "processed")


def test_a_suspended_consent_holds_the_course_still() -> None:
    held = after(make_case("sspf"), ABSENCE)
    suspended = step(held, make_consent(version=2, status=ConsentStatus.SUSPENDED), IN_SSPF, NOW).state
    assert (suspended.episodes, suspended.courses) == ({}, held.courses)
    again = step(suspended, make_consent(version=3), IN_SSPF, NOW)
    assert [task.action for task in again.tasks] == [Action.OPEN]


def renewed(*scopes: Scope, version: int) -> ConsentRecord:
    """SIG withdrawn six days ago, and what stands beside SSPF's."""
    return make_consent(make_scope(), make_sig_scope(withdrawn_at=ago(6)), *scopes, version=version)


@pytest.mark.parametrize("record", [make_consent(version=2), renewed(version=2)], ids=["never withdrawn", "withdrawn before"])
def test_a_consent_that_the_record_leaves_out_is_suspended_and_holds_its_course_still(record: ConsentRecord) -> None:
    """It stands beside another in force, so that the record does not name it; nor need it have, where a state is rebuilt."""
    word, again = make_case("sig", at=ago(5)), make_consent(make_scope(), make_sig_scope(scope_id=RENEWED), version=3)
    for consents in ([BOTH, word, record], [record, word]):
        held = last(run(*consents, make_notice(1, ago(1)), rules=KNOWN_TO_SIG))
        assert (held.courses, held.episodes) == (Courses(to_ms(ago(5)), {"sig": 739376}), {})
        assert [task.team for task in step(held, again, KNOWN_TO_SIG, NOW).tasks] == ["sig"]
        assert step(held, make_withdrawn(9), KNOWN_TO_SIG, NOW).state.courses is None


def test_the_withdrawal_of_a_consent_that_the_record_leaves_out_takes_its_course() -> None:
    held = after(make_case("sig", "sspf", at=ago(5)), make_consent(version=2), consent=BOTH)
    for at, left in ((ago(6), {"sig", "sspf"}), (ago(5), {"sspf"}), (ago(4), {"sspf"})):
        courses = erase_scope(held, SIG_SCOPE, at, IN_SSPF, NOW).state.courses
        assert courses is not None
        assert set(courses.since) == left


def test_the_word_of_a_case_under_a_new_consent_outlives_the_withdrawal_of_the_old_one() -> None:
    """Consents are on a topic of their own, which may lag behind what is told of cases."""
    words = [make_case("sig", at=ago(8)), make_case(at=ago(5)), make_case("sig", at=ago(4))]
    consents = [BOTH, renewed(version=2), renewed(make_sig_scope(scope_id=RENEWED), version=3)]
    earlier = {place: frozenset({place - 1}) for place in (1, 2, 4, 5)}
    orders = Orders(
        step(new_state(YOUTH), BOTH, KNOWN_TO_SIG, NOW).state, [*words, *consents, make_notice(1, ago(1))], KNOWN_TO_SIG, earlier
    )
    ((opened, _body),) = orders.ends
    assert orders.walked == 140
    assert [one.team for one in opened] == ["sig"]


def test_every_order_of_words_and_consents_ends_alike_in_random_worlds() -> None:
    for seed in range(60):
        consents, words = random_courses(Random(seed))
        begun = step(new_state(YOUTH), consents[0], KNOWN_TO_SIG, NOW).state
        messages = [*words, *consents[1:]]
        earlier = {place: frozenset({place - 1}) for place in range(1, len(messages)) if place != len(words)}
        assert (
            len(Orders(last(run(make_notice(1, ago(1)), state=begun, rules=KNOWN_TO_SIG)), messages, KNOWN_TO_SIG, earlier).ends)
            == 1
        )


def random_courses(chance: Random) -> tuple[list[ConsentRecord], list[CooperationRecord]]:
    """SIG consented to, suspended, withdrawn, consented to anew, beside SSPF; each word after what it follows upon."""
    consents, words, gone = [BOTH], list[CooperationRecord](), list[Scope]()
    number, standing, suspended, case = 1, True, False, False
    for hour in range(chance.randint(3, 6)):
        now, deed = ago(9) + timedelta(hours=hour), chance.choice(["consent", "consent", "suspend", "case", "case"])
        if deed == "case" and standing and not suspended:
            case = not case
        elif deed == "suspend" and standing:
            suspended = not suspended
        elif deed == "consent" and standing:
            gone.append(make_sig_scope(scope_id=SIG_SCOPE[:-1] + str(number), withdrawn_at=now))
            number, standing, suspended = number + 1, False, False
        else:
            standing = True
        if deed != "case":
            named = [make_sig_scope(scope_id=SIG_SCOPE[:-1] + str(number))] if standing and not suspended else []
            consents.append(make_consent(make_scope(), *named, *gone, version=len(consents) + 1, recorded_at=now))
        if (deed == "case" and standing and not suspended) or (case and not standing):
            case = case and standing
            words.append(make_case(*(["sig"] if case else []), at=now + timedelta(milliseconds=1)))
    return consents, words


def test_a_case_counts_only_while_a_consent_of_its_cooperation_is_in_force() -> None:
    """SIG's runs out: its case is hidden, and a rule of SSPF's for those in no case goes by what may be seen."""
    until = make_consent(make_scope(), make_sig_scope(valid_to=ago(-2)))
    held = after(make_case("sig"), ABSENCE, rules=IN_NONE, consent=until)
    assert (held.episodes, held.wake_ms) == ({}, to_ms(ago(-2)))
    woken = wake(held, IN_NONE, ago(-2))
    assert [task.team for task in woken.tasks] == ["outreach"]


def test_a_case_under_a_consent_that_has_yet_to_begin_counts_from_then_on() -> None:
    later = make_consent(make_scope(), make_sig_scope(valid_from=ago(-2)))
    held = after(make_case("sig"), ABSENCE, rules=IN_NONE, consent=later)
    assert held.episodes
    assert held.wake_ms is not None
    woken = wake(held, IN_NONE, ago(-2))
    assert (woken.tasks, woken.state.episodes) == ((), {})


def test_a_state_without_courses_has_the_bytes_that_it_had_before_there_were_any() -> None:
    """From the release before, byte for byte: its checksum stands in the second to the fifth."""
    assert to_bytes(after(ABSENCE, rules=make_rules())).hex() == FORMER
    assert from_bytes(bytes.fromhex(FORMER)) == after(ABSENCE, rules=make_rules())


def test_a_state_with_courses_is_read_as_it_was_written() -> None:
    held = after(make_case("sspf", "sig"), ABSENCE, consent=BOTH)
    assert held.courses == Courses(to_ms(NOW), dict.fromkeys(("sspf", "sig"), 739376))
    assert from_bytes(to_bytes(held)) == held


def test_the_body_of_whom_no_case_is_open_is_that_of_whom_none_ever_was() -> None:
    over = after(make_case("sspf"), make_case(at=ago(-1)), ABSENCE, rules=make_rules())
    assert body_bytes(over) == body_bytes(after(ABSENCE, rules=make_rules()))
    assert body_bytes(over) != body_bytes(after(make_case("sspf"), ABSENCE, rules=make_rules()))


def test_rules_that_ask_for_no_case_are_left_alone_by_one() -> None:
    held = after(ABSENCE, rules=make_rules())
    assert step(held, make_case("sspf"), make_rules(), NOW).state.episodes == held.episodes


def rule(**changes: Any) -> dict[str, Any]:
    base = {
        "about": "person", "id": "one", "title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test",
        "function": "information", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": [NOTICE],
    }  # fmt: skip
    return base | changes


def parsed(*rules: dict[str, Any]) -> Any:
    named = [one | {"id": f"rule-{place}"} for place, one in enumerate(rules)]
    return parse_rules({"version": "t", "owner": "t", "rules": named}).rules


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"in_case": "open"}, "in_case", "must be sspf, sig or none"),
        ({"in_case": True}, "in_case", "must be sspf, sig or none"),
        ({"in_case": "sig"}, "in_case", "may ask for a case of sspf, or for none"),
        (TO_SIG | {"in_case": "sspf", "without_sig_consent": FALLBACK}, "in_case", "may ask for a case of sig, or for none"),
        (TO_SIG | {"in_case": "sig", "without_sig_consent": FALLBACK}, "without_sig_consent", "leave without_sig_consent out"),
        (TO_SIG | {"in_case": "none"}, "without_sig_consent", "belongs to every rule of cooperation sig"),
    ],
    ids=str,
)
def test_what_no_rule_may_ask_is_refused_by_field(changes: dict[str, Any], field: str, text: str) -> None:
    with pytest.raises(RulesError) as refused:
        parsed(rule(**changes))
    assert [one.location[-1] for one in refused.value.problems] == [field]
    assert text in refused.value.problems[0].text


def test_a_set_that_does_not_use_the_word_has_the_digest_that_it_had() -> None:
    assert "in_case" not in rules_content(SHIPPED)
    assert '"in_case":"none"' in rules_content(parse_rules({"version": "t", "owner": "t", "rules": [rule(in_case="none")]}))


@pytest.mark.parametrize(
    ("narrow", "wide", "within"), [("sspf", None, True), (None, "sspf", False), ("none", "sspf", False), ("none", "none", True)]
)
def test_a_rule_lies_within_another_that_asks_for_no_case_or_for_the_same(narrow: Any, wide: Any, *, within: bool) -> None:
    one, other = parsed(rule(in_case=narrow), rule(in_case=wide))
    assert implied(one, other) is within
    assert idle_beside(one, other) is (narrow == wide), "a case begins by itself, so that it may open while the wider is answered"


@pytest.mark.parametrize("word", [(), ("sspf",)])
@pytest.mark.parametrize("rules", [IN_SSPF, IN_NONE])
def test_why_not_says_the_same_whether_there_is_a_case_or_none(word: tuple[str, ...], rules: Any) -> None:
    (found,) = why_not(after(make_case(*word), ABSENCE, rules=rules), rules, NOW)
    assert (found.standing, found.task_id) == (Standing.CASE, None)
    (lacks,) = why_not(after(make_case(*word), rules=rules), rules, NOW)
    assert lacks.standing is Standing.LACKS


def test_the_rules_that_ask_for_cases_are_known_once_compiled() -> None:
    rules = compile_rules(parse_rules({"version": "t", "owner": "t", "rules": [rule(in_case="none"), rule(id="two")]}))
    assert [one.id for one in rules.asking_for_cases] == ["one"]
