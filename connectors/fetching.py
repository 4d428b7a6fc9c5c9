"""One bounded, retried HTTP call for the connectors that pull over HTTP.

What can go wrong on the way is translated here, once:

    no answer, a timeout, 429, 5xx    RetriableError, after tenacity's attempts; `retry_after` when the other side named it
    401, 403                          ConfigError: the secret or the right is wrong, and repeating cannot help
    any other status, a redirect      RejectedError `status_<n>`: this answer is refused; 501 too, which says "never"
    a body above the limit            RejectedError `response_too_large`, read no further than the limit, after as many attempts
    a body that cannot be read        what the caller's reader raises, after as many attempts: the next may be whole

No text of these errors holds a query, a header or any of the foreign body: those can name a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from hub.errors import ConfigError, HubError, RejectedError, RetriableError
from hub.tls import outward_client

__all__ = ["Answer", "Fetcher", "Limits", "Params", "retry_after_seconds"]

Params = list[tuple[str, str | int | float | bool | None]]
Read = TypeVar("Read")
_GOOD = frozenset({200, 201, 204, 304})
_WITH_BODY = frozenset({200, 201})
_NEVER = 501
_ERROR_BYTES = 64 * 1024
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call. Seconds, except `body_bytes` and `attempts`.

    `total_seconds` ends an answer that drips; `longest_wait_seconds` is the longest pause taken here: whoever is asked to
    wait longer gets the RetriableError at once and waits in the connector's own loop.
    """

    timeout_seconds: float = 30.0
    total_seconds: float = 300.0
    body_bytes: int = 64 * 1024 * 1024
    attempts: int = 4
    longest_wait_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: 200 or 201 with its body, 204 or 304 without one."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class _Call(NamedTuple):
    method: str
    operation: str
    url: str
    params: Params
    headers: Mapping[str, str]
    body: Any = None


class Fetcher:
    """Calls with limits. `observe(operation, status)` is told of every attempt; status 0 means that no answer came.

    `describe` gives the source's own error code from a refusal's body, for the operator; it must return a code, never text.
    """

    def __init__(
        self,
        limits: Limits,
        observe: Callable[[str, int], None],
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        describe: Callable[[bytes], str] = lambda _content: "",
    ) -> None:
        self._limits = limits
        self._observe = observe
        self._describe = describe
        self._sleep = sleep
        self._backoff = wait_random_exponential(multiplier=1.0, max=20.0)
        self._client = outward_client(timeout=limits.timeout_seconds, transport=transport)

    def get(self, operation: str, url: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url`; `operation` is the label it is counted under. Errors: see the module."""
        return self.read(operation, url, lambda answer: answer, params=params, headers=headers)

    def read(
        self,
        operation: str,
        url: str,
        reader: Callable[[Answer], Read],
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Read:
        """What `reader` makes of a GET's answer. Its RejectedError asks again: half a body is often followed by a whole one."""

        def attempt() -> Read:
            answer = self._attempt(_Call("GET", operation, url, params or [], headers or {}))
            try:
                return reader(answer)
            except RejectedError as error:
                raise _Unreadable(error) from error

        return self._repeated(attempt)

    def call(self, method: str, operation: str, url: str, *, headers: Mapping[str, str], body: Any = None) -> Answer:
        """Another method than GET, with a JSON body if there is one. Only for calls that may be repeated without harm."""
        return self._repeated(lambda: self._attempt(_Call(method, operation, url, [], headers, body)))

    def _repeated(self, attempt: Callable[[], Read]) -> Read:
        retrying = Retrying(
            retry=retry_if_exception(_worth_repeating),
            stop=self._enough,
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Unreadable as error:
            raise error.refusal from None

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _attempt(self, call: _Call) -> Answer:
        operation, status = call.operation, 0
        params = httpx.QueryParams(call.params)
        try:
            with self._client.stream(call.method, call.url, params=params, headers=call.headers, json=call.body) as response:
                status = response.status_code
                content = self._read(operation, response, self._limits.body_bytes if status in _WITH_BODY else _ERROR_BYTES)
        except httpx.TimeoutException as error:
            raise RetriableError(f"{operation}: no answer in time", code="timeout") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ConfigError(f"{operation}: the configured address cannot be called", code="bad_url") from error
        except httpx.RequestError as error:
            raise RetriableError(f"{operation}: the connection failed", code="unreachable") from error
        finally:
            self._observe(operation, status)
        if status not in _GOOD:
            raise _refusal(operation, response, self._describe(content))
        return Answer(status, response.headers, content)

    def _read(self, operation: str, response: httpx.Response, most: int) -> bytes:
        deadline = time.monotonic() + self._limits.total_seconds
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > most and response.status_code not in _WITH_BODY:
                return b""  # too long for an error of any standard; the status says enough
            if len(content) > most:
                raise _Unreadable(RejectedError(f"{operation}: the answer exceeds {most} bytes", code="response_too_large"))
            if time.monotonic() > deadline:
                raise RetriableError(f"{operation}: the answer did not end in time", code="timeout")
        return bytes(content)

    def _wait(self, state: RetryCallState) -> float:
        return min(self._limits.longest_wait_seconds, self._backoff(state) + (_asked(state) or 0.0))

    def _enough(self, state: RetryCallState) -> bool:
        asked_too_long = (_asked(state) or 0.0) > self._limits.longest_wait_seconds
        return asked_too_long or stop_after_attempt(self._limits.attempts)(state)


class _Unreadable(Exception):  # noqa: N818 - says only that another attempt may do; never leaves this module
    def __init__(self, refusal: RejectedError) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, RetriableError | _Unreadable)


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, RetriableError) else None


def _refusal(operation: str, response: httpx.Response, foreign: str) -> HubError:
    status = response.status_code
    said = f"answered {status} ({foreign})" if foreign else f"answered {status}"
    if status in _AGAIN or (status >= 500 and status != _NEVER):
        return RetriableError(f"{operation}: {said}", code=f"status_{status}", retry_after=retry_after_seconds(response.headers))
    if status in {401, 403}:
        return ConfigError(
            f"{operation}: {said}; check the connector's secret and its rights at the source",
            code=f"status_{status}",
        )
    return RejectedError(f"{operation}: {said}", code=f"status_{status}")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` (RFC 9110 §10.2.3) asks for, or None.

    A date is measured against the answer's own `Date`, never against our clock, which a scenario may have shifted.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 8:
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        sent = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent).total_seconds())
    except (TypeError, ValueError):
        return None
