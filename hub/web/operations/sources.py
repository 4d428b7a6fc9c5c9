"""The sources: how each is, pausing it and letting it go on, and the way to its letters, its messages and a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.access.trail import actor_of
from hub.breaker import Breaker, BreakerState
from hub.connect.letter_box import Look
from hub.connect.pauses import Pause
from hub.connect.pausing import Pausing
from hub.connect.settings_history import Version, changes, read_versions, settings_told
from hub.connect.state import ConnectorState, LaneState, read_pauses, read_state, read_states
from hub.errors import RejectedError
from hub.said_why import LONGEST_REASON
from hub.settings import Settings
from hub.web.language import mark
from hub.web.operations.trials import LIMITS
from hub.web.operations.watch import Watch

__all__ = ["REASONS", "listed", "one", "pause", "resume"]

_SECTION: Final = "/sources"
_PAUSES: Final = 10
_VERSIONS: Final = 10
REASONS: Final = MappingProxyType(
    {
        "no_reason": mark("Say why, in a short line."),
        "long_reason": mark("Say why in at most {most} characters."),
        "reason_in_lines": mark("Say why in one line."),
        "number_in_reason": mark("This holds what may be a person's number: say it without. A date is written as 28 Nov."),
    }
)
_RESULTS: Final = MappingProxyType(
    {
        "retry": mark("does not answer; it is asked again by itself"),
        "rejected": mark("gave an answer that was refused; it is asked again by itself"),
        "stale": mark("waits for the consent registry"),
        "paused": mark("paused"),
        "open": mark("is left alone for a while: it failed again and again"),
    }
)

_BREAKERS: Final = MappingProxyType(
    {
        BreakerState.CLOSED: mark("closed: the source is asked as its settings say"),
        BreakerState.OPEN: mark("is left alone for a while: it failed again and again"),
        BreakerState.HALF_OPEN: mark("is tried by one reading: it had failed again and again"),
    }
)
_UNWELL: Final = mark("is not well")
_MANDATORY: Final = mark("the statutory lane cannot be read: a mandatory report may wait")


def listed(watch: Watch) -> Response:
    """Every instance of hub.toml, and what is not well on top of each row."""
    console = watch.console
    settings = console.load()
    waiting = Counter(one.connector for one in console.box.letters(Look()))
    rows = [_row(watch, settings, state, waiting[state.name]) for state in read_states(settings, watch.now)]
    return watch.page("sources.html", _SECTION, rows=rows, here=_SECTION)


def one(watch: Watch) -> Response:
    """One instance."""
    return _page(watch)


def pause(watch: Watch) -> Response:
    """The source is asked nothing until somebody lets it go on; in the audit log first."""
    name, reason = watch.request.path_params["source"], watch.field("reason")
    try:
        _pausing(watch).pause(name, actor_of(watch.who, Action.OPERATIONS_ACT), reason)
    except RejectedError as error:
        if error.code in REASONS:
            kept = "" if error.code == "number_in_reason" else reason
            return _page(watch, status=400, wrong=watch.words.text(REASONS[error.code], most=LONGEST_REASON), typed=kept)
        if error.code != "already_paused":
            raise
    return RedirectResponse(f"/sources/{name}", status_code=303)


def resume(watch: Watch) -> Response:
    """It goes on where it stood; in the audit log first. Twice has one effect."""
    name = watch.request.path_params["source"]
    try:
        _pausing(watch).resume(name, actor_of(watch.who, Action.OPERATIONS_ACT))
    except RejectedError as error:
        if error.code != "not_paused":
            raise
    return RedirectResponse(f"/sources/{name}", status_code=303)


def _versions(watch: Watch, versions: list[Version]) -> list[Mapping[str, Any]]:
    """The newest first, each with what it changed; of the first one there is nothing before it."""
    shown = versions[:_VERSIONS]
    return [
        {
            "number": one.number, "since": watch.moment(one.since),
            "changes": changes(before.settings, one.settings) if before else [],
        }
        for one, before in zip(shown, [*versions[1 : len(shown) + 1], None], strict=False)
    ]  # fmt: skip


def _pausing(watch: Watch) -> Pausing:
    return Pausing(watch.console.load(), watch.console.clock, watch.web.audit)


def _page(watch: Watch, *, status: int = 200, wrong: str = "", typed: str = "") -> Response:
    name, console = watch.request.path_params["source"], watch.console
    settings = console.load()
    state = read_state(settings, name, watch.now)
    reasons = Counter(letter.letter.reason for letter in console.box.letters(Look(connector=name)))
    past = [one for one in read_pauses(settings, name, _PAUSES) if one.resumed_at is not None]
    versions = read_versions(settings.data / "connect" / name)
    return watch.page(
        "source.html", _SECTION, status=status, source=name, row=_row(watch, settings, state, reasons.total()),
        events=_lane(watch, state.events), statutory=_lane(watch, state.statutory, "late") if state.statutory else None,
        paused=_pause(watch, state.paused) if state.paused else None, pauses=[_pause(watch, one) for one in past],
        breaker=_breaker(watch, state.breaker), silent=watch.maybe(state.silent_since), expected=watch.maybe(state.expected_by),
        reasons=sorted(reasons.items()), limits=LIMITS, wrong=wrong, typed=typed, longest=LONGEST_REASON,
        may_act=watch.may(Action.OPERATIONS_ACT), here=f"/sources/{name}", versions=_versions(watch, versions),
        unused=changes(versions[0].settings, settings_told(settings.connectors[name])) if versions and state.running else [],
    )  # fmt: skip


def _row(watch: Watch, settings: Settings, state: ConnectorState, waiting: int) -> Mapping[str, Any]:
    agencies = watch.web.office.agencies
    status, told = _standing(watch, state)
    code = state.statutory.last_code if state.statutory and _may_wait(state) else state.events.last_code
    return {
        "name": state.name, "title": state.title, "status": status, "told": told, "waiting": waiting, "code": code,
        "agency": agencies[state.agency].title if state.agency in agencies else state.agency,
        "events": _lane(watch, state.events), "every": _every(watch, settings.connectors[state.name].poll_seconds),
    }  # fmt: skip


def _standing(watch: Watch, state: ConnectorState) -> tuple[str, str]:
    """`fine`, `soon` or `late`, and the state in a few words: first the lane that nothing may delay, then what people decided,
    then what the source does.
    """
    text = watch.words.text
    if _may_wait(state):
        return "late", text(_MANDATORY)
    if state.paused is not None:
        return "soon", text("paused")
    if not state.enabled:
        return "fine", text("switched off in hub.toml")
    if not state.running:
        return "late", text("does not run")
    return _running(watch, state)


def _may_wait(state: ConnectorState) -> bool:
    """Whether the statutory lane runs and fails. No pause reaches it."""
    return state.enabled and state.running and state.statutory is not None and state.statutory.fails


def _running(watch: Watch, state: ConnectorState) -> tuple[str, str]:
    text = watch.words.text
    if state.breaker.state is not BreakerState.CLOSED:
        return "late", text(_BREAKERS[state.breaker.state])
    if state.silent_since is not None:
        return "late", text("silent: something new was expected")
    return ("soon", _failure(watch, state.events)) if state.events.fails else ("fine", text("runs"))


def _failure(watch: Watch, lane: LaneState) -> str:
    return watch.words.text(_RESULTS.get(lane.last_result, _UNWELL))


def _lane(watch: Watch, lane: LaneState, status: str = "soon") -> Mapping[str, Any]:
    """`status`: how grave it is when it fails."""
    return {
        "failure": _failure(watch, lane) if lane.fails else "", "status": status,
        "success": watch.maybe(lane.last_success), "news": watch.maybe(lane.last_news), "cursor": watch.maybe(lane.cursor_moved),
        "poll": watch.maybe(lane.last_poll), "next": watch.maybe(lane.next_poll), "code": lane.last_code,
        "rate": _rate(watch, lane.rate),
    }  # fmt: skip


def _breaker(watch: Watch, breaker: Breaker) -> Mapping[str, Any]:
    """The circuit breaker of a source in words; `failures` counts those in a row."""
    return {
        "closed": breaker.state is BreakerState.CLOSED, "told": watch.words.text(_BREAKERS[breaker.state]),
        "failures": breaker.failures, "code": breaker.code, "since": watch.maybe(breaker.since),
        "retry": watch.maybe(breaker.retry_at),
    }  # fmt: skip


def _rate(watch: Watch, rate: float) -> str:
    """New records an hour, as people write numbers."""
    number = f"{rate:.1f}" if rate < 10 else f"{rate:.0f}"
    return number.replace(".", ",") if watch.words.language == "sv" else number


def _every(watch: Watch, seconds: float) -> str:
    if seconds < 60:
        return watch.words.many("{number} second", "{number} seconds", max(1, round(seconds)))
    return watch.words.length(timedelta(seconds=seconds))


def _pause(watch: Watch, one: Pause) -> Mapping[str, Any]:
    return {
        "since": watch.moment(one.since), "by": one.by, "reason": one.reason, "until": watch.maybe(one.resumed_at),
        "resumed_by": one.resumed_by,
    }  # fmt: skip
