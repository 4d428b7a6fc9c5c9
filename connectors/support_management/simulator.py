"""Behaves as Support Management: token endpoint, bearer checks, errands that are found, made, read and changed.

It takes what the API's document allows, and no field that only the system itself sets; of a new errand it asks what the system
asks (title, priority, classification, status, reporter). It knows no idempotency key: who makes an errand twice has two.
The dataset folder is not read. Options: those of `connectors.token_endpoint`, and `now`, a callable (default: the machine's).

`GET /simulator/received` tells what was taken, as `hub.testing.SinkSuite` asks it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.token_endpoint import TokenEndpoint
from hub.errors import ConfigError

__all__ = ["build_simulator"]

_FILTER = re.compile(r"externalTags\.key:'(?P<key>[^']*)' and externalTags\.value:'(?P<value>[^']*)'\Z")
_NAMESPACE = re.compile(r"[\w|\-]+\Z")
_PROBLEM = "application/problem+json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class _Tag(_Strict):
    key: str
    value: str


class _Parameter(_Strict):
    key: Annotated[str, Field(min_length=1)]
    display_name: str | None = None
    group: str | None = None
    values: list[Annotated[str, Field(max_length=3000)]] = []


class _Classification(_Strict):
    category: str
    type: str


class _Changes(_Strict):
    """`Errand` of the document, what of it a client may send and the hub may want to."""

    title: Annotated[str, Field(min_length=1)] | None = None
    priority: Literal["LOW", "MEDIUM", "HIGH"] | None = None
    external_tags: list[_Tag] | None = None
    parameters: list[_Parameter] | None = None
    classification: _Classification | None = None
    status: str | None = None
    resolution: str | None = None
    description: str | None = None
    channel: Annotated[str, Field(max_length=255)] | None = None
    reporter_user_id: str | None = None
    assigned_user_id: str | None = None
    assigned_group_id: str | None = None


class _New(_Changes):
    title: Annotated[str, Field(min_length=1)]
    priority: Literal["LOW", "MEDIUM", "HIGH"]
    classification: _Classification
    status: str
    reporter_user_id: str


_M = TypeVar("_M", bound=_Changes)


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The system as an ASGI application. Raises ConfigError when an option is wrong."""
    del dataset
    now = options.get("now", lambda: datetime.now(UTC))
    if not callable(now):
        raise ConfigError("support_management simulator: `now` is a callable", code="bad_option")
    tokens = TokenEndpoint(options)
    system = _System(tokens, now)
    errands = "/{municipality_id}/{namespace}/errands"
    return Starlette(
        routes=[
            Route("/oauth2/token", tokens.give, methods=["POST"]),
            Route(errands, system.find, methods=["GET"]),
            Route(errands, system.create, methods=["POST"]),
            Route(f"{errands}/{{errand_id}}", system.read, methods=["GET"]),
            Route(f"{errands}/{{errand_id}}", system.update, methods=["PATCH"]),
            Route("/simulator/received", system.received),
        ]
    )


class _System:
    def __init__(self, tokens: TokenEndpoint, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now
        self._errands: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self._received: list[dict[str, Any]] = []

    async def find(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        asked = _FILTER.match(request.query_params.get("filter", ""))
        page, size = request.query_params.get("page", "0"), request.query_params.get("size", "20")
        if asked is None or not page.isdigit() or not size.isdigit() or int(size) < 1:
            return _problem(400, "Bad Request", "filter, page or size cannot be read")
        rows = [row for row in self._of(request).values() if _matches(row, asked["key"], asked["value"])]
        return JSONResponse(_paged(rows, int(page), int(size)))

    async def create(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        body = await _read(request, _New)
        if isinstance(body, Response):
            return body
        errand_id, at = str(uuid.uuid4()), self._now().astimezone(UTC).isoformat()
        own = {
            "id": errand_id,
            "errandNumber": f"HUB-{len(self._of(request)) + 1:08d}",
            "created": at,
            "modified": at,
            "version": 0,
        }
        self._of(request)[errand_id] = own | body.model_dump(by_alias=True, exclude_none=True)
        self._note(self._of(request)[errand_id], "requested")
        return Response(status_code=201, headers={"Location": f"{request.url.path}/{errand_id}"})

    async def read(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        errand = self._of(request).get(request.path_params["errand_id"])
        if errand is None:
            return _problem(404, "Not Found", "no such errand")
        return JSONResponse(errand, headers={"ETag": f'"{errand["version"]}"'})

    async def update(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        errand = self._of(request).get(request.path_params["errand_id"])
        if errand is None:
            return _problem(404, "Not Found", "no such errand")
        if request.headers.get("if-match", f'"{errand["version"]}"') != f'"{errand["version"]}"':
            return _problem(412, "Precondition Failed", "If-Match version mismatch")
        body = await _read(request, _Changes)
        if isinstance(body, Response):
            return body
        errand |= body.model_dump(by_alias=True, exclude_none=True)
        errand |= {"modified": self._now().astimezone(UTC).isoformat(), "version": errand["version"] + 1}
        for state in [tag.value for tag in body.external_tags or () if tag.key == "hubTaskState"][-1:]:
            self._note(errand, state)
        return JSONResponse(errand, headers={"ETag": f'"{errand["version"]}"'})

    async def received(self, _request: Request) -> Response:
        return JSONResponse(self._received)

    def _note(self, errand: Mapping[str, Any], state: str) -> None:
        """What came of a call, for the suite; of an errand that names no task there is nothing to tell."""
        named = [tag["value"] for tag in errand.get("externalTags", ()) if tag["key"] == "hubTaskId"]
        self._received += [{"task_id": task_id, "state": state, "reference": errand["id"]} for task_id in named]

    def _of(self, request: Request) -> dict[str, dict[str, Any]]:
        place = request.path_params["municipality_id"], request.path_params["namespace"]
        return self._errands.setdefault(place, {})

    def _refusal(self, request: Request) -> Response | None:
        if not self._tokens.permits(request):
            return Response(status_code=401)
        if not _NAMESPACE.match(request.path_params["namespace"]):
            return _problem(400, "Constraint Violation", "namespace")
        return None


async def _read(request: Request, model: type[_M]) -> _M | Response:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        rows = [{"field": ".".join(map(str, one["loc"])), "message": one["type"]} for one in error.errors(include_input=False)]
        return JSONResponse(
            {"type": "about:blank", "status": 400, "title": "Constraint Violation", "violations": rows}, 400, media_type=_PROBLEM
        )


def _matches(row: Mapping[str, Any], key: str, value: str) -> bool:
    """As the filter reads: one tag has the key and one has the value, not necessarily the same."""
    tags = row.get("externalTags", ())
    return any(tag["key"] == key for tag in tags) and any(tag["value"] == value for tag in tags)


def _paged(rows: list[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    shown = rows[page * size : (page + 1) * size]
    pages = -(-len(rows) // size)
    order = {"sorted": True, "unsorted": False, "empty": False}
    return {
        "content": shown,
        "pageable": {"sort": order, "paged": True, "unpaged": False, "pageNumber": page, "pageSize": size, "offset": page * size},
        "totalPages": pages,
        "totalElements": len(rows),
        "sort": order,
        "first": page == 0,
        "last": page + 1 >= pages,
        "numberOfElements": len(shown),
        "size": size,
        "number": page,
        "empty": not shown,
    }


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse({"type": "about:blank", "title": title, "status": status, "detail": detail}, status, media_type=_PROBLEM)
