"""The doors of the operator's pages. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.operations.watch import Watch
from hub.web.rendering import Renderer, Web

__all__ = ["operation_doors"]

_View = Callable[[Watch], Response]


def operation_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""

    def at(module: str, name: str) -> Callable[[Request, Principal], Response]:
        """A view of one of this package's modules: a process that shows no such page loads neither Kafka nor a connector."""

        def view(request: Request, principal: Principal) -> Response:
            answering = import_module("hub.web.operations.refusing").answering
            found = cast("_View", getattr(import_module(f"hub.web.operations.{module}"), name))
            return cast("Response", answering(Watch(web, renderer, request, principal), found))

        return view

    see, redrive = Action.LETTER_SEE, Action.LETTER_REDRIVE
    look, do = Action.OPERATIONS_SEE, Action.OPERATIONS_ACT
    return [
        doors.guarded("/sources", at("sources", "listed"), look),
        doors.guarded("/sources/{source}", at("sources", "one"), look),
        doors.guarded("/sources/{source}/pause", at("sources", "pause"), do, "POST"),
        doors.guarded("/sources/{source}/resume", at("sources", "resume"), do, "POST"),
        doors.guarded("/sources/{source}/trial", at("trials", "begin"), do, "POST"),
        doors.guarded("/sources/{source}/trial/{work}", at("trials", "shown"), do),
        doors.guarded("/sinks", at("sinks", "listed"), look),
        doors.guarded("/sinks/{sink}", at("sinks", "one"), look),
        doors.guarded("/sinks/{sink}/pause", at("sinks", "pause"), do, "POST"),
        doors.guarded("/sinks/{sink}/resume", at("sinks", "resume"), do, "POST"),
        doors.guarded("/sinks/{sink}/redrive", at("sinks", "redrive"), do, "POST"),
        doors.guarded("/letters", at("letters", "listed"), see),
        doors.guarded("/letters", at("resending", "act"), redrive, "POST"),
        doors.guarded("/letters/preview/{work}", at("resending", "preview"), redrive),
        doors.guarded("/letters/sent", at("resending", "sent"), redrive),
        doors.guarded("/letters/paused", at("paused", "listed"), see),
        doors.guarded("/letters/paused", at("paused", "resume"), do, "POST"),
        doors.guarded("/letters/topics", at("topics", "listed"), see),
        doors.guarded("/letters/topics", at("topics", "act"), redrive, "POST"),
        doors.guarded("/letters/topics/body", at("topics", "body"), Action.LETTER_BODY, "POST"),
        doors.guarded("/letters/{letter}", at("letters", "one"), see),
        doors.guarded("/letters/{letter}/try", at("letters", "trial"), redrive, "POST"),
        doors.guarded("/letters/{letter}/body", at("letters", "body"), Action.LETTER_BODY, "POST"),
        doors.guarded("/journal", at("journal", "page"), Action.JOURNAL_SEE),
    ]
