"""`hub connectors state|pause|resume`: how each instance of hub.toml is, and stopping and starting its polls."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from rich.table import Column

    from hub.connect.pauses import Pause
    from hub.connect.state import ConnectorState, LaneState

__all__ = ["pause", "resume", "state"]

Name = Annotated[str, typer.Argument(help="The instance, as hub.toml names it under `connectors`.")]


def state(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this instance, with its pauses.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show how each connector of this installation is: last success, last news, rate, next poll, pause, silence.

    It reads what the connectors' processes wrote down, so it answers for one that is down, too. Nothing of it depends on
    anybody's consent.

    Example: hub connectors state

    Example: hub connectors state ss12000 --json
    """
    from hub.bootstrap import build_clock
    from hub.connect.state import read_pauses, read_state, read_states
    from hub.settings import load_settings

    settings = load_settings(home)
    now = build_clock(settings).now()
    found = [read_state(settings, name, now)] if name else read_states(settings, now)
    pauses = read_pauses(settings, name) if name else []
    if as_json:
        told: list[dict[str, Any]] = [_facts(one) for one in found]
        if name:
            told = [{**one, "pauses": [asdict(pause) for pause in pauses]} for one in told]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False, default=_written))
        return
    _print(found, now)
    _print_pauses(pauses)


def pause(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why, in a short line without a person's number.")],
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pause a connector: its source is asked nothing more until somebody resumes it. It takes an operator.

    A running process heeds it within seconds: what it has pulled it publishes, and it goes on from there later; it need not be
    restarted, and one that is started while paused waits. Withdrawals are still followed, letters that somebody sends again
    are sent, and **the statutory lane goes on**: a mandatory report is never delayed.

    Example: hub connectors pause ss12000 --reason "The school system is being moved"
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.letter_person import admitted
    from hub.connect.pausing import Pausing

    with admitted(home, account, Action.OPERATIONS_ACT) as place:
        done = Pausing(place.settings, place.clock, place.audit).pause(name, actor_of(place.who, Action.OPERATIONS_ACT), reason)
    _tell(done, f"{name} is paused. Let it go on with: hub connectors resume {name}", as_json=as_json)


def resume(name: Name, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Let a paused connector go on where it stood, within seconds. It takes an operator.

    Example: hub connectors resume ss12000
    """
    from hub.access.roles import Action
    from hub.access.trail import actor_of
    from hub.commands.letter_person import admitted
    from hub.connect.pausing import Pausing

    with admitted(home, account, Action.OPERATIONS_ACT) as place:
        done = Pausing(place.settings, place.clock, place.audit).resume(name, actor_of(place.who, Action.OPERATIONS_ACT))
    _tell(done, f"{name} goes on; it was paused since {_at(done.since)}.", as_json=as_json)


def _tell(pause: Pause, text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(asdict(pause), indent=2, ensure_ascii=False, default=_written) if as_json else text)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _facts(one: ConnectorState) -> dict[str, Any]:
    return {**asdict(one), "expects": [each.model_dump(mode="json") for each in one.expects]}


def _print(found: list[ConnectorState], now: datetime) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        typer.echo("hub.toml has no connectors. `hub connectors list` shows what is installed.")
        return
    table = Table(*_columns(), box=SIMPLE_HEAD, pad_edge=False)
    for one in found:
        table.add_row(escape(one.name), _standing(one), *_lane(one.events, now), _at(one.expected_by))
        if one.statutory is not None:
            table.add_row("  statutory", _statutory(one, one.statutory), *_lane(one.statutory, now), "-")
    Console().print(table)


def _columns() -> list[Column]:
    """As narrow as a day and a minute below it: the state takes what a terminal has left."""
    from rich.table import Column

    days = [Column(name, min_width=10) for name in ("Last success", "Last news", "Expected by")]
    rate, due = Column("Per hour", justify="right"), Column("Next poll", min_width=7)
    return [Column("Connector", min_width=11), Column("State", ratio=1), *days[:2], rate, due, days[2]]


def _running(one: ConnectorState) -> str:
    return "not enabled" if not one.enabled else "runs" if one.running else "does not run"


def _statutory(one: ConnectorState, lane: LaneState) -> str:
    """Its own last poll: no pause reaches it, and a mandatory report may wait behind one that fails."""
    if one.enabled and one.running and lane.fails:
        return f"fails ({lane.last_result}: {lane.last_code})"
    return _running(one)


def _standing(one: ConnectorState) -> str:
    from rich.markup import escape

    from hub.breaker import BreakerState

    if one.paused is not None:
        return escape(f"paused since {_at(one.paused.since)} by {one.paused.by}: {one.paused.reason}")
    if not (one.enabled and one.running):
        return _running(one)
    if one.breaker.state is not BreakerState.CLOSED:
        failures = f"after {one.breaker.failures} failures ({one.breaker.code})"
        return f"breaker {one.breaker.state.replace('_', '-')} since {_at(one.breaker.since)} {failures}"
    if one.silent_since is not None:
        return f"silent: something new was expected by {_at(one.silent_since)}"
    return f"{one.events.last_result}: {one.events.last_code}" if one.events.fails else "runs"


def _lane(lane: LaneState, now: datetime) -> tuple[str, str, str, str]:
    due = lane.next_poll
    soon = "-" if due is None else "now" if due <= now else f"in {(due - now).total_seconds():.0f} s"
    return _at(lane.last_success), _at(lane.last_news), f"{lane.rate:.1f}", soon


def _print_pauses(pauses: list[Pause]) -> None:
    for one in pauses:
        ended = f"{_at(one.resumed_at)} by {one.resumed_by}" if one.resumed_at else "now"
        typer.echo(f"Paused {_at(one.since)} by {one.by}, until {ended}: {one.reason}")


def _at(instant: datetime | None) -> str:
    """Swedish time."""
    from hub.clock import STOCKHOLM

    return "-" if instant is None else f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
