"""The ways to teams' own systems: how each is, what it refused, pausing it, letting it go on, handing over again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.access.trail import actor_of
from hub.breaker import BreakerState
from hub.contract.models import TaskState
from hub.delivery.sink_desk import SinkDesk
from hub.delivery.sink_states import RefusedErrand, SinkState
from hub.errors import RejectedError
from hub.said_why import LONGEST_REASON
from hub.web.language import mark
from hub.web.operations.sources import REASONS
from hub.web.operations.watch import Watch

__all__ = ["listed", "one", "pause", "redrive", "resume"]

_SECTION: Final = "/sinks"
_WORDS: Final = MappingProxyType(
    {
        TaskState.REQUESTED.value: mark("a new task"),
        TaskState.RECALLED.value: mark("that the task was recalled"),
        TaskState.CANCELLED.value: mark("that the task was cancelled"),
    }
)


def listed(watch: Watch) -> Response:
    """Every sink of hub.toml, and any other that errands wait for."""
    rows = [_row(watch, state) for state in _desk(watch).states()]
    return watch.page("sinks.html", _SECTION, rows=rows, here=_SECTION)


def one(watch: Watch) -> Response:
    """One sink."""
    return _page(watch)


def pause(watch: Watch) -> Response:
    """The receiver is told nothing until somebody lets it go on; in the audit log first."""
    name, reason = watch.request.path_params["sink"], watch.field("reason")
    try:
        _desk(watch).pause(name, actor_of(watch.who, Action.OPERATIONS_ACT), reason)
    except RejectedError as error:
        if error.code in REASONS:
            kept = "" if error.code == "number_in_reason" else reason
            return _page(watch, status=400, wrong=watch.words.text(REASONS[error.code], most=LONGEST_REASON), typed=kept)
        if error.code != "already_paused":
            raise
    return _back(name)


def resume(watch: Watch) -> Response:
    """It goes on; in the audit log first. Twice has one effect."""
    name = watch.request.path_params["sink"]
    try:
        _desk(watch).resume(name, actor_of(watch.who, Action.OPERATIONS_ACT))
    except RejectedError as error:
        if error.code != "not_paused":
            raise
    return _back(name)


def redrive(watch: Watch) -> Response:
    """What the receiver refused of a task is handed over again; in the audit log first. Twice has one effect."""
    name = watch.request.path_params["sink"]
    try:
        _desk(watch).redrive(name, watch.field("task"), actor_of(watch.who, Action.OPERATIONS_ACT))
    except RejectedError as error:
        if error.code != "nothing_refused":
            raise
    return _back(name)


def _desk(watch: Watch) -> SinkDesk:
    return watch.console.sinks(watch.web.audit)


def _back(name: str) -> Response:
    return RedirectResponse(f"{_SECTION}/{name}", status_code=303)


def _page(watch: Watch, *, status: int = 200, wrong: str = "", typed: str = "") -> Response:
    name = watch.request.path_params["sink"]
    state = _desk(watch).state(name)
    return watch.page(
        "sink.html", _SECTION, status=status, sink=name, row=_row(watch, state),
        refused=[_refused(watch, each) for each in state.latest],
        paused=watch.maybe(state.paused_at), why=state.paused_reason, by=state.paused_by, stopped=watch.maybe(state.stopped_at),
        failed=watch.maybe(state.last_error), code=state.last_code, alone=watch.maybe(state.breaker.since),
        failures=state.breaker.failures, delivered=state.delivered, wrong=wrong, typed=typed, longest=LONGEST_REASON,
        may_act=watch.may(Action.OPERATIONS_ACT) and state.configured, here=f"{_SECTION}/{name}",
    )  # fmt: skip


def _row(watch: Watch, state: SinkState) -> Mapping[str, Any]:
    chosen = watch.console.load().sinks.get(state.name)
    teams = [team.title for team in watch.web.teams.values() if state.name in team.sinks]
    status, told = _standing(watch, state)
    return {
        "name": state.name, "connector": chosen.connector if chosen else "", "teams": ", ".join(teams),
        "status": status, "told": told,
        "code": state.stopped_code if state.stopped_at else "", "waiting": state.waiting, "oldest": watch.maybe(state.oldest),
        "success": watch.maybe(state.last_success), "next": watch.maybe(state.next_try), "refused": state.refused,
    }  # fmt: skip


def _standing(watch: Watch, state: SinkState) -> tuple[str, str]:
    """`fine`, `soon` or `late`, and the state in a few words."""
    text = watch.words.text
    if not state.configured:
        return "late", text("not in hub.toml: what waits for it is not handed over")
    if state.stopped_at is not None:
        return "late", text("stopped: the address, a secret or a right is wrong")
    if state.paused_at is not None:
        return "soon", text("paused")
    if state.breaker.state is not BreakerState.CLOSED:
        return "late", text("the receiver does not answer; it is tried by itself, seldom")
    if state.last_error is not None and (state.last_success is None or state.last_error > state.last_success):
        return "soon", text("the last call failed; it is tried again by itself")
    idle = state.last_success is None and not state.waiting
    return "fine", text("ready; nothing has been handed over yet") if idle else text("hands over")


def _refused(watch: Watch, one: RefusedErrand) -> Mapping[str, Any]:
    word = watch.words.text(_WORDS[one.state]) if one.state in _WORDS else one.state
    return {"task": one.task_id, "word": word, "code": one.code, "at": watch.maybe(one.at)}
