"""The subject service: which of an agency's persons have a reference, told to that agency only, over authenticated HTTP.

`GET /v1/agencies/{agency}/subjects?since=VERSION` with `Authorization: Bearer TOKEN`. The ETag is the directory's version:
whoever has it has everything, so `If-None-Match` with it answers 304 whatever `since` says. Errors are problem+json
(RFC 9457) and repeat nothing that was sent.

Rotation: the former token and the former HMAC key are valid until they are retired. `keys` in the answer names the valid
HMAC keys, the newest first; each entry has a hash under each. `Hub-Agency-Key` in the request says which key the connector has,
so that `hub keys retire-agency` can refuse to take away one that is in use.

`POST /v1/agencies/{agency}/protected` with `{"youth_ref": …}`: the agency's system says that this person is protected. The
answer is 202 and the same for every reference, also for one that the agency was never told, and comes at a whole beat
(`hub.beats`), whatever it met.

Every answer that tells of somebody, and every refusal, is in the audit log (`hub.registry.agency_trail`): no log, no answer.

What an agency is told, and how much work that is, depends on its own entries alone: nothing of another agency is read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.beats import Beats
from hub.clock import Clock
from hub.contract.ids import key_id, valid_key
from hub.contract.topics import KeyKind
from hub.errors import HubError
from hub.logs import get_logger
from hub.metrics import REGISTRY_REQUESTS
from hub.registry.agencies import AgencyKeys
from hub.registry.agency_trail import AgencyTrail
from hub.registry.database import repeated, writing
from hub.registry.directory import Page, changes
from hub.registry.work import Tools, Work

__all__ = ["KEY_HEADER", "Protects", "build_app"]

KEY_HEADER = "Hub-Agency-Key"

_NO_STORE = {"Cache-Control": "no-store"}
_MOST_DIGITS = 11
_LONGEST_BODY = 1024
_LARGEST_VERSION = 2**31 - 1
_NOTED_EVERY = timedelta(minutes=1)
_log = get_logger(__name__)


Protects = Callable[[str, str], None]
"""(agency, youth_ref): stop this person if the agency was told of her; raises HubError when it cannot be done now."""


def build_app(  # noqa: PLR0917 -- the parts of one application
    engine: Engine,
    tools: Tools,
    clock: Clock,
    trail: AgencyTrail,
    protects: Protects | None = None,
    beats: Beats | None = None,
) -> Starlette:
    """The ASGI application. Its endpoints run in a thread pool: each is one short transaction.

    Without `protects` nobody can be marked as protected here. `beats`: other than the shipped ones.
    """
    at_beats = beats or Beats()

    def subjects(request: Request) -> Response:
        return answered(request, lambda agency: _subjects(engine, tools, clock, agency, request, trail))

    async def protected(request: Request) -> Response:
        body = await _bounded_body(request)
        return await at_beats.answer(
            lambda: answered(request, lambda agency: _protected(tools, protects, agency, request, body, trail))
        )

    def answered(request: Request, answer: Callable[[str], Response]) -> Response:
        agency = request.path_params["agency"]
        try:
            response = answer(agency)
        except HubError as error:
            _log.exception("the subject service failed", code=error.code)
            response = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "The registry cannot answer now; ask again.")
        known = agency if agency in tools.agencies else "unknown"
        REGISTRY_REQUESTS.labels(agency=known, status=str(response.status_code)).inc()
        return response

    def health(_request: Request) -> Response:
        return _json({"status": "ok"})

    handlers: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {HTTPException: _http_problem}
    return Starlette(
        routes=[
            Route("/v1/agencies/{agency}/subjects", subjects, methods=["GET"]),
            Route("/v1/agencies/{agency}/protected", protected, methods=["POST"]),
            Route("/v1/health", health, methods=["GET"]),
        ],
        exception_handlers=dict(handlers),
    )


def _subjects(  # noqa: PLR0917 -- what one request needs
    engine: Engine, tools: Tools, clock: Clock, agency: str, request: Request, trail: AgencyTrail
) -> Response:
    token = _admitted(tools, agency, request, trail)
    if isinstance(token, Response):
        return token
    since = request.query_params.get("since", "0")
    if not (since.isascii() and since.isdigit()) or len(since) > _MOST_DIGITS or int(since) > _LARGEST_VERSION:
        trail.refused(agency, agency, "bad_since")
        return _problem(HTTPStatus.BAD_REQUEST, "`since` must be a version: a whole number from 0.")
    page = _page(engine, tools, clock, agency, int(since), (token, request.headers.get(KEY_HEADER, "")))
    headers = {"ETag": f'"{page.version}"'}
    if headers["ETag"] in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        trail.nothing_new(agency)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**_NO_STORE, **headers})
    # After the commit: nobody waits for this database while the log does not answer. What it marks as known was then not told;
    # the erasure that somebody is asked for in vain does no harm.
    trail.told(agency, int(since), page)
    return _json({"version": page.version, "keys": page.keys, "entries": page.entries}, headers)


@repeated
def _page(engine: Engine, tools: Tools, clock: Clock, agency: str, since: int, used: tuple[str, str]) -> Page:  # noqa: PLR0917
    """What there is to tell. It writes: what the agency now knows decides who must answer an erasure. `used`: token, key id."""
    with writing(engine) as session:
        work, keys = Work(session, clock.now(), tools), tools.agencies[agency]
        page = changes(work, agency, since, keys)
        _note_use(work, agency, keys, *used)
    return page


def _protected(  # noqa: PLR0917 -- what one request needs
    tools: Tools, protects: Protects | None, agency: str, request: Request, body: bytes, trail: AgencyTrail
) -> Response:
    token = _admitted(tools, agency, request, trail)
    if isinstance(token, Response):
        return token
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    youth_ref = given.get("youth_ref") if isinstance(given, dict) else None
    if not isinstance(youth_ref, str) or valid_key(KeyKind.YOUTH_REF, youth_ref.encode("utf-8", "replace")) is None:
        trail.refused(agency, agency, "bad_body")
        return _problem(HTTPStatus.BAD_REQUEST, 'The body must be {"youth_ref": …} with a reference.')
    if protects is None:
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Nobody can be marked here now; tell the officer for protected cases.")
    protects(agency, youth_ref)
    return _json({"status": "received"}, status=HTTPStatus.ACCEPTED)


async def _bounded_body(request: Request) -> bytes:
    """No more than a reference needs; what is longer is none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            return b""
    return body


def _admitted(tools: Tools, agency: str, request: Request, trail: AgencyTrail) -> str | Response:
    """The token when it is this agency's, else the refusal, which is in the log."""
    caller, token = _caller(tools, request.headers.get("authorization", ""))
    if caller != agency:
        trail.refused(agency if agency in tools.agencies else "", caller, "no_token" if caller is None else "others_token")
    if caller is None:
        headers = {"WWW-Authenticate": 'Bearer realm="hub registry"'}
        return _problem(HTTPStatus.UNAUTHORIZED, "A bearer token of an agency is required.", headers)
    if caller != agency:  # said of agencies that do not exist, too: a token tells nothing about others
        return _problem(HTTPStatus.FORBIDDEN, "This token is for another agency's subjects.")
    return token


def _caller(tools: Tools, authorization: str) -> tuple[str | None, str]:
    """Whose token it is, and the token. Every agency's is compared, in constant time: the time taken tells nothing."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
    found = None
    for agency, keys in tools.agencies.items():
        for valid in keys.tokens:
            if hmac.compare_digest(given, hashlib.sha256(valid.encode()).digest()):
                found = agency
    return (found if scheme.lower() == "bearer" and token else None), token


def _note_use(work: Work, agency: str, keys: AgencyKeys, token: str, stated: str) -> None:
    """Write down which key and which token this agency's connectors have, so that none is retired under them."""
    valid = {key_id(key) for key in keys.hmac_keys}
    counter = work.counter(agency)
    known = {name: at for name, at in counter.used.items() if name in valid | {key_id(one.encode()) for one in keys.tokens}}
    for name in (stated if stated in valid else None, key_id(token.encode())):
        if name is not None and _is_older(known.get(name), work.now):
            known[name] = work.now.isoformat()
    if known != counter.used:
        counter.used = known


def _is_older(noted: str | None, now: datetime) -> bool:
    return noted is None or abs(now - datetime.fromisoformat(noted)) >= _NOTED_EVERY


def _json(content: object, headers: Mapping[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    body = json.dumps(content, separators=(",", ":")).encode()
    return Response(body, status_code=status, headers={**_NO_STORE, **(headers or {})}, media_type="application/json")


def _problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps({"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}).encode()
    return Response(body, status_code=status, headers={**_NO_STORE, **(headers or {})}, media_type="application/problem+json")


def _http_problem(_request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return _problem(status, "There is nothing to be had here this way.")
