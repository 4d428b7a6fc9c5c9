"""What a view of the operator's pages cannot do is told on a page: what happened, what is safe, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from hub.connector.changed import code_changed
from hub.errors import ConfigError, HubError, RejectedError, RetriableError
from hub.web.language import mark
from hub.web.operations.watch import Watch

__all__ = ["answering", "failure_text", "former_code"]

_STATUS: Final = MappingProxyType(
    {"no_such_letter": 404, "unknown_instance": 404, "unknown_sink": 404, "no_work": 404, "busy": 503}
)
_TEXTS: Final = MappingProxyType(
    {
        "no_such_letter": mark("There is no such dead letter. It may have gone with its time: letters are kept for some days."),
        "unknown_instance": mark("There is no such source in hub.toml."),
        "unknown_sink": mark("There is no such receiver in hub.toml."),
        "task_ended": mark("The task has ended, so its team's system need not be told of it any more. Nothing was done."),
        "no_work": mark("It is forgotten after an hour, or was begun by somebody else. What it did stays done. Begin anew."),
        "busy": mark("Several long works run already. Wait until one of them is over, and try again."),
        "which_letters": mark("Nothing was chosen. Mark the rows that are meant, and press the button again."),
        "too_many_letters": mark("At most {cap} at once. Choose fewer, or send them in several turns."),
        "kafka": mark("Kafka does not answer, so nothing was done. Letters wait as before. See with: hub status"),
        "database": mark("A source's store does not answer. Nothing is lost. Try again in a minute; then see with: hub status"),
        "stale_directory": mark(
            "The consent registry has not answered for too long, so nothing is published. Letters wait as before. "
            "Start it: hub registry"
        ),
        "unexpected": mark("Something went wrong that the hub did not expect. Letters wait as before. The log says more."),
    }
)
_FORMER: Final = mark(
    "The code of {names} has been changed since this process started, and what is shown is what the former code gives. "
    "Restart hub web, and the source's own process if it still runs with the former code, and try again."
)
_SETTINGS: Final = mark(
    "A setting, a key or a secret of the source is wrong ({code}). Nothing was done. The text of the fault is shown by: "
    "hub connect NAME --dry-run"
)
_SOURCE: Final = mark("It could not be done just now ({code}). Nothing is lost, and letters wait as before. Try again later.")


def failure_text(watch: Watch, error: HubError) -> str:
    """What an error means, and what to do, in the visitor's language."""
    from hub.web.operations.letter_rows import CAP  # noqa: PLC0415 - it loads what letters are

    text = _TEXTS.get(error.code, _SETTINGS if isinstance(error, ConfigError) else _SOURCE)
    return watch.words.text(text, code=error.code, cap=CAP)


def former_code(watch: Watch, sources: Iterable[str]) -> str:
    """That the mapping which this process tries is not the one on disk any more; empty when it is, of all of these sources."""
    chosen = watch.console.load().connectors
    named = {one: chosen[one].connector or one for one in sources if one in chosen}
    changed = sorted(one for one, connector in named.items() if code_changed(connector))
    return watch.words.text(_FORMER, names=", ".join(changed)) if changed else ""


def answering(watch: Watch, view: Callable[[Watch], Response]) -> Response:
    """The view's answer, or a page that says why there is none. What the audit log cannot take is everybody's own fault page."""
    path = watch.request.url.path
    back = next((one for one in ("/letters/topics", "/letters/paused") if path.startswith(one)), "/letters")
    back = next((one for one in ("/sources", "/sinks") if path.startswith(one)), back)
    heading = mark("It could not be done")
    try:
        return view(watch)
    except (RejectedError, ConfigError) as error:
        status = _STATUS.get(error.code, 409 if isinstance(error, ConfigError) else 400)
        heading = mark("No such page") if status == 404 else heading
        return _told(watch, heading, failure_text(watch, error), status, back)
    except RetriableError as error:
        if error.code == "audit":
            raise
        return _told(watch, heading, failure_text(watch, error), 503, back)


def _told(watch: Watch, heading: str, text: str, status: int, back: str) -> Response:
    shown = watch.words.text(heading)
    return watch.page("told.html", back, status=status, heading=shown, text=text, back=back, here=back)
