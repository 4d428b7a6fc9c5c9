"""The reference engine: what is proposed to whom at an instant, and on what ground. Slow, and written to be read.

It is written from `hub/core/README.md` and knows nothing of the code that it judges. Each time it starts from all that has
arrived; it remembers nothing between two questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from .counting import (
    it_has_the_right_age,
    it_is_met,
    the_events_that_count,
    the_value,
    what_followed,
)
from .history import DAY, HOUR, Arrival, Cases, Consent, Event
from .holding import Held, the_cases_that_count, what_a_team_may_be_told_of
from .swedish_days import as_date, date_in_sweden, when_the_day_begins

Rule = dict[str, Any]
THE_ANSWERS_THAT_END_A_TASK = {"rejected", "completed"}


class Ground(NamedTuple):
    """One condition of a proposal, and what met it."""

    condition: str
    measure: str
    met: int
    agencies: tuple[str, ...]
    first_at: int
    last_at: int


class Proposal(NamedTuple):
    """An open task."""

    rule: str
    team: str
    ground: tuple[Ground, ...]


class Outcome(NamedTuple):
    """All that must be the same, however the history came about."""

    open: tuple[Proposal, ...]
    held: tuple[tuple[Any, ...], ...]
    """(kind, number, revision, instant, code, agency, minutes, offered minutes, may tell), of the longest window, sorted."""


@dataclass(frozen=True)
class Case:
    """One youth and the rules in force."""

    rules: dict[str, Any]
    consent: Consent
    events: Sequence[Event]
    answered_at: dict[tuple[str, str], int]
    """By rule and team, when that last declined or completed such a task."""
    cases: Cases


def what_stands(rules: dict[str, Any], arrivals: Sequence[Arrival], now: int) -> Outcome:
    """The open proposals and the held events, once everything that was due has been looked at."""
    held = Held(arrivals)
    longest = max((the_longest_window(rule) for rule in people_s_rules(rules)), default=0)
    events = [event for event in held.events if event.occurred_at > now - longest]
    if held.consent is None or held.consent.status == "withdrawn":
        return Outcome((), ())
    answered_at: dict[tuple[str, str], int] = {}
    for answer in held.answers:
        if answer.state in THE_ANSWERS_THAT_END_A_TASK:
            whose = answer.rule, answer.team
            answered_at[whose] = max(answer.at, answered_at.get(whose, answer.at))
    case = Case(rules, held.consent, events, answered_at, held.cases)
    proposals = (what_is_proposed(rule, case, now) for rule in people_s_rules(rules))
    return Outcome(tuple(sorted(one for one in proposals if one is not None)), tuple(sorted(map(_as_held, events))))


def people_s_rules(rules: dict[str, Any]) -> list[Rule]:
    return [rule for rule in rules["rules"] if rule["about"] == "person"]


def the_longest_window(rule: Rule) -> int:
    """For how long an event can matter to a rule."""
    looking_back = (one["within_days"] + the_days_before(one) for one in rule["when"])
    return (max(looking_back) + rule.get("lingers_days", 0)) * DAY


def the_days_before(condition: dict[str, Any]) -> int:
    """How many days before its window a condition looks at too."""
    return int((condition.get("against_earlier") or condition.get("fell_from") or {"days": 0})["days"])


def what_is_proposed(rule: Rule, case: Case, now: int) -> Proposal | None:
    """A rule whose conditions are met, or were last met within the days for which it lingers, with what counted then.

    Who may be told, the age, the sunset and the answers are asked as of now.
    """
    if not it_may_hold_whatever_happened(rule, case.consent, now) or not it_is_a_case_as_it_asks(rule, case, now):
        return None
    for instant in the_instants_to_ask_newest_first(rule, case, now):
        for team, cooperation in the_teams_in_turn(rule):
            told = what_a_team_may_be_told_of(case.events, case.consent, team=team, cooperation=cooperation, now=now)
            if its_conditions_are_met(rule, case, case.events, instant) and its_conditions_are_met(rule, case, told, instant):
                if the_team_has_answered_and_may_not_be_asked_again(rule, team, case, told, instant=instant, now=now):
                    return None
                return Proposal(rule["id"], team, the_ground(rule, case, told, instant))
    return None


def it_may_hold_whatever_happened(rule: Rule, consent: Consent, now: int) -> bool:
    if rule.get("sunset") and date_in_sweden(now) > as_date(rule["sunset"]):
        return False
    return it_has_the_right_age(rule.get("ages"), consent.age_years, consent.age_valid_until, now)


def it_is_a_case_as_it_asks(rule: Rule, case: Case, now: int) -> bool:
    counting = the_cases_that_count(case.cases, case.consent, now)
    match rule.get("in_case"):
        case None:
            return True
        case "none":
            return not counting
        case asked:
            return asked in counting


def the_instants_to_ask_newest_first(rule: Rule, case: Case, now: int) -> Iterator[int]:
    """The present; and, for a rule that lingers, the last instant before each one at which its outcome could change."""
    yield now
    lingers = rule.get("lingers_days", 0) * DAY
    if lingers:
        changes = {one for one in when_its_outcome_could_change(rule, case) if now - lingers < one <= now}
        yield from (one - 1 for one in sorted(changes, reverse=True))
        yield now - lingers


def when_its_outcome_could_change(rule: Rule, case: Case) -> set[int]:
    found: set[int] = set()
    for condition in rule["when"]:
        window = condition["within_days"] * DAY
        for event in case.events:
            happened = event.occurred_at
            found |= {happened, happened + window}
            found.add(happened + window + the_days_before(condition) * DAY)
            found.add(happened + condition.get("then", {}).get("within_hours", 0) * HOUR)
            if "within_school_days" in condition:
                first = date_in_sweden(happened).toordinal()
                days = range(first, first + condition["within_days"] + 2)
                found |= {when_the_day_begins(date.fromordinal(day)) for day in days}
            if "school_days" in condition.get("fell_from", {}):
                first = date_in_sweden(happened).toordinal()
                days = range(first, first + condition["within_days"] + the_days_before(condition) + 2)
                begins = {when_the_day_begins(date.fromordinal(day)) for day in days}
                found |= begins | {one + window for one in begins}
    return found


def the_teams_in_turn(rule: Rule) -> list[tuple[str, str]]:
    """(team, cooperation): the rule's own, then whoever may ask for the consent to SIG that is wanting."""
    fallback = rule.get("without_sig_consent")
    return [(rule["team"], rule["cooperation"])] + ([(fallback["team"], "sspf")] if fallback else [])


def its_conditions_are_met(rule: Rule, case: Case, events: Sequence[Event], now: int) -> bool:
    if not all(it_is_met(condition, events, now, case.rules.get("school")) for condition in rule["when"]):
        return False
    agencies = {event.agency for event in all_that_count(rule, case, events, now)}
    return len(agencies) >= rule.get("at_least_agencies", 1)


def all_that_count(rule: Rule, case: Case, events: Sequence[Event], now: int) -> list[Event]:
    school = case.rules.get("school")
    return [event for condition in rule["when"] for event in the_events_that_count(condition, events, now, school)]


def the_team_has_answered_and_may_not_be_asked_again(
    rule: Rule, team: str, case: Case, told: Sequence[Event], *, instant: int, now: int
) -> bool:
    """The rule rests for the team, or nothing that counts has occurred since its answer."""
    answered_at = case.answered_at.get((rule["id"], team))
    if answered_at is None:
        return False
    if now < answered_at + rule.get("rest_days", 0) * DAY:
        return True
    return not any(event.occurred_at > answered_at for event in all_that_count(rule, case, told, instant))


def the_ground(rule: Rule, case: Case, events: Sequence[Event], now: int) -> tuple[Ground, ...]:
    """What is shown: not who told what the rule does not show, nor when that was."""
    school = case.rules.get("school")
    found = []
    for condition in rule["when"]:
        counting = the_events_that_count(condition, events, now, school)
        followed = [b for a in counting for b in what_followed(condition, a, events, now)] if "then" in condition else []
        shown = [one for one in [*counting, *followed] if one.agency not in rule.get("counts_but_not_shown", ())]
        if not shown:
            continue
        times, agencies = [one.occurred_at for one in shown], {one.agency for one in shown}
        met = the_value(condition, events, now, school) or 0
        found.append(Ground(condition["id"], condition["measure"], met, tuple(sorted(agencies)), min(times), max(times)))
    return tuple(found)


def _as_held(event: Event) -> tuple[Any, ...]:
    return (
        event.kind,
        event.number,
        event.revision,
        event.occurred_at,
        event.code,
        event.agency,
        event.minutes,
        event.offered_minutes or 0,
        event.may_tell_youth,
    )
