"""Behaves as an SS12000:2020 server over a folder of JSON files (see README.md), strictly by the standard's document.

It serves `GET` on organisations, persons, groups, activities, calendarEvents, absences and attendances, and on each with
`/{id}`, on aggregatedAttendance and deletedEntities, and all of subscriptions, at the root and under `/v2` and `/v2.0`. Options:

    now         callable that tells the time: nothing dated later is revealed (default: everything is)
    token       the bearer token to demand (default: any)
    page_size   the most rows of one page (default 500)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from connectors.ss12000.dataset import Dataset, Deletion, Entity, Event, Version, load_dataset, load_deletions
from connectors.ss12000.instants import parse_day, parse_instant
from connectors.ss12000.questions import Question, Refusal, make_token, read_question
from connectors.ss12000.subscribing import Subscriptions
from connectors.ss12000.summing import deleted_ids, sum_up
from hub.errors import ConfigError

__all__ = ["build_simulator"]

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_PREFIXES = ("/v2.0", "/v2", "")
Found = TypeVar("Found")


class _Server:
    def __init__(
        self, dataset: Dataset, deletions: list[Deletion], now: Callable[[], datetime], token: str | None, page_size: int
    ) -> None:
        self._dataset = dataset
        self._deletions = deletions
        self._now = now
        self._token = token
        self._page_size = page_size
        self._subscriptions = Subscriptions(now)

    async def answer(self, request: Request) -> Response:
        """Any call; a Refusal becomes the standard's error body."""
        try:
            self._authorise(request)
            operation, _, key = request.path_params["path"].partition("/")
            if operation == "subscriptions":
                status, body = self._subscriptions.answer(request.method, key, await request.body())
            else:
                status, body = 200, self._body(request.method, request.path_params["path"], request.query_params.multi_items())
        except Refusal as refusal:
            return JSONResponse({"code": refusal.code, "message": refusal.message}, status_code=refusal.status)
        return Response(body, status_code=status, media_type="application/json" if body else None)

    def _authorise(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or (self._token is not None and token.strip() != self._token):
            raise Refusal(401, "unauthorised", "a valid bearer token is required")

    def _body(self, method: str, path: str, params: list[tuple[str, str]]) -> bytes:
        if method != "GET":
            raise Refusal(405, "method_not_allowed", "this server offers GET there")
        operation, _, key = path.partition("/")
        if operation == "aggregatedAttendance" and not key:
            return self._sums(params)
        if operation == "deletedEntities" and not key:
            return self._deleted(params)
        if operation not in self._dataset:
            raise Refusal(404, "not_found", "no such operation")
        return self._one(operation, key, params) if key else self._list(operation, params)

    def _list(self, operation: str, params: list[tuple[str, str]]) -> bytes:
        question = read_question(operation, params, now=self._now().astimezone(UTC))
        found = [
            (entity, version)
            for entity in self._dataset[operation].values()
            if (version := entity.visible(question.as_of)) is not None and question.admits(version)
        ]
        page, token = self._page(found, question)
        return b'{"data":[' + b",".join(self._rendered(*one, question) for one in page) + b'],"pageToken":' + token + b"}"

    def _sums(self, params: list[tuple[str, str]]) -> bytes:
        question = read_question("aggregatedAttendance", params, now=self._now().astimezone(UTC))
        first, last = (parse_day(dict(question.filters)[name]) for name in ("startDate", "endDate"))
        if first is None or last is None:
            raise Refusal(400, "bad_parameter", "startDate and endDate are dates")
        page, token = self._page(sum_up(self._dataset, first, last, question.as_of), question)
        return b'{"data":[' + b",".join(page) + b'],"pageToken":' + token + b"}"

    def _deleted(self, params: list[tuple[str, str]]) -> bytes:
        question = read_question("deletedEntities", params, now=self._now().astimezone(UTC))
        after = parse_instant(dict(question.filters).get("after"))
        kinds = frozenset(value for name, value in question.filters if name == "entities")
        found = deleted_ids(self._deletions, after, kinds, question.as_of)
        page, token = self._page([(name, key) for name, keys in found.items() for key in keys], question)
        data: dict[str, list[str]] = {}
        for name, key in page:
            data.setdefault(name, []).append(key)
        return b'{"data":' + json.dumps(data).encode() + b',"pageToken":' + token + b"}"

    def _page(self, found: list[Found], question: Question) -> tuple[list[Found], bytes]:
        """The page that was asked for, and the JSON of the next one's token."""
        end = question.offset + min(question.limit or self._page_size, self._page_size)
        token = f'"{make_token(question, end)}"'.encode() if end < len(found) else b"null"
        return found[question.offset : end], token

    def _one(self, operation: str, key: str, params: list[tuple[str, str]]) -> bytes:
        question = read_question(operation, params, now=self._now().astimezone(UTC), single=True)
        entity = self._dataset[operation].get(key)
        version = entity.visible(question.as_of) if entity is not None else None
        if entity is None or version is None:
            raise Refusal(404, "not_found", "no such entity")
        return self._rendered(entity, version, question)

    def _rendered(self, entity: Entity, version: Version, question: Question) -> bytes:
        embedded = []
        if isinstance(entity, Event) and "activity" in question.expand:
            activity = self._dataset["activities"].get(version.row["activity"]["id"])
            known = activity.visible(question.as_of) if activity is not None else None
            embedded += [b'"activity":' + known.body] if known is not None else []
        if isinstance(entity, Event) and "attendance" in question.expand:
            embedded.append(b'"attendance":' + entity.attendance(question.as_of))
        return version.body[:-1] + b',"_embedded":{' + b",".join(embedded) + b"}}" if embedded else version.body


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The server as an ASGI application. Raises ConfigError when the dataset or an option is wrong."""
    now = options.get("now", lambda: _END_OF_TIME)
    token = options.get("token")
    page_size = options.get("page_size", 500)
    if not callable(now) or not (token is None or isinstance(token, str)) or not isinstance(page_size, int) or page_size < 1:
        raise ConfigError("ss12000 simulator: options are `now` (callable), `token` (text), `page_size` (≥ 1)", code="bad_option")
    server = _Server(load_dataset(dataset), load_deletions(dataset), now, token, page_size)
    route = Route("/{path:path}", server.answer, methods=["GET", "POST", "PATCH", "DELETE"])
    return Starlette(routes=[Mount(prefix, routes=[route]) for prefix in _PREFIXES])
