"""What of a tally may be shown: every number in a step of five, made once; all that is shown is worked out from them alone.

Rules lie within others, weeks follow weeks, and a candidate is tried again with a threshold changed: whoever knows how, knows
what a difference of two figures counts. So no figure is exact but none, and no time is told but a week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from hub.backtest.tally import Kind, Plan, Tally
from hub.core.instants import stockholm_date, stockholm_week, to_ms
from hub.core.suppression import FEWEST, Band, in_steps, step_of, summed
from hub.errors import RejectedError

__all__ = ["OTHERS", "Published", "Row", "Shares", "publish"]

OTHERS = "*"
Pair = tuple[str, str]
_Groups = Mapping[str, str]
Lane = tuple[Kind, str, str]
"""Tasks of one kind for one function of one team."""
_Persons = tuple[Band, dict[str, Band], dict[str, Band]]
"""Youths with a task of a rule: in all, by school, by area."""


@dataclass(frozen=True, slots=True)
class Row:
    """The tasks of a lane, in two breakdowns of one total."""

    total: Band
    weeks: Mapping[str, Band]
    rules: Mapping[str, Band]


@dataclass(frozen=True, slots=True)
class Shares:
    """Youths by where they belong, one place each: in all, and with a task of each rule. Empty key: none is known; `OTHERS`: the
    places with fewer than five youths, together.
    """

    youths: Mapping[str, Band]
    with_task: Mapping[str, Mapping[str, Band]]


@dataclass(frozen=True, slots=True)
class Published:
    """A backtest's figures; `weeks` are all ISO weeks that were asked for, ascending. Instants are UTC."""

    candidate: tuple[str, str]
    active: tuple[str, str]
    """Version and sha256 of the rules."""
    rules: tuple[str, ...]
    weeks: tuple[str, ...]
    since: datetime | None
    until: datetime
    first_week: str | None
    last_week: str | None
    """The ISO weeks of the first and the last that was read of anybody; None of an empty history."""
    longest_days: int
    youths: Band
    events: Band
    """All that were read, also before and after the time that is asked for."""
    at_once: bool
    imported: bool
    """Whether most events were recorded weeks after they occurred, and yet are replayed by when they were recorded."""
    left_out: Mapping[str, Band]
    refused: Mapping[str, Band]
    rows: Mapping[Lane, Row]
    youths_by_rule: Mapping[str, Band]
    overlaps: Mapping[Pair, Band]
    schools: Shares
    areas: Shares

    def tasks(
        self, *kinds: Kind, week: str | None = None, rule: str | None = None, team: str | None = None, function: str | None = None
    ) -> Band:
        """Tasks of these kinds: of one week, or of one rule, or in all; of one team or function, or of all."""
        return summed(self._parts(kinds, week, rule, team, function))

    def _parts(
        self, kinds: Sequence[Kind], week: str | None, rule: str | None, team: str | None, function: str | None
    ) -> Iterator[Band]:
        for (kind, to, what), row in self.rows.items():
            if kind in kinds and team in (None, to) and function in (None, what):
                none = Band(0, 0)
                if week is not None:
                    yield row.weeks.get(week, none)
                else:
                    yield row.total if rule is None else row.rules.get(rule, none)

    def teams(self) -> list[str]:
        """Who is proposed something, ascending."""
        return sorted({team for _, team, _ in self.rows})

    def functions(self) -> list[tuple[str, str]]:
        """(team, function) of the candidate's tasks, ascending."""
        return sorted({(team, function) for kind, team, function in self.rows if kind.candidate})

    @property
    def cold_until(self) -> date | None:
        """The Monday from which on windows lack nothing of before the history; None when all that is counted lies after."""
        if self.first_week is None:
            return None
        known = date.fromisoformat(f"{self.first_week}-7") + timedelta(days=1 + self.longest_days)
        warm = known + timedelta(days=-known.weekday() % 7)
        return warm if self.since is None or stockholm_date(self.since) < warm else None


def publish(tally: Tally, plan: Plan) -> Published:
    """The figures. Raises RejectedError `too_few_youths` when there are so few that every figure would be small."""
    if tally.youths < FEWEST:
        raise RejectedError(
            f"fewer than {FEWEST} youths have a history that may be used: figures of so few would be about them. Read a longer "
            "history, or wait for more consents",
            code="too_few_youths",
        )
    rules = tuple(sorted({rule.id for rules in (plan.candidate, plan.active) for rule in rules.rules}))
    ours = tuple(rule.id for rule in plan.candidate.rules)
    weeks = tuple(_weeks(plan.since or tally.first or plan.until, plan.until))
    schools, areas = _grouped(tally.schools), _grouped(tally.areas)
    rows = _rows(tally, weeks, plan)
    tasks = {rule: _tasks(rows, rule) for rule in ours}
    persons = {rule: _persons(tally, rule, (schools, areas), tasks[rule], room=_room(rows, rule)) for rule in ours}
    return Published(
        candidate=(plan.candidate.version, plan.candidate.sha256),
        active=(plan.active.version, plan.active.sha256),
        rules=rules,
        weeks=weeks,
        since=plan.since,
        until=plan.until,
        first_week=_week_of(tally.first),
        last_week=_week_of(tally.last),
        longest_days=max(plan.candidate.longest_days, plan.active.longest_days),
        youths=step_of(tally.youths),
        events=step_of(tally.events),
        at_once=plan.at_once,
        imported=not plan.at_once and 2 * tally.late > tally.events,
        left_out={reason: step_of(number) for reason, number in sorted(tally.left_out.items())},
        refused={reason: step_of(number) for reason, number in sorted(tally.refused.items())},
        rows=rows,
        youths_by_rule={rule: total for rule, (total, _, _) in persons.items()},
        overlaps={pair: _overlap(tally.overlap[pair], *map(tasks.__getitem__, pair)) for pair in combinations(sorted(ours), 2)},
        schools=_shares(tally.schools, schools, {rule: bands for rule, (_, bands, _) in persons.items()}),
        areas=_shares(tally.areas, areas, {rule: bands for rule, (_, _, bands) in persons.items()}),
    )


def _rows(tally: Tally, weeks: Sequence[str], plan: Plan) -> dict[Lane, Row]:
    by_week: dict[Lane, Counter[str]] = {}
    by_rule: dict[Lane, Counter[str]] = {}
    for cell, number in tally.tasks.items():
        lane = (cell.kind, cell.team, cell.function)
        by_week.setdefault(lane, Counter(dict.fromkeys(weeks, 0)))[cell.week] += number
        # Those without a task too: else of a rule that is listed everybody knew that it has one.
        by_rule.setdefault(lane, Counter(dict.fromkeys(_proposing(plan, lane), 0)))[cell.rule] += number
    rows = {}
    for lane in sorted(by_week):
        total, (of_weeks, of_rules) = in_steps(by_week[lane], by_rule[lane])
        rows[lane] = Row(total, of_weeks, of_rules)
    return rows


def _proposing(plan: Plan, lane: Lane) -> set[str]:
    """The rules that can have tasks in a lane."""
    kind, team, function = lane
    sets = [plan.candidate] if kind is Kind.NEW else [plan.active] if kind is Kind.GONE else [plan.candidate, plan.active]
    able = [
        {rule.id for rule in one.rules if any((route.team, route.function) == (team, function) for route in rule.routes)}
        for one in sets
    ]
    return set.intersection(*able)


def _grouped(places: Mapping[str, int]) -> dict[str, str]:
    """By place, what it is told under. So many of the smallest are told together that no place has few youths: then who has a
    task is not bounded by a number that is not shown.
    """
    together: list[str] = []
    smallest_first = sorted(places, key=lambda place: (places[place], place))
    for place in smallest_first:
        if places[place] >= FEWEST and (not together or sum(places[one] for one in together) >= FEWEST):
            break
        together.append(place)
    return {place: OTHERS if place in together else place for place in places}


def _in_all(counts: Mapping[str, int], groups: Mapping[str, str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for place, group in groups.items():
        found[group] += counts.get(place, 0)
    return dict(found)


def _persons(tally: Tally, rule: str, places: tuple[_Groups, _Groups], tasks: Band, *, room: bool) -> _Persons:
    """(in all, by school, by area). By place only where it says of the rule's tasks nothing that they do not say themselves, and
    where that it is left out says next to nothing: one task more than there are at least.
    """
    by_school = _in_all({place: tally.by_school.get((rule, place), 0) for place in tally.schools}, places[0])
    by_area = _in_all({place: tally.by_area.get((rule, place), 0) for place in tally.areas}, places[1])
    total = _no_more_than_sure(sum(by_school.values()), tasks)
    _, steps = in_steps(by_school, by_area)
    told = any(band.least for one in steps for band in one.values())
    told = told and room and max(map(len, steps)) >= tasks.least % FEWEST + 2
    told = told and tasks.least >= max(FEWEST, *(summed(one.values()).least for one in steps))
    in_schools, in_areas = (
        dict.fromkeys(one, total) if len(one) == 1 else one if told else dict.fromkeys(one, Band(0, total.most)) for one in steps
    )
    return total, in_schools, in_areas


def _no_more_than_sure(youths: int, tasks: Band) -> Band:
    """So many youths with a task of a rule. Each has one: so their step tells of the tasks that there are as many, which can be
    what a lane does not tell. It is told below the tasks that there are at least by what is shown; from there on, all are one.
    """
    edge, step = step_of(tasks.least), step_of(youths)
    return step if step.least < edge.least else Band(edge.least, tasks.most)


def _overlap(youths: int, one: Band, other: Band) -> Band:
    """Youths with tasks of two rules. None and few are told alike: few with each of four rules that share nobody are four."""
    tasks = Band(min(one.least, other.least), min(one.most or 0, other.most or 0))
    if tasks.least < FEWEST:
        return Band(0, tasks.most)
    return Band(0, FEWEST - 1) if youths < FEWEST else _no_more_than_sure(youths, tasks)


def _tasks(rows: Mapping[Lane, Row], rule: str) -> Band:
    """The candidate's tasks of a rule, by what is shown."""
    return summed(row.rules[rule] for (kind, _, _), row in rows.items() if kind.candidate and rule in row.rules)


def _room(rows: Mapping[Lane, Row], rule: str) -> bool:
    """Whether in each lane that surely has tasks of the rule, each rule could have one more than its least, and one more yet."""
    lanes = [row for (kind, _, _), row in rows.items() if kind.candidate and rule in row.rules and row.rules[rule].least]
    return all(_spare(row) > sum(band.least > 0 for band in row.rules.values()) for row in lanes)


def _spare(row: Row) -> int:
    """How many more tasks there can be than each rule's least together."""
    rules, weeks = summed(row.rules.values()), summed(row.weeks.values())
    return min(band.most for band in (row.total, rules, weeks) if band.most is not None) - rules.least


def _shares(places: Mapping[str, int], groups: Mapping[str, str], with_task: Mapping[str, Mapping[str, Band]]) -> Shares:
    return Shares({place: step_of(number) for place, number in _in_all(places, groups).items()}, with_task)


def _week_of(at: datetime | None) -> str | None:
    return None if at is None else stockholm_week(to_ms(at))


def _weeks(since: datetime, until: datetime) -> Iterator[str]:
    at, last = since, until - timedelta(milliseconds=1)
    seen = ""
    while at <= last or seen != stockholm_week(to_ms(last)):
        week = stockholm_week(to_ms(min(at, last)))
        if week != seen:
            yield week
        seen, at = week, at + timedelta(days=1)
