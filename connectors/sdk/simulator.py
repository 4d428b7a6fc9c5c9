"""Behaves as a message system with the SDK API: token endpoint, bearer checks, list, get, send, and a DELETE that is counted.

Dataset: `messages.json`, a list of `messageDef` objects of the standard (README.md shows one); `build_outbox` begins with none.
Options, beside those of `connectors.token_endpoint`:

    now                        a callable, an instant or its ISO text: only messages created by then are there
    deletes                    DELETE takes the message away (default false: it is only counted)
    mark_retrieved             a message that was fetched goes from NEW to RETRIEVED (default false)
    own_ids                    what is sent gets an id of the system's own, and only by that is it fetched (default false)

A `messageId` that is sent twice is there twice: the standard's document says nothing of one that comes again.

`GET /simulator/received` tells what was sent, as `hub.testing.SinkSuite` asks it. `GET /simulator/state` tells a scenario
`{"messages", "requests": {operation: n}, "deleted": n}`. DELETE answers 202 and, unless told to, deletes nothing, so that a
test can show that nobody asked for it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sdk.listing import attributes_of, instant_of
from connectors.sdk.sent import created, taken
from connectors.token_endpoint import TokenEndpoint
from hub.errors import ConfigError

__all__ = ["build_outbox", "build_simulator"]

_VERSION = {"version": "sdk api 1.0.0"}
_FILTERS: dict[str, tuple[str, ...]] = {
    "filter[messageStatus]": ("messageStatus",),
    "filter[creationDateTime]": ("creationDateTime",),
    "filter[recipientAttention.subOrganization.extension]": ("recipientAttention", "subOrganization", "extension"),
    "filter[senderAttention.subOrganization.extension]": ("senderAttention", "subOrganization", "extension"),
}


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The message system as an ASGI application. Raises ConfigError when the dataset or an option is wrong."""
    return _application(_Inbox(_load(dataset), options))


def build_outbox(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The same for who only sends: nothing is there yet, and the dataset folder is not read."""
    del dataset
    return _application(_Inbox([], options))


def _application(inbox: _Inbox) -> Starlette:
    return Starlette(
        routes=[
            Route("/oauth2/token", inbox.token, methods=["POST"]),
            Route("/sdk/messages", inbox.list_messages, methods=["GET"]),
            Route("/sdk/messages", inbox.send_message, methods=["POST"]),
            Route("/sdk/messages/{message_id}", inbox.get_message, methods=["GET"]),
            Route("/sdk/messages/{message_id}", inbox.delete_message, methods=["DELETE"]),
            Route("/simulator/state", inbox.state, methods=["GET"]),
            Route("/simulator/received", inbox.received, methods=["GET"]),
        ]
    )


class _Inbox:
    def __init__(self, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> None:
        self._messages = messages
        self._now = _clock(options.get("now"))
        self._tokens = TokenEndpoint(options)
        self._deletes = bool(options.get("deletes", False))
        self._mark_retrieved = bool(options.get("mark_retrieved", False))
        self._own_ids = bool(options.get("own_ids", False))
        self._sent: list[dict[str, Any]] = []
        self._requests: Counter[str] = Counter()

    async def token(self, request: Request) -> Response:
        self._requests["token"] += 1
        return await self._tokens.give(request)

    async def list_messages(self, request: Request) -> Response:
        self._requests["list"] += 1
        if not self._tokens.permits(request):
            return Response(status_code=401)
        unknown = [name for name in request.query_params if name not in _FILTERS]
        if unknown:
            return _problem("unknown filter")
        wanted = [(_FILTERS[name], value) for name, value in request.query_params.multi_items()]
        found = [
            _shown(message, documents=False)
            for message in self._present()
            if all(_at(attributes_of(message), path) == value for path, value in wanted)
        ]
        return JSONResponse({"meta": _VERSION, "links": {"self": str(request.url)}, "data": found})

    async def get_message(self, request: Request) -> Response:
        self._requests["get"] += 1
        if not self._tokens.permits(request):
            return Response(status_code=401)
        for message in self._present():
            names = (message.get("id"), None if self._own_ids else attributes_of(message).get("messageId"))
            if request.path_params["message_id"] in names:
                answer = JSONResponse({"meta": _VERSION, "links": {"self": str(request.url)}, "data": _shown(message)})
                if self._mark_retrieved and attributes_of(message).get("messageStatus") == "NEW":
                    message["attributes"]["messageStatus"] = "RETRIEVED"
                return answer
        return Response(status_code=404)

    async def send_message(self, request: Request) -> Response:
        self._requests["send"] += 1
        if not self._tokens.permits(request):
            return Response(status_code=401)
        try:
            message = created(await request.body(), own_id=self._own_ids, now=self._now() or datetime.now(UTC))
        except ValueError:
            return _problem("Input isn't valid with respect to schema")
        self._messages.append(message)
        self._sent.append(message)
        return Response(status_code=201)

    async def delete_message(self, request: Request) -> Response:
        self._requests["delete"] += 1
        if self._deletes and self._tokens.permits(request):
            gone = request.path_params["message_id"]
            self._messages = [one for one in self._messages if gone not in (one.get("id"), attributes_of(one).get("messageId"))]
        return Response(status_code=202 if self._tokens.permits(request) else 401)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(
            {"messages": len(self._present()), "requests": dict(self._requests), "deleted": self._requests["delete"]}
        )

    async def received(self, _request: Request) -> Response:
        return JSONResponse([taken(message) for message in self._sent])

    def _present(self) -> list[dict[str, Any]]:
        now = self._now()
        if now is None:
            return self._messages
        return [each for each in self._messages if (instant_of(attributes_of(each).get("creationDateTime")) or now) <= now]


def _load(dataset: Path) -> list[dict[str, Any]]:
    try:
        messages = json.loads((dataset / "messages.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError("sdk simulator: the dataset folder needs a messages.json", code="bad_dataset") from error
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise ConfigError("sdk simulator: messages.json must be a list of messages", code="bad_dataset")
    return messages


def _clock(option: Any) -> Callable[[], datetime | None]:
    if option is None or callable(option):
        return option or (lambda: None)
    instant = option if isinstance(option, datetime) else instant_of(option)
    if instant is None or instant.tzinfo is None:
        raise ConfigError("sdk simulator: `now` is a callable, an aware instant or its ISO text", code="bad_option")
    return lambda: instant


def _shown(message: dict[str, Any], *, documents: bool = True) -> dict[str, Any]:
    """The message as answers hold it.

    The standard's document writes `required: [type, id]` beside the `$ref` of `attributes`; whether that says something about
    `attributes` is for its reader to decide, so `type` and `id` stand in both places.
    """
    attributes = message.get("attributes")
    if not isinstance(attributes, dict):
        return message
    kept = {name: value for name, value in attributes.items() if documents or name != "digitalDocument"}
    own = {name: message[name] for name in ("type", "id") if name in message}
    return {**message, "attributes": {**own, **kept}}


def _at(attributes: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = attributes
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _problem(title: str) -> Response:
    return JSONResponse(
        {
            "type": "urn:problem-type:sdk:badRequest",
            "title": "Bad Request",
            "status": 400,
            "detail": title,
            "eventIssues": [{"type": "urn:problem-type:sdk:badRequest", "title": title, "typeCode": "MESSAGE_EXCHANGE_ERROR"}],
        },
        400,
    )
