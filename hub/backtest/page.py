"""A backtest as one HTML page: no script, no font and no request, so that it can be mailed and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.backtest.charts import Bar, diverging, pairs, top_of
from hub.backtest.figures import OURS, THEIRS
from hub.backtest.published import OTHERS, Published, Shares
from hub.backtest.tally import Kind
from hub.backtest.words import TEXTS, Names, shown, week_name
from hub.clock import STOCKHOLM
from hub.core.suppression import FEWEST, Band
from hub.core.texts import Language

__all__ = ["page"]


@dataclass(frozen=True, slots=True)
class _Chart:
    """A drawing 100 high, what it shows in words, and the number at its upper edge."""

    title: str
    said: str
    width: float
    bars: Sequence[Bar]
    top: int
    middle: bool
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Band]]]


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    about: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    long: bool = False


def page(found: Published, names: Names, language: Language, now: datetime) -> str:
    """The whole page. `now` (aware) is told as when it was made."""
    environment = Environment(
        loader=PackageLoader("hub.backtest"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    say = partial(_say, language)
    charts = [_load(found, team, names, language) for team in found.teams()]
    if charts:
        charts.append(_change(found, language))
    return environment.get_template("backtest.html").render(
        language=language,
        say=say,
        shown=lambda band: shown(band, language),
        title=say("title", candidate=found.candidate[0]),
        notes=_notes(found, language),
        rules=_rules(found, names, language),
        charts=charts,
        tables=_tables(found, names, language),
        weeks=[week_name(week) for week in found.weeks],
        made=say("made", now=f"{now.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}", sha=found.candidate[1][:16]),
    )


def _say(language: Language, key: str, **values: object) -> str:
    return TEXTS[key][language].format(**values)


def _notes(found: Published, language: Language) -> list[str]:
    say, weeks = partial(_say, language), found.weeks or ("–W–",)
    notes = [
        say(
            "against", active=found.active[0], first=week_name(weeks[0]), last=week_name(weeks[-1]),
            youths=shown(found.youths), events=shown(found.events),
        ),
        say("hidden", fewest=FEWEST),
        say("left_out"),
    ]  # fmt: skip
    if found.at_once:
        notes.append(say("at_once"))
    if found.cold_until is not None and found.first_week is not None:
        notes.append(say("cold", first=week_name(found.first_week), until=f"{found.cold_until:%Y-%m-%d}"))
    return notes


def _rules(found: Published, names: Names, language: Language) -> _Table:
    say = partial(_say, language)
    rows = []
    for rule in found.rules:
        tasks = [found.tasks(*kinds, rule=rule) for kinds in (OURS, THEIRS, (Kind.BOTH,), (Kind.NEW,), (Kind.GONE,))]
        figures = [*tasks, found.youths_by_rule.get(rule, Band(0, 0))]
        rows.append((names.rules.get(rule, rule), [shown(band, language) for band in figures]))
    heads = [say(key) for key in ("rule", "candidate", "active", "both", "new", "gone", "youths")]
    return _Table(say("rules"), "", heads, rows)


def _load(found: Published, team: str, names: Names, language: Language) -> _Chart:
    say, name = partial(_say, language), names.teams.get(team, team)
    ours = [found.tasks(*OURS, week=week, team=team) for week in found.weeks]
    theirs = [found.tasks(*THEIRS, week=week, team=team) for week in found.weeks]
    sums = found.tasks(*OURS, team=team), found.tasks(*THEIRS, team=team)
    width, bars = pairs(ours, theirs)
    top = top_of(*ours, *theirs)
    rows = [(say("all"), sums), *_by_week(found, zip(ours, theirs, strict=True))]
    said = say("chart", team=name, candidate=shown(sums[0], language), active=shown(sums[1], language), most=top)
    heads = [say("week"), say("candidate"), say("active")]
    return _Chart(say("load", team=name), said, width, bars, top, middle=False, heads=heads, rows=rows)


def _change(found: Published, language: Language) -> _Chart:
    say = partial(_say, language)
    parts = {kind: [found.tasks(kind, week=week) for week in found.weeks] for kind in (Kind.BOTH, Kind.NEW, Kind.GONE)}
    width, bars = diverging(parts[Kind.NEW], parts[Kind.GONE])
    rows = [(say("all"), [found.tasks(kind) for kind in parts]), *_by_week(found, zip(*parts.values(), strict=True))]
    heads = [say("week"), *(say(key) for key in ("both", "new", "gone"))]
    top = top_of(*parts[Kind.NEW], *parts[Kind.GONE])
    return _Chart(say("change"), say("change_chart"), width, bars, top, middle=True, heads=heads, rows=rows)


def _by_week(found: Published, figures: Any) -> list[tuple[str, Sequence[Band]]]:
    return [(week_name(week), bands) for week, bands in zip(found.weeks, figures, strict=True)]


def _tables(found: Published, names: Names, language: Language) -> list[_Table]:
    say = partial(_say, language)
    tables = []
    if functions := found.functions():
        heads = [say("week"), *(f"{names.function(name, language)}, {names.teams.get(team, team)}" for team, name in functions)]
        rows = [
            (
                week_name(week),
                [shown(found.tasks(*OURS, week=week, team=team, function=name), language) for team, name in functions],
            )
            for week in found.weeks
        ]
        tables.append(_Table(say("functions"), "", heads, rows, long=True))
    ours = sorted(found.youths_by_rule)
    if len(ours) > 1:
        heads = [say("rule"), *(names.rules.get(rule, rule) for rule in ours)]
        rows = [(names.rules.get(rule, rule), [_both(found, rule, other, language) for other in ours]) for rule in ours]
        tables.append(_Table(say("overlap"), "", heads, rows))
    for title, place, shares, known in (
        ("schools", "school", found.schools, names.agencies),
        ("areas", "area", found.areas, names.areas),
    ):
        heads = [say(place), say("youths"), *(names.rules.get(rule, rule) for rule in sorted(shares.with_task))]
        rows = [
            (_place(name, known, language), [shown(youths, language), *_shares(shares, name, youths, language)])
            for name, youths in sorted(shares.youths.items())
        ]
        tables.append(_Table(say(title), say("share"), heads, rows))
    return tables


def _both(found: Published, rule: str, other: str, language: Language) -> str:
    if rule == other:
        return shown(found.youths_by_rule[rule], language)
    return shown(found.overlaps[min(rule, other), max(rule, other)], language)


def _place(name: str, known: Mapping[str, str], language: Language) -> str:
    special = {"": "none", OTHERS: "others"}
    return TEXTS[special[name]][language] if name in special else known.get(name, name)


def _shares(shares: Shares, place: str, youths: Band, language: Language) -> list[str]:
    """With between how many percent of the place's youths they are."""
    return [shown(bands[place], language) + _percent(bands[place], youths) for _, bands in sorted(shares.with_task.items())]


def _percent(some: Band, youths: Band) -> str:
    if some.most is None or youths.most is None or some.least < FEWEST:  # of few it says nothing
        return ""
    return f" ({some.least * 100 // youths.most}–{min(100, some.most * 100 // youths.least)} %)"
