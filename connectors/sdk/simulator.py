"""Behaves as a message system with the SDK API: token endpoint, bearer checks, list, get, and a DELETE that is counted.

Dataset: `messages.json`, a list of `messageDef` objects of the standard (README.md shows one). Options:

    client_id, client_secret   what the token endpoint takes (default `hub` and `simulator`)
    token_seconds              life of a token (default 300)
    now                        a callable, an instant or its ISO text: only messages created by then are there
    deletes                    DELETE takes the message away (default false: it is only counted)
    mark_retrieved             a message that was fetched goes from NEW to RETRIEVED (default false)

`GET /simulator/state` tells a scenario `{"messages", "requests": {operation: n}, "deleted": n}`. DELETE answers 202
and, unless told to, deletes nothing, so that a test can show that nobody asked for it.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sdk.listing import attributes_of, instant_of
from hub.errors import ConfigError

__all__ = ["build_simulator"]

_VERSION = {"version": "sdk api 1.0.0"}
_FILTERS: dict[str, tuple[str, ...]] = {
    "filter[messageStatus]": ("messageStatus",),
    "filter[creationDateTime]": ("creationDateTime",),
    "filter[recipientAttention.subOrganization.extension]": ("recipientAttention", "subOrganization", "extension"),
    "filter[senderAttention.subOrganization.extension]": ("senderAttention", "subOrganization", "extension"),
}


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The message system as an ASGI application. Raises ConfigError when the dataset or an option is wrong."""
    inbox = _Inbox(_load(dataset), options)
    return Starlette(
        routes=[
            Route("/oauth2/token", inbox.token, methods=["POST"]),
            Route("/sdk/messages", inbox.list_messages, methods=["GET"]),
            Route("/sdk/messages/{message_id}", inbox.get_message, methods=["GET"]),
            Route("/sdk/messages/{message_id}", inbox.delete_message, methods=["DELETE"]),
            Route("/simulator/state", inbox.state, methods=["GET"]),
        ]
    )


class _Inbox:
    def __init__(self, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> None:
        self._messages = messages
        self._now = _clock(options.get("now"))
        self._credentials = (str(options.get("client_id", "hub")), str(options.get("client_secret", "simulator")))
        self._token_seconds = float(options.get("token_seconds", 300))
        self._deletes = bool(options.get("deletes", False))
        self._mark_retrieved = bool(options.get("mark_retrieved", False))
        self._tokens: dict[str, float] = {}
        self._requests: Counter[str] = Counter()

    async def token(self, request: Request) -> Response:
        self._requests["token"] += 1
        form = await request.form()
        given = _basic(request.headers.get("authorization", "")) or (form.get("client_id"), form.get("client_secret"))
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if given != self._credentials:
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic() + self._token_seconds
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": int(self._token_seconds)})

    async def list_messages(self, request: Request) -> Response:
        self._requests["list"] += 1
        if not self._authorized(request):
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
        if not self._authorized(request):
            return Response(status_code=401)
        for message in self._present():
            if request.path_params["message_id"] in (message.get("id"), attributes_of(message).get("messageId")):
                answer = JSONResponse({"meta": _VERSION, "links": {"self": str(request.url)}, "data": _shown(message)})
                if self._mark_retrieved and attributes_of(message).get("messageStatus") == "NEW":
                    message["attributes"]["messageStatus"] = "RETRIEVED"
                return answer
        return Response(status_code=404)

    async def delete_message(self, request: Request) -> Response:
        self._requests["delete"] += 1
        if self._deletes and self._authorized(request):
            gone = request.path_params["message_id"]
            self._messages = [one for one in self._messages if gone not in (one.get("id"), attributes_of(one).get("messageId"))]
        return Response(status_code=202 if self._authorized(request) else 401)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(
            {"messages": len(self._present()), "requests": dict(self._requests), "deleted": self._requests["delete"]}
        )

    def _present(self) -> list[dict[str, Any]]:
        now = self._now()
        if now is None:
            return self._messages
        return [each for each in self._messages if (instant_of(attributes_of(each).get("creationDateTime")) or now) <= now]

    def _authorized(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._tokens.get(token, 0.0) > time.monotonic()


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


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


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
