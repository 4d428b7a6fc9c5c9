"""One bounded, retried HTTP GET for the connectors that pull over HTTP.

What can go wrong on the way is translated here, once:

    no answer, a timeout, 429, 5xx    RetriableError, after tenacity's attempts; `retry_after` when the other side named it
    401, 403                          ConfigError: the secret or the right is wrong, and repeating cannot help
    any other status, a redirect      RejectedError `status_<n>`: this answer is refused
    a body above the limit            RejectedError `response_too_large`, read no further than the limit

No text of these errors holds a query, a header or any of the foreign body: those can name a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hub.errors import ConfigError, HubError, RejectedError, RetriableError

__all__ = ["Answer", "Fetcher", "Limits", "Params", "retry_after_seconds"]

Params = list[tuple[str, str | int | float | bool | None]]
_GOOD = frozenset({200, 304})
_ERROR_BYTES = 64 * 1024
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one GET. Seconds, except `body_bytes` and `attempts`.

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
    """A whole answer: 200 with its body, or 304 without one."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Fetcher:
    """GETs with limits. `observe(operation, status)` is told of every attempt; status 0 means that no answer came.

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
        self._client = httpx.Client(timeout=limits.timeout_seconds, transport=transport, follow_redirects=False)

    def get(self, operation: str, url: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url`; `operation` is the label it is counted under. Errors: see the module."""
        retrying = Retrying(
            retry=retry_if_exception_type(RetriableError),
            stop=self._enough,
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt, operation, url, params or [], dict(headers or {}))

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _attempt(self, operation: str, url: str, params: Params, headers: dict[str, str]) -> Answer:
        status = 0
        try:
            with self._client.stream("GET", url, params=httpx.QueryParams(params), headers=headers) as response:
                status = response.status_code
                content = self._read(operation, response, self._limits.body_bytes if status == 200 else _ERROR_BYTES)
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
            if len(content) > most and response.status_code != 200:
                return b""  # too long for an error of any standard; the status says enough
            if len(content) > most:
                raise RejectedError(f"{operation}: the answer exceeds {most} bytes", code="response_too_large")
            if time.monotonic() > deadline:
                raise RetriableError(f"{operation}: the answer did not end in time", code="timeout")
        return bytes(content)

    def _wait(self, state: RetryCallState) -> float:
        return min(self._limits.longest_wait_seconds, self._backoff(state) + (_asked(state) or 0.0))

    def _enough(self, state: RetryCallState) -> bool:
        asked_too_long = (_asked(state) or 0.0) > self._limits.longest_wait_seconds
        return asked_too_long or stop_after_attempt(self._limits.attempts)(state)


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, RetriableError) else None


def _refusal(operation: str, response: httpx.Response, foreign: str) -> HubError:
    status = response.status_code
    said = f"answered {status} ({foreign})" if foreign else f"answered {status}"
    if status in _AGAIN or status >= 500:
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
