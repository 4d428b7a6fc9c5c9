"""`POST /intake/<kind>`: who pushes what, signed as Standard Webhooks says; answers tell nobody of anybody's consent.

202 says that the push is safe: on Kafka, or kept out as consent wants it, and forgotten. 503 says that the partner must repeat
it, under the same `webhook-id`: it waits on, so that what corrects it meanwhile stays the later word. Somebody who was told that
nothing was sent repeats nothing: whoever pushes for a person asks with `hub-if-not-safe: withdraw` that it be withdrawn with the
answer. That says `withdrawn` then, or `not_safe_yet` where the gate had the push already.

Publishing takes a moment longer than keeping out. So that nobody can time it, answers are given at whole beats of two seconds
after the arrival, and no earlier than a beat after the gate got the push, when it is done with it.
"""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.observations.config import Intake
from connectors.observations.pushes import KINDS, WrongField, read_push
from connectors.observations.waiting import Entry, Waiting
from hub.connector import SourceContext
from hub.errors import ConfigError, RejectedError, RetriableError

__all__ = ["BEAT_SECONDS", "Receiver", "build_receiver"]

BEAT_SECONDS = 2.0
_BEATS = 15
_TOLERANCE = timedelta(minutes=5)
_EPOCH = datetime.fromtimestamp(0, UTC)
_LONGEST_BODY = 16 * 1024
_IF_NOT_SAFE, _WITHDRAW = "hub-if-not-safe", "withdraw"
_KEY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_TITLES = {
    401: "The signature is not valid", 403: "Your agency may not carry this",
    404: "No such kind", 409: "The id belongs to another push", 413: "The push is too large", 422: "A field breaks a rule",
    429: "Too many pushes", 503: "Not safe yet: repeat it under the same webhook-id",
}  # fmt: skip


class _Refused(Exception):  # noqa: N818 -- becomes an answer; never leaves this module
    def __init__(self, status: int, code: str, errors: list[WrongField] | None = None, retry_after: int = 0) -> None:
        super().__init__(code)
        self.status, self.code, self.errors, self.retry_after = status, code, errors or [], retry_after


class Receiver:
    """One instance's. `wake` is called for each push that waits; `pause` sleeps, `ticks` is a clock of seconds."""

    def __init__(
        self,
        settings: Intake,
        context: SourceContext,
        waiting: Waiting,
        wake: Callable[[], None],
        *,
        pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._context = context
        self._waiting = waiting
        self._wake = wake
        self._pause = pause
        self._ticks = ticks
        self._allowances = {partner: (float(settings.per_minute), ticks()) for partner in settings.partners}

    async def take(self, request: Request) -> Response:
        """One push. A refusal is `application/problem+json` (RFC 9457) with a `code` and, by field, the rule that is broken."""
        kind, status = request.path_params["kind"], 202
        try:
            entry = await self._entry(kind, request)
            await self._answered(entry, withdraw=request.headers.get(_IF_NOT_SAFE) == _WITHDRAW)
        except _Refused as refused:
            status = refused.status
            return _problem(refused)
        finally:
            self._context.observe_request(kind if kind in KINDS else "unknown", status)
        return Response(status_code=202)

    async def _entry(self, kind: str, request: Request) -> Entry:
        body = await _body(request)
        partner, secret = await run_in_threadpool(self._partner, request.headers, body)
        self._spend(partner)
        if kind not in KINDS:
            raise _Refused(404, "unknown_kind")
        if (info := KINDS[kind].info) is not None and info not in self._context.kinds:
            raise _Refused(403, "kind_not_allowed")
        record = read_push(kind, partner, body, self._context)
        if isinstance(record, list):
            raise _Refused(422, "wrong_fields", record)
        key = _keyed(secret, "key", request.headers["webhook-id"].encode()).hex()[:32]
        try:
            entry = self._waiting.put(key, _keyed(secret, "body", kind.encode() + b"\x00" + body), record)
        except RejectedError as error:
            raise _Refused(409, error.code) from error
        except RetriableError as error:
            raise _Refused(503, error.code, retry_after=30) from error
        if not entry.settled:
            self._wake()
        return entry

    async def _answered(self, entry: Entry, *, withdraw: bool) -> None:
        safe = withdrawn = False
        try:
            safe = await self._is_safe(entry)
        finally:  # whoever ends this request by force leaves the push too
            withdrawn = self._waiting.leave(entry, withdraw=withdraw and not safe)
        if not safe:
            raise _Refused(503, "withdrawn" if withdrawn else "not_safe_yet", retry_after=30)
        if entry.reused:
            raise _Refused(409, "key_reused")

    async def _is_safe(self, entry: Entry) -> bool:
        """Look at each beat, and at none between two. A repeat of what is safe waits for one as well."""
        for _ in range(_BEATS):
            await self._pause(BEAT_SECONDS)
            if entry.settled and self._ticks() - entry.given >= BEAT_SECONDS:
                return True
        return False

    def _partner(self, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
        """Whose signature it is. All partners' are tried, so that no answer tells which there are."""
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not 8 <= len(identity) <= 64 or not _KEY.issuperset(identity):
            rule = "must be 8 to 64 letters, digits and . _ -, another for each push and the same when it is repeated"
            raise _Refused(401, "bad_webhook_id", [WrongField("webhook-id", rule)])
        sent = _sent(stamp)
        tried = [self._signed_by(partner, identity, sent, body, headers) for partner in self._settings.partners]
        genuine = [found for found in tried if found is not None]
        if not genuine or sent is None:
            raise _Refused(401, "bad_signature")
        if abs(self._context.now() - sent) > _TOLERANCE:
            raise _Refused(401, "old_timestamp", [WrongField("webhook-timestamp", "must be within five minutes of now")])
        return genuine[0]

    def _signed_by(
        self, partner: str, identity: str, sent: datetime | None, body: bytes, headers: Mapping[str, str]
    ) -> tuple[str, str] | None:
        try:
            # Read for every push, so that a new secret needs no restart.
            secret = self._context.secret(f"partner-{partner}").strip()
            expected = Webhook(secret).sign(identity, sent or _EPOCH, body.decode())
        except (ConfigError, EmptyWebhookSecretError, binascii.Error, ValueError):
            return None  # a partner without a good secret has no signature; `listen` refuses to begin with one
        offered = headers.get("webhook-signature", "").encode().split()
        # A sum, which compares with all of them.
        return (partner, secret) if sum(hmac.compare_digest(expected.encode(), one) for one in offered) else None

    def _spend(self, partner: str) -> None:
        """A bucket that fills by `per_minute`, and holds a minute's worth."""
        most, now = float(self._settings.per_minute), self._ticks()
        left, since = self._allowances[partner]
        left = min(most, left + (now - since) * most / 60)
        self._allowances[partner] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise _Refused(429, "too_many_pushes", retry_after=int((1 - left) * 60 / most) + 1)


def build_receiver(receiver: Receiver) -> Starlette:
    """The ASGI application: one address for each kind, and nothing else."""
    return Starlette(routes=[Route("/intake/{kind}", receiver.take, methods=["POST"])])


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            raise _Refused(413, "too_large", [WrongField("body", f"must be no longer than {_LONGEST_BODY} bytes")])
    return body


def _sent(stamp: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(stamp), UTC) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else None
    except (ValueError, OverflowError, OSError):
        return None


def _keyed(secret: str, use: str, content: bytes) -> bytes:
    return hmac.new(f"{use}\x00{secret}".encode(), content, hashlib.sha256).digest()


def _problem(refused: _Refused) -> Response:
    told = {"type": "about:blank", "title": _TITLES[refused.status], "status": refused.status, "code": refused.code}
    errors = [{"field": one.field, "rule": one.rule} for one in refused.errors]
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    content = {**told, **({"errors": errors} if errors else {})}
    return JSONResponse(content, refused.status, headers, media_type="application/problem+json")
