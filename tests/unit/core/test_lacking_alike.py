"""What a unit reads of its rules: the same whatever else the reference has, and never an untrue reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from hub.contract.models import PoliceCategory, TaskEvent, TaskState
from hub.core.explain import Audience
from hub.core.lacking import RuleStanding, Standing, why_not
from hub.core.lacking_texts import standing_text
from hub.core.rules import CompiledRules, compile_rules, parse_rules
from hub.core.state import YouthState, new_state
from hub.core.step import step, wake

from .make import (
    LEISURE,
    NOW,
    POLICE,
    SCHOOL,
    YOUTH,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
    make_sig_scope,
)  # fmt: skip
from .make_rules import RULES
from .test_weighing import ABSENCE, NOTICE, lesson, lob, rules_of

ELSEWHERE, OTHER_POLICE = "school-free", "police-vast"
STOPPED = {
    "no notice after it": (
        ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 24, "happens": False}},
        lob(9, ago(2.5)),
    ),
    "more than before": (
        ABSENCE | {"within_days": 4, "against_earlier": {"days": 7, "percent": 200}},
        make_absence(9, ago(5), agency=ELSEWHERE),
    ),
    "little left": (
        {**ABSENCE, "at_least": None, "within_days": 2, "at_most": 0, "fell_from": {"days": 7, "at_least": 1}},
        make_absence(9, ago(1), agency=ELSEWHERE),
    ),
    "a share": (
        ABSENCE | {"measure": "rate", "at_least": 50},
        make_absence(9, ago(1), 1, agency=ELSEWHERE).model_copy(update={"offered_minutes": 200}),
    ),
}
"""Conditions that an event more can stop from being met, and that event, which only the other unit may be told of."""
SPARE: dict[str, Any] = {
    "team": "sig", "cooperation": "sig", "without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"},
}  # fmt: skip

AUDIENCES: tuple[Audience, ...] = ("team", "youth")


@dataclass
class World:
    """Two histories of one youth: what one unit has to do with is the same in both, and the second has another unit's too."""

    rules: CompiledRules
    alone: YouthState = field(default_factory=lambda: new_state(YOUTH))
    beside: YouthState = field(default_factory=lambda: new_state(YOUTH))

    def come(self, message: Any, at: datetime) -> None:
        self.alone = step(self.alone, message, self.rules, at).state
        self.beside = step(self.beside, message, self.rules, at).state

    def consent(self, hers: Sequence[Any], others: Sequence[Any], at: datetime, version: int = 1) -> None:
        self.alone = step(self.alone, make_consent(*hers, version=version), self.rules, at).state
        self.beside = step(self.beside, make_consent(*hers, *others, version=version), self.rules, at).state

    def read(self, at: datetime, *teams: str, audience: Audience = "team") -> tuple[Any, Any]:
        one, other = (why_not(state, self.rules, at, teams=teams, audience=audience) for state in (self.alone, self.beside))
        return one, other


def answer_of(team: str, rule: str, at: datetime, task: str = "00000000-0000-4000-8000-00000000000f") -> TaskEvent:
    return TaskEvent(
        task_id=task, youth_ref=YOUTH, area=None, rule_id=rule, team=team, state=TaskState.COMPLETED, reason=None, occurred_at=at
    )


def only(found: Sequence[RuleStanding], rule: str = "repeated-notices") -> RuleStanding:
    (one,) = [each for each in found if each.rule_id == rule]
    return one


def test_whoever_would_be_asked_instead_reads_the_same_whether_the_other_unit_was_asked_or_she_was() -> None:
    world = World(RULES)
    world.consent([make_scope()], [make_sig_scope()], ago(20))
    for number in (1, 2, 3):
        world.come(make_notice(number, ago(number)), ago(0.5))
    assert (world.alone.episodes["repeated-notices"].team, world.beside.episodes["repeated-notices"].team) == ("sspf", "sig")
    for at in (NOW, ago(-3), ago(-60)):
        one, other = world.read(at, "sspf")
        assert one == other
    found = only(world.read(NOW, "sspf")[0])
    assert (found.standing, found.team, found.task_id) == (Standing.SHARED, "sspf", None)


def test_whoever_has_answered_and_rested_is_told_that_something_new_must_occur_only_until_it_has() -> None:
    world = World(RULES)
    world.consent([make_scope()], [make_sig_scope()], ago(20))
    for number in (11, 12, 13):
        world.come(make_notice(number, ago(number)), ago(11))
    world.come(answer_of("sspf", "repeated-notices", ago(10)), ago(10))
    one, other = world.read(ago(1), "sspf")
    assert one == other
    assert only(one).standing is Standing.ANSWERED
    world.come(make_notice(14, ago(1)), ago(0.5))
    one, other = world.read(NOW, "sspf")
    assert one == other
    assert only(one).standing is Standing.SHARED


def test_where_the_other_unit_has_answered_it_is_not_said_that_a_proposal_comes() -> None:
    world = World(RULES)
    world.consent([make_scope()], [make_sig_scope()], ago(20))
    for number in (1, 2, 3):
        world.come(make_notice(number, ago(number)), ago(0.5))
    world.beside = step(world.beside, answer_of("sig", "repeated-notices", ago(0.2)), RULES, NOW).state
    assert "repeated-notices" not in world.beside.episodes
    assert standing_text(only(world.read(NOW, "sspf")[1])) == (
        "Villkoren är uppfyllda. Ett förslag är på väg, öppet eller besvarat, här eller hos en annan enhet som regeln gäller."
    )


def test_whoever_is_asked_first_is_told_of_her_open_proposal_whatever_the_other_may_be_told() -> None:
    world = World(RULES)
    world.consent([make_sig_scope()], [make_scope()], ago(20))
    for number in (1, 2, 3):
        world.come(make_notice(number, ago(number)), ago(0.5))
    one, other = world.read(NOW, "sig")
    assert one == other
    assert (only(one).standing, only(one).task_id) == (Standing.OPEN, world.beside.episodes["repeated-notices"].task_id)


def test_whoever_is_asked_first_is_not_told_of_a_proposal_that_lingers_only_where_no_other_unit_is_told_more() -> None:
    world = World(rules_of(NOTICE, lingers_days=3, **SPARE))
    world.consent([make_sig_scope()], [make_scope(agencies=(POLICE, OTHER_POLICE))], ago(20))
    world.come(lob(1, ago(12)), ago(11))
    world.come(lob(2, ago(1), agency=OTHER_POLICE), ago(0.5))
    assert (world.alone.episodes["rule"].team, world.beside.episodes["rule"].team) == ("sig", "sspf")
    one, other = world.read(NOW, "sig")
    assert one == other


@pytest.mark.parametrize("lingers", [0, 3])
@pytest.mark.parametrize("name", STOPPED)
def test_where_an_event_more_can_stop_a_rule_what_is_read_tells_of_none_that_is_hidden(name: str, lingers: int) -> None:
    condition, stopping = STOPPED[name]
    world = World(rules_of(condition, lingers_days=lingers))
    others = make_sig_scope(agencies=(POLICE, ELSEWHERE))
    world.consent([make_scope(agencies=(SCHOOL,))], [others], ago(20))
    world.come(lesson(1, ago(3), 60, 60), ago(2.9))
    world.come(stopping, ago(0.9))
    assert lingers or (len(wake(world.alone, world.rules, NOW).state.episodes), len(world.beside.episodes)) == (1, 0)
    for at in (NOW, NOW + timedelta(hours=2), ago(-3), ago(-5)):
        one, other = world.read(at, "outreach")
        assert one == other
    (found,) = world.read(NOW, "outreach")[1]
    assert (standing_text(found), standing_text(found, "en"), found.task_id) == (
        "Villkoren är uppfyllda av det som enheten får veta. Ett förslag kan vara på väg eller öppet, men behöver inte komma.",
        "The conditions are met by what the team may be told. A proposal may be on its way or open, but need not come.",
        None,
    )


CONDITIONS: list[dict[str, Any]] = [
    NOTICE,
    NOTICE | {"at_least": 2, "within_days": 5},
    ABSENCE | {"id": "two", "at_least": 2, "within_days": 6},
    ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 30, "happens": True}},
    {"id": "seen", "kind": "risk_event", "of": ["recruitment"], "measure": "distinct_days", "at_least": 1, "within_days": 7},
    *(condition for condition, _ in STOPPED.values()),
]


def random_rules(chance: Random) -> CompiledRules:
    def rule(number: int) -> dict[str, Any]:
        when = [{**one, "id": f"c{place}"} for place, one in enumerate(chance.sample(CONDITIONS, chance.choice([1, 1, 2])))]
        return {
            "about": "person", "id": f"r{number}", "title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test",
            "function": "outreach_contact", "team": "outreach", "cooperation": "sspf", "priority": "normal",
            "respond_within_days": 5, "when": when, "lingers_days": chance.choice([0, 0, 2]),
            "rest_days": chance.choice([0, 0, 3]), "at_least_agencies": chance.choice([1, 1, 1, 2]),
            "ages": chance.choice([None, None, {"from": 12, "to": 15}]), **chance.choice([{}, SPARE, SPARE]),
        }  # fmt: skip

    return compile_rules(
        parse_rules({"version": "test.1", "owner": "test", "rules": [rule(number) for number in range(chance.choice([1, 2]))]})
    )


def random_event(chance: Random, number: int, at: datetime) -> Any:
    at -= timedelta(minutes=chance.choice([0, 5, 60, 1440, 3 * 1440, -60]))
    changes = {"revision": chance.choice([1, 1, 2, 3]), "retracted": chance.random() < 0.1}
    kind = chance.choice(["absence", "absence", "notice", "notice", "seen"])
    if kind == "absence":
        agency = SCHOOL if number % 3 else ELSEWHERE  # whoever told of it corrects it
        return make_absence(number, at, chance.choice([1, 60]), agency=agency, **changes).model_copy(
            update={"offered_minutes": 60}
        )
    if kind == "notice":
        return make_notice(f"b{number}", at, PoliceCategory.LOB, **changes)
    return make_observation(f"c{number}", at, **changes)


def random_world(chance: Random, scope: Any, others: Sequence[Any], teams: tuple[str, ...], rules: CompiledRules) -> Any:
    """The world after each message, with the instant."""
    world, at, version, number = World(rules), ago(40), 1, 0
    world.consent([scope], others if chance.random() < 0.5 else [], at)
    yield world, at
    for _ in range(chance.randint(4, 14)):
        at += timedelta(minutes=chance.choice([0, 1, 60, 700, 1440, 2 * 1440, 4 * 1440]))
        what = chance.choice(["consent", "answer", "others answer", *(["event"] * 6)])
        if what == "consent":
            version += 1
            world.consent([scope], others if chance.random() < 0.7 else [], at, version)
        elif what == "answer":
            rule = chance.choice(rules.rules).id
            world.come(answer_of(chance.choice(teams), rule, at), at)
        elif what == "others answer":
            done = [(rule, one) for rule, one in world.beside.episodes.items() if one.team not in teams]
            for rule, one in done:
                world.beside = step(world.beside, answer_of(one.team, rule, at, one.task_id), rules, at).state
        else:
            number = chance.randint(1, number + 1)
            world.come(random_event(chance, number, at), at)
        yield world, at


HERS = make_scope(agencies=(SCHOOL, POLICE), valid_from=ago(60))
ALL = (SCHOOL, POLICE, ELSEWHERE)
UNITS = {
    "whoever is asked instead": (HERS, [make_sig_scope(agencies=ALL)], ("outreach", "sspf")),
    "whoever is asked first": (make_sig_scope(), [make_scope(agencies=(*ALL, LEISURE))], ("sig",)),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("block", range(4))
def test_a_unit_reads_the_same_whatever_another_ones_consent_lets_it_be_told_and_do(block: int, unit: str) -> None:
    """By chance: at every step of a history, and later when nothing more comes."""
    scope, others, teams = UNITS[unit]
    for seed in range(block * 40, block * 40 + 40):
        chance = Random(seed)
        rules = random_rules(chance)
        for world, at in random_world(chance, scope, others, teams, rules):
            for later in (at, at + timedelta(hours=2), at + timedelta(days=2), at + timedelta(days=4)):
                for audience in AUDIENCES:
                    one, other = world.read(later, *teams, audience=audience)
                    assert one == other, (seed, at, later)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("block", range(4))
def test_no_reason_is_untrue(block: int, unit: str) -> None:
    """By chance: held against what the core has opened, and what has been answered, in the history that has all of it."""
    scope, others, teams = UNITS[unit]
    for seed in range(block * 40, block * 40 + 40):
        chance = Random(seed)
        rules = random_rules(chance)
        for world, at in random_world(chance, scope, others, teams, rules):
            for state, asking in ((world.alone, teams), (world.beside, teams), (world.beside, None)):
                current = wake(state, rules, at).state
                for found in why_not(state, rules, at, teams=asking):
                    assert is_true(found, current, asking or ()), (seed, at, found)


def is_true(found: RuleStanding, state: YouthState, teams: Sequence[str]) -> bool:
    episode = state.episodes.get(found.rule_id)
    hers = episode is not None and (not teams or episode.team in teams)
    answered = {key.split("|")[1] for key in state.answers if key.startswith(f"{found.rule_id}|")}
    met = bool(found.conditions) and not any(one.missing or one.unfallen for one in found.conditions)
    few = found.agencies is not None and found.agencies[0] < found.agencies[1]
    by_standing = {
        Standing.OPEN: hers,
        Standing.HOLDS: hers,
        Standing.SHARED: met and (episode is not None or bool(answered - set(teams))),
        Standing.POSSIBLE: met,
        Standing.ANSWERED: met and found.team in answered and not hers,
        Standing.RESTS: found.team in answered and (episode is None or episode.team != found.team),
        Standing.LACKS: few or not met,
    }
    return by_standing.get(found.standing, not hers)
