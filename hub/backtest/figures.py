"""The published figures as data for a script. A number that is not shown is null, and beside it stands between what it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.backtest.published import Published, Shares
from hub.backtest.tally import Kind
from hub.core.suppression import FEWEST, Band

__all__ = ["OURS", "THEIRS", "as_data"]

OURS, THEIRS = (Kind.BOTH, Kind.NEW), (Kind.KEPT, Kind.GONE)
"""The candidate's tasks, and the active rules'."""


def as_data(found: Published) -> dict[str, Any]:
    """One JSON document; the same figures give the same document."""
    return {
        "candidate": _version(found.candidate),
        "active": _version(found.active),
        "since": None if found.since is None else found.since.isoformat(),
        "until": found.until.isoformat(),
        "history": {
            "first_week": found.first_week,
            "last_week": found.last_week,
            **_figure("youths", found.youths),
            **_figure("events", found.events),
            "told_at_once": found.at_once,
            **_each("youths_left_out", found.left_out),
            **_each("records_left_out", found.refused),
        },
        "not_shown_below": FEWEST,
        "in_steps_of": FEWEST,
        "windows_not_full_until": None if found.cold_until is None else found.cold_until.isoformat(),
        "rules": [_rule(found, rule) for rule in found.rules],
        "teams": [_team(found, team) for team in found.teams()],
        "weeks": [_week(found, week) for week in found.weeks],
        "overlap": [{"rules": list(pair), **_figure("youths", band)} for pair, band in sorted(found.overlaps.items())],
        "schools": _shares("school", found.schools),
        "areas": _shares("area", found.areas),
    }


def _rule(found: Published, rule: str) -> dict[str, Any]:
    return {
        "rule": rule,
        **_figure("candidate", found.tasks(*OURS, rule=rule)),
        **_figure("active", found.tasks(*THEIRS, rule=rule)),
        **_difference(found, rule=rule),
        **_figure("youths", found.youths_by_rule.get(rule, Band(0, 0))),
    }


def _team(found: Published, team: str) -> dict[str, Any]:
    load = {
        **_figure("candidate", found.tasks(*OURS, team=team)),
        **_figure("active", found.tasks(*THEIRS, team=team)),
    }
    return {"team": team, **load}


def _week(found: Published, week: str) -> dict[str, Any]:
    teams = [
        {
            "team": team,
            **_figure("candidate", found.tasks(*OURS, week=week, team=team)),
            **_figure("active", found.tasks(*THEIRS, week=week, team=team)),
        }
        for team in found.teams()
    ]
    functions = [
        {"team": team, "function": name, **_figure("candidate", found.tasks(*OURS, week=week, team=team, function=name))}
        for team, name in found.functions()
    ]
    return {"week": week, **_difference(found, week=week), "teams": teams, "functions": functions}


def _difference(found: Published, **of: str) -> dict[str, Any]:
    """`both`: the candidate's that the active rules propose too; each of the rest is one side's alone."""
    return {
        **_figure("both", found.tasks(Kind.BOTH, **of)),
        **_figure("only_candidate", found.tasks(Kind.NEW, **of)),
        **_figure("only_active", found.tasks(Kind.GONE, **of)),
    }


def _shares(place: str, shares: Shares) -> list[dict[str, Any]]:
    rows = []
    for name, youths in sorted(shares.youths.items()):
        tasks = {rule: bands[name] for rule, bands in sorted(shares.with_task.items())}
        rows.append({place: name or None, **_figure("youths", youths), **_each("with_a_task", tasks)})
    return rows


def _version(of: tuple[str, str]) -> dict[str, str]:
    return {"version": of[0], "sha256": of[1]}


def _figure(name: str, band: Band) -> dict[str, Any]:
    if band.exact is not None:
        return {name: band.exact}
    return {name: None, f"{name}_between": [band.least, band.most]}


def _each(name: str, bands: Mapping[str, Band]) -> dict[str, Any]:
    hidden = {key: [band.least, band.most] for key, band in bands.items() if band.exact is None}
    shown = {name: {key: band.exact for key, band in bands.items()}}
    return shown | ({f"{name}_between": hidden} if hidden else {})
